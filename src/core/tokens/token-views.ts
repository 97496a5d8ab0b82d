// A token as clients see it: the data of a look-up and the auth block of create, login and renew. Names
// stand in alphabetical order, as in Vault's answers.
import type { AuthBlock, Data } from '../../sdk/answer.ts'
import { ROOT_TOKEN_PATH, type TokenEntry } from './token-entry.ts'
import { sanitizePolicies } from './token-policies.ts'

export interface TokenView {
  readonly kind: 'service' | 'batch'
  readonly accessor: string
  readonly entry: TokenEntry
  /** The text as the caller knows it; '' after a look-up by accessor. */
  readonly text: string
  /** Of the token's namespace; '' for root. */
  readonly namespacePath: string
  readonly isOrphan: boolean
  readonly nowMs: number
}

const seconds = (ms: number): number => Math.floor(ms / 1000)
const time = (ms: number): string => new Date(ms).toISOString()

export function lookupData(of: TokenView): Data {
  const { entry } = of
  const issuedAtMs = of.kind === 'batch' ? seconds(entry.createdAtMs) * 1000 : entry.createdAtMs
  // The root token of the initialisation has no lease in Vault, so nothing is said about one.
  const hasLease = entry.path !== ROOT_TOKEN_PATH
  const left = entry.expiresAtMs === 0 ? 0 : Math.max(0, seconds(entry.expiresAtMs - of.nowMs))
  return {
    accessor: of.accessor,
    bound_cidrs: entry.boundCidrs.length > 0 ? entry.boundCidrs : undefined,
    creation_time: seconds(entry.createdAtMs),
    creation_ttl: entry.ttlSeconds,
    display_name: entry.displayName,
    entity_id: entry.entityId,
    expire_time: entry.expiresAtMs === 0 ? null : time(entry.expiresAtMs),
    explicit_max_ttl: entry.explicitMaxTtlSeconds,
    id: of.text,
    issue_time: hasLease ? time(issuedAtMs) : undefined,
    last_renewal: entry.renewedAtMs === 0 ? undefined : time(entry.renewedAtMs),
    last_renewal_time: entry.renewedAtMs === 0 ? undefined : seconds(entry.renewedAtMs),
    meta: entry.metadata,
    namespace_path: of.namespacePath || undefined,
    num_uses: entry.numUses,
    orphan: of.isOrphan,
    path: entry.path,
    period: entry.periodSeconds || undefined,
    policies: entry.policies,
    renewable: hasLease ? entry.renewable : undefined,
    role: entry.role || undefined,
    ttl: left,
    type: of.kind,
  }
}

export function authBlock(
  token: { readonly accessor: string; readonly entry: TokenEntry },
  kind: 'service' | 'batch',
  text: string,
  identityPolicies: readonly string[] = [],
  leaseSeconds = token.entry.ttlSeconds,
): AuthBlock {
  const { entry } = token
  return {
    client_token: text,
    accessor: token.accessor,
    policies:
      identityPolicies.length === 0
        ? entry.policies
        : sanitizePolicies([...entry.policies, ...identityPolicies], false),
    token_policies: entry.policies,
    identity_policies: identityPolicies.length === 0 ? undefined : identityPolicies,
    metadata: entry.metadata,
    lease_duration: leaseSeconds,
    renewable: entry.renewable,
    entity_id: entry.entityId,
    token_type: kind,
    orphan: entry.ancestors.length === 0,
    mfa_requirement: null,
    num_uses: Math.max(0, entry.numUses),
  }
}
