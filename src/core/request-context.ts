// The context that a handler is given, one object per request. It is a class so that a request allocates
// fields and not closures. Core's own tables (sys, token, cubbyhole) see it as it is; plugins see the
// RequestContext of the sdk.

import type { Clock } from '../base/clock.ts'
import { sealed } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Random } from '../base/random.ts'
import type {
  Auth,
  ClientInfo,
  MountInfo,
  MountServices,
  Namespace,
  RequestContext,
} from '../sdk/context.ts'
import type { JobKind } from '../sdk/job.ts'
import type { Lease, LeaseKind, LeaseRequest } from '../sdk/lease.ts'
import type { Log } from '../sdk/log.ts'
import type { ResourceKind } from '../sdk/resource.ts'
import type { Rotations } from '../sdk/rotation.ts'
import type { Storage, Tx } from '../sdk/storage.ts'
import type { Caller } from './callers.ts'
import type { Core } from './core.ts'
import type { CoreRequest } from './core-request.ts'
import type { Host } from './host.ts'
import { planPluginJob, unplanPluginJob } from './jobs/plugin-jobs.ts'
import type { Mount } from './mounts/mount-table.ts'
import type { Place, TopologyView } from './mounts/topology.ts'
import { MountRotations } from './rotations/mount-rotations.ts'
import type { TokenRecord } from './tokens/token-record.ts'

export class CoreContext implements RequestContext {
  readonly host: Host
  readonly #core: Core | null
  readonly request: CoreRequest
  readonly id: string
  readonly view: TopologyView
  readonly place: Place
  readonly #mount: Mount
  /** The caller's token; null on rows that take none. */
  readonly record: TokenRecord | null
  readonly auth: Auth | null
  readonly caller: Caller | null
  readonly body: Json | Buffer
  creating = false
  /** Leases made so far: activated or given up with the answer. */
  pendingLease: Lease | null = null

  constructor(of: {
    host: Host
    core: Core | null
    request: CoreRequest
    id: string
    view: TopologyView
    place: Place
    mount: Mount
    record: TokenRecord | null
    caller: Caller | null
    body: Json | Buffer
  }) {
    this.host = of.host
    this.#core = of.core
    this.request = of.request
    this.id = of.id
    this.view = of.view
    this.place = of.place
    this.#mount = of.mount
    this.record = of.record
    this.auth = of.caller?.auth ?? null
    this.caller = of.caller
    this.body = of.body
  }

  /** The services behind the barrier; rows served while sealed have none. */
  get core(): Core {
    if (!this.#core) throw sealed()
    return this.#core
  }
  get namespace(): Namespace {
    return this.place.namespace
  }
  get mount(): MountInfo {
    return this.#mount.info
  }
  get storage(): Storage {
    return this.#mount.storage
  }
  get clock(): Clock {
    return this.host.clock
  }
  get random(): Random {
    return this.host.random
  }
  get log(): Log {
    return this.host.log.named(`${this.#mount.record.class}.${this.#mount.record.type}`)
  }
  get signal(): AbortSignal {
    return this.request.signal
  }
  get services(): MountServices {
    return this.core.mountServices(this.#mount)
  }
  get rotation(): Rotations {
    const { clock } = this.host
    const of = { clock, namespaceId: this.namespace.id, mountId: this.#mount.record.id }
    return new MountRotations(this.core.rotations, of)
  }
  get path(): string {
    return this.place.mountPath
  }
  get client(): ClientInfo {
    return this.request
  }

  schedule<I>(
    tx: Tx,
    kind: JobKind<I>,
    job: { readonly id: string; readonly atMs: number; readonly item: I },
  ): Promise<void> {
    return planPluginJob(this.core.jobs, tx, this.#mount.record, this.namespace.id, kind.name, job)
  }
  unschedule<I>(tx: Tx, kind: JobKind<I>, id: string): Promise<void> {
    return unplanPluginJob(this.core.jobs, tx, this.#mount.record, kind.name, id)
  }

  use<R, T>(kind: ResourceKind<R>, key: string, body: (resource: R) => Promise<T>): Promise<T> {
    return this.core.resources.use(this, kind, key, body)
  }

  async lease<I>(kind: LeaseKind<I>, of: LeaseRequest<I>): Promise<Lease> {
    const lease = await this.core.leases.begin(this, this.#mount, kind, of)
    this.pendingLease = lease
    return lease
  }
}
