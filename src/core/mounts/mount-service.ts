// Changes to mounts: enable, disable, tune, remount. Every change reads and moves the core epoch, so
// changes are serial over all processes and visible to the next request everywhere.

import type { Clock } from '../../base/clock.ts'
import { badRequest } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { Engine } from '../../sdk/plugin.ts'
import { CORE_EPOCH_KEY, mountKey } from '../keys.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { mountAliveKey } from './mount-alive.ts'
import { defaultMountConfig, type MountConfig, type MountRecord } from './mount-record.ts'
import type { FindEngine, NamespaceRecord, TopologyView } from './topology.ts'

export interface MountSpec {
  readonly class: 'secret' | 'auth'
  readonly type: string
  /** With trailing slash, auth mounts with 'auth/' in front. */
  readonly path: string
  readonly description?: string
  readonly config?: Partial<MountConfig>
  readonly options?: Readonly<Record<string, string>> | null
  readonly local?: boolean
  readonly sealWrap?: boolean
  readonly externalEntropyAccess?: boolean
}

/** What is left to do for a mount that no longer serves: its leases, then its data, then the record. */
export interface DyingMount {
  readonly record: MountRecord
  readonly namespaceId: string
}

export const dyingMountKey = (mountId: string): string => `core/mount-dying/${mountId}`

/** The id of the namespace of a mount that was moved there: leases and jobs name the one that they began in. */
export const movedMountKey = (mountId: string): string => `core/mount-moved/${mountId}`

/** Schedules the work behind a disabled mount, in the commit that disables it. */
export type ScheduleUnmount = (tx: CoreTx, dying: DyingMount) => void

/** Carries along what stands under the namespace's id, where a mount moves to another one. */
export type ScheduleMove = (
  tx: CoreTx,
  move: {
    readonly mountId: string
    readonly fromNamespaceId: string
    readonly toNamespaceId: string
  },
) => void

/** First segments that only core itself may mount. */
const RESERVED = ['sys/', 'cubbyhole/', 'identity/', 'auth/token/', 'auth/']

export class MountService {
  readonly #storage: CoreStorage
  readonly #findEngine: FindEngine
  readonly #clock: Clock
  readonly #random: Random
  readonly #scheduleUnmount: ScheduleUnmount
  readonly #scheduleMove: ScheduleMove

  constructor(of: {
    storage: CoreStorage
    findEngine: FindEngine
    clock: Clock
    random: Random
    scheduleUnmount: ScheduleUnmount
    scheduleMove: ScheduleMove
  }) {
    this.#storage = of.storage
    this.#findEngine = of.findEngine
    this.#clock = of.clock
    this.#random = of.random
    this.#scheduleUnmount = of.scheduleUnmount
    this.#scheduleMove = of.scheduleMove
  }

  /** Throws 400 where the type is unknown or the path is taken; the texts are Vault's. */
  async enable(
    view: TopologyView,
    namespace: NamespaceRecord,
    spec: MountSpec,
  ): Promise<MountRecord> {
    assertMountPath(spec.path, spec.class)
    const engine = this.#engineOf(spec.class, spec.type)
    const table = await view.table(namespace)
    const clash = table.clash(spec.path)
    if (clash) throw badRequest(`path is already in use at ${clash.record.path}`)
    const firstName = spec.path.slice(0, spec.path.indexOf('/'))
    if (await view.child(namespace.id, firstName)) {
      throw badRequest(`path is already in use by the namespace ${firstName}/`)
    }
    const record = this.newRecord(engine, spec)
    await this.#storage.transaction(async (tx) => {
      await expectEpoch(tx, view)
      this.insert(tx, namespace.id, record)
      tx.touch(CORE_EPOCH_KEY)
    })
    return record
  }

  newRecord(engine: Engine, spec: MountSpec): MountRecord {
    return {
      id: this.#random.uuid(),
      accessor: `${spec.class === 'auth' ? 'auth_' : ''}${engine.type}_${this.#random.bytes(4).toString('hex')}`,
      class: spec.class,
      type: engine.type,
      path: spec.path,
      description: spec.description ?? '',
      createdAtMs: this.#clock.now(),
      config: { ...defaultMountConfig, ...spec.config },
      options: spec.options ?? null,
      local: spec.local ?? false,
      sealWrap: spec.sealWrap ?? false,
      externalEntropyAccess: spec.externalEntropyAccess ?? false,
      pluginVersion: '',
    }
  }

  /** Adds a mount within the caller's transaction (which moves the epoch). */
  insert(tx: CoreTx, namespaceId: string, record: MountRecord): void {
    tx.put(mountKey(namespaceId, record.id), { json: record })
    tx.mark(mountAliveKey(record.id))
  }

  /** Takes a mount out of service at once; what it leaves behind is worked off by a job. */
  async disable(view: TopologyView, namespace: NamespaceRecord, path: string): Promise<void> {
    const mount = (await view.table(namespace)).at(path)
    if (!mount) return
    if (RESERVED.includes(path)) throw badRequest(`cannot unmount "${path}"`)
    await this.#storage.transaction(async (tx) => {
      await expectEpoch(tx, view)
      this.retire(tx, namespace.id, mount.record)
      tx.touch(CORE_EPOCH_KEY)
    })
  }

  /** The part of `disable` that namespaces use too. */
  retire(tx: CoreTx, namespaceId: string, record: MountRecord): void {
    const dying: DyingMount = { record, namespaceId }
    tx.delete(mountKey(namespaceId, record.id))
    tx.delete(mountAliveKey(record.id))
    tx.put(dyingMountKey(record.id), { json: dying })
    this.#scheduleUnmount(tx, dying)
  }

  async tune(
    namespace: NamespaceRecord,
    record: MountRecord,
    change: (record: MountRecord) => MountRecord,
  ): Promise<void> {
    const key = mountKey(namespace.id, record.id)
    await this.#storage.transaction(async (tx) => {
      const entry = await tx.get(key)
      if (!entry) throw badRequest(`no mount at ${record.path}`)
      const before = entry.json<MountRecord>()
      const after = change(before)
      tx.put(key, { json: after })
      tx.touch(CORE_EPOCH_KEY)
      // What the engine's former version still has in flight must not land among the new one's data.
      if (before.options?.version !== after.options?.version) tx.touch(mountAliveKey(record.id))
    })
  }

  /** Moves a mount to another path, perhaps in another namespace, without touching its data. */
  async move(
    view: TopologyView,
    from: { readonly namespace: NamespaceRecord; readonly path: string },
    to: { readonly namespace: NamespaceRecord; readonly path: string },
  ): Promise<MountRecord> {
    const mount = (await view.table(from.namespace)).at(from.path)
    if (!mount) throw badRequest(`no matching mount at "${from.namespace.path}${from.path}"`)
    if (RESERVED.includes(from.path)) throw badRequest(`cannot remount "${from.path}"`)
    if (mount.record.class !== (to.path.startsWith('auth/') ? 'auth' : 'secret')) {
      throw badRequest('cannot remount between secrets engines and auth methods')
    }
    assertMountPath(to.path, mount.record.class)
    const target = await view.table(to.namespace)
    const clash = target.mounts.find(
      ({ record }) =>
        record.id !== mount.record.id &&
        (record.path.startsWith(to.path) || to.path.startsWith(record.path)),
    )
    if (clash) throw badRequest(`path is already in use at ${clash.record.path}`)
    if (await view.child(to.namespace.id, to.path.slice(0, to.path.indexOf('/')))) {
      throw badRequest(`path is already in use by the namespace ${to.path}`)
    }
    const moved: MountRecord = { ...mount.record, path: to.path }
    await this.#storage.transaction(async (tx) => {
      await expectEpoch(tx, view)
      tx.delete(mountKey(from.namespace.id, moved.id))
      tx.put(mountKey(to.namespace.id, moved.id), { json: moved })
      const [fromNamespaceId, toNamespaceId] = [from.namespace.id, to.namespace.id]
      if (fromNamespaceId !== toNamespaceId) {
        tx.put(movedMountKey(moved.id), toNamespaceId)
        this.#scheduleMove(tx, { mountId: moved.id, fromNamespaceId, toNamespaceId })
      }
      tx.touch(CORE_EPOCH_KEY)
    })
    return moved
  }

  #engineOf(recordClass: 'secret' | 'auth', type: string): Engine {
    const engine = this.#findEngine(recordClass, type)
    if (!engine) {
      throw badRequest(
        `plugin not found in the catalog: ${type} (known types are listed by sys/plugins/catalog)`,
      )
    }
    return engine
  }
}

/** The change was planned on this view: it only counts if nothing about mounts moved since. */
export async function expectEpoch(tx: CoreTx, view: TopologyView): Promise<void> {
  tx.expect(CORE_EPOCH_KEY, view.version === '' ? null : view.version)
}

function assertMountPath(path: string, recordClass: 'secret' | 'auth'): void {
  const name = recordClass === 'auth' ? path.slice('auth/'.length) : path
  if (name === '/' || name === '' || path.includes('//')) throw badRequest('invalid mount path')
  if (recordClass === 'secret' && RESERVED.some((reserved) => path.startsWith(reserved))) {
    throw badRequest(`cannot mount under the reserved path "${path}"`)
  }
  if (path === 'auth/token/') throw badRequest(`path is already in use at ${path}`)
  if (/[+*\s]/.test(path)) throw badRequest('a mount path cannot contain "+", "*" or white space')
}
