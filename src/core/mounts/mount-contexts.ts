// Contexts of mounts outside a request: for lease revocations and jobs, also of a mount that is being
// taken down and serves nobody else any more.
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { MountContext, MountInfo, MountServices, Namespace } from '../../sdk/context.ts'
import type { JobKind } from '../../sdk/job.ts'
import type { Log } from '../../sdk/log.ts'
import type { Engine } from '../../sdk/plugin.ts'
import type { ResourceKind } from '../../sdk/resource.ts'
import type { Rotations } from '../../sdk/rotation.ts'
import type { Storage, Tx } from '../../sdk/storage.ts'
import type { JobService } from '../jobs/job-service.ts'
import { planPluginJob, unplanPluginJob } from '../jobs/plugin-jobs.ts'
import { CORE_EPOCH_KEY, mountDataPrefix, mountKey, namespaceKey } from '../keys.ts'
import type { Resources } from '../resources/resources.ts'
import { MountRotations } from '../rotations/mount-rotations.ts'
import type { RotationService } from '../rotations/rotation-service.ts'
import type { CoreStorage } from '../store.ts'
import { mountAliveKey } from './mount-alive.ts'
import { type MountRecord, mountInfo } from './mount-record.ts'
import { type DyingMount, dyingMountKey } from './mount-service.ts'
import { type FindEngine, type NamespaceRecord, rootNamespace } from './topology.ts'

export interface MountContextParts {
  readonly storage: CoreStorage
  readonly findEngine: FindEngine
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly resources: Resources
  readonly jobs: Pick<JobService, 'plan' | 'unplan'>
  readonly rotations: RotationService
  servicesOf(record: MountRecord, namespace: Namespace): MountServices
}

class BackgroundContext implements MountContext {
  readonly namespace: Namespace
  readonly mount: MountInfo
  readonly storage: Storage
  readonly services: MountServices
  readonly signal: AbortSignal
  readonly log: Log
  readonly rotation: Rotations
  readonly #parts: MountContextParts
  readonly #record: MountRecord

  constructor(
    parts: MountContextParts,
    of: { record: MountRecord; namespace: Namespace; storage: Storage; signal: AbortSignal },
  ) {
    this.#parts = parts
    this.#record = of.record
    this.namespace = of.namespace
    this.mount = mountInfo(of.record)
    this.storage = of.storage
    this.services = parts.servicesOf(of.record, of.namespace)
    this.signal = of.signal
    this.rotation = new MountRotations(parts.rotations, {
      clock: parts.clock,
      namespaceId: of.namespace.id,
      mountId: of.record.id,
    })
    this.log = parts.log.named(`${of.record.class}.${of.record.type}`)
  }
  get clock(): Clock {
    return this.#parts.clock
  }
  get random(): Random {
    return this.#parts.random
  }
  schedule<I>(
    tx: Tx,
    kind: JobKind<I>,
    job: { readonly id: string; readonly atMs: number; readonly item: I },
  ): Promise<void> {
    return planPluginJob(this.#parts.jobs, tx, this.#record, this.namespace.id, kind.name, job)
  }
  unschedule<I>(tx: Tx, kind: JobKind<I>, id: string): Promise<void> {
    return unplanPluginJob(this.#parts.jobs, tx, this.#record, kind.name, id)
  }
  use<R, T>(kind: ResourceKind<R>, key: string, body: (resource: R) => Promise<T>): Promise<T> {
    return this.#parts.resources.use(this, kind, key, body)
  }
}

/** null where the mount is gone with all that it had. */
export async function contextOfMount(
  parts: MountContextParts,
  namespaceId: string,
  mountId: string,
  signal: AbortSignal,
): Promise<{ readonly engine: Engine; readonly context: MountContext } | null> {
  const keys = [mountKey(namespaceId, mountId), dyingMountKey(mountId), namespaceKey(namespaceId)]
  const entries = await parts.storage.read(keys)
  const living = entries.get(keys[0]!)?.json<MountRecord>()
  const record = living ?? entries.get(keys[1]!)?.json<DyingMount>().record
  if (!record) return null
  const engine = parts.findEngine(record.class, record.type)
  if (!engine) throw new Error(`no plugin of the type ${record.type}`)
  const namespace = entries.get(keys[2]!)?.json<NamespaceRecord>() ?? rootNamespace
  const alive = living ? await aliveVersion(parts.storage, mountId) : new Map<string, string>()
  const storage = parts.storage.scoped(mountDataPrefix(mountId), alive)
  return { engine, context: new BackgroundContext(parts, { record, namespace, storage, signal }) }
}

/** What commits must expect: the mount is still alive. A mount being taken down has no such mark. */
async function aliveVersion(storage: CoreStorage, mountId: string): Promise<Map<string, string>> {
  const key = mountAliveKey(mountId)
  const mark = (await storage.readRaw([CORE_EPOCH_KEY, key])).get(key)
  return mark ? new Map([[key, mark.version]]) : new Map()
}
