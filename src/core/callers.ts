// Who calls, compiled: the Auth that handlers see, its part of audit lines, and the ACL. Kept with the
// cached token and good while the token's stored version and the epochs it was built from stand.
import type { Clock } from '../base/clock.ts'
import type { Auth } from '../sdk/context.ts'
import type { Awaitable } from '../sdk/storage.ts'
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
  readonly #clock: Clock
  constructor(policies: PolicyStore, clock: Clock) {
    this.#policies = policies
    this.#clock = clock
  }

  /**
   * `epoch` is the version of the token's namespace epoch as this request read it, `text` the token. null:
   * its namespace or the auth mount that it came from is gone, so the token counts no more.
   */
  of(
    record: TokenRecord,
    epoch: string,
    view: TopologyView,
    text: string,
  ): Awaitable<Caller | null> {
    const versions = `${view.version} ${epoch}`
    const slot = record.acl as { versions: string; value: Caller | null }
    const known = slot.value
    if (known && slot.versions === versions && this.#clock.now() < known.acl.validUntilMs) {
      return known
    }
    return this.#build(record, epoch, view, text).then((caller) => {
      if (caller) {
        slot.value = caller
        slot.versions = versions
      }
      return caller
    })
  }

  async #build(
    record: TokenRecord,
    epoch: string,
    view: TopologyView,
    text: string,
  ): Promise<Caller | null> {
    const namespace = await view.namespaceById(record.namespaceId)
    if (!namespace || namespace.tainted) return null
    const { mountId } = record.entry
    if (mountId !== '') {
      const { mounts } = await view.table(namespace)
      if (!mounts.some((mount) => mount.record.id === mountId)) return null
    }
    const auth = authOf(record, namespace, [])
    const acl = await this.#policies.aclOf(auth.policies, namespace, epoch)
    return { auth, audit: auditAuthOf(record, auth, text), acl, namespace }
  }

  /** As of now, for a token that is asked about rather than calling. */
  async fresh(record: TokenRecord, view: TopologyView): Promise<Caller | null> {
    return this.#build(record, await this.#policies.epochOf(record.namespaceId), view, '')
  }
}

function auditAuthOf(record: TokenRecord, auth: Auth, text: string): AuditAuth {
  const { entry } = record
  return {
    clientToken: text,
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
