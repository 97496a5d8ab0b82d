// The policies of a new token, by Vault's rules: a subset of the parent's unless the caller has sudo; a
// role with allowed or disallowed policies has rules of its own; `default` comes by itself unless refused.
import { badRequest } from '../../base/errors.ts'
import { NON_ASSIGNABLE_POLICIES } from '../policies/builtin-policies.ts'
import type { TokenRole } from './token-role.ts'

/** Trimmed, lower case, each once, sorted; `root` stands alone. */
export function sanitizePolicies(policies: readonly string[], addDefault: boolean): string[] {
  const names = new Set(policies.map((name) => name.trim().toLowerCase()))
  names.delete('')
  if (names.has('root')) return ['root']
  if (addDefault) names.add('default')
  return [...names].sort()
}

export interface PolicyRequest {
  readonly requested: readonly string[]
  readonly noDefaultPolicy: boolean
  readonly parentPolicies: readonly string[]
  readonly isSudo: boolean
  /** The parent belongs to a namespace above: only what is asked for counts. */
  readonly isFromAbove: boolean
  readonly role: TokenRole | null
}

/** Throws 400 in Vault's words. */
export function tokenPolicies(of: PolicyRequest): string[] {
  let final = sanitizePolicies(...beforeDefault(of))
  if (of.noDefaultPolicy) final = final.filter((name) => name !== 'default')
  const refused = final.find((name) => NON_ASSIGNABLE_POLICIES.includes(name))
  if (refused !== undefined) throw badRequest(`cannot assign policy "${refused}"`)
  return final
}

function beforeDefault(of: PolicyRequest): [policies: readonly string[], addDefault: boolean] {
  if (of.role && rulesPolicies(of.role)) return [rolePolicies(of, of.role), false]
  if (of.isFromAbove) return [of.requested, !of.noDefaultPolicy]
  if (of.requested.length === 0) return [of.parentPolicies, false]
  if (of.isSudo) return [of.requested, !of.noDefaultPolicy]
  const parent = sanitizePolicies(of.parentPolicies, false)
  if (!sanitizePolicies(of.requested, false).every((name) => parent.includes(name))) {
    throw badRequest('child policies must be subset of parent')
  }
  return [of.requested, !of.noDefaultPolicy && parent.includes('default')]
}

const rulesPolicies = (role: TokenRole): boolean =>
  role.allowedPolicies.length +
    role.allowedPoliciesGlob.length +
    role.disallowedPolicies.length +
    role.disallowedPoliciesGlob.length >
  0

function rolePolicies(of: PolicyRequest, role: TokenRole): readonly string[] {
  const isDisallowed = (name: string): boolean =>
    role.disallowedPolicies.includes(name) || matchesAny(role.disallowedPoliciesGlob, name)
  const addDefault = !of.noDefaultPolicy && !role.tokenNoDefaultPolicy && !isDisallowed('default')
  let final = of.requested.length > 0 ? sanitizePolicies(of.requested, addDefault) : []
  if (role.allowedPolicies.length + role.allowedPoliciesGlob.length > 0) {
    const allowed = sanitizePolicies(role.allowedPolicies, addDefault)
    const globs = sanitizePolicies(role.allowedPoliciesGlob, false)
    if (final.length === 0) final = allowed
    else if (!final.every((name) => allowed.includes(name) || matchesAny(globs, name))) {
      throw badRequest(
        `token policies (${quoted(final)}) must be subset of the role's allowed policies ` +
          `(${quoted(allowed)}) or glob policies (${quoted(globs)})`,
      )
    }
  } else if (final.length === 0) final = sanitizePolicies(of.parentPolicies, addDefault)
  const refused = final.find(isDisallowed)
  if (refused !== undefined) {
    throw badRequest(`token policy "${refused}" is disallowed by this role`)
  }
  return final
}

/** Go's %q of a list. */
const quoted = (names: readonly string[]): string =>
  `[${names.map((name) => JSON.stringify(name)).join(' ')}]`

export const matchesAny = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => matchesStars(pattern, text))

/** `*` stands for any text, anywhere in the pattern, alone too. Linear: each part is looked for once. */
export function matchesStars(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === text
  const first = parts[0]!
  const last = parts.at(-1)!
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}
