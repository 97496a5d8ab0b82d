// Who calls, compiled: the Auth that handlers see, its part of audit lines, and the ACL. Kept with the
// cached token and good while the token's stored version and the epochs it was built from stand.
import type { Auth } from '../sdk/context.ts'
import { type AuditAuth, AuthFragments } from './audit/audit-entry.ts'
import type { NamespaceRecord, TopologyView } from './mounts/topology.ts'
import type { Acl } from './policies/acl.ts'
import type { PolicyStore } from './policies/policy-store.ts'
import { authOf, type TokenRecord } from './tokens/token-record.ts'

export interface Caller {
  readonly auth: Auth
  readonly audit: AuditAuth
  readonly acl: Acl
  /** The token's own namespace: it acts there and below. */
  readonly namespace: NamespaceRecord
}

export class Callers {
  readonly #policies: PolicyStore
  constructor(policies: PolicyStore) {
    this.#policies = policies
  }

  /** `epoch` is the version of the token's namespace epoch as this request read it. null: no such namespace. */
  async of(record: TokenRecord, epoch: string, view: TopologyView): Promise<Caller | null> {
    const versions = `${view.version} ${epoch}`
    const slot = record.acl as { versions: string; value: Caller | null }
    if (slot.versions === versions && slot.value) return slot.value
    const namespace = await view.namespaceById(record.namespaceId)
    if (!namespace || namespace.tainted) return null
    const auth = authOf(record, namespace, [])
    const acl = await this.#policies.aclOf(auth.policies, namespace, epoch)
    slot.value = { auth, audit: auditAuthOf(record, auth), acl, namespace }
    slot.versions = versions
    return slot.value
  }

  /** As of now, for a token that is asked about rather than calling. */
  async fresh(record: TokenRecord, view: TopologyView): Promise<Caller | null> {
    return this.of(record, await this.#policies.epochOf(record.namespaceId), view)
  }
}

function auditAuthOf(record: TokenRecord, auth: Auth): AuditAuth {
  const { entry } = record
  return {
    clientToken: record.hash,
    accessor: auth.accessor,
    displayName: auth.displayName,
    policies: auth.policies,
    tokenPolicies: auth.tokenPolicies,
    ...(auth.identityPolicies.length > 0 ? { identityPolicies: auth.identityPolicies } : undefined),
    metadata: auth.metadata,
    entityId: auth.entityId,
    tokenType: auth.tokenType,
    tokenTtlSeconds: entry.ttlSeconds,
    tokenIssueTime: new Date(entry.createdAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    fragments: new AuthFragments(),
  }
}
