// The services of a running server as one value, made by the composition root and handed to every request.
// An interface, so that each service names only what it needs of the others.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { MountServices, RequestContext } from '../sdk/context.ts'
import type { Log } from '../sdk/log.ts'
import type { Engine } from '../sdk/plugin.ts'
import type { AuditBroker } from './audit/audit-broker.ts'
import type { Callers } from './callers.ts'
import type { InFlight } from './in-flight.ts'
import type { LeaseService } from './leases/lease-service.ts'
import type { MountService } from './mounts/mount-service.ts'
import type { Mount } from './mounts/mount-table.ts'
import type { Remounts } from './mounts/remounts.ts'
import type { Place, Topology } from './mounts/topology.ts'
import type { NamespaceService } from './namespaces/namespace-service.ts'
import type { PolicyStore } from './policies/policy-store.ts'
import type { Quotas } from './quotas/quotas.ts'
import type { Resources } from './resources/resources.ts'
import type { RouteTable } from './router/route-table.ts'
import type { Seal } from './seal/seal.ts'
import type { Settings } from './settings.ts'
import type { CoreStorage } from './store.ts'
import type { TokenService } from './tokens/token-service.ts'
import type { WrappingService } from './wrapping/wrapping-service.ts'

export interface Core {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly storage: CoreStorage
  readonly seal: Seal
  readonly topology: Topology
  readonly mounts: MountService
  readonly remounts: Remounts
  readonly settings: Settings
  readonly namespaces: NamespaceService
  readonly policies: PolicyStore
  readonly callers: Callers
  readonly tokens: TokenService
  readonly leases: LeaseService
  readonly wrapping: WrappingService
  readonly audit: AuditBroker
  readonly quotas: Quotas
  readonly resources: Resources
  readonly inFlight: InFlight
  /** Plugins by class and type, core's own tables among them. */
  readonly engines: readonly Engine[]
  mountServices(mount: Mount): MountServices
  /** Where requests go while nothing but sys can be served. */
  readonly sealedPlace: { readonly place: Place; readonly routes: RouteTable<RequestContext> }
}
