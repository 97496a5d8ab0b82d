// Rotations: the records that engines keep of what is to be replaced in its time, worked by whichever process
// owns the due mark, or by the request that asks for it now. One run at a time has a record: its claim names
// the process, which counts as dead once its heartbeat stood still (jobs/shard-claims.ts).
import type { Clock } from '../../base/clock.ts'
import { ApiError, badRequest, internal, unavailable } from '../../base/errors.ts'
import { MAX_REQUEST_SECONDS } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { Log } from '../../sdk/log.ts'
import type { Engine } from '../../sdk/plugin.ts'
import type { GivenUp, RotationHold } from '../../sdk/rotation.ts'
import type { DueHandler } from '../jobs/due-worker.ts'
import type { ShardClaims } from '../jobs/shard-claims.ts'
import type { Counts } from '../metrics/server-metrics.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { addEvent } from './rotation-history.ts'
import { RotationLog } from './rotation-log.ts'
import { planned } from './rotation-outcome.ts'
import { type ByHand, taskOf } from './rotation-plan.ts'
import {
  dropRecord,
  holdAt,
  putRecord,
  type RotationRecord,
  type RotationRef,
  recordKey,
  refOfDue,
} from './rotation-record.ts'
import { RotationRun, type RunResult } from './rotation-run.ts'

export type ContextOfMount = (
  namespaceId: string,
  mountId: string,
  signal: AbortSignal,
) => Promise<{ readonly engine: Engine; readonly context: MountContext } | null>

interface Parts {
  readonly storage: CoreStorage
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly counts: Pick<Counts, 'rotations' | 'rotationFailures'>
  readonly contextOf: ContextOfMount
  readonly claims: Pick<ShardClaims, 'id' | 'announce' | 'lives'>
}

/** How often a request looks whether another process has ended its run. */
const POLL_MS = 200
/** How long a request waits for a rotation: it answers before its own time is over. */
const LONGEST_WAIT_MS = (MAX_REQUEST_SECONDS - 10) * 1000

/** Between tries of giving a claim back. */
const GIVE_UP_PAUSE_MS = 2000

export class RotationService {
  readonly #parts: Parts
  readonly #log: RotationLog
  /** Runs of this process: a claim in its name that isn't here was left behind by a failed commit. */
  readonly #running = new Set<string>()
  readonly #stop = new AbortController()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#log = new RotationLog(parts.log)
  }

  async find(ref: RotationRef): Promise<RotationRecord | null> {
    return (await this.#parts.storage.get(recordKey(ref)))?.json<RotationRecord>() ?? null
  }

  /** Changes a record as part of the caller's transaction; answers what it gives up. */
  async change(
    tx: CoreTx,
    ref: RotationRef,
    change: (before: RotationRecord | null) => Promise<RotationRecord>,
  ): Promise<GivenUp | null> {
    const { clock } = this.#parts
    const before = (await tx.get(recordKey(ref)))?.json<RotationRecord>() ?? null
    const after = planned(before, await change(before), clock.now())
    putRecord(tx, before, after)
    if (!before?.staging || after.staging) return null
    const { username } = before.staging
    this.#log.givenUp(before, 'its user is none of those that rotate any more')
    const error = `given up, since ${username} is rotated no more; its new secret may be in force`
    const event = { outcome: 'failed', username, error } as const
    await addEvent(tx, before, event, { nowMs: clock.now(), durationMs: 0 })
    return { username }
  }

  /** Answers the record that was removed; null where there was none. What was under way is given up. */
  async remove(tx: CoreTx, ref: RotationRef): Promise<RotationRecord | null> {
    const before = (await tx.get(recordKey(ref)))?.json<RotationRecord>() ?? null
    if (!before) return null
    dropRecord(tx, before)
    if (before.staging) this.#log.givenUp(before, 'what it belongs to was deleted')
    return before
  }

  /** Pauses, freezes or (null) resumes. Answers the record; null where there is none. */
  async hold(ref: RotationRef, hold: RotationHold | null): Promise<RotationRecord | null> {
    const changed = await this.#parts.storage.transaction(async (tx) => {
      const before = (await tx.get(recordKey(ref)))?.json<RotationRecord>()
      if (!before) return null
      const after = planned(before, { ...before, hold }, this.#parts.clock.now())
      return putRecord(tx, before, after)
    })
    if (changed) {
      const { kind, id } = changed
      this.#log.info('rotation hold changed', { kind, id, mode: hold?.mode ?? 'none' })
    }
    return changed
  }

  /**
   * Rotates at once and waits for the outcome; null where there is no such record. A rotation that another
   * run ends meanwhile is as good. Throws what the failed step threw.
   */
  async rotateNow(ref: RotationRef, byHand: ByHand): Promise<RotationRecord | null> {
    const { clock } = this.#parts
    const until = clock.monotonic() + LONGEST_WAIT_MS
    const first = await this.find(ref)
    for (let record = first; record; record = await this.find(ref)) {
      if (record.count > first!.count) return record
      const result = await this.#run(ref, byHand)
      switch (result.did) {
        case 'gone':
          return null
        case 'rotated':
          return (await this.find(ref)) ?? result.record
        case 'failed':
          throw failureOf(result)
        case 'nothing':
          throw refusalOf(record, clock.now())
      }
      if (clock.monotonic() > until) {
        throw unavailable(
          'the rotation is still under way; sys/rotation/records shows how it goes on',
        )
      }
      if (result.did === 'busy') await clock.sleep(POLL_MS)
    }
    return null
  }

  readonly onDue: DueHandler = async (mark, signal) => {
    const ref = refOfDue(mark.namespaceId, mark.id)
    if (!ref) return true
    const result = await this.#run(ref, null, signal)
    if (result.did === 'gone') return true
    if (result.did === 'nothing') await this.#replan(ref, mark.atMs)
    const record = await this.find(ref)
    return record?.dueAtMs !== mark.atMs
  }

  /** Lets no new step begin. */
  close(): void {
    this.#stop.abort(new Error('the server is being sealed or shut down'))
  }

  async #run(ref: RotationRef, byHand: ByHand | null, signal?: AbortSignal): Promise<RunResult> {
    const { storage, clock, random, counts, claims, contextOf } = this.#parts
    if (this.#stop.signal.aborted) return { did: 'busy' }
    const entry = await storage.get(recordKey(ref))
    if (!entry) return { did: 'gone' }
    const record = entry.json<RotationRecord>()
    if (record.claim && (await this.#isLive(record.claim))) return { did: 'busy' }
    if (taskOf(record, clock.now(), byHand) === null) return { did: 'nothing' }
    const stop = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal
    const mount = await contextOf(ref.namespaceId, ref.mountId, stop)
    // Its mount is on the way to another namespace, or is being taken down: the record follows.
    if (!mount) return { did: 'busy' }
    const kind = mount.engine.rotations?.find(({ name }) => name === ref.kind)
    if (!kind) throw internal(`${mount.engine.type} knows no rotation of the kind "${ref.kind}"`)
    const claim = { run: random.uuid(), worker: claims.id }
    this.#running.add(claim.run)
    try {
      await claims.announce()
      const log = this.#log
      const parts = { ref, context: mount.context, clock, random, log, counts, signal: stop, claim }
      return await new RotationRun(parts, kind, byHand).run(record, entry.version)
    } catch (error) {
      void this.#giveUp(ref, claim.run)
      throw error
    } finally {
      this.#running.delete(claim.run)
    }
  }

  /**
   * After a run that threw: whether its last commit happened is unknown, and a claim that it left would be
   * respected by the others for as long as this process lives.
   */
  async #giveUp(ref: RotationRef, run: string): Promise<void> {
    const { storage, clock } = this.#parts
    while (!this.#stop.signal.aborted) {
      try {
        await storage.transaction(async (tx) => {
          const before = (await tx.get(recordKey(ref)))?.json<RotationRecord>()
          if (before?.claim?.run !== run) return
          putRecord(tx, before, planned(before, { ...before, claim: null }, clock.now()))
        })
        return
      } catch {
        // The storage is away; once it is back, this is what is still to be said.
        await clock.sleep(GIVE_UP_PAUSE_MS)
      }
    }
  }

  async #isLive(claim: { readonly run: string; readonly worker: string }): Promise<boolean> {
    const { claims } = this.#parts
    return claim.worker === claims.id ? this.#running.has(claim.run) : claims.lives(claim.worker)
  }

  /** A mark that came too early (its hold ended, or a clock went back) moves to where it belongs. */
  async #replan(ref: RotationRef, atMs: number): Promise<void> {
    await this.#parts.storage.transaction(async (tx) => {
      const before = (await tx.get(recordKey(ref)))?.json<RotationRecord>()
      if (before?.dueAtMs !== atMs || before.claim) return
      const hold = holdAt(before, this.#parts.clock.now())
      putRecord(tx, before, planned(before, { ...before, hold }, this.#parts.clock.now()))
    })
  }
}

function failureOf(result: RunResult & { readonly did: 'failed' }): Error {
  const { error, record } = result
  const again = new Date(record.retryAtMs).toISOString()
  const words = `rotation failed: ${record.lastError}; it is tried again at ${again}`
  const status = error instanceof ApiError ? error.status : 500
  return new ApiError(status, [words], { cause: error })
}

function refusalOf(record: RotationRecord, nowMs: number): Error {
  const hold = holdAt(record, nowMs)
  if (hold?.mode === 'frozen') {
    const why = hold.reason === '' ? '' : `: ${hold.reason}`
    return badRequest(`rotation is frozen by ${hold.by}${why}`)
  }
  const until = new Date(record.graceUntilMs).toISOString()
  return badRequest(
    `the previous secret is valid until ${until}; rotating now would end it early, which force=true does`,
  )
}
