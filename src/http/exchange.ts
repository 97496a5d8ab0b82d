// What the edge and core say to each other: one complete request in, one reply out. The edge knows
// bytes, connections and framing; core knows paths, tokens and JSON. Neither sees the other's side.
import type { ApiError } from '../base/errors.ts'

/** A request whose head and body arrived whole and within the listener's limits. */
export interface HttpRequest {
  /** One of METHODS in request-head.ts. */
  readonly method: string
  /** The request target in origin form, as sent: path, and query after a `?`. */
  readonly target: string
  /** The target before the first `?`, still percent-encoded (request-path.ts decodes it). */
  readonly path: string
  /** The target after the first `?`, or empty. */
  readonly query: string
  /** All values of a header (lower-case name) joined with ", ", or undefined. Latin-1. */
  header(name: string): string | undefined
  /** Flat: lower-case name, value, name, value… in the order sent; duplicates stay separate. */
  readonly headers: readonly string[]
  /** The complete body; empty if there is none. The handler owns it. */
  readonly body: Buffer
  /** The client's address without port; '' on a unix socket. X-Forwarded-For is already applied. */
  readonly remoteAddress: string
  readonly remotePort: number
  readonly tls: TlsPeer | null
  /**
   * Made when first asked for. Aborts when the client is gone, closes its side, or the request's time
   * is over; the reason is then an ApiError or an Error that says which.
   */
  readonly signal: AbortSignal
  /** The name of the listener that took the request. */
  readonly listener: string
}

/** The TLS side of a connection. */
export interface TlsPeer {
  /** The peer's certificate was checked against the listener's client CA. */
  readonly authorized: boolean
  /** DER, leaf first; empty if the client sent none. */
  peerCertificates(): readonly Buffer[]
  /** 'TLSv1.2' or 'TLSv1.3'. */
  readonly version: string
}

export interface HttpReply {
  readonly status: number
  /** Flat: name, value… in printable ASCII. Framing headers are the edge's and refused here, except
   *  `Connection: close`. */
  readonly headers: readonly string[]
  /** A string goes out as UTF-8. An iterable is sent chunk by chunk as it yields. null is no body. */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | null
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpReply>

/**
 * Answers a request that the edge refuses although its head is well formed (unknown method, duplicate
 * token header, body over the cap…), so that it can be audited. The body is empty. The connection
 * closes after the reply. Bytes that are not HTTP never get here.
 */
export type RefusalHandler = (request: HttpRequest, error: ApiError) => Promise<HttpReply>

const JSON_HEADERS: readonly string[] = ['Content-Type', 'application/json']

/** The reply that every ApiError becomes. */
export const errorReply = (error: ApiError): HttpReply => ({
  status: error.status,
  headers: JSON_HEADERS,
  body: `${JSON.stringify({ errors: error.messages })}\n`,
})
