// A store in memory that takes the first contents of a new one, so that they go to the real store in one
// commit together with the seal: a store is initialised whole, with keys that somebody was given, or not
// at all. Lives for one initialisation.
import { ApiError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { compareUtf8 } from '../../base/utf8-order.ts'
import type { Batch, Page, StorageBackend, Stored, Unsubscribe } from '../../sdk/storage.ts'

export class StagedStore implements StorageBackend {
  readonly #random: Random
  readonly #entries = new Map<string, Stored>()

  constructor(random: Random) {
    this.#random = random
  }

  /** All that was written. */
  contents(): Map<string, Uint8Array> {
    return new Map([...this.#entries].map(([key, { value }]) => [key, value]))
  }

  async read(keys: readonly string[]): Promise<ReadonlyMap<string, Stored>> {
    const found = new Map<string, Stored>()
    for (const key of keys) {
      const stored = this.#entries.get(key)
      if (stored) found.set(key, stored)
    }
    return found
  }

  async range(prefix: string, page: Page): Promise<readonly string[]> {
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix))
    return keys.sort(compareUtf8).slice(0, page.limit)
  }

  async list(): Promise<readonly string[]> {
    throw new ApiError(500, ['a new store has no lists'])
  }

  async commit({ expect, writes }: Batch): Promise<'committed' | 'conflict'> {
    for (const [key, version] of expect) {
      if ((this.#entries.get(key)?.version ?? null) !== version) return 'conflict'
    }
    for (const [key, value] of writes) {
      if (value === null) this.#entries.delete(key)
      else {
        const version = this.#random.bytes(8).toString('hex')
        this.#entries.set(key, { value: Buffer.from(value), version })
      }
    }
    return 'committed'
  }

  changes(): Unsubscribe {
    return () => {}
  }

  async *scan(): AsyncIterable<readonly [string, Uint8Array]> {}

  async close(): Promise<void> {}
}
