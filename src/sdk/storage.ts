// Storage as backends give it (bytes and versions) and as plugins see it (decrypted, scoped to a mount).
// Every backend passes one contract suite; nothing above this file knows which one is in use.

/** A value that may be there at once: awaiting what is there would cost each request a turn. */
export type Awaitable<T> = T | Promise<T>

/** A stored value with the version it had when it was read. A version is random, never previous + 1. */
export interface Stored {
  readonly value: Uint8Array
  readonly version: string
}

export interface Batch {
  /** The version a key must still have; null: it must be absent. */
  readonly expect: ReadonlyMap<string, string | null>
  /** What to write; null deletes. */
  readonly writes: ReadonlyMap<string, Uint8Array | null>
}

export interface Page {
  /** Only names that sort after this one (byte order), exclusive. */
  readonly after?: string
  /** At most this many, 1 to 1,000. */
  readonly limit: number
}

export type Unsubscribe = () => void

export interface StorageBackend {
  /**
   * One snapshot begun after the call; own copies; absent keys are missing from the map. A store that needs
   * not wait answers at once; a failure is always a rejection.
   */
  read(keys: readonly string[]): Awaitable<ReadonlyMap<string, Stored>>
  /** The children of a folder (prefix ends in '/' or is empty); sub-folders end in '/'. Byte order. */
  list(prefix: string, page: Page): Promise<readonly string[]>
  /** Whole keys that begin with prefix, in byte order; `before` is exclusive. */
  range(prefix: string, page: Page & { readonly before?: string }): Promise<readonly string[]>
  /** Atomic, serializable and durable when it resolves. A rejected commit may or may not have happened. */
  commit(batch: Batch): Promise<'committed' | 'conflict'>
  /** A hint that keys changed (also by other processes where the backend can tell); may be lost. */
  changes(onChange: (keys: readonly string[]) => void): Unsubscribe
  /** One consistent snapshot of everything below prefix, for backup. */
  scan(prefix: string): AsyncIterable<readonly [string, Uint8Array]>
  /** Named figures for metrics (free pages, size in bytes). */
  stats?(): Readonly<Record<string, number>>
  close(): Promise<void>
}

/** A decrypted entry. Decryption happens when `bytes`, `text` or `json` is first called, not before. */
export interface Entry {
  readonly version: string
  bytes(): Buffer
  text(): string
  json<T>(): T
}

/** What a plugin writes: bytes, text, or a value that is stored as JSON. */
export type Writable = Uint8Array | string | { readonly json: unknown }

export interface ReadStorage {
  /** null where nothing is stored. */
  get(key: string): Promise<Entry | null>
  /** Several keys in one snapshot; absent keys are missing. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, Entry>>
  list(prefix: string, page?: Partial<Page>): Promise<readonly string[]>
  range(
    prefix: string,
    page?: Partial<Page> & { readonly before?: string },
  ): Promise<readonly string[]>
}

/**
 * A transaction. What it reads is validated at commit, also when it wrote nothing; lists are not.
 * The body may run up to eight times and must touch nothing but `tx`.
 */
export interface Tx extends ReadStorage {
  put(key: string, value: Writable): void
  delete(key: string): void
  /** Makes the commit fail unless the key still has this version (null: is absent). */
  expect(key: string, version: string | null): void
}

export interface Storage extends ReadStorage {
  /** Runs the body, commits what it wrote, retries on conflict with jitter, then answers 503. */
  transaction<T>(body: (tx: Tx) => Promise<T>): Promise<T>
  /** Single writes without a read: a transaction of one put or delete. */
  put(key: string, value: Writable): Promise<void>
  delete(key: string): Promise<void>
}
