// What the host holds of the seal while its processes come and go: the shares given so far and, while
// unsealed, the keys, so that a worker that was started again after a crash is let in. Runs in the
// supervisor; with one process, in that process. It sees no storage: the worker that answers the last
// share opens the barrier and hands the keys back. Steps happen one after the other.
import { ApiError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { equalSecrets } from '../../crypto/timing.ts'
import type { Log } from '../../sdk/log.ts'
import { busTopic, type HostBus } from '../host-bus.ts'

export interface UnsealProgress {
  readonly progress: number
  /** '' where no share was given. */
  readonly nonce: string
}

/** A share was added; with the last one the asker gets them all, and is to wipe them. */
export interface ShareTaken extends UnsealProgress {
  readonly shares: readonly Uint8Array[] | null
}

/** What processes ask the keeper. */
export const sealTopics = {
  progress: busTopic<null, UnsealProgress>('seal.progress'),
  give: busTopic<{ readonly share: Uint8Array; readonly threshold: number }, ShareTaken>(
    'seal.give',
  ),
  reset: busTopic<null>('seal.reset'),
  /** The asker is open: lets all others in, answers when they are. */
  opened: busTopic<Uint8Array>('seal.opened'),
  /** The keyring or the root key changed. */
  changed: busTopic<Uint8Array>('seal.changed'),
  /** The keys, for a process that was just started; null while sealed. */
  keys: busTopic<null, Uint8Array | null>('seal.keys'),
  /** Forgets the keys and closes every process. */
  close: busTopic<null>('seal.close'),
  /** Keeper to processes: open with these keys; close. */
  openProcess: busTopic<Uint8Array>('seal.open-process'),
  closeProcess: busTopic<null>('seal.close-process'),
} as const

export interface SealKeeperParts {
  readonly bus: HostBus
  readonly random: Random
  readonly log: Log
  /** Ends a process that did not open or close as told; it is started anew. null: there is none to end. */
  readonly endProcess: ((number: number) => Promise<void>) | null
  /** False where the keeper is the only process, which has the keys anyway. */
  readonly keepsKeys: boolean
}

/** How long a process may take to open (audit devices, claims) or to close. */
const PROCESS_TIMEOUT_MS = 20_000

export class SealKeeper {
  readonly #parts: SealKeeperParts
  #given: Buffer[] = []
  #nonce = ''
  #keys: Buffer | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: SealKeeperParts) {
    this.#parts = parts
    const { bus } = parts
    bus.answer(sealTopics.progress, () => this.#progress())
    bus.answer(sealTopics.give, ({ share, threshold }) => this.#give(share, threshold))
    bus.answer(sealTopics.reset, () => this.#forgetShares())
    bus.answer(sealTopics.opened, (keys, from) => this.#inTurn(() => this.#opened(keys, from)))
    bus.answer(sealTopics.changed, (keys) => this.#inTurn(async () => this.#changed(keys)))
    bus.answer(sealTopics.keys, () => this.#inTurn(async () => this.#keys))
    bus.answer(sealTopics.close, () => this.#inTurn(() => this.#close()))
  }

  /** Forgets everything, for the end of the supervisor. */
  wipe(): void {
    this.#forgetShares()
    this.#keys?.fill(0)
    this.#keys = null
  }

  #progress(): UnsealProgress {
    return { progress: this.#given.length, nonce: this.#nonce }
  }

  #give(share: Uint8Array, threshold: number): ShareTaken {
    const copy = Buffer.from(share)
    if (this.#given.some((known) => equalSecrets(known, copy))) {
      copy.fill(0)
      return { ...this.#progress(), shares: null }
    }
    if (this.#given.length === 0) this.#nonce = this.#parts.random.uuid()
    this.#given.push(copy)
    if (this.#given.length < threshold) return { ...this.#progress(), shares: null }
    const shares = this.#given
    this.#given = []
    this.#nonce = ''
    return { progress: 0, nonce: '', shares }
  }

  #forgetShares(): void {
    for (const share of this.#given) share.fill(0)
    this.#given = []
    this.#nonce = ''
  }

  async #opened(keys: Uint8Array, from: number): Promise<void> {
    this.#forgetShares()
    if (!this.#parts.keepsKeys) return
    this.#store(keys)
    const { answers, missing } = await this.#parts.bus.gather(
      sealTopics.openProcess,
      keys,
      PROCESS_TIMEOUT_MS,
    )
    this.#parts.log.info('unsealed', { processes: answers.size })
    await this.#endAll(missing.filter((number) => number !== from))
  }

  #changed(keys: Uint8Array): void {
    // A worker may say so just after the host was sealed: then there is nothing to keep.
    if (this.#keys) this.#store(keys)
  }

  #store(keys: Uint8Array): void {
    this.#keys?.fill(0)
    this.#keys = Buffer.from(keys)
  }

  async #close(): Promise<void> {
    this.wipe()
    const { missing } = await this.#parts.bus.gather(
      sealTopics.closeProcess,
      null,
      PROCESS_TIMEOUT_MS,
    )
    if (missing.length === 0) return
    if (!this.#parts.endProcess) throw new ApiError(500, ['the server could not be sealed'])
    // Without keys it comes back sealed.
    await this.#endAll(missing)
  }

  async #endAll(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      this.#parts.log.error('a process did not follow the seal and is ended', { process: number })
      await this.#parts.endProcess?.(number)
    }
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(step)
    this.#turn = turn.catch(() => {})
    return turn
  }
}
