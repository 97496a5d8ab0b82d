// The request that a handler sees: a head, a body and where it came from. Its signal is made only if
// somebody asks, since an AbortController costs more than parsing the request.
import type { HttpRequest, TlsPeer } from './exchange.ts'
import type { RequestHead } from './request-head.ts'

/** Where a request came from; `headers` and address are those left by the X-Forwarded-For rules. */
export interface Origin {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly tls: TlsPeer | null
  readonly listener: string
}

export class IncomingRequest implements HttpRequest {
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly headers: readonly string[]
  readonly body: Buffer
  readonly remoteAddress: string
  readonly #origin: Origin
  #controller: AbortController | null = null
  #abortReason: Error | null = null

  constructor(
    head: RequestHead,
    body: Buffer,
    origin: Origin,
    headers: readonly string[],
    remoteAddress: string,
  ) {
    this.method = head.method
    this.target = head.target
    this.path = head.path
    this.query = head.query
    this.headers = headers
    this.body = body
    this.remoteAddress = remoteAddress
    this.#origin = origin
  }

  get remotePort(): number {
    return this.#origin.remotePort
  }

  get tls(): TlsPeer | null {
    return this.#origin.tls
  }

  get listener(): string {
    return this.#origin.listener
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#abortReason !== null) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  header(name: string): string | undefined {
    const { headers } = this
    let joined: string | undefined
    for (let index = 0; index < headers.length; index += 2) {
      if (headers[index] !== name) continue
      const value = headers[index + 1]!
      joined = joined === undefined ? value : `${joined}, ${value}`
    }
    return joined
  }

  /** For the connection: the first reason stays. */
  abort(reason: Error): void {
    if (this.#abortReason !== null) return
    this.#abortReason = reason
    this.#controller?.abort(reason)
  }
}
