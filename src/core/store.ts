// Storage as core sees it: absolute keys behind the barrier, transactions that reach into several scopes
// in one commit, marks (index entries without a value), and the raw read that begins every request.
import type { Awaitable, Storage, Stored, Tx } from '../sdk/storage.ts'

export interface CoreTx extends Tx {
  /** The same transaction seen from below a prefix. */
  scoped(prefix: string): Tx
  /**
   * An index entry: a key with an empty value that is not encrypted, since encrypting nothing costs as
   * much as a small secret. Whoever follows a mark checks the entry that it points to.
   */
  mark(key: string): void
  /** Gives an epoch a new version. */
  touch(epochKey: string): void
}

export interface CoreStorage extends Storage {
  transaction<T>(body: (tx: CoreTx) => Promise<T>): Promise<T>
  /**
   * Storage below a prefix. Each commit through it also expects these versions (the mount's and the
   * namespace's record), so that nothing lands in a mount that is being removed.
   */
  scoped(prefix: string, expects?: ReadonlyMap<string, string>): Storage
  /** One snapshot of encrypted entries; for checking versions without decrypting. */
  readRaw(keys: readonly string[]): Awaitable<ReadonlyMap<string, Stored>>
  /** Decrypts what readRaw gave for that key. */
  open(key: string, stored: Stored): Buffer
}
