// An HTTP request as core sees it: the decoded path, the headers that carry meaning, the query. Whatever
// is wrong with them becomes `fault`, so that core audits the request before it refuses it.

import { parseDurationSeconds } from '../base/duration.ts'
import { ApiError, badRequest } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { CoreRequest } from '../core/core-request.ts'
import type { HttpRequest } from './exchange.ts'
import { parseQuery, parseRequestPath } from './request-path.ts'

const NO_QUERY: JsonObject = {}

export class ApiRequest implements CoreRequest {
  readonly method: string
  readonly path: string
  readonly query: JsonObject
  readonly wantsHelp: boolean = false
  readonly namespace: string
  readonly token: string | null
  readonly wrapTtlSeconds: number
  readonly contentType: string
  readonly fault: ApiError | null
  readonly #http: HttpRequest

  constructor(http: HttpRequest, refusal: ApiError | null) {
    this.#http = http
    let fault: ApiError | null = refusal
    let method = http.method
    let path = ''
    let query = NO_QUERY
    try {
      path = parseRequestPath(http.path)
      if (http.query !== '') {
        const { list, scan, help, ...rest } = parseQuery(http.query)
        query = rest
        this.wantsHelp = method === 'GET' && help !== undefined
        if (method === 'GET' && isYes(list)) method = 'LIST'
        else if (method === 'GET' && isYes(scan)) method = 'SCAN'
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      fault ??= error
    }
    this.method = method
    this.path = path
    this.query = query
    this.token = tokenOf(http)
    this.namespace = namespaceOf(http)
    this.contentType = http.header('content-type') ?? ''
    const wrap = http.header('x-vault-wrap-ttl')
    this.wrapTtlSeconds = wrap ? (parseDurationSeconds(wrap) ?? -1) : 0
    if (this.wrapTtlSeconds < 0)
      fault ??= badRequest('invalid value for the header X-Vault-Wrap-TTL')
    this.fault = fault
  }

  get body(): Buffer {
    return this.#http.body
  }
  get remoteAddress(): string {
    return this.#http.remoteAddress
  }
  get remotePort(): number {
    return this.#http.remotePort
  }
  get signal(): AbortSignal {
    return this.#http.signal
  }
  header(name: string): string | undefined {
    return this.#http.header(name)
  }
  peerCertificates(): readonly Buffer[] {
    return this.#http.tls?.peerCertificates() ?? []
  }

  allHeaders(): Readonly<Record<string, string | readonly string[]>> {
    const { headers } = this.#http
    const all: Record<string, string | string[]> = {}
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at]!
      const value = headers[at + 1]!
      const before = all[name]
      if (before === undefined) all[name] = value
      else if (Array.isArray(before)) before.push(value)
      else all[name] = [before, value]
    }
    return all
  }
}

const isYes = (value: unknown): boolean =>
  value === 'true' ||
  value === '1' ||
  value === 't' ||
  value === 'T' ||
  value === 'True' ||
  value === 'TRUE'

function tokenOf(http: HttpRequest): string | null {
  const token = http.header('x-vault-token')
  if (token) return token
  const authorization = http.header('authorization')
  if (!authorization) return null
  const match = /^Bearer +(\S+)\s*$/i.exec(authorization)
  return match ? match[1]! : null
}

/** Without outer slashes; 'root' is the root namespace, as in Vault. */
function namespaceOf(http: HttpRequest): string {
  const header = http.header('x-vault-namespace')
  if (!header) return ''
  const path = header.replace(/^\/+|\/+$/g, '')
  return path === 'root' ? '' : path
}
