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
import type { Entry, Storage, Tx } from '../../sdk/storage.ts'
import type { JobService } from '../jobs/job-service.ts'
import { planPluginJob, unplanPluginJob } from '../jobs/plugin-jobs.ts'
import { CORE_EPOCH_KEY, mountDataPrefix, mountKey, namespaceKey } from '../keys.ts'
import type { Resources } from '../resources/resources.ts'
import { MountRotations } from '../rotations/mount-rotations.ts'
import type { RotationService } from '../rotations/rotation-service.ts'
import type { CoreStorage } from '../store.ts'
import { mountAliveKey } from './mount-alive.ts'
import { type MountRecord, mountInfo } from './mount-record.ts'
import { type DyingMount, dyingMountKey, movedMountKey } from './mount-service.ts'
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

/** What all contexts of a mount share while its record stands. */
interface Opened {
  readonly record: MountRecord
  readonly info: MountInfo
  readonly namespace: Namespace
  readonly storage: Storage
  readonly services: MountServices
  readonly log: Log
  readonly rotation: Rotations
}

/** A mount outside a request. It holds as long as `epoch` stands. */
export interface OpenMount {
  readonly engine: Engine
  readonly path: string
  readonly namespacePath: string
  /** The version of the core epoch at which it was read. */
  readonly epoch: string
  contextFor(signal: AbortSignal): MountContext
}

class BackgroundContext implements MountContext {
  readonly #parts: MountContextParts
  readonly #opened: Opened
  readonly signal: AbortSignal

  constructor(parts: MountContextParts, opened: Opened, signal: AbortSignal) {
    this.#parts = parts
    this.#opened = opened
    this.signal = signal
  }
  get namespace(): Namespace {
    return this.#opened.namespace
  }
  get mount(): MountInfo {
    return this.#opened.info
  }
  get storage(): Storage {
    return this.#opened.storage
  }
  get services(): MountServices {
    return this.#opened.services
  }
  get rotation(): Rotations {
    return this.#opened.rotation
  }
  get log(): Log {
    return this.#opened.log
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
    const { record, namespace } = this.#opened
    return planPluginJob(this.#parts.jobs, tx, record, namespace.id, kind.name, job)
  }
  unschedule<I>(tx: Tx, kind: JobKind<I>, id: string): Promise<void> {
    return unplanPluginJob(this.#parts.jobs, tx, this.#opened.record, kind.name, id)
  }
  use<R, T>(kind: ResourceKind<R>, key: string, body: (resource: R) => Promise<T>): Promise<T> {
    return this.#parts.resources.use(this, kind, key, body)
  }
}

/** null where the mount is gone with all that it had. It may have moved to another namespace since. */
export async function openMount(
  parts: MountContextParts,
  namespaceId: string,
  mountId: string,
): Promise<OpenMount | null> {
  const epoch = await epochOf(parts.storage)
  const [living, dying, moved] = await readEntries(parts.storage, [
    mountKey(namespaceId, mountId),
    dyingMountKey(mountId),
    movedMountKey(mountId),
  ])
  const place = dying?.json<DyingMount>().namespaceId ?? moved?.text() ?? namespaceId
  if (!living && !dying && place !== namespaceId) return openMount(parts, place, mountId)
  const record = living?.json<MountRecord>() ?? dying?.json<DyingMount>().record
  if (!record) return null
  const engine = parts.findEngine(record.class, record.type)
  if (!engine) throw new Error(`no plugin of the type ${record.type}`)
  const home = living ? namespaceId : place
  const namespace =
    (await parts.storage.get(namespaceKey(home)))?.json<NamespaceRecord>() ?? rootNamespace
  const alive = living ? await aliveVersion(parts.storage, mountId) : new Map<string, string>()
  const opened: Opened = {
    record,
    info: mountInfo(record),
    namespace,
    storage: parts.storage.scoped(mountDataPrefix(mountId), alive),
    services: parts.servicesOf(record, namespace),
    rotation: new MountRotations(parts.rotations, {
      clock: parts.clock,
      namespaceId: namespace.id,
      mountId: record.id,
    }),
    log: parts.log.named(`${record.class}.${record.type}`),
  }
  return {
    engine,
    path: record.path,
    namespacePath: namespace.path,
    epoch,
    contextFor: (signal) => new BackgroundContext(parts, opened, signal),
  }
}

async function readEntries(
  storage: CoreStorage,
  keys: readonly string[],
): Promise<readonly (Entry | undefined)[]> {
  const entries = await storage.read(keys)
  return keys.map((key) => entries.get(key))
}

/** Moves whenever a mount changes: what was opened at another one may be stale. */
export async function epochOf(storage: CoreStorage): Promise<string> {
  return (await storage.readRaw([CORE_EPOCH_KEY])).get(CORE_EPOCH_KEY)?.version ?? ''
}

export async function contextOfMount(
  parts: MountContextParts,
  namespaceId: string,
  mountId: string,
  signal: AbortSignal,
): Promise<{ readonly engine: Engine; readonly context: MountContext } | null> {
  const mount = await openMount(parts, namespaceId, mountId)
  return mount && { engine: mount.engine, context: mount.contextFor(signal) }
}

/** What commits must expect: the mount is still alive. A mount being taken down has no such mark. */
async function aliveVersion(storage: CoreStorage, mountId: string): Promise<Map<string, string>> {
  const key = mountAliveKey(mountId)
  const mark = (await storage.readRaw([CORE_EPOCH_KEY, key])).get(key)
  return mark ? new Map([[key, mark.version]]) : new Map()
}
