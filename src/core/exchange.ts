// The state of one request while it is served, filled step by step, so that whatever fails, audit and log
// see what was known by then.
import { ApiError, internal, sealed } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import type { RequestContext } from '../sdk/context.ts'
import type { Operation, Row } from '../sdk/endpoints.ts'
import type {
  AuditPolicyResults,
  AuditRequest,
  AuditResponse,
  GrantingPolicy,
} from './audit/audit-entry.ts'
import { AuditRefusal } from './audit/audit-refusal.ts'
import type { Caller } from './callers.ts'
import type { Core } from './core.ts'
import type { CoreRequest } from './core-request.ts'
import type { Host } from './host.ts'
import type { Mount } from './mounts/mount-table.ts'
import type { Place, TopologyView } from './mounts/topology.ts'
import type { AclOperation, Decision } from './policies/decide.ts'
import type { CoreContext } from './request-context.ts'
import type { Match } from './router/route-table.ts'
import type { TokenRecord } from './tokens/token-record.ts'

const AUDIT_OPERATION: Readonly<Record<Operation, string>> = {
  read: 'read',
  head: 'header',
  write: 'update',
  patch: 'patch',
  remove: 'delete',
  list: 'list',
  scan: 'scan',
}

const ACL_OPERATION = {
  read: 'read',
  head: 'head',
  patch: 'patch',
  remove: 'delete',
  list: 'list',
  scan: 'scan',
} as const

const ROOT_GRANT: readonly GrantingPolicy[] = [
  { name: 'root', namespaceId: 'root', namespacePath: '', type: 'acl' },
]

const ROOT = { id: 'root', path: '' }

export class Exchange {
  readonly host: Host
  readonly core: Core | null
  readonly request: CoreRequest
  readonly id: string
  readonly startedAtMs: number
  /** On the monotonic clock, for the time it took. */
  readonly begunMs: number
  operation: Operation = 'read'
  view: TopologyView | null = null
  /** Version of the token's namespace epoch. */
  epoch = ''
  record: TokenRecord | null = null
  caller: Caller | null = null
  place: Place | null = null
  match: Match<RequestContext> | null = null
  data: Json | Buffer = null
  decision: Decision | null = null
  context: CoreContext | null = null
  /** What a limited token has left after this request; null where the token isn't limited. */
  usesLeft: number | null = null
  warnings: string[] | null = null
  /** Beside those of the answer: flat list of names and values. */
  replyHeaders: readonly string[] | null = null
  /** True: a refusal that is to leave no line (a rate limit's, or a flood would fill the disk). */
  isAuditSkipped = false
  #requestEntry: AuditRequest | null = null
  #isRequestAudited = false

  constructor(host: Host, request: CoreRequest) {
    this.host = host
    this.core = host.core
    this.request = request
    this.id = host.random.uuid()
    this.startedAtMs = host.clock.now()
    this.begunMs = host.clock.monotonic()
  }

  /** The capability that the ACL is asked for. */
  aclOperation(): AclOperation {
    if (this.operation === 'write') return this.context?.creating ? 'create' : 'update'
    return ACL_OPERATION[this.operation]
  }

  /** Unknown fields are no error; the caller is told (Vault's wording). */
  warnAboutInput(row: Row<RequestContext>, sent: JsonObject): void {
    if (row.body === 'free' || row.operation === 'patch') return
    let ignored: string[] | null = null
    let replaced: string[] | null = null
    for (const name of Object.keys(sent)) {
      if (Object.hasOwn(row.params, name)) (replaced ??= []).push(name)
      else if (!Object.hasOwn(row.input, name)) (ignored ??= []).push(name)
    }
    if (ignored)
      this.warn(`Endpoint ignored these unrecognized parameters: [${ignored.sort().join(' ')}]`)
    if (replaced) {
      this.warn(
        `Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [${replaced.sort().join(' ')}]`,
      )
    }
  }

  get isCreate(): boolean {
    return this.context?.creating === true
  }
  /** null before it was routed and where no mount serves the path. */
  get mount(): Mount | null {
    return this.place?.mount ?? null
  }
  get isLogin(): boolean {
    return this.match?.row.auth === 'none' && this.place?.mount?.record.class === 'auth'
  }

  warn(text: string): void {
    ;(this.warnings ??= []).push(text)
  }

  get isAudited(): boolean {
    return this.core?.audit.isEnabled === true && this.match?.row.audit !== false
  }

  requestEntry(error?: string): AuditRequest {
    if (this.#requestEntry && error === undefined) return this.#requestEntry
    const { request, place, caller, usesLeft } = this
    // One shape for all, with undefined for what there is not: spreads would cost more than the line.
    const entry: AuditRequest = {
      timeMs: this.startedAtMs,
      id: this.id,
      operation: this.operation === 'write' ? this.aclOperation() : AUDIT_OPERATION[this.operation],
      namespace: place?.namespace ?? ROOT,
      path: place?.path ?? request.path,
      auth: caller?.audit ?? null,
      remoteAddress: request.remoteAddress,
      remotePort: request.remotePort,
      headers: this.core?.audit.recordsHeaders ? request.allHeaders() : undefined,
      mount: place?.mount?.audit,
      data: hasData(this.data) ? this.data : undefined,
      policyResults: this.decision ? policyResults(this.decision) : undefined,
      remainingUses: usesLeft ?? undefined,
      clientToken: !caller && request.token !== null ? request.token : undefined,
      wrapTtlSeconds: request.wrapTtlSeconds > 0 ? request.wrapTtlSeconds : undefined,
      error,
      rendered: undefined,
    }
    if (error === undefined) this.#requestEntry = entry
    return entry
  }

  async auditRequest(): Promise<void> {
    if (!this.isAudited) return
    try {
      await this.core!.audit.request(this.requestEntry())
    } catch (error) {
      this.host.metrics.counts.auditRequestFailures += 1
      throw error
    }
    this.#isRequestAudited = true
  }

  /** The response's line; with the request's, where that was deferred. */
  async auditResponse(response: AuditResponse): Promise<void> {
    // Sealed meanwhile: the devices are gone, and nothing is answered that they have not recorded.
    if (this.host.core !== this.core && this.match?.row.seals !== true) throw sealed()
    if (!this.isAudited) return
    const entry = this.requestEntry()
    try {
      if (this.#isRequestAudited) await this.core!.audit.response(entry, response)
      else await this.core!.audit.pair(entry, response)
    } catch (error) {
      this.host.metrics.counts.auditResponseFailures += 1
      throw error
    }
    this.#isRequestAudited = true
  }

  /** One line for a request that ended in an error: the response's if its request line is written. */
  async auditFailure(error: ApiError): Promise<void> {
    if (!this.isAudited || this.isAuditSkipped) return
    const text = error.messages.join('; ')
    if (this.#isRequestAudited) {
      const response = { timeMs: this.host.clock.now(), error: text }
      await this.core!.audit.response(this.requestEntry(), response)
    } else await this.core!.audit.request(this.requestEntry(text))
  }

  /** After the last use of a limited token: it is revoked with all that it made. */
  async endSpentToken(): Promise<void> {
    try {
      await this.core!.tokens.revoke(this.record!)
    } catch (error) {
      // Its entry says that no use is left, and its due mark takes it away later.
      this.host.log.warn('a spent token was not revoked yet', { request_id: this.id, err: error })
    }
  }

  /** A bug is a 500 without a word about it to the caller; the log has it under the request's id. */
  toApiError(thrown: unknown): ApiError {
    if (thrown instanceof AuditRefusal) {
      // Without a stack: the device's trouble is told where it began.
      const fields = { request_id: this.id, reason: thrown.reason }
      this.host.log.error('request refused: no audit device took its line', fields)
      return thrown
    }
    if (thrown instanceof ApiError) {
      if (thrown.cause !== undefined) {
        // What the caller did wrong is no trouble of the server's.
        const level = thrown.status >= 500 ? 'error' : 'debug'
        this.host.log[level]('request failed', { request_id: this.id, err: thrown.cause })
      }
      return thrown
    }
    this.host.log.error('internal error', { request_id: this.id, err: thrown })
    return internal('internal error')
  }
}

const policyResults = (decision: Decision): AuditPolicyResults => ({
  allowed: decision.allowed,
  // The broker caches by the array, and the ACL's arrays live as long as the ACL.
  granting: decision.isRoot ? ROOT_GRANT : decision.grantingPolicies,
})

function hasData(data: Json | Buffer): boolean {
  if (data === null || Buffer.isBuffer(data)) return false
  for (const _ in data as object) return true
  return false
}
