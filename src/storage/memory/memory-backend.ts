// Storage in memory: for development, and in tests as the model of every remote store, since it can answer
// late, out of order and with conflicts that nobody can explain. Nothing survives the process.
// Invariant: each call takes effect at one instant between its start and its end, as the contract says.
import type { Clock } from '../../base/clock.ts'
import { unavailable } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { compareUtf8 } from '../../base/utf8-order.ts'
import {
  behindFolder,
  checkBatch,
  checkFolder,
  checkKeys,
  checkPage,
  listStart,
} from '../../sdk/batch-limits.ts'
import type { Batch, Page, StorageBackend, Stored, Unsubscribe } from '../../sdk/storage.ts'

export interface MemoryOptions {
  readonly clock: Clock
  readonly random: Random
  /** Milliseconds that an answer takes, drawn between the two; without it, answers come at once. */
  readonly latency?: { readonly minMs: number; readonly maxMs: number }
  /** The share of commits, 0 to 1, that answer 'conflict' and do nothing, as remote stores may. */
  readonly conflictRate?: number
}

export function memoryBackend(options: MemoryOptions): StorageBackend {
  return new MemoryBackend(options)
}

class MemoryBackend implements StorageBackend {
  readonly #options: MemoryOptions
  readonly #values = new Map<string, Stored>()
  /** All keys in byte order. */
  readonly #keys: string[] = []
  readonly #listeners = new Set<(keys: readonly string[]) => void>()
  #bytes = 0
  #isClosed = false

  constructor(options: MemoryOptions) {
    this.#options = options
  }

  async read(keys: readonly string[]): Promise<ReadonlyMap<string, Stored>> {
    checkKeys(keys)
    return this.#answer(() => {
      const found = new Map<string, Stored>()
      for (const key of keys) {
        const stored = this.#values.get(key)
        if (stored) found.set(key, { value: Buffer.from(stored.value), version: stored.version })
      }
      return found
    })
  }

  async list(prefix: string, page: Page): Promise<readonly string[]> {
    checkFolder(prefix)
    checkPage(page)
    return this.#answer(() => this.#names(prefix, page))
  }

  async range(
    prefix: string,
    page: Page & { readonly before?: string },
  ): Promise<readonly string[]> {
    checkPage(page)
    return this.#answer(() => {
      const found: string[] = []
      const { after, before } = page
      const isBehind = after !== undefined && compareUtf8(after, prefix) >= 0
      let at = isBehind ? this.#position(after, true) : this.#position(prefix, false)
      for (; at < this.#keys.length && found.length < page.limit; at++) {
        const key = this.#keys[at]!
        if (!key.startsWith(prefix)) break
        if (before !== undefined && before !== '' && compareUtf8(key, before) >= 0) break
        found.push(key)
      }
      return found
    })
  }

  async commit(batch: Batch): Promise<'committed' | 'conflict'> {
    checkBatch(batch)
    return this.#answer(() => {
      const { conflictRate } = this.#options
      if (conflictRate !== undefined && this.#options.random.fraction() < conflictRate)
        return 'conflict'
      for (const [key, version] of batch.expect)
        if ((this.#values.get(key)?.version ?? null) !== version) return 'conflict'
      for (const [key, value] of batch.writes) this.#write(key, value)
      if (batch.writes.size > 0)
        for (const listener of this.#listeners) listener([...batch.writes.keys()])
      return 'committed'
    })
  }

  changes(onChange: (keys: readonly string[]) => void): Unsubscribe {
    const listener = (keys: readonly string[]): void => onChange(keys)
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async *scan(prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
    const snapshot = await this.#answer(() => {
      const entries: [string, Uint8Array][] = []
      for (let at = this.#position(prefix, false); at < this.#keys.length; at++) {
        const key = this.#keys[at]!
        if (!key.startsWith(prefix)) break
        entries.push([key, Buffer.from(this.#values.get(key)!.value)])
      }
      return entries
    })
    yield* snapshot
  }

  stats(): Readonly<Record<string, number>> {
    return { entries: this.#values.size, usedBytes: this.#bytes }
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  /** Runs `effect` at one instant between two delays, as behind a network. */
  async #answer<T>(effect: () => T): Promise<T> {
    if (this.#options.latency) await this.#options.clock.sleep(this.#delayMs())
    if (this.#isClosed) throw unavailable('storage is closed')
    const result = effect()
    if (this.#options.latency) await this.#options.clock.sleep(this.#delayMs())
    return result
  }

  /** Half a round trip. */
  #delayMs(): number {
    const { minMs, maxMs } = this.#options.latency!
    return (minMs + this.#options.random.fraction() * (maxMs - minMs)) / 2
  }

  #names(prefix: string, page: Page): string[] {
    const names: string[] = []
    const start = listStart(prefix, page.after)
    let at = this.#position(start.key, start.exclusive)
    while (at < this.#keys.length && names.length < page.limit) {
      const key = this.#keys[at]!
      if (!key.startsWith(prefix)) break
      const slash = key.indexOf('/', prefix.length)
      const child = slash < 0 ? key : key.slice(0, slash + 1)
      if (child !== prefix) names.push(child.slice(prefix.length))
      at = slash < 0 ? at + 1 : this.#position(behindFolder(child), false)
    }
    return names
  }

  #write(key: string, value: Uint8Array | null): void {
    const before = this.#values.get(key)
    if (before) this.#bytes -= before.value.length
    if (value === null) {
      if (this.#values.delete(key)) this.#keys.splice(this.#position(key, false), 1)
      return
    }
    if (!before) this.#keys.splice(this.#position(key, false), 0, key)
    this.#bytes += value.length
    const version = this.#options.random.bytes(8).toString('hex')
    this.#values.set(key, { value: Buffer.from(value), version })
  }

  /** The index of the first key at (or, when exclusive, behind) `key`. */
  #position(key: string, exclusive: boolean): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      const order = compareUtf8(this.#keys[middle]!, key)
      if (order < 0 || (exclusive && order === 0)) low = middle + 1
      else high = middle
    }
    return low
  }
}
