// A whole server without sockets: the request pipeline over any storage backend, for the API suite on slow
// storage and for simulations. `call` takes what a client would send and gives status and parsed body.
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { ApiError } from '../../src/base/errors.ts'
import type { Json, JsonObject } from '../../src/base/json.ts'
import { SYSTEM_DEFAULT_TTL_SECONDS, SYSTEM_MAX_TTL_SECONDS } from '../../src/base/limits.ts'
import { Logs } from '../../src/base/log.ts'
import { type Random, systemRandom } from '../../src/base/random.ts'
import type { CoreRequest } from '../../src/core/core-request.ts'
import type { Host } from '../../src/core/host.ts'
import { localBus } from '../../src/core/host-keeper.ts'
import { openHost } from '../../src/core/open-host.ts'
import { handleRequest } from '../../src/core/request.ts'
import type { Settings } from '../../src/core/settings.ts'
import { auditPlugins, engines } from '../../src/registry.ts'
import type { AuditPlugin } from '../../src/sdk/audit.ts'
import type { Engine } from '../../src/sdk/plugin.ts'
import type { StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'

export const testSettings: Settings = {
  defaultTtlSeconds: SYSTEM_DEFAULT_TTL_SECONDS,
  maxTtlSeconds: SYSTEM_MAX_TTL_SECONDS,
  clusterName: 'test',
  apiAddr: '',
  storageType: 'memory',
  rawStorageEndpoint: true,
  introspectionEndpoint: true,
  allowAuditLogPrefixing: false,
  auditFileDirectories: [],
  unauthenticatedMetrics: false,
  unauthenticatedInFlight: false,
  unauthenticatedRekey: true,
  unauthenticatedGenerateRoot: true,
  sanitized: {},
  isStrict: true,
}

export interface Called {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests in many shapes
  readonly body: any
}

export interface CallOptions {
  readonly token?: string | null
  readonly namespace?: string
  readonly wrapTtlSeconds?: number
  readonly wantsHelp?: boolean
  readonly contentType?: string
  readonly query?: JsonObject
  readonly remoteAddress?: string
  readonly rawBody?: string
  readonly fault?: ApiError
  readonly headers?: Readonly<Record<string, string>>
}

export interface InProcess {
  readonly host: Host
  readonly backend: StorageBackend
  readonly keys: readonly string[]
  readonly rootToken: string
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Called>
  /** The request as core gets it, by the root token, for what `call` can't show (streams, headers). */
  request(method: string, path: string, options?: CallOptions): CoreRequest
  /** A GET whose answer is no JSON. */
  bytes(path: string, options?: CallOptions): Promise<{ status: number; text: string }>
  close(): Promise<void>
}

export interface InProcessOptions {
  readonly backend?: StorageBackend
  readonly clock?: Clock
  readonly random?: Random
  readonly engines?: readonly Engine[]
  /** Kinds of audit devices beside those of the registry. */
  readonly auditPlugins?: readonly AuditPlugin[]
  readonly settings?: Partial<Settings>
  /** Where log lines go; by default nowhere. */
  readonly log?: (line: string) => void
}

/** Opens a host on the backend without unsealing it. */
export function openTestHost(options: InProcessOptions): { host: Host; backend: StorageBackend } {
  const clock = options.clock ?? systemClock
  const random = options.random ?? systemRandom
  const backend = options.backend ?? memoryBackend({ clock, random })
  const logs = new Logs({
    level: 'trace',
    format: 'standard',
    sink: { write: (line) => options.log?.(line) },
  })
  const host = openHost({
    backend,
    clock,
    random,
    logs,
    bus: localBus({ clock, random, log: logs.of('') }),
    settings: { ...testSettings, ...options.settings },
    engines: [...engines, ...(options.engines ?? [])],
    auditPlugins: [...auditPlugins, ...(options.auditPlugins ?? [])],
    configuredAudit: [],
  })
  return { host, backend }
}

/** Initialises and unseals a new server. */
export async function startInProcess(options: InProcessOptions = {}): Promise<InProcess> {
  const { host, backend } = openTestHost(options)
  const made = await send(host, 'POST', 'sys/init', { secret_shares: 1, secret_threshold: 1 }, {})
  if (made.status !== 200) throw new Error(`init failed: ${made.text}`)
  const keys = made.body.keys as string[]
  await send(host, 'POST', 'sys/unseal', { key: keys[0] }, {})
  return inProcess(host, backend, keys, made.body.root_token as string)
}

export function inProcess(
  host: Host,
  backend: StorageBackend,
  keys: readonly string[],
  rootToken: string,
): InProcess {
  return {
    host,
    backend,
    keys,
    rootToken,
    call: (method, path, body, of = {}) =>
      send(host, method, path, body, {
        ...of,
        token: of.token === undefined ? rootToken : of.token,
      }),
    request: (method, path, of = {}) =>
      requestOf(method, path, undefined, {
        ...of,
        token: of.token === undefined ? rootToken : of.token,
      }),
    async bytes(path, of = {}) {
      const token = of.token === undefined ? rootToken : of.token
      const request = requestOf('GET', path, undefined, { ...of, token })
      const { status, body } = await handleRequest(host, request)
      const text = body instanceof Uint8Array ? Buffer.from(body).toString() : String(body ?? '')
      return { status, text }
    },
    async close() {
      await host.seal.seal()
      await backend.close()
    },
  }
}

async function send(
  host: Host,
  method: string,
  path: string,
  body: unknown,
  options: CallOptions,
): Promise<Called> {
  const reply = await handleRequest(host, requestOf(method, path, body, options))
  const text = typeof reply.body === 'string' ? reply.body : ''
  return { status: reply.status, text, body: text === '' ? null : (JSON.parse(text) as Json) }
}

function requestOf(method: string, path: string, body: unknown, of: CallOptions): CoreRequest {
  const text = of.rawBody ?? (body === undefined ? '' : JSON.stringify(body))
  const patchType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const headers = of.headers ?? {}
  return {
    method,
    path,
    query: of.query ?? {},
    wantsHelp: of.wantsHelp ?? false,
    namespace: of.namespace ?? '',
    token: of.token ?? null,
    wrapTtlSeconds: of.wrapTtlSeconds ?? 0,
    body: Buffer.from(text),
    contentType: of.contentType ?? patchType,
    remoteAddress: of.remoteAddress ?? '127.0.0.1',
    remotePort: 1,
    header: (name) => headers[name],
    allHeaders: () => headers,
    peerCertificates: () => [],
    signal: new AbortController().signal,
    fault: of.fault ?? null,
    opaque: null,
  }
}
