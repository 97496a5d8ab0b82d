// A mount's storage that remembers the versions of what was read through it, so that whoever built
// something from it can tell whether it still stands.
import type { Entry, Page, ReadStorage, Storage, Tx } from '../../sdk/storage.ts'

export class TrackedStorage implements Storage {
  readonly #storage: Storage
  readonly #seen = new Map<string, string | null>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  async get(key: string): Promise<Entry | null> {
    const entry = await this.#storage.get(key)
    this.#seen.set(key, entry?.version ?? null)
    return entry
  }

  async read(keys: readonly string[]): Promise<ReadonlyMap<string, Entry>> {
    const entries = await this.#storage.read(keys)
    for (const key of keys) this.#seen.set(key, entries.get(key)?.version ?? null)
    return entries
  }

  list(prefix: string, page?: Partial<Page>): Promise<readonly string[]> {
    return this.#storage.list(prefix, page)
  }
  range(...args: Parameters<ReadStorage['range']>): Promise<readonly string[]> {
    return this.#storage.range(...args)
  }
  transaction<T>(body: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#storage.transaction(body)
  }
  put(...args: Parameters<Storage['put']>): Promise<void> {
    return this.#storage.put(...args)
  }
  delete(key: string): Promise<void> {
    return this.#storage.delete(key)
  }

  /** Whether everything read still has the version that was read. */
  async stillStands(): Promise<boolean> {
    if (this.#seen.size === 0) return true
    const now = await this.#storage.read([...this.#seen.keys()])
    for (const [key, version] of this.#seen) {
      if ((now.get(key)?.version ?? null) !== version) return false
    }
    return true
  }
}
