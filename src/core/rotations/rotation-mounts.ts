// Rotations of a mount as a whole: they go with it when it is disabled, and follow it into another
// namespace. Both page through them in small commits that any process may take over at any point.
import type { JobResult } from '../../sdk/job.ts'
import type { Log } from '../../sdk/log.ts'
import type { JobRecord } from '../jobs/job-service.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { RotationLog } from './rotation-log.ts'
import {
  dropRecord,
  historyKey,
  putRecord,
  RECORD_PREFIX,
  type RotationRecord,
} from './rotation-record.ts'

export const ROTATION_MOVE_JOB = 'rotation-move'

/** Records of one commit: each takes up to nine writes of its hundred. */
const PAGE = 10

interface Move {
  readonly mountId: string
  readonly fromNamespaceId: string
  readonly toNamespaceId: string
}

export class RotationMounts {
  readonly #storage: CoreStorage

  readonly #log: RotationLog

  constructor(storage: CoreStorage, log: Log) {
    this.#storage = storage
    this.#log = new RotationLog(log)
  }

  /** Drops the records of a mount that is being taken down; false where it was interrupted. */
  drop(namespaceId: string, mountId: string, signal: AbortSignal): Promise<boolean> {
    return this.#each(namespaceId, mountId, signal, async (tx, record) => {
      if (record.staging) this.#log.givenUp(record, 'its mount was disabled')
      dropRecord(tx, record)
    })
  }

  /** The job behind a mount's move to another namespace. */
  async runMove(job: JobRecord, signal: AbortSignal): Promise<JobResult<unknown>> {
    const { mountId, fromNamespaceId, toNamespaceId } = job.item as Move
    const isDone = await this.#each(fromNamespaceId, mountId, signal, async (tx, record) => {
      const history = await tx.get(historyKey(record))
      dropRecord(tx, record)
      const moved = { ...record, namespaceId: toNamespaceId, claim: null }
      putRecord(tx, null, moved)
      if (history) tx.put(historyKey(moved), history.bytes())
    })
    return isDone ? 'done' : { againAtMs: 0 }
  }

  async #each(
    namespaceId: string,
    mountId: string,
    signal: AbortSignal,
    body: (tx: CoreTx, record: RotationRecord) => Promise<void>,
  ): Promise<boolean> {
    const prefix = `${RECORD_PREFIX}${namespaceId}/${mountId}/`
    while (!signal.aborted) {
      const keys = await this.#storage.range(prefix, { limit: PAGE })
      if (keys.length === 0) return true
      await this.#storage.transaction(async (tx) => {
        const found = await tx.read(keys)
        for (const entry of found.values()) await body(tx, entry.json<RotationRecord>())
      })
    }
    return false
  }
}
