// What the edge hands to core and gets back: a request as plain values, before anything was decided, and a
// reply as status, headers and body. The edge has decoded the path and the headers, nothing else.
import type { ApiError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { RawReply } from '../sdk/answer.ts'

export interface CoreRequest {
  /** GET, HEAD, POST, PUT, PATCH, DELETE, LIST, SCAN; `GET ?list=true` came in as LIST. */
  readonly method: string
  /** Decoded, below /v1/, without a leading slash. */
  readonly path: string
  /** Without list, scan and help; a name that occurs twice is an array. */
  readonly query: JsonObject
  /** `?help=1` */
  readonly wantsHelp: boolean
  /** X-Vault-Namespace without outer slashes; '' where absent. */
  readonly namespace: string
  /** X-Vault-Token or the bearer token; null where absent. */
  readonly token: string | null
  /** X-Vault-Wrap-TTL in seconds; 0 where absent. */
  readonly wrapTtlSeconds: number
  readonly body: Buffer
  readonly contentType: string
  readonly remoteAddress: string
  readonly remotePort: number
  header(name: string): string | undefined
  /** All headers by lower-case name, for audit. */
  allHeaders(): Readonly<Record<string, string | readonly string[]>>
  peerCertificates(): readonly Buffer[]
  readonly signal: AbortSignal
  /** What the edge found wrong: core audits the request and answers this. */
  readonly fault: ApiError | null
  /** Not null: `fault` is only that of a path which a row that is marked `encoded` may take. */
  readonly opaque: OpaquePath | null
}

/** A path with encoded slashes or empty segments. */
export interface OpaquePath {
  /** Decoded, below /v1/. */
  readonly path: string
  /** Where in it they begin: what stands in front is as in any other path. */
  readonly opaqueFrom: number
}

export type CoreReply = RawReply

const JSON_HEADERS = ['Content-Type', 'application/json', 'Cache-Control', 'no-store'] as const

export const jsonReply = (status: number, body: string): CoreReply => ({
  status,
  headers: JSON_HEADERS,
  body,
})

/** With the type that it doesn't have, as Vault sends it: some clients look at it first. */
export const emptyReply: CoreReply = { status: 204, headers: JSON_HEADERS, body: null }

export function errorReply(error: ApiError): CoreReply {
  return jsonReply(error.status, `${JSON.stringify({ errors: error.messages })}\n`)
}
