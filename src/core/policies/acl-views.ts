// What an ACL answers beside the decision on a request: the capabilities on a path (sys/capabilities),
// whether anything below a mount may be used (sys/internal/ui/mounts), and the whole of it
// (sys/internal/ui/resultant-acl).
import { type Acl, findPermissions, type PatternNode, type Permissions } from './acl.ts'
import { CAPABILITY_BITS, capabilityNames, type ParameterRules } from './policy.ts'

/** Names of what the caller may do at `path`, sorted; ['root'], or ['deny'] where it is nothing. */
export function capabilities(acl: Acl, path: string): string[] {
  if (acl.root !== null) return path.startsWith(acl.root.namespacePath) ? ['root'] : ['deny']
  if (acl.broken !== null) return ['deny']
  const bare = path.replace(/^\/+/, '')
  const bits = findPermissions(acl, bare, true)?.capabilities ?? 0
  if ((bits & CAPABILITY_BITS.deny) === 0) return namesOf(bits)
  // What denies a list may be said of the other form of the path only, and leave the rest as it is.
  const others = findPermissions(acl, bare, false)?.capabilities ?? 0
  return namesOf(others & ~(CAPABILITY_BITS.list | CAPABILITY_BITS.scan))
}

function namesOf(bits: number): string[] {
  if ((bits & CAPABILITY_BITS.deny) !== 0 || bits === 0) return ['deny']
  return capabilityNames(bits)
}

function grants(permissions: Permissions): boolean {
  return permissions.capabilities !== 0 && (permissions.capabilities & CAPABILITY_BITS.deny) === 0
}

/** True where some rule gives something at `prefix` or below it; `prefix` ends in a slash, or is ''. */
export function hasRightBelow(acl: Acl, prefix: string): boolean {
  if (acl.root !== null) {
    const { namespacePath } = acl.root
    return prefix.startsWith(namespacePath) || namespacePath.startsWith(prefix)
  }
  if (acl.broken !== null) return false
  for (const found of [
    findPermissions(acl, prefix, true),
    findCover(acl.patterns, prefix, 0, null),
  ]) {
    if (found && grants(found)) return true
  }
  for (const [path, permissions] of acl.exact) {
    if (path.startsWith(prefix) && grants(permissions)) return true
  }
  return reaches(acl.patterns, prefix, 0)
}

/** The strongest of the patterns that match every path below `prefix`. */
function findCover(
  node: PatternNode,
  prefix: string,
  from: number,
  found: Permissions | null,
): Permissions | null {
  let best = found
  for (const [text, permissions] of node.prefixes) {
    if (prefix.startsWith(text, from) && (best === null || permissions.rank > best.rank)) {
      best = permissions
    }
  }
  const slash = prefix.indexOf('/', from)
  if (slash < 0) return best
  const child = node.children.get(prefix.slice(from, slash))
  if (child) best = findCover(child, prefix, slash + 1, best)
  return node.plus ? findCover(node.plus, prefix, slash + 1, best) : best
}

/** True where a pattern that grants can match a path that starts with `prefix`. */
function reaches(node: PatternNode, prefix: string, from: number): boolean {
  const slash = prefix.indexOf('/', from)
  if (slash < 0) return grantsBelow(node)
  const child = node.children.get(prefix.slice(from, slash))
  if (child && reaches(child, prefix, slash + 1)) return true
  return node.plus !== null && reaches(node.plus, prefix, slash + 1)
}

function grantsBelow(node: PatternNode): boolean {
  if (node.here && grants(node.here)) return true
  for (const permissions of node.prefixes.values()) if (grants(permissions)) return true
  if (node.plus && grantsBelow(node.plus)) return true
  for (const child of node.children.values()) if (grantsBelow(child)) return true
  return false
}

export interface ResultantRule {
  readonly capabilities: readonly string[]
  readonly min_wrapping_ttl?: number
  readonly max_wrapping_ttl?: number
  readonly allowed_parameters?: Readonly<Record<string, unknown>>
  readonly denied_parameters?: Readonly<Record<string, unknown>>
  readonly required_parameters?: readonly string[]
}
export interface ResultantAcl {
  readonly root: boolean
  readonly exact_paths?: Readonly<Record<string, ResultantRule>>
  readonly glob_paths?: Readonly<Record<string, ResultantRule>>
}

/** All rules, as the data of sys/internal/ui/resultant-acl. Patterns come without their `*`. */
export function resultantAcl(acl: Acl): ResultantAcl {
  if (acl.root !== null) return { root: true }
  const exact = acl.broken === null ? [...acl.exact.values()] : []
  const patterns = acl.broken === null ? acl.ranked : []
  return { root: false, exact_paths: ruleTable(exact), glob_paths: ruleTable(patterns) }
}

function ruleTable(rules: readonly Permissions[]): Record<string, ResultantRule> {
  const entries = rules.map((rule): [string, ResultantRule] => [
    rule.text,
    {
      capabilities: namesOf(rule.capabilities),
      ...(rule.minWrappingTtlSeconds > 0 && { min_wrapping_ttl: rule.minWrappingTtlSeconds }),
      ...(rule.maxWrappingTtlSeconds > 0 && { max_wrapping_ttl: rule.maxWrappingTtlSeconds }),
      ...(rule.allowedParameters && { allowed_parameters: plain(rule.allowedParameters) }),
      ...(rule.deniedParameters && { denied_parameters: plain(rule.deniedParameters) }),
      ...(rule.requiredParameters.length > 0 && { required_parameters: rule.requiredParameters }),
    },
  ])
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function plain(rules: ParameterRules): Record<string, unknown> {
  return Object.fromEntries(rules)
}
