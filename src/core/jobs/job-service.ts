// Durable jobs: an entry with the item, and a due mark. Scheduling is part of the caller's commit. A job
// that fails is tried again with growing pauses and shows its last error; it is never forgotten.

import type { Clock } from '../../base/clock.ts'
import { ApiError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { JobResult } from '../../sdk/job.ts'
import type { Log } from '../../sdk/log.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { dueIndex } from './due-index.ts'
import type { DueHandler, DueMark } from './due-worker.ts'

export const DUE_JOB = 'job'
const JOB_PREFIX = 'core/job/'

export interface JobRecord {
  readonly id: string
  readonly kind: string
  readonly namespaceId: string
  /** The mount it works for; null for core's own. */
  readonly mountId: string | null
  readonly item: unknown
  /** Failed tries so far. */
  readonly failures: number
  /** In words, without secrets; '' while it never failed. */
  readonly lastError: string
  readonly createdAtMs: number
}

/** Runs a job of one kind; a throw is a failed try. */
export type RunJob = (job: JobRecord, signal: AbortSignal) => Promise<JobResult<unknown>>

const FIRST_PAUSE_MS = 2000
const LONGEST_PAUSE_MS = 3600_000

export class JobService {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #kinds: Readonly<Record<string, RunJob>>

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    log: Log
    /** Kept by reference: kinds that need later services are added to it. */
    kinds: Readonly<Record<string, RunJob>>
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#log = of.log
    this.#kinds = of.kinds
  }

  /** Adds a job to the transaction; answers its id. */
  schedule(
    tx: CoreTx,
    of: {
      kind: string
      namespaceId: string
      mountId?: string | null
      item: unknown
      atMs?: number
    },
  ): string {
    const now = this.#clock.now()
    const record: JobRecord = {
      id: this.#random.uuid(),
      kind: of.kind,
      namespaceId: of.namespaceId,
      mountId: of.mountId ?? null,
      item: of.item,
      failures: 0,
      lastError: '',
      createdAtMs: now,
    }
    tx.put(JOB_PREFIX + record.id, { json: record })
    dueIndex.schedule(tx, DUE_JOB, of.namespaceId, record.id, of.atMs ?? now)
    return record.id
  }

  /** Takes back a job that is no longer needed; one that runs right now runs to its end. */
  async cancel(id: string): Promise<void> {
    // Its due mark finds no entry and goes by itself.
    await this.#storage.delete(JOB_PREFIX + id)
  }

  async get(id: string): Promise<JobRecord | null> {
    return (await this.#storage.get(JOB_PREFIX + id))?.json<JobRecord>() ?? null
  }

  readonly onDue: DueHandler = async (mark, signal) => {
    const entry = await this.#storage.get(JOB_PREFIX + mark.id)
    if (!entry) return true
    const job = entry.json<JobRecord>()
    const run = this.#kinds[job.kind]
    if (!run) throw new Error(`job of an unknown kind: ${job.kind}`)
    let result: JobResult<unknown>
    try {
      result = await run(job, signal)
    } catch (error) {
      if (signal.aborted) return false
      await this.#failed(mark, job, error)
      return true
    }
    await this.#storage.transaction(async (tx) => {
      if (!(await tx.get(JOB_PREFIX + job.id))) return
      if (result === 'done') tx.delete(JOB_PREFIX + job.id)
      else {
        const item = result.item === undefined ? job.item : result.item
        tx.put(JOB_PREFIX + job.id, { json: { ...job, item, failures: 0, lastError: '' } })
        this.#moveMark(tx, mark, result.againAtMs)
      }
    })
    return true
  }

  async #failed(mark: DueMark, job: JobRecord, error: unknown): Promise<void> {
    const failures = job.failures + 1
    const lastError = error instanceof ApiError ? error.messages.join('; ') : 'internal error'
    this.#log.warn('job failed', { job: job.kind, id: job.id, failures, err: error })
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
    const atMs = this.#clock.now() + pause * (0.5 + this.#random.fraction())
    await this.#storage.transaction(async (tx) => {
      if (!(await tx.get(JOB_PREFIX + job.id))) return
      tx.put(JOB_PREFIX + job.id, { json: { ...job, failures, lastError } })
      this.#moveMark(tx, mark, atMs)
    })
  }

  #moveMark(tx: CoreTx, mark: DueMark, atMs: number): void {
    tx.delete(mark.key)
    // The worker deletes the old mark once more afterwards: the new one must have another key.
    dueIndex.schedule(tx, DUE_JOB, mark.namespaceId, mark.id, Math.max(atMs, mark.atMs + 1))
  }
}
