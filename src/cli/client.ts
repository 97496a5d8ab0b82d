// The client of the HTTP API that all commands share: headers, namespace, wrapping, one redirect, retries
// where asked for, and the previews -output-curl-string and -output-policy.
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { encodeQuery, parseAddress, requestPath } from './address.ts'
import { advise } from './advice.ts'
import type { Environment } from './environment.ts'
import {
  type Json,
  type JsonMap,
  OrderedMap,
  parseExactJson,
  printExactJson,
} from './exact-json.ts'
import { Preview } from './failure.ts'
import { pause } from './pause.ts'
import { ResponseError } from './response-error.ts'
import { parseSecret, type Secret, textsOf } from './secret.ts'
import type { TlsSettings } from './tls-settings.ts'
import { type Answer, type Endpoint, open, send, urlOf } from './transport.ts'

export interface ClientSettings {
  readonly env: Environment
  readonly address: string
  readonly namespace: string
  readonly headers: ReadonlyMap<string, string>
  readonly mfa: readonly string[]
  /** Wrap every answer for this long; '' for not. */
  readonly wrapTtl: string
  readonly policyOverride: boolean
  readonly tls: TlsSettings
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly followRedirects: boolean
  /** Show the first request instead of sending it. */
  readonly preview: 'curl' | 'policy' | null
}

export interface RequestExtras {
  readonly query?: ReadonlyMap<string, readonly string[]> | undefined
  readonly body?: Json | undefined
  readonly contentType?: string | undefined
  /** Send also under a preview and never wrap: a look before the request that the command is about. */
  readonly isPreflight?: boolean | undefined
  readonly token?: string | undefined
  readonly timeoutMs?: number | undefined
}

export interface Page {
  readonly after: string
  readonly limit: number
}

const RETRY_MIN_MS = 1000
const RETRY_MAX_MS = 1500

export class Client {
  token = ''
  namespace: string
  /** Off while a login or an unwrap follows a wrapped answer. */
  wrapTtl: string
  readonly endpoint: Endpoint
  readonly settings: ClientSettings

  constructor(settings: ClientSettings) {
    this.settings = settings
    this.endpoint = parseAddress(settings.address)
    this.namespace = settings.namespace
    this.wrapTtl = settings.wrapTtl
  }

  #headers(method: string, path: string, extras: RequestExtras): Record<string, string | string[]> {
    const { settings } = this
    const headers: Record<string, string | string[]> = { 'X-Vault-Request': 'true' }
    const token = extras.token ?? this.token
    if (token) headers['X-Vault-Token'] = token
    if (this.namespace) headers['X-Vault-Namespace'] = this.namespace
    const isWrite = method === 'PUT' || method === 'POST'
    const wrap = this.wrapTtl || (isWrite && path === 'sys/wrapping/wrap' ? '5m' : '')
    if (wrap && !extras.isPreflight) headers['X-Vault-Wrap-TTL'] = wrap
    if (settings.mfa.length > 0) headers['X-Vault-MFA'] = [...settings.mfa]
    if (settings.policyOverride) headers['X-Vault-Policy-Override'] = 'true'
    for (const [name, value] of settings.headers) headers[name] = value
    if (extras.body !== undefined) {
      headers['Content-Type'] = extras.contentType ?? 'application/json'
    }
    return headers
  }

  async #preview(
    method: string,
    target: string,
    headers: Record<string, string | string[]>,
    body: string | null,
  ): Promise<never> {
    const { settings, endpoint } = this
    const previews = await import('./previews.ts')
    if (settings.preview === 'policy') {
      throw new Preview(previews.policyFor(method, target.slice(endpoint.prefix.length)))
    }
    const url = urlOf(endpoint, target)
    throw new Preview(
      previews.curlFor({ method, url, headers, body }, settings.tls, settings.env.calledAs),
    )
  }

  /** Sends a request; whatever status comes back is an answer. Throws when the server can't be reached. */
  async send(method: string, path: string, extras: RequestExtras = {}): Promise<Answer> {
    const { settings } = this
    const token = extras.token ?? this.token
    if (/[^\x20-\x7e]/.test(token)) {
      throw new Error('configured token contains non-printable characters and cannot be used')
    }
    const body = extras.body === undefined ? null : printExactJson(extras.body)
    const headers = this.#headers(method, path, extras)
    let endpoint = this.endpoint
    let target = requestPath(endpoint.prefix, path) + encodeQuery(extras.query ?? new Map())
    if (settings.preview && !extras.isPreflight) {
      await this.#preview(method, target, headers, body)
    }
    if (body !== null) headers['Content-Length'] = String(Buffer.byteLength(body))
    const timeoutMs = extras.timeoutMs ?? settings.timeoutMs
    for (let isRedirected = false, tries = 0; ; ) {
      const exchange = { endpoint, method, target, headers, body, timeoutMs }
      let answer: Answer | null = null
      try {
        answer = await send(exchange, settings.tls, systemClock)
      } catch (error) {
        if (tries++ >= settings.maxRetries) throw advise(error, this)
      }
      if (answer === null || (isTransient(answer.status) && tries++ < settings.maxRetries)) {
        pause(RETRY_MIN_MS + systemRandom.fraction() * (RETRY_MAX_MS - RETRY_MIN_MS))
        continue
      }
      const isRedirect = [301, 302, 307].includes(answer.status)
      if (!isRedirect || isRedirected || !settings.followRedirects) return answer
      const url = new URL(String(answer.headers.location ?? ''), urlOf(endpoint, target))
      if (endpoint.protocol === 'https:' && url.protocol !== 'https:') {
        throw new Error('redirect would cause protocol downgrade')
      }
      isRedirected = true
      if (url.host !== endpoint.host) endpoint = { ...parseAddress(url.origin), prefix: '' }
      target = url.pathname + url.search
    }
  }

  /** Sends a request and throws ResponseError for every status that is no success. */
  async request(method: string, path: string, extras: RequestExtras = {}): Promise<Answer> {
    const answer = await this.send(method, path, extras)
    const error = this.errorOf(answer, method, path, extras)
    if (error) throw error
    return answer
  }

  /** The refusal that an answer is; null for a success. */
  errorOf(answer: Answer, method: string, path: string, extras: RequestExtras = {}): Error | null {
    if (answer.status >= 200 && answer.status < 400) return null
    if (answer.status === 429 && path === 'sys/health') return null
    const { endpoint } = this
    const target = requestPath(endpoint.prefix, path) + encodeQuery(extras.query ?? new Map())
    const namespace = answer.headers['x-vault-namespace']
    let messages: string[] | null = null
    try {
      const body = parseExactJson(answer.body)
      if (body instanceof Map) messages = textsOf(body, 'errors') ?? []
    } catch {
      messages = null
    }
    const refusal = {
      method,
      url: urlOf(endpoint, target),
      status: answer.status,
      namespace: typeof namespace === 'string' ? namespace : '',
      messages: messages ?? [answer.body],
      isRaw: messages === null,
    }
    return advise(new ResponseError(refusal), this)
  }

  /** The body of a success as a map, for answers without an envelope. */
  async json(method: string, path: string, extras: RequestExtras = {}): Promise<JsonMap> {
    const answer = await this.request(method, path, extras)
    if (answer.body.trim() === '') return new OrderedMap()
    const body = parseExactJson(answer.body)
    if (!(body instanceof Map)) throw new Error('the server did not answer a JSON object')
    return body
  }

  /** The secret in an answer; null for an empty one and for an absence (404). */
  async secret(method: string, path: string, extras: RequestExtras = {}): Promise<Secret | null> {
    const answer = await this.send(method, path, extras)
    if (answer.status === 404) {
      const secret = parseSecret(answer.body)
      if (secret && (secret.warnings || (secret.data && secret.data.size > 0))) return secret
      if (method === 'GET') return null
    }
    const error = this.errorOf(answer, method, path, extras)
    if (error) throw error
    return parseSecret(answer.body)
  }

  read(path: string, query?: ReadonlyMap<string, readonly string[]>): Promise<Secret | null> {
    return this.secret('GET', path, { query })
  }

  list(path: string, page: Page | null = null, kind: 'list' | 'scan' = 'list') {
    const query = new Map<string, string[]>([[kind, ['true']]])
    if (page) query.set('after', [page.after]).set('limit', [String(page.limit)])
    return this.secret('GET', path, { query })
  }

  write(path: string, body?: Json, method: 'PUT' | 'POST' = 'PUT'): Promise<Secret | null> {
    return this.secret(method, path, { body: body === undefined ? new OrderedMap() : body })
  }

  patch(path: string, body: Json): Promise<Secret | null> {
    return this.secret('PATCH', path, { body, contentType: 'application/merge-patch+json' })
  }

  remove(path: string, query?: ReadonlyMap<string, readonly string[]>): Promise<Secret | null> {
    return this.secret('DELETE', path, { query })
  }

  /** Unwraps `token`, or the client's own token where it is ''. */
  async unwrap(token: string): Promise<Secret | null> {
    const isOther = token !== '' && this.token !== '' && token !== this.token
    if (!isOther && token !== '') this.token = token
    const body = new OrderedMap(isOther ? [['token', token]] : [])
    return this.secret('PUT', 'sys/wrapping/unwrap', { body })
  }

  /** Opens a stream of text; `onText` gets it as it comes, until the server ends it. */
  async stream(
    path: string,
    query: ReadonlyMap<string, readonly string[]>,
    onText: (text: string) => void,
  ): Promise<void> {
    const { settings, endpoint } = this
    const target = requestPath(endpoint.prefix, path) + encodeQuery(query)
    const headers = this.#headers('GET', path, {})
    if (settings.preview) await this.#preview('GET', target, headers, null)
    const exchange = { endpoint, method: 'GET', target, headers, body: null, timeoutMs: 0 }
    const message = await open(exchange, settings.tls, systemClock).catch((error) => {
      throw advise(error, this)
    })
    message.setEncoding('utf8')
    if (message.statusCode !== 200) {
      let body = ''
      for await (const part of message) body += part
      const answer = { status: message.statusCode ?? 0, headers: message.headers, body }
      throw this.errorOf(answer, 'GET', path, { query }) ?? new Error('unexpected answer')
    }
    for await (const part of message) onText(part as string)
  }
}

function isTransient(status: number): boolean {
  return status === 412 || (status >= 500 && status !== 501)
}
