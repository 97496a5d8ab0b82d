// One lane of the queue of revocations as the process that works it sees it: a window on its front, what runs
// of it, and how it ended until that is recorded. Nothing here is needed after a crash; all of it is bounded
// by the lane's pace, however long its queue.
import type { OpenMount } from '../mounts/mount-contexts.ts'
import { LanePace } from './lane-pace.ts'
import { LEASE_BATCH, type Outcome, type QueuedLease } from './lease-queue.ts'
import { mountOfLaneKey } from './lease-record.ts'

/** Leases read ahead of those that run. */
const MOST_AHEAD = 60
/**
 * Outcomes that may wait for their commit before no more is begun: one batch on its way and one gathered. A
 * crash repeats these and those that run.
 */
const MOST_UNRECORDED = 2 * LEASE_BATCH

export class RevocationLane {
  readonly key: string
  readonly mountId: string
  readonly pace = new LanePace()
  /** Read and not begun. */
  readonly ready: QueuedLease[] = []
  /** Marks that are read, run, or wait to be recorded: not to be read again. */
  readonly held = new Set<string>()
  readonly outcomes: Outcome[] = []
  running = 0
  isLoading = false
  isSettling = false
  /** What is stored of its silence was looked at. */
  isResumed = false
  /** More may stand behind `after`, or was added since the front was read. */
  hasMore = true
  after = ''
  /** Counts how often what was read was given back. */
  generation = 0
  /** Another process works its shard now. */
  isLost = false
  stopTimer: (() => void) | null = null
  mount: OpenMount | null = null
  /** When `mount` was read (null is an answer too); -Infinity: it must be read. */
  openedAtMs = Number.NEGATIVE_INFINITY
  /** About how many are queued. */
  queued = 0
  countedAtMs = Number.NEGATIVE_INFINITY
  /** Since when it gives no answer, by the wall clock; 0: it answers, or that is not known yet. */
  silentSinceMs = 0
  namespaceId = ''
  lane = ''
  /** Notes on its silence are written one after the other. */
  noting: Promise<void> = Promise.resolve()

  constructor(key: string) {
    this.key = key
    this.mountId = mountOfLaneKey(key)
  }

  canBegin(nowMs: number): boolean {
    if (this.ready.length === 0 || this.outcomes.length >= MOST_UNRECORDED || this.isLost)
      return false
    return this.running < this.pace.allowed(nowMs)
  }

  /** How many to read now; 0: none. */
  wanted(nowMs: number): number {
    if (!this.hasMore || this.isLoading || this.isLost) return 0
    const allowed = this.pace.allowed(nowMs)
    if (allowed === 0 || this.ready.length >= allowed) return 0
    if (this.pace.isSilent) return this.running === 0 ? 1 : 0
    return Math.min(Math.max(4 * allowed, 8), MOST_AHEAD)
  }

  get isIdle(): boolean {
    return this.running === 0 && this.outcomes.length === 0 && !this.isLoading && !this.isSettling
  }

  get isOver(): boolean {
    return this.isIdle && this.ready.length === 0 && (this.isLost || !this.hasMore)
  }

  /** Gives back what was read and not begun: it is read again from the front when its time comes. */
  letGo(): void {
    for (const { mark } of this.ready) this.held.delete(mark)
    this.ready.length = 0
    this.hasMore = true
    this.after = ''
    this.generation++
  }
}
