// Counts the encryptions of the newest term over all processes: each reserves a block in storage before it
// uses it, so a crash can only make the count too high. When the next block would pass the limit, or the
// term is too old, the barrier takes a new term first. Reference: NIST SP 800-38D, 8.3 (2^32 messages).

import type { Clock } from '../../base/clock.ts'
import { unavailable } from '../../base/errors.ts'
import { MAX_TRANSACTION_TRIES } from '../../base/limits.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import { KEY_USES_KEY, KEYRING_KEY } from '../keys.ts'
import { type KeyRotation, MAX_OPERATIONS } from './keyring.ts'

/** The barrier, as the counter sees it. */
export interface UsesHolder {
  readonly isSealed: boolean
  readonly term: number
  /** The version of the stored keyring that this term was read from. */
  readonly keyringVersion: string
  readonly installedAtMs: number
  readonly rotation: KeyRotation
  encrypt(key: string, plaintext: Uint8Array): Buffer
  decrypt(key: string, value: Uint8Array): Buffer
  knows(value: Uint8Array): boolean
  reload(): Promise<void>
  rotateFrom(term: number): Promise<void>
}

/** A commit every 65,536 encryptions is not felt, and a crash wastes a 59,000th of a term's uses. */
const USES_PER_BLOCK = 65_536

interface Reserved {
  readonly term: number
  readonly count: number
  /** The version of the stored count; null where there is none. */
  readonly version: string | null
}

export class KeyUses {
  readonly #holder: UsesHolder
  readonly #backend: StorageBackend
  readonly #clock: Clock
  readonly #blockSize: number
  /** Uses of the newest term that this process still has. */
  #left = 0
  #reserving: Promise<void> | null = null

  constructor(
    holder: UsesHolder,
    options: {
      readonly backend: StorageBackend
      readonly clock: Clock
      readonly usesPerBlock?: number
    },
  ) {
    this.#holder = holder
    this.#backend = options.backend
    this.#clock = options.clock
    this.#blockSize = options.usesPerBlock ?? USES_PER_BLOCK
  }

  /** See Barrier.prepare. Begins to reserve the next block before this one is used up. */
  prepare(count: number): Promise<void> | undefined {
    if (this.#left >= count) {
      if (this.#left < this.#blockSize / 4 && this.#reserving === null)
        // Its failure shows when the uses are needed: the next prepare tries again and awaits it.
        void this.#reserve().catch(() => {})
      return undefined
    }
    return this.#reserve()
  }

  /** Spends one use. Throws if there is none, which means that nobody asked `prepare`. */
  take(): void {
    if (this.#left <= 0) throw new Error('an encryption without a reserved use')
    this.#left -= 1
  }

  /** Gives up what is left: the term changed, or the barrier was sealed. */
  forget(): void {
    this.#left = 0
  }

  /** Encryptions of the newest term so far. */
  async count(): Promise<number> {
    const reserved = await this.#read()
    return Math.max(0, reserved.count - this.#left)
  }

  async rotateIfDue(): Promise<void> {
    await this.#holder.reload()
    const reserved = await this.#read()
    if (this.#isDue(reserved.count)) await this.#holder.rotateFrom(this.#holder.term)
  }

  #reserve(): Promise<void> {
    this.#reserving ??= this.#reserveBlock().finally(() => {
      this.#reserving = null
    })
    return this.#reserving
  }

  async #reserveBlock(): Promise<void> {
    for (let tries = 0; tries < MAX_TRANSACTION_TRIES; tries++) {
      // The keyring's version is expected below, so a term that others began is never missed here.
      await this.#holder.reload()
      const reserved = await this.#read()
      const term = this.#holder.term
      if (this.#isDue(reserved.count + this.#blockSize)) {
        await this.#holder.rotateFrom(term)
        continue
      }
      if (await this.#commit(term, reserved)) return
    }
    throw unavailable('the count of key uses is being changed by others; try again')
  }

  /**
   * Stores the count with one block more. The keyring is expected too, so that nobody reserves under a
   * term that has ended. Each try encrypts this record itself: the block gives up as many uses.
   */
  async #commit(term: number, reserved: Reserved): Promise<boolean> {
    const holder = this.#holder
    if (holder.isSealed || holder.term !== term) return false
    const record = Buffer.from(JSON.stringify({ term, count: reserved.count + this.#blockSize }))
    this.#left += 1
    const value = holder.encrypt(KEY_USES_KEY, record)
    const outcome = await this.#backend.commit({
      expect: new Map([
        [KEY_USES_KEY, reserved.version],
        [KEYRING_KEY, holder.keyringVersion],
      ]),
      writes: new Map([[KEY_USES_KEY, value]]),
    })
    if (outcome !== 'committed' || holder.isSealed || holder.term !== term) return false
    this.#left += this.#blockSize - MAX_TRANSACTION_TRIES
    return true
  }

  async #read(): Promise<Reserved> {
    const stored = (await this.#backend.read([KEY_USES_KEY])).get(KEY_USES_KEY)
    if (stored === undefined) return { term: this.#holder.term, count: 0, version: null }
    if (!this.#holder.knows(stored.value)) await this.#holder.reload()
    const json = this.#holder.decrypt(KEY_USES_KEY, stored.value)
    const { term, count } = JSON.parse(json.toString()) as { term: number; count: number }
    const isCurrent = term === this.#holder.term
    return { term, count: isCurrent ? count : 0, version: stored.version }
  }

  /** Whether a term with that many uses has to end. */
  #isDue(count: number): boolean {
    const { enabled, maxOperations, intervalSeconds } = this.#holder.rotation
    // The limit of the cipher holds also where rotation is switched off.
    if (count > (enabled ? maxOperations : MAX_OPERATIONS)) return true
    const ageMs = this.#clock.now() - this.#holder.installedAtMs
    return enabled && intervalSeconds > 0 && ageMs >= intervalSeconds * 1000
  }
}
