// An HTTP request as core sees it: the decoded path, the headers that carry meaning, the query. Whatever
// is wrong with them becomes `fault`, so that core audits the request before it refuses it.

import { parseDurationSeconds } from '../base/duration.ts'
import { ApiError, badRequest } from '../base/errors.ts'
import { getOwn, type Json, type JsonObject, setOwn } from '../base/json.ts'
import type { CoreRequest, OpaquePath } from '../core/core-request.ts'
import type { HttpRequest } from './exchange.ts'
import { apiPath, opaquePath, parseQuery } from './request-path.ts'

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
  readonly opaque: OpaquePath | null
  readonly #http: HttpRequest

  constructor(http: HttpRequest, refusal: ApiError | null) {
    this.#http = http
    let fault: ApiError | null = refusal
    let method = http.method
    let path = ''
    let query = NO_QUERY
    let pathFault: ApiError | null = null
    try {
      path = apiPath(http.path)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      pathFault = error
    }
    try {
      if (http.query !== '') {
        const parameters = parseQuery(http.query)
        this.wantsHelp = method === 'GET' && parameters.has('help')
        if (method === 'GET' && isYes(parameters, 'list')) method = 'LIST'
        else if (method === 'GET' && isYes(parameters, 'scan')) method = 'SCAN'
        query = dataOf(parameters)
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
    this.opaque = pathFault !== null && fault === null ? opaquePath(http.path) : null
    this.fault = fault ?? pathFault
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
      const before = getOwn(all, name)
      if (before === undefined) setOwn<string | string[]>(all, name, value)
      else if (Array.isArray(before)) before.push(value)
      else setOwn(all, name, [before, value])
    }
    return all
  }
}

/** What Go's ParseBool takes for true. */
const YES = ['1', 't', 'T', 'TRUE', 'true', 'True']

const isYes = (parameters: ReadonlyMap<string, readonly string[]>, name: string): boolean =>
  YES.includes(parameters.get(name)?.[0] ?? '')

/** The query as request data, without what chose the operation. */
function dataOf(parameters: ReadonlyMap<string, readonly string[]>): JsonObject {
  const data: Record<string, Json> = {}
  for (const [name, values] of parameters) {
    if (name === 'list' || name === 'scan' || name === 'help') continue
    setOwn(data, name, values.length === 1 ? values[0]! : values)
  }
  return data
}

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
