// Durable jobs: an entry with the item, and a due mark. Scheduling is part of the caller's commit. A job
// that fails is tried again with growing pauses and shows its last error; it is never forgotten.

import type { Clock } from '../../base/clock.ts'
import { ApiError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { JobResult } from '../../sdk/job.ts'
import type { Log } from '../../sdk/log.ts'
import type { Entry } from '../../sdk/storage.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { DUE_JOB, dueKey } from './due-index.ts'
import type { DueHandler, DueMark } from './due-worker.ts'

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
  /** Where its due mark stands. */
  readonly dueAtMs: number
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

  /** Adds a job to the transaction; answers its id, which may be given: one that was never used before. */
  schedule(
    tx: CoreTx,
    of: {
      id?: string
      kind: string
      namespaceId: string
      mountId?: string | null
      item: unknown
      atMs?: number
    },
  ): string {
    const id = of.id ?? this.#random.uuid()
    this.#put(tx, this.#record(id, of))
    return id
  }

  /** The same under a name of the caller's own; a job of that name that still waits is replaced. */
  async plan(
    tx: CoreTx,
    name: string,
    of: { kind: string; namespaceId: string; mountId: string; item: unknown; atMs: number },
  ): Promise<void> {
    const waiting = (await tx.get(JOB_PREFIX + name))?.json<JobRecord>()
    if (waiting) tx.delete(markOf(waiting))
    const at = Math.trunc(of.atMs)
    const atMs = waiting?.dueAtMs === at ? at + 1 : at
    this.#put(tx, this.#record(name, { ...of, atMs }))
  }

  /** Takes back what `plan` put, as part of a transaction. */
  async unplan(tx: CoreTx, name: string): Promise<void> {
    const waiting = (await tx.get(JOB_PREFIX + name))?.json<JobRecord>()
    if (!waiting) return
    tx.delete(JOB_PREFIX + name)
    tx.delete(markOf(waiting))
  }

  #record(
    id: string,
    of: {
      kind: string
      namespaceId: string
      mountId?: string | null
      item: unknown
      atMs?: number
    },
  ): JobRecord {
    const now = this.#clock.now()
    return {
      id,
      kind: of.kind,
      namespaceId: of.namespaceId,
      mountId: of.mountId ?? null,
      item: of.item,
      failures: 0,
      lastError: '',
      createdAtMs: now,
      dueAtMs: Math.trunc(of.atMs ?? now),
    }
  }

  #put(tx: CoreTx, record: JobRecord): void {
    tx.put(JOB_PREFIX + record.id, { json: record })
    tx.mark(markOf(record))
  }

  /** Takes back a job that is no longer needed; one that runs right now runs to its end. */
  async cancel(id: string): Promise<void> {
    // Its due mark finds no entry and goes by itself.
    await this.#storage.delete(JOB_PREFIX + id)
  }

  /** Jobs whose ids begin so, page by page in byte order. */
  async list(
    prefix: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly JobRecord[]> {
    const from = page.after === undefined ? {} : { after: JOB_PREFIX + page.after }
    const keys = await this.#storage.range(JOB_PREFIX + prefix, { limit: page.limit, ...from })
    const entries = keys.length === 0 ? [] : (await this.#storage.read(keys)).values()
    return [...entries].map((entry) => entry.json<JobRecord>())
  }

  async get(id: string): Promise<JobRecord | null> {
    return (await this.#storage.get(JOB_PREFIX + id))?.json<JobRecord>() ?? null
  }

  readonly onDue: DueHandler = async (mark, signal) => {
    const entry = await this.#storage.get(JOB_PREFIX + mark.id)
    if (!entry) return true
    const job = entry.json<JobRecord>()
    // A mark that a later plan left behind stands for nothing.
    if (job.dueAtMs > mark.atMs) return true
    const run = this.#kinds[job.kind]
    if (!run) throw new Error(`job of an unknown kind: ${job.kind}`)
    let result: JobResult<unknown>
    try {
      result = await run(job, signal)
    } catch (error) {
      if (signal.aborted) return false
      await this.#failed(entry, mark, job, error)
      return true
    }
    await this.#settle(entry, mark, (tx) => {
      if (result === 'done') tx.delete(JOB_PREFIX + job.id)
      else {
        const item = result.item === undefined ? job.item : result.item
        this.#again(tx, mark, { ...job, item, failures: 0, lastError: '' }, result.againAtMs)
      }
    })
    return true
  }

  /** Writes how a run ended, unless the job was replaced or taken back meanwhile. */
  async #settle(entry: Entry, mark: DueMark, end: (tx: CoreTx) => void): Promise<void> {
    await this.#storage.transaction(async (tx) => {
      const key = JOB_PREFIX + mark.id
      if ((await tx.get(key))?.version === entry.version) end(tx)
    })
  }

  async #failed(entry: Entry, mark: DueMark, job: JobRecord, error: unknown): Promise<void> {
    const failures = job.failures + 1
    const lastError = error instanceof ApiError ? error.messages.join('; ') : 'internal error'
    this.#log.warn('job failed', { job: job.kind, id: job.id, failures, err: error })
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
    const atMs = this.#clock.now() + pause * (0.5 + this.#random.fraction())
    await this.#settle(entry, mark, (tx) =>
      this.#again(tx, mark, { ...job, failures, lastError }, atMs),
    )
  }

  #again(tx: CoreTx, mark: DueMark, job: JobRecord, atMs: number): void {
    tx.delete(mark.key)
    // The worker deletes the old mark once more afterwards: the new one must have another key.
    this.#put(tx, { ...job, dueAtMs: Math.max(Math.trunc(atMs), mark.atMs + 1) })
  }
}

const markOf = (job: JobRecord): string => dueKey(DUE_JOB, job.namespaceId, job.id, job.dueAtMs)

/** The name of a plugin's job: unique over mounts, without a slash, as due marks need it. */
export const pluginJobName = (mountId: string, kind: string, id: string): string =>
  `${mountId}.${kind}.${encodeURIComponent(id)}`
