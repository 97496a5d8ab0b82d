// Work over all leases below a prefix, however many they are: queueing their revocation, dropping them by
// force, tidying their marks. Tokens made below the prefix are leases too: they are revoked first, so that
// none of them gets another lease meanwhile. It is a durable job that pages, so that a caller need not wait and no crash
// leaves half of it undone; a caller who waits works it off itself, with the job as its safety net.
import type { Clock } from '../../base/clock.ts'
import { unavailable } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { JobResult } from '../../sdk/job.ts'
import type { Log } from '../../sdk/log.ts'
import type { JobRecord, JobService } from '../jobs/job-service.ts'
import type { CoreStorage } from '../store.ts'
import { MARKED_STEP } from '../tokens/token-revoke.ts'
import type { TokenService } from '../tokens/token-service.ts'
import { LEASE_BATCH } from './lease-queue.ts'
import type { LeaseService } from './lease-service.ts'

export const LEASE_SWEEP_JOB = 'lease-sweep'
/** What the ids of such jobs begin with. */
export const SWEEP_JOB_IDS = 'lease-sweep.'

export interface LeaseSweep {
  /** queue: revoke them soon. revoke: and wait for it. force: drop them whatever the outside says. */
  readonly action: 'queue' | 'revoke' | 'force' | 'tidy'
  /** '' or a folder. */
  readonly prefix: string
  /** Where an earlier run came to, and how many leases it was over. */
  readonly after?: string
  readonly done?: number
  /** Only the leases of this mount. */
  readonly mountId?: string
  /** How far it came with the tokens; null: they are done. */
  readonly tokensAfter?: string | null
}

/** Leases of one page, and pages of so many commits. */
const PAGE = 5 * LEASE_BATCH
/** Leases of one run of the job, before it notes how far it came: a crash repeats at most these. */
const RUN = 20_000
/** A caller who waits has this long before the job takes over: longer than any request may take. */
const HANDOVER_MS = 120_000

type SweptTokens = Pick<TokenService, 'leaseNames' | 'revokeMarked'>

export class LeaseSweeps {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #jobs: JobService
  readonly #leases: LeaseService
  readonly #tokens: SweptTokens
  readonly #random: Random
  readonly #log: Log

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    log: Log
    jobs: JobService
    leases: LeaseService
    tokens: SweptTokens
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#jobs = of.jobs
    this.#leases = of.leases
    this.#tokens = of.tokens
    this.#random = of.random
    this.#log = of.log
  }

  /** Leaves it to whoever works what is due. */
  async queue(namespaceId: string, sweep: LeaseSweep): Promise<void> {
    await this.#schedule(namespaceId, sweep, this.#clock.now())
  }

  /** Does it now. Where this ends early, the job goes on. Throws what went wrong with the first lease. */
  async carryOut(namespaceId: string, sweep: LeaseSweep, signal: AbortSignal): Promise<void> {
    if (!(await this.#isAnythingBelow(namespaceId, sweep.prefix))) return
    const takeOver = this.#clock.now() + HANDOVER_MS
    const job = await this.#schedule(namespaceId, sweep, takeOver)
    await this.#endTokens(namespaceId, sweep, Number.POSITIVE_INFINITY, signal)
    let after: string | undefined
    let failure: unknown = null
    const silent = new Set<string>()
    while (failure === null) {
      if (signal.aborted) {
        await this.#jobs.cancel(job)
        await this.queue(namespaceId, sweep)
        throw unavailable('the work goes on without this request')
      }
      const ids = await this.#page(namespaceId, sweep.prefix, after)
      // What is on one page is done before it could be in anybody's way.
      const isPaced = after !== undefined
      failure = await this.#each(ids, sweep, { silent, isPaced }, signal)
      if (ids.length < PAGE) break
      after = ids.at(-1)
    }
    await this.#jobs.cancel(job)
    if (failure === null) return
    // What failed is tried again with growing pauses, and the rest need not wait for this caller.
    await this.queue(namespaceId, sweep)
    throw failure
  }

  /** A run of the job. */
  async run(job: JobRecord, signal: AbortSignal): Promise<JobResult<LeaseSweep>> {
    const sweep = job.item as LeaseSweep
    const action = sweep.action === 'revoke' ? 'queue' : sweep.action
    let { after } = sweep
    let count = sweep.done ?? 0
    const silent = new Set<string>()
    const tokensAfter = await this.#endTokens(job.namespaceId, sweep, RUN, signal)
    if (tokensAfter !== null) {
      return { againAtMs: this.#clock.now(), item: { ...sweep, tokensAfter } }
    }
    for (let done = 0; done < RUN && !signal.aborted; done += PAGE) {
      const ids = await this.#page(job.namespaceId, sweep.prefix, after)
      const failure = await this.#each(ids, { ...sweep, action }, { silent, isPaced: true }, signal)
      if (failure !== null) throw failure
      count += ids.length
      if (ids.length < PAGE) {
        this.#log.info('leases below a path were worked off', { prefix: sweep.prefix, count })
        return 'done'
      }
      after = ids.at(-1)
    }
    this.#log.info('leases below a path are worked off', { prefix: sweep.prefix, count })
    const at = after === undefined ? undefined : { after }
    return {
      againAtMs: this.#clock.now(),
      item: { ...sweep, tokensAfter, done: count, ...at },
    }
  }

  async #isAnythingBelow(namespaceId: string, prefix: string): Promise<boolean> {
    const one = { limit: 1 }
    const leases = await this.#leases.idsBelow(namespaceId, prefix, one)
    if (leases.length > 0) return true
    return (await this.#tokens.leaseNames(namespaceId, prefix, one)).length > 0
  }

  /** Revokes tokens in the order of their names; null when none is left, else how far it came. */
  async #endTokens(
    namespaceId: string,
    { action, prefix, tokensAfter }: LeaseSweep,
    most: number,
    signal: AbortSignal,
  ): Promise<string | null> {
    if (tokensAfter === null || action === 'tidy') return null
    let after = tokensAfter ?? prefix
    for (let done = 0; done < most && !signal.aborted; done += MARKED_STEP) {
      const page = { limit: MARKED_STEP, after }
      const names = await this.#tokens.leaseNames(namespaceId, prefix, page)
      if (names.length > 0) await this.#tokens.revokeMarked(namespaceId, names)
      if (names.length < MARKED_STEP) return null
      after = names.at(-1)!
    }
    return after
  }

  #page(namespaceId: string, prefix: string, after: string | undefined) {
    const page = after === undefined ? { limit: PAGE } : { limit: PAGE, after }
    return this.#leases.idsBelow(namespaceId, prefix, page)
  }

  /** null, or the first failure. `silent` gathers lanes that gave no answer; see revokeNow. */
  async #each(
    ids: readonly string[],
    { action, mountId }: Pick<LeaseSweep, 'action' | 'mountId'>,
    how: { readonly silent: Set<string>; readonly isPaced: boolean },
    signal: AbortSignal,
  ): Promise<unknown> {
    const parts: (readonly string[])[] = []
    for (let at = 0; at < ids.length; at += LEASE_BATCH) parts.push(ids.slice(at, at + LEASE_BATCH))
    if (action === 'queue') {
      for (const some of parts) await this.#leases.queueRevocations(some, mountId)
      return null
    }
    if (action === 'tidy') {
      for (const some of parts) await this.#leases.tidy(some)
      return null
    }
    let failure: unknown = null
    for (const some of parts) {
      const of = { ...how, signal, isForced: action === 'force' }
      failure ??= await this.#leases.revokeNow(some, of)
      if (failure !== null || signal.aborted) break
    }
    return failure
  }

  async #schedule(namespaceId: string, item: LeaseSweep, atMs: number): Promise<string> {
    return this.#storage.transaction(async (tx) =>
      this.#jobs.schedule(tx, {
        id: SWEEP_JOB_IDS + this.#random.uuid(),
        kind: LEASE_SWEEP_JOB,
        namespaceId,
        item,
        atMs,
      }),
    )
  }
}
