// The tree of patterns: one level per path segment, so that a search looks at the segments of the path
// and not at every pattern. Literal segments and `+` are edges; `text*` hangs on the node before it.
import type { PatternNode, Permissions } from './acl.ts'

/** True for a path that ends in `*` or has a segment `+`; all others are exact. */
export function isPattern(path: string): boolean {
  return path.endsWith('*') || firstPlus(path) >= 0
}

/** Where the first segment that is `+` starts, or -1. A `+` within a longer segment is a literal. */
function firstPlus(path: string): number {
  for (let at = path.indexOf('+'); at >= 0; at = path.indexOf('+', at + 1)) {
    const starts = at === 0 || path[at - 1] === '/'
    const ends = at + 1 === path.length || path[at + 1] === '/'
    if (starts && ends) return at
  }
  return -1
}

interface Rankable {
  readonly text: string
  readonly isPrefix: boolean
  rank: number
}

/** Sorts patterns from the weakest to the strongest and numbers them; see acl.ts for the order. */
export function rankPatterns(patterns: Rankable[]): void {
  const keys = new Map(
    patterns.map((pattern) => {
      const plus = firstPlus(pattern.text)
      const pluses = pattern.text.split('/').filter((segment) => segment === '+').length
      return [pattern, { first: plus < 0 ? pattern.text.length : plus, pluses }]
    }),
  )
  patterns.sort((a, b) => {
    const [keyA, keyB] = [keys.get(a)!, keys.get(b)!]
    if (keyA.first !== keyB.first) return keyA.first - keyB.first
    if (a.isPrefix !== b.isPrefix) return a.isPrefix ? -1 : 1
    if (keyA.pluses !== keyB.pluses) return keyB.pluses - keyA.pluses
    if (a.text.length !== b.text.length) return a.text.length - b.text.length
    return a.text < b.text ? -1 : 1
  })
  patterns.forEach((pattern, rank) => {
    pattern.rank = rank
  })
}

interface Growing {
  children: Map<string, Growing>
  plus: Growing | null
  here: Permissions | null
  prefixes: Map<string, Permissions>
  prefixLengths: number[]
  maxRank: number
}

/** Builds the tree of patterns that were ranked. */
export function plantPatterns(patterns: readonly Permissions[]): PatternNode {
  const root = newNode()
  for (const pattern of patterns) {
    const segments = pattern.text.split('/')
    const rest = pattern.isPrefix ? segments.pop()! : null
    let node = root
    node.maxRank = Math.max(node.maxRank, pattern.rank)
    for (const segment of segments) {
      node = descend(node, segment)
      node.maxRank = Math.max(node.maxRank, pattern.rank)
    }
    if (rest === null) node.here = pattern
    else {
      node.prefixes.set(rest, pattern)
      if (!node.prefixLengths.includes(rest.length)) node.prefixLengths.push(rest.length)
      node.prefixLengths.sort((a, b) => b - a)
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
