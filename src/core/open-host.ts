// A process of the server before and after unsealing: barrier, seal and, while unsealed, core.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { AuditPlugin } from '../sdk/audit.ts'
import type { Log } from '../sdk/log.ts'
import type { Engine } from '../sdk/plugin.ts'
import type { StorageBackend } from '../sdk/storage.ts'
import { Barrier } from './barrier/barrier.ts'
import { StorageView } from './barrier/storage-view.ts'
import type { Host } from './host.ts'
import { InFlight } from './in-flight.ts'
import {
  auditMount,
  defaultMountConfig,
  type MountRecord,
  mountInfo,
} from './mounts/mount-record.ts'
import { rootNamespace } from './mounts/topology.ts'
import { openCore } from './open-core.ts'
import { RouteTable } from './router/route-table.ts'
import { SEALED_STORAGE } from './seal/sealed-storage.ts'
import { SharesSeal } from './seal/shares-seal.ts'
import type { Settings } from './settings.ts'
import { coreEngines, systemEngine } from './system/system-engine.ts'

export interface HostParts {
  readonly backend: StorageBackend
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly settings: Settings
  readonly engines: readonly Engine[]
  readonly auditPlugins: readonly AuditPlugin[]
}

export function openHost(parts: HostParts): Host {
  const { backend, clock, random, log, settings } = parts
  const barrier = new Barrier({ backend, clock, random })
  const storage = new StorageView({ backend, barrier, clock, random })
  const engines = [...coreEngines, ...parts.engines]
  const systemRoutes = new RouteTable(systemEngine.endpoints)
  const host: Host = {
    clock,
    random,
    log,
    settings,
    backend,
    barrier,
    engines,
    inFlight: new InFlight(),
    startedAtMs: clock.now(),
    sealedMount: {
      record: sealedRecord,
      info: mountInfo(sealedRecord),
      audit: auditMount(sealedRecord),
      namespace: rootNamespace,
      routes: systemRoutes,
      storage: SEALED_STORAGE,
    },
    systemRoutes,
    core: null,
    seal: new SharesSeal({
      backend,
      barrier,
      random,
      clusterName: settings.clusterName,
      async onUnsealed() {
        const { auditPlugins } = parts
        host.core = await openCore({
          storage,
          clock,
          random,
          log,
          settings,
          engines,
          auditPlugins,
          worksDue: true,
        })
      },
      async onSealing() {
        const { core } = host
        host.core = null
        await core?.close()
      },
    }),
  }
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
