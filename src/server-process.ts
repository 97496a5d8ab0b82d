// One serving process: storage, host and listeners from a configuration. The same with one process and in
// each worker of several.
import type { Clock } from './base/clock.ts'
import type { Logs } from './base/log.ts'
import type { Random } from './base/random.ts'
import { type CorsConfig, corsConfig } from './core/edge/cors-config.ts'
import type { Host } from './core/host.ts'
import type { HostBus } from './core/host-bus.ts'
import { openHost } from './core/open-host.ts'
import type { Settings } from './core/settings.ts'
import { apiHandler } from './http/api-handler.ts'
import { type ListenAddress, type Listener, type ListenOptions, listen } from './http/listener.ts'
import type { TlsFiles } from './http/tls-files.ts'
import { auditPlugins, engines } from './registry.ts'
import type { StorageBackend } from './sdk/storage.ts'
import type { ServerConfig } from './server-config.ts'
import type { ListenerConfig } from './server-config-listener.ts'
import { openLmdb } from './storage/lmdb/open-lmdb.ts'
import { memoryBackend } from './storage/memory/memory-backend.ts'

export interface ServingParts {
  readonly config: ServerConfig
  readonly bus: HostBus
  readonly logs: Logs
  readonly clock: Clock
  readonly random: Random
}

export interface Serving {
  readonly host: Host
  readonly listeners: readonly Listener[]
  /** TLS files and audit files are read and opened again. Failures are logged; the old ones stay. */
  reload(): Promise<void>
  /** Ends in order: requests in flight get time to finish. */
  close(): Promise<void>
}

/** What a request in flight gets to finish when the server is told to end. */
export const SHUTDOWN_MS = 10_000

/** Opens storage and listens; the server is sealed unless the host is open. Throws an Error in words. */
export async function startServing(parts: ServingParts): Promise<Serving> {
  const { config, bus, logs, clock, random } = parts
  const backend = openBackend(parts)
  const host = openHost({
    backend,
    clock,
    random,
    logs,
    bus,
    settings: settingsOf(config),
    engines,
    auditPlugins,
    configuredAudit: config.audit,
  })
  const listeners: Listener[] = []
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((one) => one.close(SHUTDOWN_MS)))
    await host.seal.close()
    await backend.close()
  }
  try {
    await host.seal.follow()
    for (const one of config.listeners) listeners.push(await listenAs(one, host, config))
  } catch (error) {
    await close()
    throw error
  }
  return { host, listeners, close, reload: () => reload(host, listeners) }
}

function openBackend({ config, clock, random }: ServingParts): StorageBackend {
  const { storage } = config
  if (!storage) {
    throw new Error('the configuration names no storage: add storage "lmdb" { path = "FOLDER" }')
  }
  if (storage.type === 'memory') return memoryBackend({ clock, random })
  return openLmdb({ path: storage.options.path ?? '', clock, random })
}

async function reload(host: Host, listeners: readonly Listener[]): Promise<void> {
  for (const listener of listeners) {
    try {
      await listener.reload()
    } catch (error) {
      host.log.error('TLS files were not reloaded', { listener: listener.name, err: error })
    }
  }
  try {
    await host.core?.audit.reopen()
  } catch (error) {
    host.log.error('an audit device was not opened again', { err: error })
  }
}

function settingsOf(config: ServerConfig): Settings {
  const { listeners } = config
  return {
    defaultTtlSeconds: config.defaultLeaseTtlSeconds,
    maxTtlSeconds: config.maxLeaseTtlSeconds,
    processes: config.workers,
    clusterName: config.clusterName,
    apiAddr: config.apiAddr,
    storageType: config.storage?.type ?? '',
    rawStorageEndpoint: config.rawStorageEndpoint,
    introspectionEndpoint: config.introspectionEndpoint,
    allowAuditLogPrefixing: config.allowAuditLogPrefixing,
    auditFileDirectories: config.auditFileDirectories,
    unauthenticatedMetrics: listeners.some((one) => one.unauthenticatedMetricsAccess),
    unauthenticatedInFlight: listeners.some((one) => one.unauthenticatedInFlightAccess),
    unauthenticatedRekey: !listeners.some((one) => one.disableUnauthedRekeyEndpoints),
    unauthenticatedGenerateRoot: !listeners.some((one) => one.disableUnauthedGenerateRootEndpoints),
    sanitized: sanitizedConfig(config),
  }
}

/** The configuration without anything secret, under the names of the file. */
function sanitizedConfig(config: ServerConfig): Readonly<Record<string, unknown>> {
  return {
    api_addr: config.apiAddr,
    cluster_addr: config.clusterAddr,
    cluster_name: config.clusterName,
    default_lease_ttl: config.defaultLeaseTtlSeconds,
    max_lease_ttl: config.maxLeaseTtlSeconds,
    default_max_request_duration: config.defaultMaxRequestSeconds,
    log_level: config.logLevel,
    log_format: config.logFormat,
    pid_file: config.pidFile,
    raw_storage_endpoint: config.rawStorageEndpoint,
    introspection_endpoint: config.introspectionEndpoint,
    enable_ui: config.ui,
    workers: config.workers,
    storage: { type: config.storage?.type ?? '' },
    seals: config.seals.map(({ type, disabled }) => ({ type, disabled })),
    listeners: config.listeners.map(({ type, address, tlsDisable }) => ({
      type,
      config: { address, tls_disable: tlsDisable },
    })),
  }
}

function listenAs(of: ListenerConfig, host: Host, config: ServerConfig): Promise<Listener> {
  const { handler, refused } = apiHandler(host, {
    cors: of.corsEnabled ? corsOf(of) : null,
    responseHeaders: of.customResponseHeaders,
    requiresRequestHeader: of.requireRequestHeader,
    metrics: of.metricsOnly ? 'only' : of.disallowMetrics ? 'none' : undefined,
  })
  const tls = tlsFilesOf(of)
  const options: ListenOptions = {
    name: of.address,
    address: addressOf(of),
    handler,
    refused,
    clock: host.clock,
    log: host.log.named('http'),
    times: {
      headerMs: milliseconds(of.httpReadHeaderTimeoutSeconds),
      readMs: milliseconds(of.httpReadTimeoutSeconds),
      idleMs: milliseconds(of.httpIdleTimeoutSeconds),
      handlerMs: milliseconds(of.maxRequestSeconds || config.defaultMaxRequestSeconds),
    },
    maxBodyBytes: () => of.maxRequestBytes,
    ...(tls === null ? {} : { tls }),
    ...(of.xForwardedForAuthorizedAddrs.length === 0
      ? {}
      : {
          forwarded: {
            authorizedAddrs: of.xForwardedForAuthorizedAddrs.map((cidr) => cidr.text),
            hopSkips: of.xForwardedForHopSkips,
            rejectNotPresent: of.xForwardedForRejectNotPresent,
            rejectNotAuthorized: of.xForwardedForRejectNotAuthorized,
          },
        }),
  }
  return listen(options)
}

function corsOf(of: ListenerConfig): CorsConfig {
  return corsConfig({
    allowedOrigins: of.corsAllowedOrigins,
    allowedHeaders: of.corsAllowedHeaders,
    allowCredentials: of.corsAllowCredentials,
  })
}

/** In the file 0 stands for no limit; a day is none that anybody meets. */
const milliseconds = (seconds: number): number => (seconds === 0 ? 24 * 3600 : seconds) * 1000

function addressOf(of: ListenerConfig): ListenAddress {
  if (of.type === 'tcp') return { host: of.host || '::', port: of.port }
  return {
    socketPath: of.address,
    ...(of.socketMode === null ? {} : { mode: of.socketMode }),
    ...(of.socketUser === '' ? {} : { user: of.socketUser }),
    ...(of.socketGroup === '' ? {} : { group: of.socketGroup }),
  }
}

/** null where the listener speaks plain HTTP. */
export function tlsFilesOf(of: ListenerConfig): TlsFiles | null {
  if (of.tlsDisable) return null
  return {
    certFile: of.tlsCertFile,
    keyFile: of.tlsKeyFile,
    minVersion: of.tlsMinVersion,
    maxVersion: of.tlsMaxVersion,
    clientCertificate: of.tlsDisableClientCerts
      ? 'none'
      : of.tlsRequireAndVerifyClientCert
        ? 'require'
        : 'request',
    ...(of.tlsClientCaFile === '' ? {} : { clientCaFile: of.tlsClientCaFile }),
    ...(of.tlsCiphers.length === 0 ? {} : { ciphers: of.tlsCiphers.join(':') }),
  }
}
