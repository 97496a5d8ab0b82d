// Storage behind the barrier: what core sees whole and a plugin sees below its mount's prefix. Plain reads
// give lazily decrypted entries; transactions are retried on conflict and then answer 503. A view counts
// its open calls, so that core notices a handler that answers while a storage call of its own is open.
import type { Clock } from '../../base/clock.ts'
import { unavailable } from '../../base/errors.ts'
import { MAX_TRANSACTION_TRIES } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import type { Awaitable, Entry, Page, Stored, Writable } from '../../sdk/storage.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { StoredEntry } from './stored-entry.ts'
import {
  listBelow,
  rangeBelow,
  readKnown,
  ScopedTx,
  type Store,
  Transaction,
  wholeKey,
} from './transaction.ts'

/** What all views of one server share. */
export interface ViewBase extends Store {
  readonly clock: Clock
  readonly random: Random
}

const NOTHING_EXPECTED: ReadonlyMap<string, string> = new Map()

/** The pause before a retry is drawn below this, doubled at each try: a group commit takes some 7 ms. */
const FIRST_PAUSE_MS = 8
const LONGEST_PAUSE_MS = 400

export class StorageView implements CoreStorage {
  readonly #base: ViewBase
  readonly #prefix: string
  readonly #expects: ReadonlyMap<string, string>
  #openCalls = 0

  /** `expects` holds for every commit: the versions of the mount's and the namespace's record. */
  constructor(
    base: ViewBase,
    prefix = '',
    expects: ReadonlyMap<string, string> = NOTHING_EXPECTED,
  ) {
    this.#base = base
    this.#prefix = prefix
    this.#expects = expects
  }

  /** Calls that have not been answered yet; more than 0 when a handler answers is a bug in it. */
  get openCalls(): number {
    return this.#openCalls
  }

  /** A view below a prefix, with a count of open calls of its own. */
  scoped(prefix: string, expects: ReadonlyMap<string, string> = NOTHING_EXPECTED): StorageView {
    const all = this.#expects.size === 0 ? expects : new Map([...this.#expects, ...expects])
    return new StorageView(this.#base, this.#prefix + prefix, all)
  }

  async get(key: string): Promise<Entry | null> {
    const whole = wholeKey(this.#prefix, key)
    const found = readKnown(this.#base, [whole])
    const stored = (found instanceof Promise ? await this.#counted(found) : found).get(whole)
    return stored === undefined ? null : new StoredEntry(this.#base.barrier, whole, stored)
  }

  async read(keys: readonly string[]): Promise<ReadonlyMap<string, Entry>> {
    const whole = keys.map((key) => wholeKey(this.#prefix, key))
    const reading = readKnown(this.#base, whole)
    const found = reading instanceof Promise ? await this.#counted(reading) : reading
    const entries = new Map<string, Entry>()
    for (const [key, stored] of found)
      entries.set(key.slice(this.#prefix.length), new StoredEntry(this.#base.barrier, key, stored))
    return entries
  }

  list(prefix: string, page?: Partial<Page>): Promise<readonly string[]> {
    return this.#counted(listBelow(this.#base, this.#prefix, prefix, page))
  }

  range(
    prefix: string,
    page?: Partial<Page> & { readonly before?: string },
  ): Promise<readonly string[]> {
    return this.#counted(rangeBelow(this.#base, this.#prefix, prefix, page))
  }

  /** Not counted as an open call: it begins a request, no handler has it. */
  readRaw(keys: readonly string[]): Awaitable<ReadonlyMap<string, Stored>> {
    return readKnown(this.#base, keys)
  }

  open(key: string, stored: Stored): Buffer {
    return this.#base.barrier.decrypt(key, stored.value)
  }

  async put(key: string, value: Writable): Promise<void> {
    await this.transaction(async (tx) => tx.put(key, value))
  }

  async delete(key: string): Promise<void> {
    await this.transaction(async (tx) => tx.delete(key))
  }

  async transaction<T>(body: (tx: CoreTx) => Promise<T>): Promise<T> {
    this.#openCalls += 1
    try {
      for (let tries = 1; ; tries++) {
        const outcome = await this.#try(body)
        if (outcome !== 'conflict') return outcome.result
        if (tries === MAX_TRANSACTION_TRIES)
          throw unavailable(
            `storage is busy: ${tries} tries met conflicting changes; try the request again`,
          )
        await this.#pause(tries)
      }
    } finally {
      this.#openCalls -= 1
    }
  }

  /** Counts the call as open until it is answered. */
  async #counted<T>(call: Promise<T>): Promise<T> {
    this.#openCalls += 1
    try {
      return await call
    } finally {
      this.#openCalls -= 1
    }
  }

  /** One run of the body and its commit. What it threw counts only if what it had read still stands. */
  async #try<T>(body: (tx: CoreTx) => Promise<T>): Promise<{ readonly result: T } | 'conflict'> {
    const transaction = new Transaction(this.#base, this.#expects)
    let result: T
    try {
      result = await body(new ScopedTx(this.#base, transaction, this.#prefix))
    } catch (thrown) {
      transaction.abandon()
      if (transaction.isSnapshot || (await transaction.stillStands().catch(() => true)))
        throw thrown
      return 'conflict'
    }
    transaction.end()
    const { rule } = this.#base
    if (rule && transaction.hasWrites) await transaction.follow(rule)
    if (!transaction.needsCommit || (await transaction.commit()) === 'committed') return { result }
    return 'conflict'
  }

  #pause(tries: number): Promise<void> {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS)
    return this.#base.clock.sleep(this.#base.random.fraction() * longest)
  }
}
