// Background work yields to requests: the one place that says how much of it is under way in this process.
// Commits of background work take turns, so that a request's commit finds at most one batch of them before it;
// while requests come, each is followed by a rest, and calls to the outside are begun apart from one another.
// While none comes there is no rest at all. Nothing here is measured when there is no background work.
import type { Clock } from '../../base/clock.ts'
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
import { nextTurn } from '../../base/tick.ts'
import type { CoreStorage, CoreTx } from '../store.ts'

/** Requests are taken to go on coming for so long after the last one. */
const PRESSED_MS = 250
/** After a commit the next one waits as long as this many of it took: the rest of the time is the requests'. */
const REST_SHARE = 1
/** A commit that took long for another reason (a full disk's queue) earns no longer rest than this. */
const LONGEST_REST_MS = 50
/**
 * While requests come, calls to the outside begin so far apart: between 400 and 250 a second. Fewer would let
 * ten thousand leases that fall due within a minute pile up.
 */
const SHORTEST_GAP_MS = 2.5
const LONGEST_GAP_MS = 4
/** What a late timer cost those who waited for their place is made up for, up to this. */
const MOST_BEHIND_MS = 50
/** The event loop came so late to a timer that requests felt it. */
const LATE_MS = 2
/** How fast the gap grows when the loop is late, and shrinks when it is not. */
const GROWTH = 1.2
const SHRINKING = 0.97

export class BackgroundPace {
  readonly #clock: Clock
  readonly #requestsBegun: () => number
  /** Writes of the commits under way or at rest; a batch has at most MAX_BATCH_KEYS. */
  #underWay = 0
  readonly #waiting: { readonly writes: number; readonly enter: () => void }[] = []
  #requestsSeen = 0
  #lastRequestMs = Number.NEGATIVE_INFINITY
  #gapMs = SHORTEST_GAP_MS
  #nextStartMs = Number.NEGATIVE_INFINITY
  /** Somebody waits for the next place. */
  #isAwaited = false
  #isOver = false

  constructor(of: {
    readonly clock: Clock
    /** How many requests this process has begun so far. */
    requestsBegun(): number
  }) {
    this.#clock = of.clock
    this.#requestsBegun = of.requestsBegun
  }

  /** Whether there are requests to yield to. */
  get isPressed(): boolean {
    const begun = this.#requestsBegun()
    const now = this.#clock.monotonic()
    if (begun !== this.#requestsSeen) {
      this.#requestsSeen = begun
      this.#lastRequestMs = now
    }
    return !this.#isOver && now - this.#lastRequestMs < PRESSED_MS
  }

  /**
   * Runs a commit of about so many writes (by default a full batch) when its turn has come, in the order of
   * the calls. Never called within another one's `commit`: that would wait for itself.
   */
  async commit<T>(commit: () => Promise<T>, writes = MAX_BATCH_KEYS): Promise<T> {
    if (this.#waiting.length > 0 || !this.#hasRoom(writes))
      await new Promise<void>((enter) => this.#waiting.push({ writes, enter }))
    else this.#underWay += writes
    const from = this.#clock.monotonic()
    try {
      return await commit()
    } finally {
      this.#rest(writes, this.#clock.monotonic() - from)
    }
  }

  /** How long until the next call to the outside may begin; 0: now. Whoever begins one says so. */
  get startsInMs(): number {
    if (!this.isPressed) return 0
    const wait = Math.max(0, this.#nextStartMs - this.#clock.monotonic())
    if (wait > 0) this.#isAwaited = true
    return wait
  }

  started(): void {
    const now = this.#clock.monotonic()
    const from = this.#isAwaited ? Math.max(this.#nextStartMs, now - MOST_BEHIND_MS) : now
    this.#nextStartMs = from + this.#gapMs
    if (this.#nextStartMs > now) this.#isAwaited = false
  }

  /** Waits until the next call to the outside may begin, and takes the place. */
  async start(): Promise<void> {
    for (let wait = this.startsInMs; wait > 0; wait = this.startsInMs) {
      await new Promise<void>((resolve) => this.later(wait, resolve))
    }
    this.started()
  }

  /** A timer whose lateness tells how busy the event loop is; it answers how to cancel it. */
  later(ms: number, task: () => void): () => void {
    // Whole milliseconds: a timer that comes a hair too early would be set again and again.
    const whole = Math.ceil(ms)
    const dueMs = this.#clock.monotonic() + whole
    return this.#clock.after(whole, () => {
      const isLate = this.#clock.monotonic() - dueMs > LATE_MS
      const gap = this.#gapMs * (isLate ? GROWTH : SHRINKING)
      this.#gapMs = Math.min(Math.max(gap, SHORTEST_GAP_MS), LONGEST_GAP_MS)
      task()
    })
  }

  /** No more pauses: what is under way comes to its end. */
  close(): void {
    this.#isOver = true
    this.#underWay = 0
    this.#admit()
  }

  #hasRoom(writes: number): boolean {
    return this.#underWay === 0 || this.#underWay + writes <= MAX_BATCH_KEYS || this.#isOver
  }

  /** The place is kept while it rests. */
  #rest(writes: number, tookMs: number): void {
    const leave = (): void => {
      this.#underWay = Math.max(0, this.#underWay - writes)
      this.#admit()
    }
    const rest = Math.min(tookMs * REST_SHARE, LONGEST_REST_MS)
    if (rest < 1 || !this.isPressed) leave()
    else this.later(rest, leave)
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#hasRoom(next.writes); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#underWay += next.writes
      next.enter()
    }
  }
}

/** Storage whose commits are background work. Its reads let the event loop turn, as pages follow one another. */
export function pacedStorage(storage: CoreStorage, pace: BackgroundPace): CoreStorage {
  const transaction = <T>(body: (tx: CoreTx) => Promise<T>): Promise<T> =>
    pace.commit(() => storage.transaction(body))
  return {
    get: (key) => storage.get(key),
    read: (keys) => storage.read(keys),
    readRaw: (keys) => storage.readRaw(keys),
    open: (key, stored) => storage.open(key, stored),
    scoped: (prefix, expects) => storage.scoped(prefix, expects),
    list: (prefix, page) => storage.list(prefix, page),
    async range(prefix, page) {
      await nextTurn()
      return storage.range(prefix, page)
    },
    transaction,
    put: (key, value) => transaction(async (tx) => tx.put(key, value)),
    delete: (key) => transaction(async (tx) => tx.delete(key)),
  }
}
