// A token as requests use it: decoded once for each stored version and then shared, so nobody may change
// what it holds. The slots beside it carry what others derive from it and live exactly as long.
import { type Cidr, parseCidr } from '../../base/cidr.ts'
import type { Auth, Namespace } from '../../sdk/context.ts'
import { ROOT_NAMESPACE_ID } from '../keys.ts'
import type { TokenEntry } from './token-entry.ts'

/** Something derived, good while the epochs it was built from stand. */
export interface DerivedSlot<T> {
  versions: string
  value: T | null
}

export interface TokenRecord {
  readonly kind: 'service' | 'batch'
  readonly namespaceId: string
  /** Hash of the token's text; names the record in caches. */
  readonly hash: string
  /** As clients see it: hash, then the namespace outside root; '' for a batch token. */
  readonly accessor: string
  /** Its entry's key; '' for a batch token. */
  readonly key: string
  /** The version of the entry this was decoded from; '' for a batch token. */
  readonly version: string
  readonly entry: TokenEntry
  /** The namespaces of its ancestors: their epochs decide whether it is alive. */
  readonly lineage: readonly string[]
  readonly isRoot: boolean
  /** Where it may be used from; empty: anywhere. A token that never ends is bound to nothing. */
  readonly cidrs: readonly Cidr[]
  /** Filled by the request pipeline: the compiled caller with its ACL and audit fragments. */
  readonly acl: DerivedSlot<unknown>
  /** Filled by TokenService: the verdict over its ancestors, and under which epochs. */
  readonly alive: DerivedSlot<boolean>
}

export function tokenRecord(
  of: Pick<TokenRecord, 'kind' | 'namespaceId' | 'hash' | 'accessor' | 'key' | 'version' | 'entry'>,
): TokenRecord {
  return {
    kind: of.kind,
    namespaceId: of.namespaceId,
    hash: of.hash,
    accessor: of.accessor,
    key: of.key,
    version: of.version,
    entry: of.entry,
    lineage: lineageOf(of.entry.ancestors),
    isRoot: of.entry.policies.includes('root'),
    cidrs: cidrsOf(of.entry),
    acl: { versions: '', value: null },
    alive: { versions: '', value: null },
  }
}

const NO_CIDRS: readonly Cidr[] = []

function cidrsOf(entry: TokenEntry): readonly Cidr[] {
  if (entry.boundCidrs.length === 0 || entry.ttlSeconds === 0) return NO_CIDRS
  // One that can't be read was refused when the token was made; it must never widen the rest.
  return entry.boundCidrs.map((text) => parseCidr(text) ?? { text, words: [], bits: 32 })
}

const NO_LINEAGE: readonly string[] = []

function lineageOf(ancestors: readonly string[]): readonly string[] {
  if (ancestors.length === 0) return NO_LINEAGE
  const found: string[] = []
  for (const accessor of ancestors) {
    const dot = accessor.indexOf('.')
    const namespaceId = dot === -1 ? ROOT_NAMESPACE_ID : accessor.slice(dot + 1)
    if (!found.includes(namespaceId)) found.push(namespaceId)
  }
  return found
}

/** The caller as handlers see it. `identityPolicies`: what the entity and its groups add. */
export function authOf(
  record: TokenRecord,
  namespace: Namespace,
  identityPolicies: readonly string[],
): Auth {
  const { entry } = record
  const policies =
    identityPolicies.length === 0
      ? entry.policies
      : [...new Set([...entry.policies, ...identityPolicies])].sort()
  return {
    accessor: record.accessor,
    tokenType: record.kind,
    displayName: entry.displayName,
    policies,
    tokenPolicies: entry.policies,
    identityPolicies,
    entityId: entry.entityId,
    metadata: entry.metadata ?? {},
    namespace,
  }
}
