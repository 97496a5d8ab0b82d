// Splits an expression into what stands before a literal and the rest: every match then holds one of a few literals at a
// known distance from its begin, so that it is tried only where the automaton saw one.
import type { RuneSet } from '../../template/regexp-classes.ts'
import type { RegexNode } from '../../template/regexp-nodes.ts'
import { beyondAscii } from './byte-classes.ts'
import { lengthOf } from './regex-shape.ts'

export interface Anchor {
  /** Lower case; each match has one of them (in any case) behind its prefix. */
  readonly literals: readonly string[]
  /** The part of the expression from the literal on. */
  readonly rest: RegexNode
  /** Bytes that the prefix takes, where no byte of it is beyond ASCII. */
  readonly minPrefix: number
  /** Infinity only with `run`. */
  readonly maxPrefix: number
  /** The bytes of a prefix that is one class repeated; null: something else. */
  readonly run: Uint8Array | null
  /** Whether the literal stands at the begin of the match, and a word begins there. */
  readonly isAtWord: boolean
  /** Whether a prefix may hold what is beyond ASCII. */
  readonly isWide: boolean
}

const SHORTEST = 2
const LONGEST = 12
const MOST_LITERALS = 64
/** A prefix of another shape than one class is tried at each byte, so it has to be short. */
const MOST_PREFIX = 200

/**
 * An anchor for each of the expression's ways: alternatives at its top have one each. Null where a way has no literal at
 * a known place.
 */
export function findAnchors(node: RegexNode): readonly Anchor[] | null {
  const parts = flatten(node)
  const only = parts.length === 1 ? parts[0]! : null
  const single = findAnchor(parts)
  if (single || only?.kind !== 'alternate') return single && [single]
  const each = only.nodes.map((branch) => findAnchor(flatten(branch)))
  return each.every((anchor) => anchor !== null) ? (each as Anchor[]) : null
}

function findAnchor(parts: readonly RegexNode[]): Anchor | null {
  let best: { anchor: Anchor; score: number } | null = null
  for (let i = 0; i < parts.length; i++) {
    const prefix = describePrefix(parts.slice(0, i))
    if (!prefix) break
    if (parts[i]!.kind === 'assert') continue
    const literals = literalsOf(parts.slice(i))
    const shortest = Math.min(...literals.map((literal) => literal.length))
    if (shortest < SHORTEST) continue
    const cost = prefix.maxPrefix === 0 ? 0 : prefix.run ? 0.5 : 3
    const score = Math.min(shortest, 6) - Math.log2(literals.length) / 4 - cost
    if (best && score <= best.score) continue
    const isAtWord =
      prefix.maxPrefix === 0 &&
      parts.slice(0, i).some((part) => part.kind === 'assert' && part.what === 'word') &&
      literals.every((literal) => /^\w/.test(literal))
    const rest: RegexNode = { kind: 'cat', nodes: parts.slice(i) }
    best = { anchor: { ...prefix, literals, rest, isAtWord }, score }
  }
  return best?.anchor ?? null
}

/** The parts that follow each other at the top, groups opened. */
function flatten(node: RegexNode): RegexNode[] {
  if (node.kind === 'cat') return node.nodes.flatMap(flatten)
  if (node.kind === 'group') return flatten(node.node)
  return [node]
}

type Prefix = Pick<Anchor, 'minPrefix' | 'maxPrefix' | 'run' | 'isWide'>

function describePrefix(parts: readonly RegexNode[]): Prefix | null {
  const { min, max } = lengthOf({ kind: 'cat', nodes: parts })
  const isWide = parts.some(holdsBeyond)
  const only = parts[0]
  if (parts.length === 1 && only?.kind === 'repeat' && only.node.kind === 'char' && !isWide) {
    return { minPrefix: min, maxPrefix: max, run: bytesOf(only.node.set), isWide }
  }
  if (max > MOST_PREFIX) return null
  return { minPrefix: min, maxPrefix: max, run: null, isWide }
}

/** The runes that fold to ASCII letters don't count: texts with them aren't searched by anchors. */
function holdsBeyond(node: RegexNode): boolean {
  switch (node.kind) {
    case 'char':
      return beyondAscii(node.set, 'plain').length > 0
    case 'cat':
    case 'alternate':
      return node.nodes.some(holdsBeyond)
    case 'group':
    case 'repeat':
      return holdsBeyond(node.node)
    default:
      return false
  }
}

function bytesOf(set: RuneSet): Uint8Array {
  const table = new Uint8Array(256)
  for (let i = 0; i < set.length && set[i]! < 128; i += 2) {
    table.fill(1, set[i]!, Math.min(set[i + 1]!, 127) + 1)
  }
  return table
}

/** What a match of the parts begins with; the empty literal where that is not known. */
function literalsOf(parts: readonly RegexNode[]): string[] {
  const all = prefixes(parts).map((prefix) => prefix.text)
  return [...new Set(all)].filter(
    (text) => !all.some((other) => other !== text && text.startsWith(other)),
  )
}

interface LiteralPrefix {
  readonly text: string
  /** Whether it stands for the whole of what was looked at, so that it may be continued. */
  readonly isWhole: boolean
}

const EMPTY: readonly LiteralPrefix[] = [{ text: '', isWhole: true }]

function prefixes(parts: readonly RegexNode[]): readonly LiteralPrefix[] {
  let all = EMPTY
  for (const part of parts) {
    const next = all.some((prefix) => prefix.isWhole) ? prefixesOf(part) : []
    if (next.length === 0) break
    const joined = all.flatMap((prefix) =>
      prefix.isWhole && prefix.text.length < LONGEST
        ? next.map(({ text, isWhole }) => ({ text: prefix.text + text, isWhole }))
        : [{ ...prefix, isWhole: false }],
    )
    if (joined.length > MOST_LITERALS) {
      return all.map((prefix) => ({ ...prefix, isWhole: false }))
    }
    all = joined
  }
  return all
}

function prefixesOf(node: RegexNode): readonly LiteralPrefix[] {
  switch (node.kind) {
    case 'char': {
      const letters = lettersOf(node.set)
      return letters.length === 0
        ? [{ text: '', isWhole: false }]
        : letters.map((text) => ({ text, isWhole: true }))
    }
    case 'cat':
      return prefixes(node.nodes)
    case 'group':
      return prefixesOf(node.node)
    case 'alternate':
      return node.nodes.flatMap(prefixesOf)
    case 'repeat': {
      if (node.max === 0) return EMPTY
      const once = prefixesOf(node.node)
      if (node.max === 1 && node.min === 0) return [...once, ...EMPTY]
      if (node.min === 0) return [{ text: '', isWhole: false }]
      if (node.min === node.max && node.max <= LONGEST) {
        return prefixes(new Array<RegexNode>(node.max).fill(node.node))
      }
      return once.map((prefix) => ({ ...prefix, isWhole: false }))
    }
    default:
      return EMPTY
  }
}

const MOST_LETTERS = 8

/** The few bytes that a class stands for, in lower case; none where they are many or beyond ASCII. */
function lettersOf(set: RuneSet): string[] {
  if (beyondAscii(set, 'plain').length > 0) return []
  const letters = new Set<string>()
  for (let i = 0; i < set.length && set[i]! < 128; i += 2) {
    for (let rune = set[i]!; rune <= Math.min(set[i + 1]!, 127); rune++) {
      letters.add(String.fromCharCode(rune).toLowerCase())
      if (letters.size > MOST_LETTERS) return []
    }
  }
  return [...letters]
}
