// Moves of mounts: the move itself is one commit; its status is kept for a day so that whoever asks with
// the migration id learns how it ended.

import type { Clock } from '../../base/clock.ts'
import { ApiError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import type { MountRecord } from './mount-record.ts'
import type { MountService } from './mount-service.ts'
import type { NamespaceRecord, TopologyView } from './topology.ts'

export interface RemountStatus {
  readonly source_mount: string
  readonly target_mount: string
  readonly status: 'in-progress' | 'success' | 'failure'
}

type Target = { readonly namespace: NamespaceRecord; readonly path: string }

const KEPT_MS = 24 * 3600 * 1000
const statusKey = (id: string): string => `core/remount/${id}`

export class Remounts {
  readonly #storage: CoreStorage
  readonly #mounts: MountService
  readonly #clock: Clock
  readonly #random: Random
  readonly #revokeLeases: (record: MountRecord, namespace: NamespaceRecord) => Promise<void>
  readonly #forgetAt: (tx: CoreTx, id: string, atMs: number) => void

  constructor(of: {
    storage: CoreStorage
    mounts: MountService
    clock: Clock
    random: Random
    /** Leases carry the old path in their ids: they end with the move, as in Vault. */
    revokeLeases: (record: MountRecord, namespace: NamespaceRecord) => Promise<void>
    forgetAt: (tx: CoreTx, id: string, atMs: number) => void
  }) {
    this.#storage = of.storage
    this.#mounts = of.mounts
    this.#clock = of.clock
    this.#random = of.random
    this.#revokeLeases = of.revokeLeases
    this.#forgetAt = of.forgetAt
  }

  /** Moves the mount; answers the migration id. Throws 400 where it can't be moved. */
  async begin(view: TopologyView, from: Target, to: Target): Promise<string> {
    const id = this.#random.uuid()
    const source = (await view.table(from.namespace)).at(from.path)?.record
    await this.#mounts.move(view, from, to)
    const status: RemountStatus = {
      source_mount: `${from.namespace.path}${from.path}`,
      target_mount: `${to.namespace.path}${to.path}`,
      status: 'success',
    }
    try {
      if (source) await this.#revokeLeases(source, from.namespace)
      await this.#save(id, status)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      await this.#save(id, { ...status, status: 'failure' })
    }
    return id
  }

  async status(id: string): Promise<RemountStatus | null> {
    return (await this.#storage.get(statusKey(id)))?.json<RemountStatus>() ?? null
  }

  /** What the scheduled job does a day later. */
  async forget(id: string): Promise<void> {
    await this.#storage.delete(statusKey(id))
  }

  async #save(id: string, status: RemountStatus): Promise<void> {
    await this.#storage.transaction(async (tx) => {
      tx.put(statusKey(id), { json: status })
      this.#forgetAt(tx, id, this.#clock.now() + KEPT_MS)
    })
  }
}
