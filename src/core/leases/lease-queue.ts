// The durable queue of revocations: marks below LEASE_QUEUE_PREFIX, one queue per lane. A lease that is over
// is moved there from the due index, many in one commit, and leaves it with the commit that records how its
// revocation ended, many in one too. Nothing else knows what is queued, so a process that dies loses nothing.
import type { Clock } from '../../base/clock.ts'
import { ApiError } from '../../base/errors.ts'
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import { nextTurn } from '../../base/tick.ts'
import type { Log } from '../../sdk/log.ts'
import type { Entry } from '../../sdk/storage.ts'
import { isUnreachable } from '../../sdk/unreachable.ts'
import type { BackgroundPace } from '../jobs/background-pace.ts'
import type { DueMark } from '../jobs/due-worker.ts'
import { LEASE_LANE_PREFIX, LEASE_QUEUE_PREFIX } from '../keys.ts'
import type { Counts } from '../metrics/server-metrics.ts'
import { allPages } from '../pages.ts'
import type { LeaseCounts } from '../quotas/lease-counts.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import {
  dropEntry,
  keyOfLease,
  keyOfLeaseId,
  lanePrefix,
  leaseIdOfMark,
  markOf,
  putChanged,
} from './lease-entries.ts'
import { type LeaseRecord, laneKeyOf } from './lease-record.ts'

/** Writes that one lease takes in a commit, at most. */
export const WRITES_PER_LEASE = 5
/** Leases of one commit. */
export const LEASE_BATCH = MAX_BATCH_KEYS / WRITES_PER_LEASE
/** Refusals of a revocation before the lease counts as irrevocable (Vault's number). */
const MAX_TRIES = 6
const FIRST_PAUSE_MS = 5000

/** How a revocation ended; `error` absent: it is done. */
export interface Outcome {
  readonly record: LeaseRecord
  /** The mark by which it was found. */
  readonly mark: string
  readonly error?: unknown
}

export interface QueuedLease {
  readonly mark: string
  readonly record: LeaseRecord
}

/** What is stored of a lane whose other side gives no answer. */
export interface SilentLane {
  readonly namespaceId: string
  readonly mountId: string
  readonly lane: string
  readonly sinceMs: number
  /** Tries in a row that got no answer. */
  readonly failures: number
  readonly nextTryMs: number
  readonly lastError: string
}

export class LeaseQueue {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #counts: Counts
  readonly #quotas: LeaseCounts
  readonly #pace: BackgroundPace

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    log: Log
    counts: Counts
    quotas: LeaseCounts
    pace: BackgroundPace
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#log = of.log
    this.#counts = of.counts
    this.#quotas = of.quotas
    this.#pace = of.pace
  }

  /**
   * Moves leases whose time has come into the queues of their lanes, in one commit; so no renewal can slip
   * in any more. Answers how many each lane got.
   */
  async take(marks: readonly DueMark[]): Promise<ReadonlyMap<string, number>> {
    const keys = new Map(marks.map((mark) => [mark.key, keyOfMark(mark.key)]))
    const known = [...keys.values()].filter((key) => key !== null)
    return this.#commit(marks.length, async (tx) => {
      const taken = new Map<string, number>()
      const entries = await tx.read(known)
      for (const [mark, key] of keys) {
        const entry = key === null ? undefined : entries.get(key)
        const lane = entry ? this.#takeOne(tx, mark, entry) : void tx.delete(mark)
        if (lane) taken.set(lane, (taken.get(lane) ?? 0) + 1)
      }
      return taken
    })
  }

  #commit<T>(leases: number, body: (tx: CoreTx) => Promise<T>): Promise<T> {
    return this.#pace.commit(() => this.#storage.transaction(body), leases * WRITES_PER_LEASE)
  }

  /** The lane that got it. */
  #takeOne(tx: CoreTx, mark: string, entry: Entry): string | null {
    const record = entry.json<LeaseRecord>()
    const isOld = markOf(record) !== mark
    if (isOld) tx.delete(mark)
    if (record.isQueued || record.state === 'irrevocable') return null
    // By a clock that went back it is not due yet: its mark stays.
    if (record.dueAtMs > this.#clock.now()) return null
    const { madeUntilMs: _, ...over } = record
    putChanged(tx, record, { ...over, state: 'revoking', isQueued: true })
    return laneKeyOf(record)
  }

  /** The lanes of a shard that have a queue. */
  async lanes(shard: number): Promise<readonly string[]> {
    const folder = `${LEASE_QUEUE_PREFIX}${shard.toString(16)}/`
    const names = await allPages((page) => this.#storage.list(folder, page))
    return names.map((name) => name.slice(0, -1))
  }

  /** The marks of a lane's queue in order of time, with what they stand for; a mark of nothing is removed. */
  async page(
    lane: string,
    page: { readonly after: string; readonly limit: number },
    isHeld: (mark: string) => boolean,
  ): Promise<{ readonly leases: QueuedLease[]; readonly last: string; readonly isEnd: boolean }> {
    const from = page.after === '' ? {} : { after: page.after }
    const all = await this.#storage.range(lanePrefix(lane), { limit: page.limit, ...from })
    const free = all.filter((mark) => !isHeld(mark))
    const marks = free.slice(0, MAX_BATCH_KEYS)
    const keys = new Map(marks.map((mark) => [mark, keyOfMark(mark)]))
    const known = [...keys.values()].filter((key) => key !== null)
    const entries = known.length === 0 ? new Map<string, Entry>() : await this.#storage.read(known)
    const leases: QueuedLease[] = []
    for (const [mark, key] of keys) {
      const record = key === null ? undefined : entries.get(key)?.json<LeaseRecord>()
      if (record && markOf(record) === mark) leases.push({ mark, record })
      else await this.#dropMark(mark, key)
    }
    if (marks.length < free.length) return { leases, last: marks.at(-1)!, isEnd: false }
    return { leases, last: all.at(-1) ?? '', isEnd: all.length < page.limit }
  }

  async #dropMark(mark: string, key: string | null): Promise<void> {
    await this.#storage.transaction(async (tx) => {
      const record = key === null ? undefined : (await tx.get(key))?.json<LeaseRecord>()
      if (!record || markOf(record) !== mark) tx.delete(mark)
    })
  }

  /** How many are queued, counted up to `most`. */
  async length(lane: string, most: number): Promise<number> {
    let count = 0
    let after: string | undefined
    while (count < most) {
      const page = after === undefined ? { limit: 1000 } : { limit: 1000, after }
      const marks = await this.#storage.range(lanePrefix(lane), page)
      count += marks.length
      if (marks.length < 1000) break
      // A page takes a millisecond: requests get in between.
      await nextTurn()
      after = marks.at(-1)
    }
    return count
  }

  /**
   * Records how up to LEASE_BATCH revocations ended, in one commit: a lease that is revoked goes, one that
   * was refused is tried again after a pause or is irrevocable, one without an answer is queued. `isAwaited`:
   * a caller waits for it, so it is no background work.
   */
  async settle(outcomes: readonly Outcome[], { isAwaited = false } = {}): Promise<void> {
    const now = this.#clock.now()
    const changes = outcomes.map((outcome) => ({
      ...outcome,
      change: this.#changeOf(outcome, now),
    }))
    const record = async (tx: CoreTx): Promise<void> => {
      const entries = await tx.read(outcomes.map(({ record }) => keyOfLease(record)))
      for (const { record, mark, change } of changes) {
        const stored = entries.get(keyOfLease(record))?.json<LeaseRecord>()
        if (mark !== '' && (!stored || markOf(stored) !== mark)) tx.delete(mark)
        if (!stored) continue
        if (change) {
          if (stored.state === 'revoking') putChanged(tx, stored, change(stored))
          continue
        }
        dropEntry(tx, stored)
        if (stored.counted) await this.#quotas.release(tx, stored.counted)
      }
    }
    if (isAwaited) await this.#storage.transaction(record)
    else await this.#commit(outcomes.length, record)
    for (const { error } of outcomes) {
      if (error === undefined) this.#counts.leasesRevoked += 1
      else this.#counts.leaseRevocationFailures += 1
    }
  }

  /** null: it goes. */
  #changeOf(
    { record, error }: Outcome,
    now: number,
  ): ((stored: LeaseRecord) => LeaseRecord) | null {
    if (error === undefined) return null
    if (isUnreachable(error)) {
      return (stored) =>
        stored.isQueued
          ? stored
          : { ...stored, isQueued: true, dueAtMs: now, lastError: words(error) }
    }
    const failures = record.failures + 1
    this.#log.warn('lease was not revoked', { id: record.id, failures, err: error })
    const pause = FIRST_PAUSE_MS * 2 ** (failures - 1) * (0.5 + this.#random.fraction())
    return ({ isQueued: _, ...stored }) => ({
      ...stored,
      failures,
      lastError: words(error),
      state: failures >= MAX_TRIES ? 'irrevocable' : 'revoking',
      dueAtMs: Math.trunc(now + pause),
    })
  }

  async silent(lane: string): Promise<SilentLane | null> {
    return (await this.#storage.get(LEASE_LANE_PREFIX + lane))?.json<SilentLane>() ?? null
  }

  /** null: it answers again. */
  async noteSilent(lane: string, silent: SilentLane | null): Promise<void> {
    const key = LEASE_LANE_PREFIX + lane
    if (silent) await this.#storage.put(key, { json: silent })
    else await this.#storage.delete(key)
  }
}

const keyOfMark = (mark: string): string | null => {
  const id = leaseIdOfMark(mark)
  return id === null ? null : keyOfLeaseId(id)
}

/** For those who look at the lease: what is no ApiError is a bug, and the log has it. */
export const words = (error: unknown): string =>
  error instanceof ApiError ? error.messages.join('; ') : 'internal error'
