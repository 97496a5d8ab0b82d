// A deadline over all commits under way. lmdb leaves commits unanswered for ever when it can't even begin
// a transaction (a damaged lock file, a store in its panic state); callers must hear of that.
import type { Clock } from '../../base/clock.ts'
import { unavailable } from '../../base/errors.ts'

export class CommitWatch {
  readonly #clock: Clock
  readonly #timeoutMs: number
  /** The commits under way, oldest first, with the time they began and how to give them up. */
  readonly #open = new Map<(error: Error) => void, number>()
  #isArmed = false

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** What the commit gives, or 503 when it takes longer than the timeout: it may still happen then. */
  settle<T>(commit: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#open.set(reject, this.#clock.monotonic())
      if (!this.#isArmed) this.#arm(this.#timeoutMs)
      commit.then(
        (value) => {
          this.#open.delete(reject)
          resolve(value)
        },
        (error: unknown) => {
          this.#open.delete(reject)
          reject(error)
        },
      )
    })
  }

  /** One timer for all, so that a commit costs a map entry and no timer of its own. */
  #arm(delayMs: number): void {
    this.#isArmed = true
    this.#clock.after(delayMs, () => {
      this.#isArmed = false
      const now = this.#clock.monotonic()
      for (const [giveUp, since] of this.#open) {
        const left = since + this.#timeoutMs - now
        if (left > 0) return this.#arm(left)
        this.#open.delete(giveUp)
        giveUp(unavailable('storage did not answer in time; it is not known whether it wrote'))
      }
    })
  }
}
