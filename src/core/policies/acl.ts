// A compiled ACL and the search for the one rule that decides a path. Immutable, so it may be shared and
// cached; it is good for the policies, the identity and the time (`validUntilMs`) it was compiled from.
//
// Which rule decides, as Vault documents it: an exact path beats every pattern; of patterns that match,
// the one whose first wildcard stands latest; then one that doesn't end in `*`; then the one with fewer
// `+`; then the longer one; then the one that sorts last. That order doesn't depend on the path, so it
// is worked out once (`rank`), and a search is for the highest rank among the patterns that match.
import type { ControlGroup, ParameterRules } from './policy.ts'

export interface PolicyInfo {
  readonly name: string
  readonly namespaceId: string
  readonly namespacePath: string
  readonly type: 'acl'
}

/** What all policies together say about one path or pattern. */
export interface Permissions {
  /** The path or pattern with its namespace in front; of a pattern that ends in `*`, without it. */
  readonly text: string
  /** The pattern ends in `*`. */
  readonly isPrefix: boolean
  /** Among patterns; higher wins. -1 for an exact path. */
  readonly rank: number
  readonly capabilities: number
  readonly allowedParameters: ParameterRules | null
  readonly deniedParameters: ParameterRules | null
  readonly requiredParameters: readonly string[]
  readonly minWrappingTtlSeconds: number
  readonly maxWrappingTtlSeconds: number
  readonly paginationLimit: number
  readonly listFilter: string
  readonly mfaMethods: readonly string[]
  readonly controlGroups: readonly ControlGroup[]
  readonly subscribeEventTypes: readonly string[]
  /** By capability bit: the policies that give it. */
  readonly granting: ReadonlyMap<number, readonly PolicyInfo[]>
}

/** A position in the tree of patterns: the segments on the way to it, literal or `+`. */
export interface PatternNode {
  readonly children: ReadonlyMap<string, PatternNode>
  readonly plus: PatternNode | null
  /** Of the pattern that ends here without `*`. */
  readonly here: Permissions | null
  /** Of patterns that end here in `text*`, by text (a part of one segment). */
  readonly prefixes: ReadonlyMap<string, Permissions>
  /** The lengths of those texts, longest first. */
  readonly prefixLengths: readonly number[]
  /** The highest rank here and below. */
  readonly maxRank: number
}

export interface Acl {
  /** The root policy, whose namespace this ACL is root of, with all that lie in it; or null. */
  readonly root: PolicyInfo | null
  /** Why this ACL denies everything: a rule that denies could not be resolved. Else null. */
  readonly broken: string | null
  readonly exact: ReadonlyMap<string, Permissions>
  readonly patterns: PatternNode
  /** All of them, by rank. */
  readonly ranked: readonly Permissions[]
  /** When a rule of it expires: it must be compiled again then. Infinity if never. */
  readonly validUntilMs: number
}

/**
 * The rule that decides `path`, or null. `listing` is for list and scan: there 'a/b/' falls back to
 * what is said of 'a/b', and a denial of either form is never passed by (Vault's own rule lets a pattern
 * on 'a/b/' hide a more specific denial of 'a/b', and an exact 'a/b' hide a denial of 'a/b/*').
 */
export function findPermissions(acl: Acl, path: string, listing: boolean): Permissions | null {
  const exact = acl.exact.get(path)
  if (exact) return exact
  const best = findPattern(acl.patterns, path, 0, null)
  if (!listing || path.charCodeAt(path.length - 1) !== 0x2f) return best
  const bare = path.slice(0, -1)
  const exactBare = acl.exact.get(bare)
  if (exactBare) return best && isDenial(best) && best.text === path ? best : exactBare
  const bestBare = findPattern(acl.patterns, bare, 0, null)
  if (best === null || bestBare === null) return best ?? bestBare
  return isDenial(bestBare) && bestBare.rank > best.rank ? bestBare : best
}

function isDenial(permissions: Permissions): boolean {
  return (permissions.capabilities & 1) !== 0
}

/** Visits no node twice, as a node has one way to it; leaves out what can't beat what was found. */
function findPattern(
  node: PatternNode,
  path: string,
  from: number,
  found: Permissions | null,
): Permissions | null {
  let best = found
  if (best !== null && node.maxRank <= best.rank) return best
  for (const length of node.prefixLengths) {
    if (from + length > path.length) continue
    const hit = node.prefixes.get(path.slice(from, from + length))
    if (!hit) continue
    // The longest of one node has the highest rank of those that match.
    if (best === null || hit.rank > best.rank) best = hit
    break
  }
  const slash = path.indexOf('/', from)
  const child = node.children.get(slash < 0 ? path.slice(from) : path.slice(from, slash))
  if (slash < 0) {
    for (const next of [child, node.plus]) {
      const here = next?.here
      if (here && (best === null || here.rank > best.rank)) best = here
    }
    return best
  }
  if (child) best = findPattern(child, path, slash + 1, best)
  return node.plus ? findPattern(node.plus, path, slash + 1, best) : best
}
