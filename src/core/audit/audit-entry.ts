// What core tells the broker about a request and its answer: plain data, before any hashing. One object
// each per request, kept flat because they are made on the hot path.
// A view that was handed over is not changed afterwards: what was written out of it is reused.
import type { RenderedRequest, TokenFragments } from './entry-writer.ts'

export interface AuditMount {
  /** 'secret/' or 'auth/userpass/'. Use the same object for all requests of a mount. */
  readonly point: string
  readonly type: string
  readonly accessor: string
  readonly class: 'secret' | 'auth'
  /** Running version of the plugin, where there is one. */
  readonly version?: string
  /** Names of the mount's audit_non_hmac_request_keys and audit_non_hmac_response_keys. */
  readonly plainRequestKeys?: readonly string[]
  readonly plainResponseKeys?: readonly string[]
}

export interface AuditNamespace {
  readonly id: string
  readonly path: string
}

/** A token and who is behind it, as the caller of a request or as what a response hands out. */
export interface AuditAuth {
  readonly clientToken: string
  readonly accessor: string
  readonly displayName?: string
  readonly policies?: readonly string[]
  readonly tokenPolicies?: readonly string[]
  readonly identityPolicies?: readonly string[]
  readonly externalNamespacePolicies?: Readonly<Record<string, readonly string[]>>
  readonly noDefaultPolicy?: boolean
  readonly metadata?: Readonly<Record<string, string>>
  /** In a response: the uses that the new token has. */
  readonly numUses?: number
  readonly entityId?: string
  readonly entityCreated?: boolean
  readonly tokenType: 'default' | 'service' | 'batch'
  readonly tokenTtlSeconds?: number
  /** RFC 3339, to the second. */
  readonly tokenIssueTime?: string
  /**
   * What was made of this view, per device: give `new AuthFragments()` where the view lives as long as
   * the cached token, and its values are hashed once for all its requests.
   */
  readonly fragments?: AuthFragments
}

/** A cache that belongs to one AuditAuth; forgotten with it, and per device when that is disabled. */
export class AuthFragments {
  readonly of = new WeakMap<object, TokenFragments>()
}

/** Why the request was allowed. Use one array per rule of a compiled ACL: its text is cached by it. */
export interface AuditPolicyResults {
  readonly allowed: boolean
  readonly granting: readonly GrantingPolicy[]
}

export interface GrantingPolicy {
  readonly name: string
  readonly namespaceId: string
  readonly namespacePath: string
  /** 'acl' mostly; '' for root. */
  readonly type: string
}

export interface AuditRequest {
  /** When the request came in, by the wall clock. */
  readonly timeMs: number
  readonly id: string
  /** Who is counted: the entity's id mostly. */
  readonly clientId?: string
  /** 'read', 'create', 'update', 'patch', 'delete', 'list', 'scan', 'help' and so on. */
  readonly operation: string
  /** Absent where no mount matched. */
  readonly mount?: AuditMount | undefined
  readonly namespace: AuditNamespace
  /** With the mount, without leading slash: 'secret/data/app'. */
  readonly path: string
  /** The body or the query: an object, or RawJson with the text of one. */
  readonly data?: unknown
  /** The caller; null where the request needs no token. */
  readonly auth: AuditAuth | null
  readonly policyResults?: AuditPolicyResults | undefined
  /** What a limited token has left, this request counted; 0 or absent: not limited. */
  readonly remainingUses?: number | undefined
  /** The token as it came, where `auth` is null (it was not accepted). */
  readonly clientToken?: string | undefined
  readonly policyOverride?: boolean
  readonly remoteAddress?: string
  readonly remotePort?: number
  readonly wrapTtlSeconds?: number | undefined
  /** All headers by lower-case name, as Node gives them: the broker picks the configured ones. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  readonly clientCertificateSerial?: string
  /** Why it was refused, in a request entry. */
  readonly error?: string | undefined
  /** The writer's own: what this request looks like on each device. Leave it out. */
  rendered?: RenderedRequest | undefined
}

export interface AuditWrapInfo {
  readonly ttlSeconds: number
  readonly token: string
  readonly accessor: string
  /** RFC 3339. */
  readonly creationTime: string
  readonly creationPath: string
  readonly wrappedAccessor?: string
}

export interface AuditResponse {
  /** When the answer was ready, by the wall clock. */
  readonly timeMs: number
  /** The caller as the response entry shows it, where a login has just made one. */
  readonly caller?: AuditAuth
  /** The token that is handed out. */
  readonly auth?: AuditAuth
  readonly leaseId?: string
  /** An object, or RawJson, or for raw replies http_raw_body, http_content_type, http_status_code. */
  readonly data?: unknown
  /** What the row declares of the data, where it does: says which members are secrets. */
  readonly fields?: Readonly<Record<string, { readonly secret: boolean }>> | null
  readonly warnings?: readonly string[]
  readonly redirect?: string
  readonly wrapInfo?: AuditWrapInfo
  readonly headers?: Readonly<Record<string, readonly string[]>>
  readonly error?: string
}
