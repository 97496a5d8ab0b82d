// Writes audit entries as JSON lines in Vault's shape: same names, same order, empty members left out.
// Text is joined by hand, since two entries go out per request; only leaves pass through JSON.stringify.
// Parts that recur (token, mount, namespace, policies) are kept on the objects that they were made of.
import { isJsonObject, stringifyJson } from '../../base/json.ts'
import type {
  AuditAuth,
  AuditMount,
  AuditNamespace,
  AuditPolicyResults,
  AuditRequest,
  AuditResponse,
  AuditWrapInfo,
  GrantingPolicy,
} from './audit-entry.ts'
import { elideList } from './elide-list.ts'
import { hashJsonValue, hashObject } from './hash-json.ts'
import type { SaltedHmac } from './salted-hmac.ts'

/** How one device wants its entries. */
export interface EntryOptions {
  readonly hmac: SaltedHmac
  readonly logRaw: boolean
  readonly hmacAccessor: boolean
  readonly elideListResponses: boolean
}

/** Which request headers are recorded, by lower-case name. */
export type AuditedHeaders = ReadonlyMap<string, { readonly hmac: boolean }>

/** A token's recurring text: before and after policy_results, and its place in "request". */
export interface TokenFragments {
  /** The token's own hash, with quotes; '' without a token. */
  readonly token: string
  readonly head: string
  readonly beforeUses: string
  readonly afterUses: string
  readonly inRequest: string
}

/** The parts that the two entries of a request share, for the device that `writer` belongs to. */
export interface RenderedRequest {
  readonly writer: EntryWriter
  readonly auth: string
  readonly request: string
  readonly next: RenderedRequest | undefined
}

/** Hashes that are kept of what answers about tokens say (names, paths, ids), and of how long texts. */
const MOST_KEPT = 4096
const LONGEST_KEPT = 64

const NO_TOKEN: TokenFragments = {
  token: '',
  head: '',
  beforeUses: '',
  afterUses: ',"token_type":"default"',
  inRequest: '',
}

/**
 * Makes the entries of one device. Both methods return an entry without its closing brace, so that the
 * chain can follow as the last member.
 */
export class EntryWriter {
  readonly #options: EntryOptions
  readonly #hash: (text: string) => string
  readonly #hashAccessor: (text: string) => string
  headers: AuditedHeaders
  readonly #kept = new Map<string, string>()
  /** The caller's token and its hash while an answer of the token store is written. */
  #caller: { readonly text: string; readonly hash: string } | undefined

  constructor(options: EntryOptions, headers: AuditedHeaders) {
    this.#options = options
    this.headers = headers
    const hashed: SaltedHmac = (text) => `"${options.hmac(text)}"`
    this.#hash = options.logRaw ? JSON.stringify : hashed
    this.#hashAccessor = options.logRaw || !options.hmacAccessor ? JSON.stringify : hashed
  }

  requestEntry(of: AuditRequest): string {
    const { auth, request } = this.#render(of)
    const error = of.error ? `,"error":${JSON.stringify(of.error)}` : ''
    return `{"time":"${isoTime(of.timeMs)}","type":"request","auth":${auth},"request":${request}${error}`
  }

  responseEntry(of: AuditRequest, answer: AuditResponse): string {
    const rendered = this.#render(of)
    const auth = answer.caller ? this.#auth(of, answer.caller) : rendered.auth
    const error = answer.error ? `,"error":${JSON.stringify(answer.error)}` : ''
    return `{"time":"${isoTime(answer.timeMs)}","type":"response","auth":${auth},"request":${rendered.request},"response":${this.#response(of, answer)}${error}`
  }

  #render(of: AuditRequest): RenderedRequest {
    for (let at = of.rendered; at !== undefined; at = at.next) if (at.writer === this) return at
    const rendered = {
      writer: this,
      auth: this.#auth(of, of.auth),
      request: this.#request(of),
      next: of.rendered,
    }
    of.rendered = rendered
    return rendered
  }

  #auth(of: AuditRequest, auth: AuditAuth | null): string {
    const token = auth === null ? NO_TOKEN : this.#token(auth)
    const uses = of.remainingUses ? `,"remaining_uses":${of.remainingUses}` : ''
    const all = token.head + policyResults(of.policyResults) + token.beforeUses + uses
    return `{${(all + token.afterUses).slice(1)}}`
  }

  #token(auth: AuditAuth): TokenFragments {
    const known = auth.fragments?.of.get(this)
    if (known !== undefined) return known
    const tokenHash = auth.clientToken ? this.#hash(auth.clientToken) : ''
    const token = tokenHash ? `,"client_token":${tokenHash}` : ''
    const accessor = auth.accessor ? this.#hashAccessor(auth.accessor) : ''
    let head = token
    if (accessor) head += `,"accessor":${accessor}`
    if (auth.displayName) head += `,"display_name":${JSON.stringify(auth.displayName)}`
    head += names('policies', auth.policies) + names('token_policies', auth.tokenPolicies)
    head += names('identity_policies', auth.identityPolicies)
    head += members('external_namespace_policies', auth.externalNamespacePolicies)
    if (auth.noDefaultPolicy) head += ',"no_default_policy":true'
    let beforeUses = members('metadata', auth.metadata)
    if (auth.numUses) beforeUses += `,"num_uses":${auth.numUses}`
    let afterUses = auth.entityId ? `,"entity_id":${JSON.stringify(auth.entityId)}` : ''
    if (auth.entityCreated) afterUses += ',"entity_created":true'
    afterUses += `,"token_type":"${auth.tokenType}"`
    if (auth.tokenTtlSeconds) afterUses += `,"token_ttl":${auth.tokenTtlSeconds}`
    if (auth.tokenIssueTime) afterUses += `,"token_issue_time":"${auth.tokenIssueTime}"`
    const inRequest = accessor ? `${token},"client_token_accessor":${accessor}` : token
    const fragments = { token: tokenHash, head, beforeUses, afterUses, inRequest }
    auth.fragments?.of.set(this, fragments)
    return fragments
  }

  #request(of: AuditRequest): string {
    let out = `{"id":"${of.id}"`
    if (of.clientId) out += `,"client_id":${JSON.stringify(of.clientId)}`
    out += `,"operation":"${of.operation}"`
    if (of.mount) out += mountTexts(of.mount).inRequest
    if (of.auth !== null) out += this.#token(of.auth).inRequest
    else if (of.clientToken) out += `,"client_token":${this.#hash(of.clientToken)}`
    out += namespaceText(of.namespace)
    if (of.path) out += `,"path":${JSON.stringify(of.path)}`
    if (of.data !== undefined) out += this.#data(of.data, of.mount?.plainRequestKeys)
    if (of.policyOverride) out += ',"policy_override":true'
    if (of.remoteAddress) out += `,"remote_address":${JSON.stringify(of.remoteAddress)}`
    if (of.remotePort) out += `,"remote_port":${of.remotePort}`
    if (of.wrapTtlSeconds) out += `,"wrap_ttl":${of.wrapTtlSeconds}`
    if (this.headers.size > 0 && of.headers) out += this.#requestHeaders(of.headers)
    if (of.clientCertificateSerial) {
      out += `,"client_certificate_serial_number":${JSON.stringify(of.clientCertificateSerial)}`
    }
    return `${out}}`
  }

  #response(of: AuditRequest, answer: AuditResponse): string {
    let out = answer.auth ? `,"auth":${this.#handedOut(answer.auth)}` : ''
    if (of.mount) out += mountTexts(of.mount).inResponse
    if (answer.leaseId) out += `,"secret":{"lease_id":${JSON.stringify(answer.leaseId)}}`
    if (answer.data !== undefined) {
      const elide = this.#options.elideListResponses && of.operation === 'list'
      const data = elide ? elideList(answer.data) : answer.data
      if (of.mount?.type === 'token') out += this.#tokenData(of, data)
      else if (answer.fields && !this.#options.logRaw) {
        out += this.#declaredData(data, answer.fields, of.mount?.plainResponseKeys)
      } else out += this.#data(data, of.mount?.plainResponseKeys)
    }
    out += names('warnings', answer.warnings)
    if (answer.redirect) out += `,"redirect":${JSON.stringify(answer.redirect)}`
    if (answer.wrapInfo) out += `,"wrap_info":${this.#wrapInfo(answer.wrapInfo)}`
    out += members('headers', answer.headers)
    return `{${out.slice(1)}}`
  }

  #handedOut(auth: AuditAuth): string {
    const { head, beforeUses, afterUses } = this.#token(auth)
    return `{${(head + beforeUses + afterUses).slice(1)}}`
  }

  /**
   * The token store answers with a dozen texts, which are names and not secrets and recur with each
   * look-up: their hashes are kept. The caller's own token is known already; others are longer than
   * what is kept.
   */
  #tokenData(of: AuditRequest, data: unknown): string {
    if (of.auth) {
      const hash = this.#token(of.auth).token
      this.#caller = { text: of.auth.clientToken, hash: hash.slice(1, -1) }
    }
    const text = this.#data(data, of.mount?.plainResponseKeys, this.#keptHmac)
    this.#caller = undefined
    return text
  }

  /** What a row declares as no secret is mostly a name, an id or a state, and recurs: hashes are kept. */
  #declaredData(
    data: unknown,
    fields: NonNullable<AuditResponse['fields']>,
    plainKeys: readonly string[] | undefined,
  ): string {
    if (!isJsonObject(data)) {
      const hasSecret = Object.values(fields).some((field) => field.secret)
      return this.#data(data, plainKeys, hasSecret ? undefined : this.#keptHmac)
    }
    const open = { fields, hmac: this.#keptHmac }
    const text = hashObject(data, this.#options.hmac, plainKeys, open)
    return text === '{}' ? '' : `,"data":${text}`
  }

  readonly #keptHmac: SaltedHmac = (text) => {
    const { hmac } = this.#options
    if (text === this.#caller?.text) return this.#caller.hash
    if (text.length > LONGEST_KEPT) return hmac(text)
    let hash = this.#kept.get(text)
    if (hash === undefined) {
      if (this.#kept.size >= MOST_KEPT) this.#kept.clear()
      hash = hmac(text)
      // A copy: as a piece of a larger text it would keep all of that, secrets too, in memory.
      this.#kept.set(Buffer.from(text).toString(), hash)
    }
    return hash
  }

  #data(
    data: unknown,
    plainKeys: readonly string[] | undefined,
    hmac = this.#options.hmac,
  ): string {
    if (data === null) return ''
    const { logRaw } = this.#options
    const text = logRaw ? rawText(data) : hashJsonValue(data, hmac, plainKeys)
    return text === '{}' ? '' : `,"data":${text}`
  }

  #wrapInfo(of: AuditWrapInfo): string {
    let out = of.ttlSeconds ? `,"ttl":${of.ttlSeconds}` : ''
    out += `,"token":${this.#hash(of.token)}`
    if (of.accessor) out += `,"accessor":${this.#hashAccessor(of.accessor)}`
    out += `,"creation_time":"${of.creationTime}"`
    if (of.creationPath) out += `,"creation_path":${JSON.stringify(of.creationPath)}`
    if (of.wrappedAccessor) out += `,"wrapped_accessor":${this.#hashAccessor(of.wrappedAccessor)}`
    return `{${out.slice(1)}}`
  }

  #requestHeaders(headers: NonNullable<AuditRequest['headers']>): string {
    let out = ''
    for (const [name, { hmac }] of this.headers) {
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined
      if (value === undefined) continue
      const values = typeof value === 'string' ? [value] : value
      // A header says itself whether it is hashed, also where the device logs raw values.
      const texts = values.map((text) =>
        hmac ? `"${this.#options.hmac(text)}"` : JSON.stringify(text),
      )
      out += `,${JSON.stringify(name)}:[${texts.join(',')}]`
    }
    return out === '' ? '' : `,"headers":{${out.slice(1)}}`
  }
}

/** The data as it is; the bytes of a raw reply as text, as they are when hashed. */
function rawText(data: unknown): string {
  const body = (data as { http_raw_body?: unknown }).http_raw_body
  if (!(body instanceof Uint8Array)) return stringifyJson(data)
  return stringifyJson({ ...(data as object), http_raw_body: Buffer.from(body).toString() })
}

const names = (name: string, values: readonly string[] | undefined): string =>
  values === undefined || values.length === 0 ? '' : `,"${name}":${JSON.stringify(values)}`

function members(name: string, of: Readonly<Record<string, unknown>> | null | undefined): string {
  if (of === undefined || of === null) return ''
  const text = JSON.stringify(of)
  return text === '{}' ? '' : `,"${name}":${text}`
}

const mountCache = new WeakMap<AuditMount, { inRequest: string; inResponse: string }>()

function mountTexts(mount: AuditMount): { inRequest: string; inResponse: string } {
  const known = mountCache.get(mount)
  if (known) return known
  const head = `,"mount_point":${JSON.stringify(mount.point)},"mount_type":${JSON.stringify(mount.type)},"mount_accessor":${JSON.stringify(mount.accessor)}`
  const tail = `,"mount_class":"${mount.class}"`
  const version = JSON.stringify(mount.version ?? '')
  const inRequest = mount.version ? `,"mount_running_version":${version}` : ''
  const inResponse = mount.version ? `,"mount_running_plugin_version":${version}` : ''
  const made = { inRequest: head + inRequest + tail, inResponse: head + inResponse + tail }
  mountCache.set(mount, made)
  return made
}

const namespaceCache = new WeakMap<AuditNamespace, string>()

function namespaceText(namespace: AuditNamespace): string {
  let text = namespaceCache.get(namespace)
  if (text === undefined) {
    const path = namespace.path ? `,"path":${JSON.stringify(namespace.path)}` : ''
    text = `,"namespace":{"id":${JSON.stringify(namespace.id)}${path}}`
    namespaceCache.set(namespace, text)
  }
  return text
}

const grantingCache = new WeakMap<readonly GrantingPolicy[], string>()

function policyResults(of: AuditPolicyResults | undefined): string {
  if (of === undefined) return ''
  if (of.granting.length === 0) return `,"policy_results":{"allowed":${of.allowed}}`
  let granting = grantingCache.get(of.granting)
  if (granting === undefined) {
    granting = JSON.stringify(
      of.granting.map((policy) => ({
        name: policy.name || undefined,
        namespace_id: policy.namespaceId || undefined,
        namespace_path: policy.namespacePath || undefined,
        type: policy.type,
      })),
    )
    grantingCache.set(of.granting, granting)
  }
  return `,"policy_results":{"allowed":${of.allowed},"granting_policies":${granting}}`
}

let lastMs = Number.NaN
let lastText = ''

/** A time as in Vault's entries (UTC); many entries fall into the same millisecond. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString()
    lastMs = ms
  }
  return lastText
}
