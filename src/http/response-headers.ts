// Headers that the configuration adds to every reply, by its status ('404' beats '4xx' beats 'default').
// What a reply sets itself stays.
import type { HttpHandler, HttpReply } from './exchange.ts'

/** By 'default', '2xx' or '404': header name to value. */
export type HeadersByStatus = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Replies share their header arrays, so what comes of them is kept by the array and the status. */
type Kept = WeakMap<readonly string[], readonly string[]>

export class ResponseHeaders {
  readonly #byStatus: HeadersByStatus
  readonly #added = new Map<number, readonly string[]>()
  readonly #kept = new Map<number, Kept>()

  constructor(byStatus: HeadersByStatus) {
    this.#byStatus = byStatus
  }

  wrap(handler: HttpHandler): HttpHandler {
    if (this.#byStatus.size === 0) return handler
    return async (request) => this.apply(await handler(request))
  }

  apply(reply: HttpReply): HttpReply {
    const { status, headers, body } = reply
    let kept = this.#kept.get(status)
    if (!kept) this.#kept.set(status, (kept = new WeakMap()))
    let merged = kept.get(headers)
    if (!merged) kept.set(headers, (merged = this.#merge(status, headers)))
    return { status, headers: merged, body }
  }

  #merge(status: number, own: readonly string[]): readonly string[] {
    const names = new Set(own.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()))
    const merged = [...own]
    const added = this.#addedTo(status)
    for (let at = 0; at < added.length; at += 2) {
      if (!names.has(added[at]!.toLowerCase())) merged.push(added[at]!, added[at + 1]!)
    }
    return merged
  }

  #addedTo(status: number): readonly string[] {
    let added = this.#added.get(status)
    if (!added) {
      const byName = new Map<string, readonly [string, string]>()
      for (const key of ['default', `${Math.trunc(status / 100)}xx`, String(status)]) {
        for (const [name, value] of this.#byStatus.get(key) ?? []) {
          byName.set(name.toLowerCase(), [name, value])
        }
      }
      this.#added.set(status, (added = [...byName.values()].flat()))
    }
    return added
  }
}
