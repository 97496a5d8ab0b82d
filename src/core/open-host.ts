// A process of the server before and after unsealing: barrier, seal and, while unsealed, core.
import type { Clock } from '../base/clock.ts'
import type { Logs } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { AuditPlugin } from '../sdk/audit.ts'
import type { Engine } from '../sdk/plugin.ts'
import type { StorageBackend } from '../sdk/storage.ts'
import { type ConfiguredAudit, ensureConfiguredAudit } from './audit/configured-audit.ts'
import { Barrier } from './barrier/barrier.ts'
import { PeriodicRotation } from './barrier/periodic-rotation.ts'
import { StorageView } from './barrier/storage-view.ts'
import type { Core } from './core.ts'
import type { Host } from './host.ts'
import type { HostBus } from './host-bus.ts'
import { InFlight } from './in-flight.ts'
import { liveRule } from './live-secrets/live-rule.ts'
import { CountedBackend } from './metrics/counted-backend.ts'
import { ProcessMetrics } from './metrics/process-metrics.ts'
import { ServerMetrics } from './metrics/server-metrics.ts'
import {
  auditMount,
  defaultMountConfig,
  type MountRecord,
  mountInfo,
} from './mounts/mount-record.ts'
import { rootNamespace } from './mounts/topology.ts'
import { openCore } from './open-core.ts'
import { RateLimiter } from './quotas/rate-limiter.ts'
import { RouteTable } from './router/route-table.ts'
import { writeFirstContents } from './seal/bootstrap.ts'
import { SEALED_STORAGE } from './seal/sealed-storage.ts'
import { SharesSeal } from './seal/shares-seal.ts'
import { StagedStore } from './seal/staged-store.ts'
import type { Settings } from './settings.ts'
import { HostMonitor } from './system/host-monitor.ts'
import { answerHostWide } from './system/host-wide.ts'
import { coreEngines, systemEngine } from './system/system-engine.ts'

export interface HostParts {
  readonly backend: StorageBackend
  readonly clock: Clock
  readonly random: Random
  readonly logs: Logs
  readonly bus: HostBus
  readonly settings: Settings
  readonly engines: readonly Engine[]
  readonly auditPlugins: readonly AuditPlugin[]
  /** Devices that the configuration names: brought in line at unsealing. */
  readonly configuredAudit: readonly ConfiguredAudit[]
}

/** How long core may take to stop its work before the barrier is closed all the same. */
const CLOSE_CORE_MS = 10_000

/** Sealed; the keeper of the seal has to be there before the first request. */
export function openHost(parts: HostParts): Host {
  const { clock, random, logs, bus, settings } = parts
  const backend = new CountedBackend(parts.backend, () => clock.monotonic())
  const log = logs.of('')
  const barrier: Barrier = new Barrier({
    backend,
    clock,
    random,
    onKeysChanged: () => seal.keysChanged(),
  })
  const storage = new StorageView({ backend, barrier, clock, random, rule: liveRule })
  const engines = [...coreEngines, ...parts.engines]
  const systemRoutes = new RouteTable(systemEngine.endpoints)
  const rotation = new PeriodicRotation({ barrier, clock, random, log: log.named('barrier') })
  const openWith = (worksDue: boolean, on = storage): Promise<Core> => {
    const { auditPlugins } = parts
    return openCore({
      storage: on,
      clock,
      random,
      log,
      settings,
      engines,
      auditPlugins,
      counts: host.metrics.counts,
      rates,
      worksDue,
      requestsBegun: () => host.inFlight.begun,
    })
  }
  const seal = new SharesSeal({
    backend,
    barrier,
    random,
    bus,
    log: log.named('seal'),
    clusterName: settings.clusterName,
    async onUnsealed(isFirst) {
      const core = await openWith(true)
      try {
        if (isFirst) await ensureConfiguredAudit(core, parts.configuredAudit)
      } catch (error) {
        await core.close()
        throw error
      }
      rotation.start()
      host.core = core
    },
    async onSealing() {
      const { core } = host
      host.core = null
      rotation.stop()
      const closing = core?.close().catch((error: unknown) => {
        log.error('closing did not go well', { err: error })
      })
      await Promise.race([closing, clock.sleep(CLOSE_CORE_MS)])
    },
    async firstContents(rootKey, unsealKey, rootToken) {
      const staged = new StagedStore(random)
      const first = new Barrier({ backend: staged, clock, random })
      await first.initialize(rootKey)
      await first.unseal(rootKey)
      const view = new StorageView({ backend: staged, barrier: first, clock, random })
      const core = await openWith(false, view)
      try {
        const token = await writeFirstContents(core, unsealKey, rootToken)
        return { writes: staged.contents(), rootToken: token }
      } finally {
        await core.close()
        first.seal()
      }
    },
  })
  const inFlight = new InFlight()
  const rates = new RateLimiter({ bus, clock })
  const metrics = new ServerMetrics({
    process: new ProcessMetrics(bus.self, clock.now()),
    sources: [
      () => backend.metrics(),
      () => inFlight.metrics(),
      () => host.core?.revocations.metrics() ?? [],
    ],
  })
  const host: Host = {
    clock,
    random,
    log,
    logs,
    bus,
    monitor: new HostMonitor({ clock, random, logs, bus }),
    settings,
    backend,
    barrier,
    engines,
    inFlight,
    metrics,
    startedAtMs: clock.now(),
    sealedMount: {
      record: sealedRecord,
      info: mountInfo(sealedRecord),
      audit: auditMount(sealedRecord),
      namespace: rootNamespace,
      routes: systemRoutes,
      storage: SEALED_STORAGE,
      alive: new Map(),
    },
    systemRoutes,
    core: null,
    seal,
  }
  answerHostWide(host)
  return host
}

const sealedRecord: MountRecord = {
  id: '',
  accessor: '',
  class: 'secret',
  type: 'system',
  path: 'sys/',
  description: '',
  createdAtMs: 0,
  config: defaultMountConfig,
  options: null,
  local: false,
  sealWrap: false,
  externalEntropyAccess: false,
  pluginVersion: '',
}
