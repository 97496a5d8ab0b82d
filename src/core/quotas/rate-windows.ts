// Fixed windows of requests, one for each rule and client address. Addresses are the callers', so the table
// is bounded: it is two halves, and when the newer is full the older is dropped whole. What is still asked for
// moves to the newer half, so only a flood of addresses can make a window be forgotten before its end.

/** What is asked for; times in milliseconds. */
export interface RateAsk {
  /** Rule and client address. */
  readonly key: string
  readonly rate: number
  readonly intervalMs: number
  readonly blockMs: number
  /** How many requests to grant at most. */
  readonly want: number
}

export interface RateGrant {
  /** 0: refused. */
  readonly granted: number
  /** What is left in the window. */
  readonly left: number
  readonly resetInMs: number
  /** Above 0 while the address is blocked for having gone over. */
  readonly blockedForMs: number
}

interface Window {
  left: number
  resetAtMs: number
  blockedUntilMs: number
}

/** Windows of one half: some ten megabytes. */
const HALF = 50_000

export class RateWindows {
  readonly #now: () => number
  #newer = new Map<string, Window>()
  #older = new Map<string, Window>()

  /** `now` is monotonic. */
  constructor(now: () => number) {
    this.#now = now
  }

  get size(): number {
    return this.#newer.size + this.#older.size
  }

  take({ key, rate, intervalMs, blockMs, want }: RateAsk): RateGrant {
    const now = this.#now()
    const most = Math.max(1, Math.floor(rate))
    const window = this.#newer.get(key) ?? this.#admit(key)
    if (now < window.blockedUntilMs) {
      return { granted: 0, left: 0, resetInMs: 0, blockedForMs: window.blockedUntilMs - now }
    }
    if (now >= window.resetAtMs) {
      window.left = most
      window.resetAtMs = now + intervalMs
    }
    const granted = Math.min(want, window.left)
    window.left -= granted
    if (granted === 0 && blockMs > 0) window.blockedUntilMs = now + blockMs
    return {
      granted,
      left: window.left,
      resetInMs: window.resetAtMs - now,
      blockedForMs: granted === 0 ? blockMs : 0,
    }
  }

  #admit(key: string): Window {
    if (this.#newer.size >= HALF) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    const window = this.#older.get(key) ?? {
      left: 0,
      resetAtMs: Number.NEGATIVE_INFINITY,
      blockedUntilMs: 0,
    }
    this.#newer.set(key, window)
    return window
  }
}
