// Storage with its calls counted: what the barrier reads and writes, key by key, and how long commits take.
import type {
  Awaitable,
  Batch,
  Page,
  StorageBackend,
  Stored,
  Unsubscribe,
} from '../../sdk/storage.ts'
import type { Metric } from './metric.ts'
import { Durations } from './request-metrics.ts'

export class CountedBackend implements StorageBackend {
  readonly #backend: StorageBackend
  readonly #monotonic: () => number
  readonly #commits = new Durations()
  #gets = 0
  #lists = 0
  #puts = 0
  #deletes = 0
  #conflicts = 0
  readonly stats?: () => Readonly<Record<string, number>>

  constructor(backend: StorageBackend, monotonic: () => number) {
    this.#backend = backend
    this.#monotonic = monotonic
    if (backend.stats) this.stats = () => backend.stats!()
  }

  read(keys: readonly string[]): Awaitable<ReadonlyMap<string, Stored>> {
    this.#gets += keys.length
    return this.#backend.read(keys)
  }

  list(prefix: string, page: Page): Promise<readonly string[]> {
    this.#lists += 1
    return this.#backend.list(prefix, page)
  }

  range(prefix: string, page: Page & { readonly before?: string }): Promise<readonly string[]> {
    this.#lists += 1
    return this.#backend.range(prefix, page)
  }

  async commit(batch: Batch): Promise<'committed' | 'conflict'> {
    const begun = this.#monotonic()
    const outcome = await this.#backend.commit(batch)
    this.#commits.add(this.#monotonic() - begun)
    if (outcome === 'conflict') this.#conflicts += 1
    else {
      for (const value of batch.writes.values()) {
        if (value === null) this.#deletes += 1
        else this.#puts += 1
      }
    }
    return outcome
  }

  changes(onChange: (keys: readonly string[]) => void): Unsubscribe {
    return this.#backend.changes(onChange)
  }
  scan(prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
    return this.#backend.scan(prefix)
  }
  close(): Promise<void> {
    return this.#backend.close()
  }

  metrics(): Metric[] {
    const counter = (name: string, about: string, value: number): Metric => ({
      kind: 'counter',
      name,
      about,
      labels: {},
      value,
    })
    return [
      counter('vault.barrier.get', 'Entries read.', this.#gets),
      counter('vault.barrier.put', 'Entries written.', this.#puts),
      counter('vault.barrier.delete', 'Entries deleted.', this.#deletes),
      counter('vault.barrier.list', 'Pages listed.', this.#lists),
      counter('strongroom.storage.conflicts', 'Commits that lost a race.', this.#conflicts),
      this.#commits.summary('strongroom.storage.commit', 'Commits, in milliseconds.'),
    ]
  }
}
