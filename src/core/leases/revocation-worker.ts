// Works off the queues of revocations of the shards that this process has claimed: lane after lane in turn,
// each within its bound and at its pace, so that a dead database costs a try now and then and holds up nobody,
// and one that comes back is not flooded. How revocations ended is recorded many in a commit; until then a
// crash repeats them, which kinds allow.
import { setMaxListeners } from 'node:events'
import type { Clock } from '../../base/clock.ts'
import { MAX_PAGE } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import type { Log } from '../../sdk/log.ts'
import { isUnreachable } from '../../sdk/unreachable.ts'
import type { BackgroundPace } from '../jobs/background-pace.ts'
import { shardOf } from '../jobs/due-index.ts'
import type { Metric } from '../metrics/metric.ts'
import { epochOf } from '../mounts/mount-contexts.ts'
import type { CoreStorage } from '../store.ts'
import { LEASE_BATCH, type LeaseQueue, type QueuedLease, words } from './lease-queue.ts'
import type { LeaseRecord } from './lease-record.ts'
import type { LeaseWork } from './lease-work.ts'
import { RevocationLane } from './revocation-lane.ts'
import { RevocationMetrics } from './revocation-metrics.ts'

/** Revocations that run at once in this process, over all lanes: a promise each, so memory is the limit. */
const MAX_RUNNING = 256
/** Those of them that may be tries of silent lanes: they last as long as a timeout. */
const MAX_TRIES_RUNNING = 128
/** How long what was read of a mount is used, and its lane's bound. */
const OPENED_MS = 1000
/** The pause after storage failed. */
const STORAGE_PAUSE_MS = 1000
/** While requests come, outcomes are gathered for so long: one commit instead of a dozen small ones. */
const GATHER_MS = 100
/** How exactly and how often a queue is counted. */
const MOST_COUNTED = 20_000
const COUNT_EVERY_MS = 15_000
/** The queue of a silent lane only grows, which is seen as it happens in this process. */
const COUNT_SILENT_EVERY_MS = 300_000

export class RevocationWorker {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #queue: LeaseQueue
  readonly #work: LeaseWork
  readonly #pace: BackgroundPace
  readonly #lanes = new Map<string, RevocationLane>()
  /** Lanes that can begin something, in turn. */
  readonly #turn = new Set<RevocationLane>()
  readonly #metrics = new RevocationMetrics()
  readonly #stop = new AbortController()
  readonly #waiters = new Set<() => void>()
  #running = 0
  #triesRunning = 0
  /** Set while the next may not begin yet. */
  #stopPause: (() => void) | null = null

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    log: Log
    queue: LeaseQueue
    work: LeaseWork
    pace: BackgroundPace
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#log = of.log
    this.#queue = of.queue
    this.#work = of.work
    this.#pace = of.pace
    // Each revocation that runs listens to it.
    setMaxListeners(0, this.#stop.signal)
  }

  /** The lanes of this process's shards that have a queue now, whoever filled it. */
  async discover(shards: readonly number[]): Promise<void> {
    const owned = new Set(shards.map((shard) => shard.toString(16)))
    for (const lane of this.#lanes.values()) {
      lane.isLost = !owned.has(shardOf(lane.key))
      if (lane.isLost) lane.letGo()
      this.#offer(lane)
    }
    for (const shard of shards) {
      for (const key of await this.#queue.lanes(shard)) this.added(key, 0)
    }
    this.#pump()
  }

  /** Something was added to a queue. */
  added(key: string, count: number): void {
    if (this.#stop.signal.aborted) return
    let lane = this.#lanes.get(key)
    if (!lane) this.#lanes.set(key, (lane = new RevocationLane(key)))
    if (lane.isLost) return
    lane.queued += count
    lane.hasMore = true
    this.#count(lane)
    this.#offer(lane)
    this.#pump()
  }

  /** Begins nothing more and waits for what runs. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the server is being sealed or shut down'))
    for (const lane of this.#lanes.values()) lane.stopTimer?.()
    this.#stopPause?.()
    const isBusy = (): boolean =>
      this.#running > 0 ||
      [...this.#lanes.values()].some((lane) => lane.isLoading || lane.isSettling)
    while (isBusy()) await new Promise<void>((resolve) => this.#waiters.add(resolve))
    this.#lanes.clear()
  }

  metrics(): Metric[] {
    return this.#metrics.metrics(this.#lanes.values())
  }

  /** Sees to it that the lane goes on: in turn, by reading more, by a try when its pause is over, or not. */
  #offer(lane: RevocationLane): void {
    if (this.#stop.signal.aborted) return
    const now = this.#clock.monotonic()
    if (lane.canBegin(now)) this.#turn.add(lane)
    const wanted = lane.wanted(now)
    if (wanted > 0) void this.#load(lane, wanted)
    const { silentUntilMs, isSilent } = lane.pace
    if (isSilent && silentUntilMs > now && !lane.stopTimer && !lane.isLost) {
      this.#later(lane, silentUntilMs - now)
    }
    if (!lane.isOver) return
    lane.stopTimer?.()
    this.#lanes.delete(lane.key)
    this.#turn.delete(lane)
    if (lane.pace.isSilent && !lane.isLost) this.#note(lane, null)
  }

  #later(lane: RevocationLane, ms: number): void {
    lane.stopTimer?.()
    // Whole milliseconds: a timer that comes a hair too early would be set again and again.
    lane.stopTimer = this.#clock.after(Math.ceil(ms), () => {
      lane.stopTimer = null
      this.#offer(lane)
      this.#pump()
    })
  }

  #pump(): void {
    const now = this.#clock.monotonic()
    let passedOver = 0
    for (const lane of this.#turn) {
      if (this.#running >= MAX_RUNNING || this.#stop.signal.aborted || this.#isPausing()) return
      const isTry = lane.pace.isSilent
      if (isTry && this.#triesRunning >= MAX_TRIES_RUNNING) {
        if (++passedOver > MAX_RUNNING) return
        continue
      }
      this.#turn.delete(lane)
      if (!lane.canBegin(now)) continue
      this.#pace.started()
      void this.#revoke(lane, lane.ready.shift()!, isTry)
      this.#offer(lane)
    }
  }

  /** Requests come first: then the next one begins a little later. */
  #isPausing(): boolean {
    if (this.#stopPause) return true
    const wait = this.#pace.startsInMs
    if (wait === 0) return false
    this.#stopPause = this.#pace.later(wait, () => {
      this.#stopPause = null
      this.#pump()
    })
    return true
  }

  async #load(lane: RevocationLane, limit: number): Promise<void> {
    lane.isLoading = true
    try {
      if (!lane.isResumed) await this.#resume(lane)
      if (lane.pace.allowed(this.#clock.monotonic()) > 0) await this.#loadPage(lane, limit)
      lane.isLoading = false
    } catch (error) {
      lane.isLoading = false
      this.#log.warn('queue of revocations could not be read', { lane: lane.key, err: error })
      lane.letGo()
      // Nothing is wanted until then.
      lane.hasMore = false
      this.#clock.after(STORAGE_PAUSE_MS, () => this.added(lane.key, 0))
    }
    this.#wake()
    this.#offer(lane)
    this.#pump()
  }

  async #loadPage(lane: RevocationLane, limit: number): Promise<void> {
    lane.hasMore = false
    const { generation } = lane
    const page = { after: lane.after, limit: Math.min(limit + lane.held.size, MAX_PAGE) }
    const found = await this.#queue.page(lane.key, page, (mark) => lane.held.has(mark))
    const first = found.leases[0]
    // Before they can be begun: without its mount a lease would pass for one that is gone with it.
    if (first) await this.#open(lane, first.record)
    // What runs has changed the lane's mind meanwhile: it is read again from the front.
    if (generation !== lane.generation) return
    for (const lease of found.leases) {
      lane.held.add(lease.mark)
      lane.ready.push(lease)
    }
    // What is added while the end is being read is said by `added`.
    if (!found.isEnd) lane.hasMore = true
    lane.after = found.isEnd ? '' : found.last
  }

  async #resume(lane: RevocationLane): Promise<void> {
    const silent = await this.#queue.silent(lane.key)
    lane.isResumed = true
    if (!silent) return
    lane.silentSinceMs = silent.sinceMs
    const pause = silent.nextTryMs - this.#clock.now()
    lane.pace.resume(silent.failures, this.#clock.monotonic(), pause)
  }

  /** Reads the mount and the bound anew where they are no longer fresh. */
  async #open(lane: RevocationLane, first: LeaseRecord): Promise<void> {
    const now = this.#clock.monotonic()
    if (now - lane.openedAtMs < OPENED_MS) return
    lane.namespaceId = first.namespaceId
    lane.lane = first.lane ?? ''
    lane.mount = await this.#work.open(first)
    lane.openedAtMs = now
    if (!lane.mount) return
    try {
      lane.pace.setBound(await this.#work.boundOf(lane.mount, first, this.#stop.signal))
    } catch (error) {
      this.#log.warn('bound of revocations is not known', { mount: lane.mount.path, err: error })
    }
  }

  async #revoke(lane: RevocationLane, lease: QueuedLease, isTry: boolean): Promise<void> {
    const { mount } = lane
    lane.running++
    this.#running++
    if (isTry) this.#triesRunning++
    let error: unknown
    try {
      await this.#work.revoke(mount, lease.record, this.#stop.signal)
    } catch (thrown) {
      error = thrown ?? new Error('thrown without a reason')
    }
    const isUnanswered = isUnreachable(error)
    const isRefused = error !== undefined && !isUnanswered && !this.#stop.signal.aborted
    const isStale = isRefused && (await this.#isStale(mount))
    lane.running--
    this.#running--
    if (isTry) this.#triesRunning--
    if (error !== undefined && this.#stop.signal.aborted) lane.held.delete(lease.mark)
    else if (isUnanswered) this.#unanswered(lane, lease, error)
    else if (isStale) {
      // The mount changed under it (it is being disabled): that is no refusal of the other side.
      lane.openedAtMs = Number.NEGATIVE_INFINITY
      lane.held.delete(lease.mark)
      lane.letGo()
    } else {
      if (lane.pace.answered()) this.#answersAgain(lane)
      lane.outcomes.push({ ...lease, ...(error === undefined ? undefined : { error }) })
      void this.#settle(lane)
    }
    this.#wake()
    this.#offer(lane)
    this.#pump()
  }

  async #isStale(mount: RevocationLane['mount']): Promise<boolean> {
    if (!mount) return false
    return (await epochOf(this.#storage).catch(() => mount.epoch)) !== mount.epoch
  }

  /** The lease stays queued as it is, and costs nothing but this try. */
  #unanswered(lane: RevocationLane, lease: QueuedLease, error: unknown): void {
    lane.held.delete(lease.mark)
    lane.letGo()
    const now = this.#clock.monotonic()
    const pause = lane.pace.unanswered(now, this.#random.fraction())
    if (pause === null) return
    const { failures } = lane.pace
    const wallMs = this.#clock.now()
    if (failures === 1) {
      lane.silentSinceMs = wallMs
      const about = { mount: lane.mount?.path, lane: lane.lane, queued: lane.queued, err: error }
      this.#log.warn('revocations wait: the other side gives no answer', about)
    }
    this.#later(lane, pause)
    this.#note(lane, {
      namespaceId: lane.namespaceId,
      mountId: lane.mountId,
      lane: lane.lane,
      sinceMs: lane.silentSinceMs,
      failures,
      nextTryMs: Math.trunc(wallMs + pause),
      lastError: words(error),
    })
  }

  #answersAgain(lane: RevocationLane): void {
    const seconds = Math.round((this.#clock.now() - lane.silentSinceMs) / 1000)
    const about = { mount: lane.mount?.path, lane: lane.lane, queued: lane.queued, seconds }
    this.#log.info('revocations go on: the other side answers again', about)
    lane.silentSinceMs = 0
    this.#note(lane, null)
  }

  #note(lane: RevocationLane, silent: Parameters<LeaseQueue['noteSilent']>[1]): void {
    lane.noting = lane.noting
      .then(() => this.#queue.noteSilent(lane.key, silent))
      // It only shows what is so, and saves the next process a try.
      .catch(() => {})
  }

  /** Records what has ended, as much in a commit as came together during the last one. */
  async #settle(lane: RevocationLane): Promise<void> {
    if (lane.isSettling) return
    lane.isSettling = true
    while (lane.outcomes.length > 0) {
      await this.#gather(lane)
      const some = lane.outcomes.slice(0, LEASE_BATCH)
      if (await this.#record(some)) {
        lane.outcomes.splice(0, some.length)
        this.#metrics.settled(lane, some, this.#clock.now())
        for (const { mark } of some) lane.held.delete(mark)
        lane.queued = Math.max(0, lane.queued - some.length)
      } else if (this.#stop.signal.aborted) break
      else await this.#clock.sleep(STORAGE_PAUSE_MS, this.#stop.signal).catch(() => {})
    }
    lane.isSettling = false
    this.#wake()
    this.#offer(lane)
    this.#pump()
  }

  /** Waits where more will come and requests would feel many small commits. */
  async #gather(lane: RevocationLane): Promise<void> {
    const isAlone = lane.running === 0 && lane.ready.length === 0
    if (isAlone || lane.outcomes.length >= LEASE_BATCH || !this.#pace.isPressed) return
    await this.#clock.sleep(GATHER_MS, this.#stop.signal).catch(() => {})
  }

  async #record(outcomes: RevocationLane['outcomes']): Promise<boolean> {
    try {
      await this.#queue.settle(outcomes)
      return true
    } catch (error) {
      this.#log.warn('ended revocations could not be recorded yet', { err: error })
    }
    if (outcomes.length === 1) return false
    // One that can't be recorded must not hold up the others.
    for (const outcome of outcomes) await this.#queue.settle([outcome]).catch(() => {})
    return false
  }

  #count(lane: RevocationLane): void {
    const now = this.#clock.monotonic()
    const every = lane.pace.isSilent ? COUNT_SILENT_EVERY_MS : COUNT_EVERY_MS
    if (now - lane.countedAtMs < every) return
    lane.countedAtMs = now
    this.#queue.length(lane.key, MOST_COUNTED).then(
      (count) => {
        lane.queued = count < MOST_COUNTED ? count : Math.max(count, lane.queued)
      },
      () => {},
    )
  }

  #wake(): void {
    for (const wake of this.#waiters) wake()
    this.#waiters.clear()
  }
}
