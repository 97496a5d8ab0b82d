// What can be said of an expression without running it: how long its matches are, what they begin with, and whether a
// backtracking engine may run it. V8 has no time limit, so an expression that could cost more than a bounded number of
// steps for each try is left to the linear engine, and so is what V8 means differently from RE2.
import { intersects, type RuneSet, union } from '../../template/regexp-classes.ts'
import type { RegexNode } from '../../template/regexp-nodes.ts'

type Repeat = Extract<RegexNode, { kind: 'repeat' }>

const NOTHING: RuneSet = []

/** True where the node can match the empty text. */
export function isNullable(node: RegexNode): boolean {
  switch (node.kind) {
    case 'char':
      return false
    case 'cat':
      return node.nodes.every(isNullable)
    case 'alternate':
      return node.nodes.some(isNullable)
    case 'group':
      return isNullable(node.node)
    case 'repeat':
      return node.min === 0 || isNullable(node.node)
    default:
      return true
  }
}

/** Runes in the shortest and the longest match; Infinity where there is no longest. */
export function lengthOf(node: RegexNode): { readonly min: number; readonly max: number } {
  switch (node.kind) {
    case 'char':
      return { min: 1, max: 1 }
    case 'cat': {
      const parts = node.nodes.map(lengthOf)
      return {
        min: parts.reduce((sum, part) => sum + part.min, 0),
        max: parts.reduce((sum, part) => sum + part.max, 0),
      }
    }
    case 'alternate': {
      const parts = node.nodes.map(lengthOf)
      return {
        min: Math.min(...parts.map((part) => part.min)),
        max: Math.max(...parts.map((part) => part.max)),
      }
    }
    case 'group':
      return lengthOf(node.node)
    case 'repeat': {
      const { min, max } = lengthOf(node.node)
      const most = node.max ?? Number.POSITIVE_INFINITY
      return { min: min * node.min, max: max === 0 || most === 0 ? 0 : max * most }
    }
    default:
      return { min: 0, max: 0 }
  }
}

/** The runes with which a match that takes any can begin. */
export function firstRunes(node: RegexNode): RuneSet {
  switch (node.kind) {
    case 'char':
      return node.set
    case 'alternate':
      return union([NOTHING, ...node.nodes.map(firstRunes)])
    case 'group':
      return firstRunes(node.node)
    case 'repeat':
      return node.max === 0 ? NOTHING : firstRunes(node.node)
    case 'cat': {
      const sets: RuneSet[] = [NOTHING]
      for (const part of node.nodes) {
        sets.push(firstRunes(part))
        if (!isNullable(part)) break
      }
      return union(sets)
    }
    default:
      return NOTHING
  }
}

function hasGroup(node: RegexNode): boolean {
  if (node.kind === 'group') return true
  if (node.kind === 'repeat') return hasGroup(node.node)
  return (node.kind === 'cat' || node.kind === 'alternate') && node.nodes.some(hasGroup)
}

/** True where each way through the node passes every group in it: no earlier turn's group can show through. */
function setsAllGroups(node: RegexNode): boolean {
  switch (node.kind) {
    case 'alternate':
      return !hasGroup(node)
    case 'cat':
      return node.nodes.every(setsAllGroups)
    case 'group':
      return setsAllGroups(node.node)
    case 'repeat':
      return !hasGroup(node.node) || (node.min > 0 && setsAllGroups(node.node))
    default:
      return true
  }
}

/** V8 would give other matches or groups than RE2: loops over what may be empty, groups that outlive a turn. */
export function differsInV8(node: RegexNode): boolean {
  switch (node.kind) {
    case 'repeat': {
      const isLoop = node.max === null || node.max > 1
      if (isLoop && isNullable(node.node)) return true
      if (isLoop && !setsAllGroups(node.node)) return true
      return differsInV8(node.node)
    }
    case 'group':
      return differsInV8(node.node)
    case 'cat':
    case 'alternate':
      return node.nodes.some(differsInV8)
    default:
      return false
  }
}

/** Steps of one try beyond which an expression is not given to V8. */
const MOST_STEPS = 50_000_000

/**
 * Whether V8 may try too many ways to match from one position, by an upper estimate, in a text of which an unbounded loop
 * can take `run` runes.
 */
export function isDangerous(node: RegexNode, run: number): boolean {
  return ways(node, NOTHING, run) > MOST_STEPS
}

/**
 * How many ways there are through `node` that go on, where `follow` can come behind it. Whatever reaches the end of the
 * expression is a match, and no other way is tried.
 */
function ways(node: RegexNode, follow: RuneSet, run: number): number {
  switch (node.kind) {
    case 'group':
      return ways(node.node, follow, run)
    case 'alternate':
      return alternateWays(node.nodes, follow, run)
    case 'cat': {
      let product = 1
      let next = follow
      for (let i = node.nodes.length - 1; i >= 0; i--) {
        const part = node.nodes[i]!
        product *= ways(part, next, run)
        next = before(part, next)
      }
      return product
    }
    case 'repeat':
      return repeatWays(node, follow, run)
    default:
      return 1
  }
}

/** What can come where `part` begins, if `follow` can come behind it. */
function before(part: RegexNode, follow: RuneSet): RuneSet {
  if (part.kind === 'assert' && part.what === 'end') return NOTHING
  return isNullable(part) ? union([follow, firstRunes(part)]) : firstRunes(part)
}

function alternateWays(nodes: readonly RegexNode[], follow: RuneSet, run: number): number {
  const each = nodes.map((node) => ways(node, follow, run))
  const isDistinct = nodes.every(
    (node, i) =>
      !isNullable(node) &&
      nodes.slice(i + 1).every((other) => !intersects(firstRunes(node), firstRunes(other))),
  )
  return isDistinct ? Math.max(...each) : each.reduce((sum, count) => sum + count, 0)
}

function repeatWays(node: Repeat, follow: RuneSet, run: number): number {
  const most = node.max ?? run
  const first = firstRunes(node.node)
  const inner = ways(node.node, most === 1 ? follow : union([first, follow]), run)
  // Where what follows can't be mistaken for one turn more, only one number of turns can lead on.
  const isSettled = !intersects(first, follow)
  const turns = isSettled || node.min === most ? 1 : Math.max(1, most - node.min + 1)
  if (inner <= 1) return turns
  // Several ways through each turn multiply with every turn.
  return turns * Math.min(Number.MAX_VALUE, inner ** Math.min(most, 1000))
}
