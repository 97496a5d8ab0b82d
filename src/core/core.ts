// The services behind the barrier as one value, made when the server is unsealed and dropped when it is
// sealed. An interface, so that each service names only what it needs of the others.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { MountServices } from '../sdk/context.ts'
import type { Log } from '../sdk/log.ts'
import type { AuditBroker } from './audit/audit-broker.ts'
import type { Callers } from './callers.ts'
import type { CorsSettings } from './edge/cors-config.ts'
import type { JobService } from './jobs/job-service.ts'
import type { LeaseQueue } from './leases/lease-queue.ts'
import type { LeaseService } from './leases/lease-service.ts'
import type { LeaseSweeps } from './leases/lease-sweeps.ts'
import type { RevocationWorker } from './leases/revocation-worker.ts'
import type { LiveIndex } from './live-secrets/live-index.ts'
import type { OpenMount } from './mounts/mount-contexts.ts'
import type { MountService } from './mounts/mount-service.ts'
import type { Mount } from './mounts/mount-table.ts'
import type { Remounts } from './mounts/remounts.ts'
import type { Topology } from './mounts/topology.ts'
import type { NamespaceService } from './namespaces/namespace-service.ts'
import type { PolicyStore } from './policies/policy-store.ts'
import type { LeaseCounts } from './quotas/lease-counts.ts'
import type { QuotaStore } from './quotas/quota-store.ts'
import type { RateLimiter } from './quotas/rate-limiter.ts'
import type { Resources } from './resources/resources.ts'
import type { RotationService } from './rotations/rotation-service.ts'
import type { Settings } from './settings.ts'
import type { CoreStorage } from './store.ts'
import type { TokenService } from './tokens/token-service.ts'
import type { WrappingService } from './wrapping/wrapping-service.ts'

export interface Core {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly settings: Settings
  readonly storage: CoreStorage
  readonly topology: Topology
  readonly mounts: MountService
  readonly remounts: Remounts
  readonly namespaces: NamespaceService
  readonly policies: PolicyStore
  readonly callers: Callers
  readonly tokens: TokenService
  readonly wrapping: WrappingService
  readonly jobs: JobService
  readonly leases: LeaseService
  readonly leaseSweeps: LeaseSweeps
  readonly leaseQueue: LeaseQueue
  readonly revocations: Pick<RevocationWorker, 'metrics'>
  readonly rotations: RotationService
  readonly liveIndex: LiveIndex
  readonly audit: AuditBroker
  readonly resources: Resources
  readonly cors: CorsSettings
  readonly quotas: QuotaStore
  readonly leaseCounts: LeaseCounts
  readonly rates: RateLimiter
  mountServices(mount: Mount): MountServices
  /** A mount outside the request that it serves; null where it is gone. */
  openMount(namespaceId: string, mountId: string): Promise<OpenMount | null>
  /** Brings what the core epoch covers outside the topology (audit devices, CORS, quotas) up to this version. */
  follow(epoch: string): Promise<void> | undefined
  /** Stops background work and forgets what was decrypted. */
  close(): Promise<void>
}
