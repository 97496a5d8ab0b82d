// The composition root: configuration -> objects -> listening. It alone sees every layer.
import { systemClock } from './base/clock.ts'
import { SYSTEM_DEFAULT_TTL_SECONDS, SYSTEM_MAX_TTL_SECONDS } from './base/limits.ts'
import { Logs } from './base/log.ts'
import { systemRandom } from './base/random.ts'
import { openHost } from './core/open-host.ts'
import type { Settings } from './core/settings.ts'
import { apiHandler } from './http/api-handler.ts'
import { listen } from './http/listener.ts'
import { auditPlugins, engines } from './registry.ts'
import { openLmdb } from './storage/lmdb/open-lmdb.ts'

export async function runBare(path: string, port: number): Promise<void> {
  const logs = new Logs({ level: 'info', format: 'standard', sink: process.stderr })
  const log = logs.of('')
  const settings: Settings = {
    defaultTtlSeconds: SYSTEM_DEFAULT_TTL_SECONDS,
    maxTtlSeconds: SYSTEM_MAX_TTL_SECONDS,
    clusterName: '',
    apiAddr: '',
    storageType: 'lmdb',
    rawStorageEndpoint: false,
    introspectionEndpoint: false,
    allowAuditLogPrefixing: false,
    auditFileDirectories: [],
    unauthenticatedMetrics: false,
    sanitized: {},
  }
  const clock = systemClock
  const random = systemRandom
  const host = openHost({
    backend: openLmdb({ path, clock, random }),
    clock,
    random,
    log,
    settings,
    engines,
    auditPlugins,
  })
  const { handler, refused } = apiHandler(host)
  const listener = await listen({
    name: 'tcp',
    address: { host: '127.0.0.1', port },
    handler,
    refused,
    clock,
    log: log.named('http'),
  })
  log.info('listening', { address: listener.address })
}
await runBare(process.argv[2]!, Number(process.argv[3]))
