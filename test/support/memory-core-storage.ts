// Storage for unit tests of core: a map with versions and real conflicts, no barrier. Every transaction
// works on what it read and is refused when that changed, and answers come late, as from a remote store.
import { unavailable } from '../../src/base/errors.ts'
import { MAX_BATCH_KEYS, MAX_TRANSACTION_TRIES } from '../../src/base/limits.ts'
import type { CoreStorage, CoreTx } from '../../src/core/store.ts'
import type { Entry, Storage, Stored, Tx, Writable } from '../../src/sdk/storage.ts'

export interface MemoryCoreStorage extends CoreStorage {
  readonly entries: Map<string, Stored>
  /** False: answers come at once, for tests of size. */
  isLate: boolean
  /** Commits so far, conflicts not counted. */
  commits: number
  conflicts: number
  /** The most keys that one commit wrote. */
  widest: number
}

const bytesOf = (value: Writable): Buffer =>
  typeof value === 'string'
    ? Buffer.from(value)
    : value instanceof Uint8Array
      ? Buffer.from(value)
      : Buffer.from(JSON.stringify(value.json))

const entryOf = (stored: Stored): Entry => ({
  version: stored.version,
  bytes: () => Buffer.from(stored.value),
  text: () => Buffer.from(stored.value).toString(),
  json: <T>() => JSON.parse(Buffer.from(stored.value).toString()) as T,
})

export function memoryCoreStorage(prefix = '', root?: MemoryCoreStorage): MemoryCoreStorage {
  const entries = root?.entries ?? new Map<string, Stored>()
  let version = 0
  const late = async (): Promise<void> => {
    if (storage.isLate) await new Promise((resolve) => setImmediate(resolve))
  }
  const range = async (
    start: string,
    page: { after?: string; before?: string; limit?: number } = {},
  ): Promise<string[]> => {
    await late()
    return [...entries.keys()]
      .filter((key) => key.startsWith(prefix + start))
      .map((key) => key.slice(prefix.length))
      .filter((key) => page.after === undefined || key > page.after)
      .filter((key) => page.before === undefined || key < page.before)
      .sort()
      .slice(0, page.limit ?? 1000)
  }
  const list = async (
    start: string,
    page: { after?: string; limit?: number } = {},
  ): Promise<string[]> => {
    await late()
    const names = new Set<string>()
    for (const key of entries.keys()) {
      if (!key.startsWith(prefix + start)) continue
      const rest = key.slice(prefix.length + start.length)
      const slash = rest.indexOf('/')
      names.add(slash === -1 ? rest : rest.slice(0, slash + 1))
    }
    return [...names]
      .filter((name) => page.after === undefined || name > page.after)
      .sort()
      .slice(0, page.limit ?? 1000)
  }
  const attempt = async <T>(body: (tx: CoreTx) => Promise<T>): Promise<{ result: T } | null> => {
    const expects = new Map<string, string | null>()
    const writes = new Map<string, Buffer | null>()
    const get = async (key: string): Promise<Entry | null> => {
      await late()
      const written = writes.get(key)
      if (written) return entryOf({ value: written, version: 'own' })
      if (written === null) return null
      const stored = entries.get(key)
      if (!expects.has(key)) expects.set(key, stored?.version ?? null)
      return stored ? entryOf(stored) : null
    }
    const read = async (keys: readonly string[]): Promise<Map<string, Entry>> => {
      const found = new Map<string, Entry>()
      for (const key of keys) {
        const entry = await get(key)
        if (entry) found.set(key, entry)
      }
      return found
    }
    const below = (start: string): Tx => ({
      get: (key) => get(start + key),
      async read(keys) {
        const found = await read(keys.map((key) => start + key))
        return new Map([...found].map(([key, entry]) => [key.slice(start.length), entry]))
      },
      list: (folder, page) => list(start + folder, page),
      async range(folder, page) {
        const keys = await range(start + folder, page)
        return keys.map((key) => key.slice(start.length))
      },
      put: (key, value) => void writes.set(start + key, bytesOf(value)),
      delete: (key) => void writes.set(start + key, null),
      expect: (key, expected) => void expects.set(start + key, expected),
    })
    const tx: CoreTx = {
      ...below(prefix),
      scoped: (folder) => below(prefix + folder),
      mark: (key) => void writes.set(prefix + key, Buffer.alloc(0)),
      touch: (key) => void writes.set(prefix + key, Buffer.alloc(0)),
    }
    let outcome: { result: T } | { error: unknown }
    try {
      outcome = { result: await body(tx) }
    } catch (error) {
      outcome = { error }
    }
    await late()
    for (const [key, expected] of expects) {
      if ((entries.get(key)?.version ?? null) !== expected) return null
    }
    if ('error' in outcome) throw outcome.error
    if (writes.size > MAX_BATCH_KEYS || expects.size > MAX_BATCH_KEYS) {
      throw new Error(`a commit of ${writes.size} writes and ${expects.size} expects`)
    }
    for (const [key, value] of writes) {
      if (value) entries.set(key, { value, version: `v${++version}` })
      else entries.delete(key)
    }
    storage.commits++
    storage.widest = Math.max(storage.widest, writes.size)
    return outcome
  }
  const storage: MemoryCoreStorage = {
    entries,
    isLate: root?.isLate ?? true,
    commits: 0,
    conflicts: 0,
    widest: 0,
    async get(key) {
      await late()
      const stored = entries.get(prefix + key)
      return stored ? entryOf(stored) : null
    },
    async read(keys) {
      await late()
      const found = new Map<string, Entry>()
      for (const key of keys) {
        const stored = entries.get(prefix + key)
        if (stored) found.set(key, entryOf(stored))
      }
      return found
    },
    async readRaw(keys) {
      await late()
      const found = new Map<string, Stored>()
      for (const key of keys) {
        const stored = entries.get(prefix + key)
        if (stored) found.set(key, stored)
      }
      return found
    },
    open: (_key, stored) => Buffer.from(stored.value),
    list,
    range,
    async transaction(body) {
      for (let tries = 0; tries < MAX_TRANSACTION_TRIES; tries++) {
        const done = await attempt(body)
        if (done) return done.result
        storage.conflicts++
      }
      throw unavailable('too many conflicting changes, try again')
    },
    async put(key, value) {
      await storage.transaction(async (tx) => tx.put(key, value))
    },
    async delete(key) {
      await storage.transaction(async (tx) => tx.delete(key))
    },
    scoped: (folder): Storage => memoryCoreStorage(prefix + folder, root ?? storage),
  }
  return storage
}
