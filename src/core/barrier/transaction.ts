// One try of a transaction: what it read (to be validated), what it expects, what it will write. Writes
// are encrypted only when it commits. Invariant: a key read twice gives the same entry, and a key written
// gives what was written, so a body sees one state; the commit proves that the state was the real one.
import { badRequest } from '../../base/errors.ts'
import { MAX_BATCH_KEYS, MAX_PAGE } from '../../base/limits.ts'
import type {
  Awaitable,
  Batch,
  Entry,
  Page,
  StorageBackend,
  Stored,
  Tx,
  Writable,
} from '../../sdk/storage.ts'
import type { CoreTx } from '../store.ts'
import type { Barrier } from './barrier.ts'
import { bytesOf, PendingEntry, StoredEntry } from './stored-entry.ts'

/** Where entries lie: the backend behind the barrier. */
export interface Store {
  readonly backend: StorageBackend
  readonly barrier: Barrier
  readonly rule?: CommitRule
}

/** A put, a mark (an empty value, not encrypted) or a delete that waits for the commit. */
type Write = Uint8Array | typeof MARK | null
const MARK = Symbol('mark')
const EMPTY = Buffer.alloc(0)

/** What follows from writes, whoever makes them: marks that are part of the same commit. */
export interface CommitRule {
  /** The entry that says whether something follows from this write; null where nothing can. */
  readonly conditionOf: (key: string) => string | null
  /** The marks, given that entry and the keys that asked for it. */
  readonly marks: (condition: Entry, keys: readonly string[]) => readonly string[]
}

export class Transaction {
  readonly #store: Store
  readonly #seen = new Map<string, StoredEntry | null>()
  /** What every commit of the view expects, and what the body asked for beyond. */
  readonly #fixed: ReadonlyMap<string, string | null>
  #expects: Map<string, string | null> | null = null
  readonly #writes = new Map<string, Write>()
  /** Reads of the backend: one single one is a snapshot in itself. */
  #reads = 0
  #openReads = 0
  /** Two expectations of one key that can't both hold. */
  #isContradictory = false
  #isOver = false

  constructor(store: Store, expects: ReadonlyMap<string, string | null>) {
    this.#store = store
    this.#fixed = expects
  }

  /** Whether there is something that only a commit can prove or do. */
  get needsCommit(): boolean {
    return this.#writes.size > 0 || !this.isSnapshot
  }

  get hasWrites(): boolean {
    return this.#writes.size > 0
  }

  /** Whether all that was seen came from one snapshot and nothing else was expected. */
  get isSnapshot(): boolean {
    return this.#reads <= 1 && this.#expects === null
  }

  /** Ends a body that threw. */
  abandon(): void {
    this.#isOver = true
  }

  /** Ends a body that returned: whatever uses this transaction later is a bug, as is an open read. */
  end(): void {
    this.#isOver = true
    if (this.#openReads > 0)
      throw new Error('a transaction body ended while a read of its own was open')
  }

  /** Names and answers are relative to the prefix. */
  async read(prefix: string, names: readonly string[]): Promise<Map<string, Entry>> {
    this.#assertOpen()
    const keys = names.map((name) => wholeKey(prefix, name))
    const missing = keys.filter((key) => !this.#writes.has(key) && !this.#seen.has(key))
    if (missing.length > 0) {
      const fetching = this.#fetch(missing)
      if (fetching) await fetching
    }
    const found = new Map<string, Entry>()
    for (let at = 0; at < keys.length; at++) {
      const entry = this.#entryOf(keys[at]!)
      if (entry) found.set(names[at]!, entry)
    }
    return found
  }

  #entryOf(key: string): Entry | null | undefined {
    const written = this.#writes.get(key)
    if (written === undefined) return this.#seen.get(key)
    return written === null ? null : new PendingEntry(written === MARK ? EMPTY : written)
  }

  write(key: string, value: Write): void {
    this.#assertOpen()
    this.#writes.set(key, value)
  }

  mark(key: string): void {
    this.write(key, MARK)
  }

  expect(key: string, version: string | null): void {
    this.#assertOpen()
    const before = this.#expects?.has(key) ? this.#expects.get(key) : this.#fixed.get(key)
    if (before !== undefined && before !== version) this.#isContradictory = true
    this.#expects ??= new Map()
    this.#expects.set(key, version)
  }

  /** Adds what follows from the writes; what decides it is validated like all that was read. */
  async follow(rule: CommitRule): Promise<void> {
    let asked: Map<string, string[]> | null = null
    for (const key of this.#writes.keys()) {
      const condition = rule.conditionOf(key)
      if (condition === null) continue
      asked ??= new Map()
      const keys = asked.get(condition)
      if (keys) keys.push(key)
      else asked.set(condition, [key])
    }
    if (asked === null) return
    const missing = [...asked.keys()].filter((key) => !this.#seen.has(key))
    if (missing.length > 0) this.#keep(missing, await readKnown(this.#store, missing))
    for (const [condition, keys] of asked) {
      const entry = this.#seen.get(condition)
      if (entry) for (const mark of rule.marks(entry, keys)) this.#writes.set(mark, MARK)
    }
  }

  /** Commits what was written, or only validates what was read. */
  async commit(): Promise<'committed' | 'conflict'> {
    const expect = this.#allExpects()
    if (expect === null) return 'conflict'
    const { backend, barrier } = this.#store
    let encryptions = 0
    for (const value of this.#writes.values()) if (value instanceof Uint8Array) encryptions += 1
    for (let tries = 0; encryptions > 0; tries++) {
      const wait = barrier.prepare(encryptions)
      if (wait === undefined) break
      if (tries > 100) throw new Error('key uses are spent faster than they can be reserved')
      await wait
    }
    const writes = new Map<string, Uint8Array | null>()
    for (const [key, value] of this.#writes)
      writes.set(key, value === MARK ? EMPTY : value && barrier.encrypt(key, value))
    return backend.commit({ expect, writes })
  }

  /** Whether what was read still stands. */
  async stillStands(): Promise<boolean> {
    const expect = this.#allExpects()
    if (expect === null) return false
    const writes: Batch['writes'] = new Map()
    return (await this.#store.backend.commit({ expect, writes })) === 'committed'
  }

  /** Everything that must hold; null where it contradicts itself, which no store can satisfy. */
  #allExpects(): Map<string, string | null> | null {
    if (this.#isContradictory) return null
    const all = new Map(this.#fixed)
    if (this.#expects) for (const [key, version] of this.#expects) all.set(key, version)
    for (const [key, entry] of this.#seen) {
      const version = entry === null ? null : entry.version
      const expected = all.get(key)
      if (expected !== undefined && expected !== version) return null
      all.set(key, version)
    }
    return all
  }

  /** Undefined where the store answered at once. */
  #fetch(keys: readonly string[]): Promise<void> | undefined {
    if (this.#seen.size + keys.length > MAX_BATCH_KEYS)
      throw badRequest(`storage transaction reads more than ${MAX_BATCH_KEYS} keys`)
    this.#reads += 1
    const found = readKnown(this.#store, keys)
    if (!(found instanceof Promise)) return this.#keep(keys, found)
    this.#openReads += 1
    return found
      .then((stored) => this.#keep(keys, stored))
      .finally(() => {
        this.#openReads -= 1
      })
  }

  #keep(keys: readonly string[], stored: ReadonlyMap<string, Stored>): undefined {
    for (const key of keys) {
      // A read of the same key that ran beside this one may have been first.
      if (this.#seen.has(key)) continue
      const one = stored.get(key)
      this.#seen.set(key, one ? new StoredEntry(this.#store.barrier, key, one) : null)
    }
  }

  #assertOpen(): void {
    if (this.#isOver) throw new Error('a transaction was used after its body had ended')
  }
}

/** Reads from the backend; afterwards every term that the values need is known. */
export function readKnown(
  store: Store,
  keys: readonly string[],
): Awaitable<ReadonlyMap<string, Stored>> {
  const found = store.backend.read(keys)
  return found instanceof Promise
    ? found.then((later) => withTerms(store.barrier, later))
    : withTerms(store.barrier, found)
}

function withTerms(
  barrier: Barrier,
  found: ReadonlyMap<string, Stored>,
): Awaitable<ReadonlyMap<string, Stored>> {
  for (const { value } of found.values()) {
    if (value.length === 0 || barrier.knows(value)) continue
    return barrier.reload().then(() => found)
  }
  return found
}

/** Names of a folder, relative to a prefix. */
export function listBelow(
  store: Store,
  prefix: string,
  folder: string,
  page: Partial<Page> = {},
): Promise<readonly string[]> {
  return store.backend.list(prefix + folder, { ...page, limit: page.limit ?? MAX_PAGE })
}

/** Keys of a range, relative to a prefix, which `after` and `before` are too. */
export async function rangeBelow(
  store: Store,
  prefix: string,
  from: string,
  page: Partial<Page> & { readonly before?: string } = {},
): Promise<readonly string[]> {
  const keys = await store.backend.range(prefix + from, {
    limit: page.limit ?? MAX_PAGE,
    ...(page.after === undefined ? {} : { after: prefix + page.after }),
    ...(page.before === undefined ? {} : { before: prefix + page.before }),
  })
  return prefix === '' ? keys : keys.map((key) => key.slice(prefix.length))
}

/** A transaction seen from below a prefix; core's own has the prefix ''. */
export class ScopedTx implements CoreTx {
  readonly #store: Store
  readonly #transaction: Transaction
  readonly #prefix: string

  constructor(store: Store, transaction: Transaction, prefix: string) {
    this.#store = store
    this.#transaction = transaction
    this.#prefix = prefix
  }

  async get(key: string): Promise<Entry | null> {
    return (await this.#transaction.read(this.#prefix, [key])).get(key) ?? null
  }

  read(keys: readonly string[]): Promise<ReadonlyMap<string, Entry>> {
    return this.#transaction.read(this.#prefix, keys)
  }

  list(prefix: string, page?: Partial<Page>): Promise<readonly string[]> {
    return listBelow(this.#store, this.#prefix, prefix, page)
  }

  range(
    prefix: string,
    page?: Partial<Page> & { readonly before?: string },
  ): Promise<readonly string[]> {
    return rangeBelow(this.#store, this.#prefix, prefix, page)
  }

  put(key: string, value: Writable): void {
    this.#transaction.write(wholeKey(this.#prefix, key), bytesOf(value))
  }

  delete(key: string): void {
    this.#transaction.write(wholeKey(this.#prefix, key), null)
  }

  expect(key: string, version: string | null): void {
    this.#transaction.expect(wholeKey(this.#prefix, key), version)
  }

  mark(key: string): void {
    this.#transaction.mark(wholeKey(this.#prefix, key))
  }

  touch(epochKey: string): void {
    this.mark(epochKey)
  }

  scoped(prefix: string): Tx {
    return new ScopedTx(this.#store, this.#transaction, this.#prefix + prefix)
  }

  /** The same transaction over all keys. */
  whole(): CoreTx {
    return new ScopedTx(this.#store, this.#transaction, '')
  }
}

/** For core, which adds to a plugin's commit what belongs to it (its jobs): never handed to a plugin. */
export function wholeOf(tx: Tx): CoreTx {
  if (!(tx instanceof ScopedTx)) throw new Error('not a transaction of this storage')
  return tx.whole()
}

/** The key in storage. Empty names are refused: they would be the folder itself. */
export function wholeKey(prefix: string, key: string): string {
  if (key === '') throw badRequest('storage key is empty')
  return prefix + key
}
