// The tree of patterns: one level per path segment, so that a search looks at the segments of the path
// and not at every pattern. Literal segments and `+` are edges; `text*` hangs on the node before it.
import type { PatternNode, Permissions } from './acl.ts'

/** What the rank of a pattern is made of. */
export interface PatternShape {
  /** Without the `*` at its end. */
  readonly text: string
  readonly isPrefix: boolean
  /** Where its first wildcard stands; -1 for an exact path. */
  readonly first: number
  readonly pluses: number
}

/** A pattern ends in `*` or has a segment `+` (a `+` within a longer segment is a literal). */
export function shapeOf(path: string): PatternShape {
  const isPrefix = path.endsWith('*')
  const text = isPrefix ? path.slice(0, -1) : path
  let first = -1
  let pluses = 0
  for (let at = text.indexOf('+'); at >= 0; at = text.indexOf('+', at + 1)) {
    const starts = at === 0 || text.charCodeAt(at - 1) === 0x2f
    const ends = at + 1 === text.length || text.charCodeAt(at + 1) === 0x2f
    if (!starts || !ends) continue
    if (pluses++ === 0) first = at
  }
  if (first < 0 && isPrefix) first = text.length
  return { text, isPrefix, first, pluses }
}

interface Rankable extends PatternShape {
  rank: number
}

/** Sorts patterns from the weakest to the strongest and numbers them; see acl.ts for the order. */
export function rankPatterns(patterns: Rankable[]): void {
  patterns.sort((a, b) => {
    if (a.first !== b.first) return a.first - b.first
    if (a.isPrefix !== b.isPrefix) return a.isPrefix ? -1 : 1
    if (a.pluses !== b.pluses) return b.pluses - a.pluses
    if (a.text.length !== b.text.length) return a.text.length - b.text.length
    return a.text < b.text ? -1 : 1
  })
  for (let rank = 0; rank < patterns.length; rank++) patterns[rank]!.rank = rank
}

interface Growing {
  children: Map<string, Growing>
  plus: Growing | null
  here: Permissions | null
  prefixes: Map<string, Permissions>
  prefixLengths: number[]
  maxRank: number
}

/** Builds the tree of patterns, which come by rank, the weakest first. */
export function plantPatterns(patterns: readonly Permissions[]): PatternNode {
  const root = newNode()
  for (const pattern of patterns) {
    const segments = pattern.text.split('/')
    const rest = pattern.isPrefix ? segments.pop()! : null
    let node = root
    node.maxRank = pattern.rank
    for (const segment of segments) {
      node = descend(node, segment)
      node.maxRank = pattern.rank
    }
    if (rest === null) node.here = pattern
    else {
      node.prefixes.set(rest, pattern)
      if (!node.prefixLengths.includes(rest.length)) {
        node.prefixLengths.push(rest.length)
        if (node.prefixLengths.length > 1) node.prefixLengths.sort((a, b) => b - a)
      }
    }
  }
  return root
}

function descend(node: Growing, segment: string): Growing {
  if (segment === '+') {
    node.plus ??= newNode()
    return node.plus
  }
  let child = node.children.get(segment)
  if (!child) {
    child = newNode()
    node.children.set(segment, child)
  }
  return child
}

function newNode(): Growing {
  return {
    children: new Map(),
    plus: null,
    here: null,
    prefixes: new Map(),
    prefixLengths: [],
    maxRank: -1,
  }
}
