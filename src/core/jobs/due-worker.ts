// Works off what is due: walks the marks of the shards that this process has claimed, in order of time, and
// hands each to the handler of its kind. A mark goes only when its handler says done, so a crash at any
// point leaves the mark for whoever lives. Handlers may run twice and check the entry behind the mark.
// Marks run in lanes (the jobs of a mount are one), so that what hangs stalls its own lane and no other.
// Kinds that only move their marks (leases, into the queues of revocations) get them many at a time.
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Log } from '../../sdk/log.ts'
import { DUE_PREFIX } from '../keys.ts'
import { DUE_ROTATION, laneOfDue } from '../rotations/rotation-record.ts'
import type { CoreStorage } from '../store.ts'
import { DUE_JOB, DUE_SHARDS } from './due-index.ts'
import type { ShardClaims } from './shard-claims.ts'

export interface DueMark {
  readonly key: string
  readonly kind: string
  readonly namespaceId: string
  readonly id: string
  readonly atMs: number
}

/** True: the mark can go (or the handler moved it). False: look again after a pause. */
export type DueHandler = (mark: DueMark, signal: AbortSignal) => Promise<boolean>

/** Takes marks of its kind and removes or moves them itself; one that it leaves is not due yet. */
export interface DueBatches {
  /** Marks of one call. */
  readonly size: number
  take(marks: readonly DueMark[], signal: AbortSignal): Promise<void>
}

/** How often the front of each shard is looked at: what is due is begun within a second. */
const PERIOD_MS = 1000
/** The same while there is much to do. */
const BUSY_PERIOD_MS = 250
/** Marks of one shard that are read at a time. */
const PAGE = 100
/** Handlers that run at once in this process, over all shards; and in one lane. */
const MAX_RUNNING = 64
const MAX_PER_LANE = 8
/** How long a full lane may hold up a pass before the pass goes on without it; and all such lanes together. */
const LANE_PATIENCE_MS = 100
const PASS_PATIENCE_MS = 300
/** Pages of one shard in one pass: a pass goes on where the last one stopped. */
const MAX_PAGES = 32
/** The pause after a pass that left marks of full lanes behind. */
const SHORT_PERIOD_MS = 50
/** A handler that failed leaves its mark in place; it is not tried again before this. */
const RETRY_MS = 5000

export class DueWorker {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #claims: ShardClaims
  readonly #handlers: Readonly<Record<string, DueHandler>>
  readonly #batches: Readonly<Record<string, DueBatches>>
  readonly #afterPass: (shards: readonly number[]) => Promise<void>
  /** Marks that run or rest after a failure, by key. */
  readonly #busy = new Set<string>()
  readonly #stop = new AbortController()
  #running = 0
  readonly #lanes = new Map<string, number>()
  /** Lanes that did not move in this pass. */
  readonly #stuck = new Set<string>()
  /** How long this pass waited for lanes that did not move. */
  #waitedInVainMs = 0
  /** Where the next pass goes on in a shard. */
  readonly #resumeAfter = new Map<number, string>()
  readonly #waiters = new Set<() => void>()
  #loop: Promise<void> = Promise.resolve()

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    log: Log
    claims: ShardClaims
    handlers: Readonly<Record<string, DueHandler>>
    batches: Readonly<Record<string, DueBatches>>
    /** Told after each pass which shards are this process's. */
    afterPass(shards: readonly number[]): Promise<void>
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#log = of.log
    this.#claims = of.claims
    this.#handlers = of.handlers
    this.#batches = of.batches
    this.#afterPass = (shards) => of.afterPass(shards)
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Stops taking marks and waits for the handlers that run. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the server is being sealed or shut down'))
    this.#wakeAll()
    await this.#loop
    while (this.#running > 0) await this.#anyEnd()
    await this.#claims.release()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      let taken = 0
      try {
        await this.#claims.refresh()
        this.#stuck.clear()
        this.#waitedInVainMs = 0
        for (const shard of this.#claims.owned()) taken += await this.#workShard(shard)
        await this.#afterPass(this.#claims.owned())
      } catch (error) {
        if (!signal.aborted) this.#log.warn('due work was interrupted', { err: error })
      }
      const isDone = this.#stuck.size === 0 && this.#resumeAfter.size === 0
      const period = taken > 0 ? BUSY_PERIOD_MS : PERIOD_MS
      const pause = isDone ? period * (1 + this.#random.fraction() / 10) : SHORT_PERIOD_MS
      await this.#clock.sleep(pause, signal).catch(() => {})
    }
  }

  /**
   * Starts what is due in one shard, as far as lanes are free and a pass reaches. Answers how many marks
   * were taken in batches.
   */
  async #workShard(shard: number): Promise<number> {
    let taken = 0
    const prefix = `${DUE_PREFIX}${shard.toString(16)}/`
    const before = `${prefix}${String(this.#clock.now()).padStart(13, '0')}`
    let after = this.#resumeAfter.get(shard)
    this.#resumeAfter.delete(shard)
    for (let pages = 0; pages < MAX_PAGES && !this.#stop.signal.aborted; pages++) {
      const page = after === undefined ? { limit: PAGE, before } : { limit: PAGE, before, after }
      const keys = await this.#storage.range(prefix, page)
      const batched: DueMark[] = []
      for (const key of keys) {
        if (this.#busy.has(key)) continue
        const mark = parseMark(key)
        if (mark && Object.hasOwn(this.#batches, mark.kind)) {
          batched.push(mark)
          continue
        }
        const lane = laneOf(mark)
        if (!(await this.#enter(lane))) continue
        void this.#handle(key, mark, lane)
      }
      await this.#takeBatches(batched)
      taken += batched.length
      if (keys.length < PAGE) return taken
      after = keys.at(-1)!
    }
    if (after !== undefined) this.#resumeAfter.set(shard, after)
    return taken
  }

  async #takeBatches(marks: readonly DueMark[]): Promise<void> {
    const { signal } = this.#stop
    for (const [kind, { size, take }] of Object.entries(this.#batches)) {
      const all = marks.filter((mark) => mark.kind === kind)
      const parts: DueMark[][] = []
      for (let at = 0; at < all.length; at += size) parts.push(all.slice(at, at + size))
      await Promise.all(
        parts.map((some) =>
          take(some, signal).catch(async () => {
            // One that can't be taken must not hold up the others.
            for (const mark of some) await take([mark], signal).catch(this.#rest(mark))
          }),
        ),
      )
    }
  }

  /** Not tried again before a pause. */
  #rest(mark: DueMark): (error: unknown) => void {
    return (error) => {
      if (this.#stop.signal.aborted) return
      this.#log.warn('due work failed and will be tried again', { kind: mark.kind, err: error })
      this.#busy.add(mark.key)
      this.#clock.after(RETRY_MS, () => this.#busy.delete(mark.key))
    }
  }

  /** Takes a place in the lane; false where it is full and does not move, or the work is to stop. */
  async #enter(lane: string): Promise<boolean> {
    const from = this.#clock.monotonic()
    const until = from + Math.min(LANE_PATIENCE_MS, PASS_PATIENCE_MS - this.#waitedInVainMs)
    while (!this.#stop.signal.aborted) {
      const isLaneFull = (this.#lanes.get(lane) ?? 0) >= MAX_PER_LANE
      if (!isLaneFull && this.#running < MAX_RUNNING) {
        this.#lanes.set(lane, (this.#lanes.get(lane) ?? 0) + 1)
        this.#running++
        return true
      }
      const left = until - this.#clock.monotonic()
      if (this.#stuck.has(lane) || left <= 0) {
        this.#stuck.add(lane)
        this.#waitedInVainMs += this.#clock.monotonic() - from
        return false
      }
      await this.#anyEnd(left)
    }
    return false
  }

  #leave(lane: string): void {
    this.#running--
    const left = (this.#lanes.get(lane) ?? 1) - 1
    if (left <= 0) this.#lanes.delete(lane)
    else this.#lanes.set(lane, left)
    this.#wakeAll()
  }

  /** Resolves when a handler has ended, or after the time. */
  #anyEnd(withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      let cancel: (() => void) | undefined
      const wake = (): void => {
        cancel?.()
        this.#waiters.delete(wake)
        resolve()
      }
      this.#waiters.add(wake)
      if (withinMs !== undefined) cancel = this.#clock.after(withinMs, wake)
    })
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiters]) wake()
  }

  async #handle(key: string, mark: DueMark | null, lane: string): Promise<void> {
    const handler = mark && this.#handlers[mark.kind]
    this.#busy.add(key)
    let isDone = false
    try {
      if (mark && handler) {
        isDone = await handler(mark, this.#stop.signal)
        if (isDone) await this.#storage.delete(key)
      } else this.#log.error('due mark of an unknown kind', { key })
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#log.warn('due work failed and will be tried again', { kind: mark?.kind, err: error })
      }
    } finally {
      if (isDone) this.#busy.delete(key)
      else this.#clock.after(RETRY_MS, () => this.#busy.delete(key))
      this.#leave(lane)
    }
  }
}

/**
 * What may stall together: the jobs of a mount (its id begins their names), the rotations of a lane of a
 * mount, or all marks of another kind.
 */
function laneOf(mark: DueMark | null): string {
  if (!mark) return ''
  if (mark.kind === DUE_ROTATION) return `${mark.kind} ${laneOfDue(mark.id)}`
  const end = mark.id.indexOf('.')
  return mark.kind === DUE_JOB && end > 0 ? `${mark.kind} ${mark.id.slice(0, end)}` : mark.kind
}

/** `due/<shard>/<time>/<namespace>/<kind>/<id>`; null where it isn't of that form. */
export function parseMark(key: string): DueMark | null {
  const parts = key.split('/')
  if (parts.length !== 6) return null
  const [, , time, namespaceId, kind, id] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  return { key, kind, namespaceId, id, atMs: Number(time) }
}

export const ALL_SHARDS: readonly number[] = Array.from({ length: DUE_SHARDS }, (_, at) => at)
