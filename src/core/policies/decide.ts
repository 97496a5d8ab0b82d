// May this request be made? A pure function of ACL, path, operation, data and wrapping TTL. Paths come
// with their namespace, without `v1/` and without a leading slash. Only an explicit rule allows; what
// is not understood is denied. The reasons are for logs and dry runs and never reach a client.
import type { Json, JsonObject } from '../../base/json.ts'
import { RawNumber } from '../../base/json.ts'
import { type Acl, findPermissions, type Permissions, type PolicyInfo } from './acl.ts'
import { refuseParameters } from './check-parameters.ts'
import { CAPABILITY_BITS, type ControlGroup } from './policy.ts'

/** The capability that each operation takes. */
const OPERATION_BITS = {
  read: CAPABILITY_BITS.read,
  head: CAPABILITY_BITS.read,
  list: CAPABILITY_BITS.list,
  scan: CAPABILITY_BITS.scan,
  create: CAPABILITY_BITS.create,
  update: CAPABILITY_BITS.update,
  patch: CAPABILITY_BITS.patch,
  delete: CAPABILITY_BITS.delete,
  subscribe: CAPABILITY_BITS.subscribe,
  renew: CAPABILITY_BITS.update,
  revoke: CAPABILITY_BITS.update,
  rollback: CAPABILITY_BITS.update,
} as const
export type AclOperation = keyof typeof OPERATION_BITS | 'help'

export interface AccessRequest {
  readonly path: string
  readonly operation: AclOperation
  /** Body and query of the request; null or absent if there are none. */
  readonly data?: JsonObject | null
  /** Absent where the answer is not to be wrapped. */
  readonly wrapTtlSeconds?: number | undefined
}

export interface Decision {
  readonly allowed: boolean
  /** Allowed by the root policy. */
  readonly isRoot: boolean
  /** The rule gives sudo (root: always). */
  readonly rootPrivileges: boolean
  /** The policies that give the capability, for audit; empty where denied. */
  readonly grantingPolicies: readonly PolicyInfo[]
  /** Why it is denied; '' where allowed. */
  readonly reason: string
  /** What has to happen before it may be allowed; then `allowed` is false. */
  readonly needs: {
    readonly mfaMethods: readonly string[]
    readonly approvals: readonly ControlGroup[]
  } | null
  /** List and scan: the `limit` to carry out instead of what was sent (0: none), or null. */
  readonly limit: number | null
  /** List and scan: the rule's filter for listed keys, or ''. */
  readonly listFilter: string
}

const NOTHING: Decision = {
  allowed: false,
  isRoot: false,
  rootPrivileges: false,
  grantingPolicies: [],
  reason: '',
  needs: null,
  limit: null,
  listFilter: '',
}
const NO_RULE: Decision = { ...NOTHING, reason: 'no rule matches the path' }
const EXPLICIT: Decision = { ...NOTHING, reason: 'a rule denies the path' }
const RELATIVE: Decision = { ...NOTHING, reason: 'the path has a relative segment' }
const OTHER_NAMESPACE: Decision = { ...NOTHING, reason: 'root of another namespace' }
const HELP: Decision = { ...NOTHING, allowed: true }

/** Allowed answers are the same object for the same rule and capability. */
const allowedCache = new WeakMap<Permissions, Map<number, Decision>>()

export function decide(acl: Acl, request: AccessRequest): Decision {
  const { operation } = request
  let path = request.path
  while (path.charCodeAt(0) === 0x2f) path = path.slice(1)
  if (acl.root !== null) return decideRoot(acl.root, path)
  if (acl.broken !== null) return { ...NOTHING, reason: acl.broken }
  if (operation === 'help') return HELP
  if (hasRelativeSegment(path)) return RELATIVE
  const listing = operation === 'list' || operation === 'scan'
  if (listing && path !== '' && path.charCodeAt(path.length - 1) !== 0x2f) path += '/'
  const found = findPermissions(acl, path, listing)
  if (found === null) return NO_RULE
  const bit: number | undefined = Object.hasOwn(OPERATION_BITS, operation)
    ? OPERATION_BITS[operation]
    : undefined
  if (bit === undefined || (found.capabilities & bit) === 0) {
    return refuse(
      found,
      (found.capabilities & 1) !== 0 ? EXPLICIT.reason : `no ${operation} capability`,
    )
  }
  const outside = refuseWrapping(found, request.wrapTtlSeconds)
  if (outside !== null) return refuse(found, outside)
  let limit: number | null = null
  if (listing) {
    const page = checkLimit(found, request.data ?? null)
    if (typeof page === 'string') return refuse(found, page)
    limit = page
  } else if (operation !== 'delete' && hasParameterRules(found)) {
    const refused = refuseParameters(found, request.data ?? null)
    if (refused !== null) return refuse(found, refused)
  }
  if (found.mfaMethods.length > 0 || found.controlGroups.length > 0) {
    const needs = { mfaMethods: found.mfaMethods, approvals: found.controlGroups }
    return { ...refuse(found, 'needs MFA or approval'), needs }
  }
  if (limit === null && !(listing && found.listFilter !== '')) return allow(found, bit)
  return { ...allow(found, bit), limit, listFilter: listing ? found.listFilter : '' }
}

function decideRoot(root: PolicyInfo, path: string): Decision {
  if (!path.startsWith(root.namespacePath)) return OTHER_NAMESPACE
  return { ...NOTHING, allowed: true, isRoot: true, rootPrivileges: true, grantingPolicies: [root] }
}

function refuse(found: Permissions, reason: string): Decision {
  const rootPrivileges = (found.capabilities & CAPABILITY_BITS.sudo) !== 0
  return { ...NOTHING, rootPrivileges, reason }
}

function allow(found: Permissions, bit: number): Decision {
  let byBit = allowedCache.get(found)
  if (!byBit) {
    byBit = new Map()
    allowedCache.set(found, byBit)
  }
  let decision = byBit.get(bit)
  if (!decision) {
    decision = {
      ...NOTHING,
      allowed: true,
      rootPrivileges: (found.capabilities & CAPABILITY_BITS.sudo) !== 0,
      grantingPolicies: found.granting.get(bit) ?? [],
    }
    byBit.set(bit, decision)
  }
  return decision
}

/** A path with '.' or '..' is another path to whoever resolves it. */
function hasRelativeSegment(path: string): boolean {
  return path.includes('.') && /(?:^|\/)\.\.?(?:\/|$)/.test(path)
}

function refuseWrapping(found: Permissions, ttl: number | undefined): string | null {
  const { minWrappingTtlSeconds: min, maxWrappingTtlSeconds: max } = found
  if (min === 0 && max === 0) return null
  if (ttl === undefined) return 'the answer has to be wrapped'
  if (max > 0 && ttl > max) return 'the wrapping TTL is too long'
  if (min > 0 && ttl < min) return 'the wrapping TTL is too short'
  // Merging can make bounds that nothing meets.
  return max > 0 && max < min ? 'no wrapping TTL is allowed' : null
}

function hasParameterRules(found: Permissions): boolean {
  return (
    found.requiredParameters.length > 0 ||
    found.deniedParameters !== null ||
    found.allowedParameters !== null
  )
}

/** The limit to use, null for what was sent, or why the list is refused. */
function checkLimit(found: Permissions, data: JsonObject | null): number | null | string {
  const sent: Json | undefined = data && Object.hasOwn(data, 'limit') ? data.limit : undefined
  const most = found.paginationLimit
  if (most === 0) return sent === 'max' ? 0 : null
  if (sent === undefined) {
    const isRequired = found.requiredParameters.some((name) => name.toLowerCase() === 'limit')
    return isRequired ? 'parameter "limit" is required' : most
  }
  if (sent === 'max') return most
  const text = typeof sent === 'string' || typeof sent === 'number' ? String(sent) : rawText(sent)
  if (!/^[+-]?\d*$/.test(text) || /^[+-]$/.test(text)) return 'parameter "limit" is not a number'
  const asked = Number(text)
  if (asked > most || asked < 0) return 'parameter "limit" is out of range'
  return asked === 0 ? most : null
}

function rawText(value: Json): string {
  return value instanceof RawNumber ? value.text : 'none'
}
