// How fast a lane is worked: from one revocation at a time up to the lane's bound, one more with each answer
// (so doubling from round to round), and none while its other side gives no answer: then one try at a time
// with growing pauses finds out when it is back. Times are of the monotonic clock.
import { DEFAULT_LANE_BOUND } from '../../sdk/lease.ts'

const FIRST_PAUSE_MS = 250
/** What was down for long is found back within this and half of it. */
const LONGEST_PAUSE_MS = 15_000

export class LanePace {
  #bound = DEFAULT_LANE_BOUND
  #window = 1
  #failures = 0
  #silentUntilMs = Number.NEGATIVE_INFINITY

  /** Tries in a row that got no answer; 0: it answers. */
  get failures(): number {
    return this.#failures
  }
  get isSilent(): boolean {
    return this.#failures > 0
  }
  /** Until when nothing is tried. */
  get silentUntilMs(): number {
    return this.#silentUntilMs
  }

  setBound(bound: number): void {
    this.#bound = Number.isFinite(bound) ? Math.max(1, Math.floor(bound)) : DEFAULT_LANE_BOUND
    this.#window = Math.min(this.#window, this.#bound)
  }

  /** How many may run at this time. */
  allowed(nowMs: number): number {
    if (this.#failures === 0) return this.#window
    return nowMs < this.#silentUntilMs ? 0 : 1
  }

  /** The other side answered, be it with a refusal. True: it had been silent. */
  answered(): boolean {
    const wasSilent = this.isSilent
    this.#failures = 0
    this.#window = wasSilent ? 1 : Math.min(this.#window + 1, this.#bound)
    return wasSilent
  }

  /**
   * It gave no answer; `chance` is from 0 to 1. The pause, or null where this belongs to a silence that is
   * known already: those that ran beside the first try count as one.
   */
  unanswered(nowMs: number, chance: number): number | null {
    if (this.isSilent && nowMs < this.#silentUntilMs) return null
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS)
    const pause = Math.ceil(longest * (0.5 + chance))
    this.#window = 1
    this.#failures += 1
    this.#silentUntilMs = nowMs + pause
    return pause
  }

  /** Goes on with a silence that another process has seen. */
  resume(failures: number, nowMs: number, pauseMs: number): void {
    this.#failures = failures
    this.#silentUntilMs = nowMs + Math.min(Math.max(0, pauseMs), LONGEST_PAUSE_MS * 1.5)
  }
}
