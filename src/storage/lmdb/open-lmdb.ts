// Embedded durable storage: one LMDB file that any number of processes share. A version is a random number
// kept before each value; a commit is one nest of version conditions, group-committed with its neighbours
// and resolved when flushed. Invariants: every read takes a fresh snapshot (lmdb would keep an old one
// until a timer fires, and a revocation in another process would be missed); no transaction is larger
// than one batch times the commits of one turn. Source: lmdb-js 3.5, LMDB's format version 2.
import { type Database, getLastVersion, open, type RootDatabase } from 'lmdb'
import type { Clock } from '../../base/clock.ts'
import { ApiError, unavailable } from '../../base/errors.ts'
import { MAX_KEY_BYTES } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import { checkBatch, checkFolder, checkKey, checkKeys, checkPage } from '../../sdk/batch-limits.ts'
import type {
  Awaitable,
  Batch,
  Page,
  StorageBackend,
  Stored,
  Unsubscribe,
} from '../../sdk/storage.ts'
import { CommitGate } from './commit-gate.ts'
import { CommitWatch } from './commit-watch.ts'
import { FIRST_KEY, listNames, rangeKeys } from './list-keys.ts'
import { prepareStore } from './prepare-store.ts'
import { versionNumber, versionSource, versionText } from './version-text.ts'

export interface LmdbOptions {
  /** The folder of the store; made with mode 0700 if missing. Its files have mode 0600. */
  readonly path: string
  readonly random: Random
  readonly clock: Clock
  /** How long a commit may take before it is given up as lost, in milliseconds. */
  readonly commitTimeoutMs?: number
}

/** Readers (processes and their scans) that may look at once; the first opener decides for all. */
const MAX_READERS = 512

/** A store that has stopped answering is not waited for longer than this. */
const COMMIT_TIMEOUT_MS = 60_000

/** Keys are the UTF-8 of strings, compared as bytes, written straight into lmdb's buffers. */
const utf8Keys = {
  writeKey(key: string, target: Buffer, start: number): number {
    const end = start + target.write(key, start)
    if (end - start > MAX_KEY_BYTES) checkKey(key)
    return end
  },
  readKey: (source: Buffer, start: number, end: number): string =>
    source.toString('utf8', start, end),
}

type Store = RootDatabase<Buffer, string>

/** Folders that this process has open: lmdb would share one environment and close it under the other. */
const openPaths = new Set<string>()

/**
 * Opens (or makes) the store in a folder. Throws an Error that says what is wrong and what to do when the
 * folder can't be used, the file is not a store, is cut off or damaged, or is open in this process already.
 */
export function openLmdb(options: LmdbOptions): StorageBackend {
  const { folder, file } = prepareStore(options.path)
  if (openPaths.has(folder))
    throw new Error(`storage ${folder} is already open in this process; open it once and share it`)
  const settings = {
    path: file,
    noSubdir: true,
    encoding: 'binary',
    keyEncoder: utf8Keys,
    useVersions: true,
    overlappingSync: false,
    maxReaders: MAX_READERS,
    permissionsMode: 0o600,
  } as const
  let db: Store
  try {
    db = open<Buffer, string>(settings)
  } catch (cause) {
    throw new Error(`storage ${file} can't be opened: ${reasonOf(cause)}`, { cause })
  }
  openPaths.add(folder)
  handleGroupFailure(db)
  return new LmdbBackend(db, folder, options)
}

/**
 * lmdb keeps one promise per group of commits that it hands to nobody; when a group fails (a full disk) it
 * would end the process as an unhandled rejection. Every commit hears of the failure by its own promise.
 */
function handleGroupFailure(db: Store): void {
  const ignore = (): void => {}
  // The promise is made right after this event, in the same turn.
  db.on('beforecommit', () => queueMicrotask(() => void db.committed.then(ignore, ignore)))
}

class LmdbBackend implements StorageBackend {
  readonly #db: Store
  readonly #folder: string
  readonly #nextVersion: () => number
  readonly #gate = new CommitGate()
  readonly #watch: CommitWatch
  readonly #listeners = new Set<(keys: readonly string[]) => void>()
  #isClosed = false

  constructor(db: Store, folder: string, options: LmdbOptions) {
    this.#db = db
    this.#folder = folder
    this.#nextVersion = versionSource(options.random)
    this.#watch = new CommitWatch(options.clock, options.commitTimeoutMs ?? COMMIT_TIMEOUT_MS)
  }

  read(keys: readonly string[]): Awaitable<ReadonlyMap<string, Stored>> {
    const found = new Map<string, Stored>()
    try {
      checkKeys(keys)
      const db = this.#snapshot()
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]!
        const shared = db.getBinaryFast(key)
        if (shared === undefined) continue
        const version = versionText(getLastVersion())
        found.set(key, { value: ownCopy(shared), version })
      }
    } catch (error) {
      return Promise.reject(this.#unreadable(error))
    }
    return found
  }

  async list(prefix: string, page: Page): Promise<readonly string[]> {
    checkFolder(prefix)
    checkPage(page)
    try {
      return listNames(this.#snapshot(), prefix, page)
    } catch (error) {
      throw this.#unreadable(error)
    }
  }

  async range(
    prefix: string,
    page: Page & { readonly before?: string },
  ): Promise<readonly string[]> {
    checkPage(page)
    try {
      return rangeKeys(this.#snapshot(), prefix, page)
    } catch (error) {
      throw this.#unreadable(error)
    }
  }

  async commit(batch: Batch): Promise<'committed' | 'conflict'> {
    checkBatch(batch)
    // Nothing to write: that all versions stand in one snapshot is already a serializable answer.
    if (batch.writes.size === 0) return this.#allStand(batch.expect) ? 'committed' : 'conflict'
    this.#assertOpen()
    const written = this.#gate.run(batch.writes.size, () => this.#write(batch))
    if (!(await this.#watch.settle(written).catch(refuse))) return 'conflict'
    if (this.#listeners.size > 0) this.#tell([...batch.writes.keys()])
    return 'committed'
  }

  changes(onChange: (keys: readonly string[]) => void): Unsubscribe {
    const listener = (keys: readonly string[]): void => onChange(keys)
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async *scan(prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
    const db = this.#snapshot()
    const transaction = db.useReadTransaction()
    try {
      const start = prefix === '' ? FIRST_KEY : prefix
      for (const { key, value } of db.getRange({ start, transaction })) {
        if (!key.startsWith(prefix)) break
        yield [key, value]
      }
    } catch (error) {
      throw this.#unreadable(error)
    } finally {
      transaction.done()
    }
  }

  stats(): Readonly<Record<string, number>> {
    return storeStats(this.#snapshot())
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      await this.#db.close()
    } finally {
      openPaths.delete(this.#folder)
    }
  }

  /** What LMDB found wrong with its file, with the file's name and what to do; our own errors as they are. */
  #unreadable(error: unknown): unknown {
    if (error instanceof ApiError) return error
    return new Error(
      `storage ${this.#folder} can't be read: ${reasonOf(error)}; if the file is damaged, restore a backup`,
      { cause: error },
    )
  }

  #assertOpen(): void {
    if (this.#isClosed) throw unavailable('storage is closed')
  }

  #snapshot(): Store {
    this.#assertOpen()
    this.#db.resetReadTxn()
    return this.#db
  }

  #allStand(expect: Batch['expect']): boolean {
    const db = this.#snapshot()
    for (const [key, version] of expect) {
      const isThere = db.getBinaryFast(key) !== undefined
      if (version === null ? isThere : !isThere || versionText(getLastVersion()) !== version)
        return false
    }
    return true
  }

  /**
   * Puts the batch into the current group: conditions nested in one another, the writes innermost, so that
   * they happen only if all hold. Each condition answers for itself; the batch stands if all did.
   */
  async #write(batch: Batch): Promise<boolean> {
    const db = this.#db
    const outcomes: Promise<boolean>[] = []
    const conditions = [...batch.expect]
    const write = (): void => {
      for (const [key, value] of batch.writes) {
        if (value === null) void db.remove(key)
        else void db.put(key, value as Buffer, this.#nextVersion())
      }
    }
    const nest = (at: number): void => {
      if (at === conditions.length) {
        write()
        return
      }
      const [key, version] = conditions[at]!
      const inner = (): void => nest(at + 1)
      outcomes.push(
        version === null
          ? db.ifNoExists(key, inner)
          : db.ifVersion(key, versionNumber(version), inner),
      )
    }
    if (conditions.length === 0) outcomes.push(db.batch(write))
    else nest(0)
    for (const held of await Promise.all(outcomes)) if (!held) return false
    return true
  }

  #tell(keys: readonly string[]): void {
    for (const listener of this.#listeners) listener(keys)
  }
}

/** lmdb's buffer is shared by all reads, and its own `length` lies beside a `byteLength` of megabytes. */
function ownCopy(shared: Buffer): Buffer {
  const length = shared.length
  const copy = Buffer.allocUnsafe(length)
  copy.set(new Uint8Array(shared.buffer, shared.byteOffset, length))
  return copy
}

/** Figures that lmdb gives but its typings don't. */
interface LmdbStats {
  readonly entryCount: number
  readonly mapSize: number
  readonly lastPageNumber: number
  readonly numReaders: number
  readonly treeDepth: number
  readonly pageSize: number
  readonly free: { readonly entryCount: number; readonly overflowPages: number }
}

function storeStats(db: Database<Buffer, string>): Readonly<Record<string, number>> {
  const stats = db.getStats() as LmdbStats
  return {
    entries: stats.entryCount,
    mapBytes: stats.mapSize,
    usedBytes: (stats.lastPageNumber + 1) * stats.pageSize,
    treeDepth: stats.treeDepth,
    freeRecords: stats.free.entryCount,
    // Grows when write transactions are large; each commit then searches a long list.
    freeOverflowPages: stats.free.overflowPages,
    readers: stats.numReaders,
  }
}

/** Turns a failed commit into 503 in words; lmdb gives the reason in a second promise. */
async function refuse(error: unknown): Promise<never> {
  if (error instanceof ApiError) throw error
  const inner = (error as { commitError?: Promise<never> }).commitError
  const cause = inner === undefined ? error : await inner.catch((reason: unknown) => reason)
  throw unavailable(`storage refused the write: ${reasonOf(cause)}`, { cause })
}

/** errno EIO: what LMDB makes of a write that the file system took only a part of. */
const INPUT_OUTPUT_ERROR = 5

/** The system's words for it, without lmdb's page numbers behind them. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const words = cause.message.split(': Attempting to write')[0]!
  const isShortWrite = (cause as { code?: unknown }).code === INPUT_OUTPUT_ERROR
  return isShortWrite ? `${words} (is the disk full?)` : words
}
