// Looks now and then whether the newest term is due to end. Every process does so: it also keeps the
// keyring of a process that rests in line with storage. Rotating is idempotent over processes.
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Log } from '../../sdk/log.ts'
import type { Barrier } from './barrier.ts'

const PERIOD_MS = 60_000

export class PeriodicRotation {
  readonly #parts: {
    readonly barrier: Barrier
    readonly clock: Clock
    readonly random: Random
    readonly log: Log
  }
  #cancel: () => void = () => {}

  constructor(parts: { barrier: Barrier; clock: Clock; random: Random; log: Log }) {
    this.#parts = parts
  }

  start(): void {
    const { clock, random } = this.#parts
    // Spread, so that processes that were unsealed together don't all rotate together.
    this.#cancel = clock.after(PERIOD_MS * (0.5 + random.fraction()), () => void this.#look())
  }

  stop(): void {
    this.#cancel()
    this.#cancel = () => {}
  }

  async #look(): Promise<void> {
    const { barrier, log } = this.#parts
    const waiting = this.#cancel
    try {
      const { term } = barrier
      await barrier.rotateIfDue()
      if (barrier.term !== term)
        log.info('new data is encrypted under a new term', { term: barrier.term })
    } catch (error) {
      if (!barrier.isSealed)
        log.warn('the encryption key could not be looked after', { err: error })
    }
    if (this.#cancel === waiting && !barrier.isSealed) this.start()
  }
}
