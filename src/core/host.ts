// What a process has whether sealed or not; the services behind the barrier are `core`, there only while
// unsealed. Rows that are served while sealed see the host alone.
import type { Clock } from '../base/clock.ts'
import type { Logs } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { RequestContext } from '../sdk/context.ts'
import type { Log } from '../sdk/log.ts'
import type { Engine } from '../sdk/plugin.ts'
import type { StorageBackend } from '../sdk/storage.ts'
import type { Barrier } from './barrier/barrier.ts'
import type { Core } from './core.ts'
import type { HostBus } from './host-bus.ts'
import type { InFlight } from './in-flight.ts'
import type { ServerMetrics } from './metrics/server-metrics.ts'
import type { Mount } from './mounts/mount-table.ts'
import type { RouteTable } from './router/route-table.ts'
import type { Seal } from './seal/seal.ts'
import type { Settings } from './settings.ts'
import type { HostMonitor } from './system/host-monitor.ts'

export interface Host {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** All loggers of this process, for their levels and sys/monitor. */
  readonly logs: Logs
  /** To the other processes of this host. */
  readonly bus: HostBus
  /** Log lines of all processes of this host. */
  readonly monitor: HostMonitor
  readonly settings: Settings
  readonly backend: StorageBackend
  readonly barrier: Barrier
  readonly seal: Seal
  readonly engines: readonly Engine[]
  readonly inFlight: InFlight
  /** What this process counts, for sys/metrics. */
  readonly metrics: ServerMetrics
  readonly startedAtMs: number
  /** The mount that serves sys while nothing else can be served. */
  readonly sealedMount: Mount
  readonly systemRoutes: RouteTable<RequestContext>
  /** null while sealed. */
  core: Core | null
}
