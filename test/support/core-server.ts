// A whole core over memory storage, without HTTP: requests go in as the edge hands them over. For tests of
// core's own tables, from the token's text to the reply.

import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { Core } from '../../src/core/core.ts'
import type { CoreRequest } from '../../src/core/core-request.ts'
import { openHost } from '../../src/core/open-host.ts'
import { handleRequest } from '../../src/core/request.ts'
import type { Log } from '../../src/sdk/log.ts'
import type { Engine } from '../../src/sdk/plugin.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'

export interface Reply {
  readonly status: number
  /** The parsed body; null where there is none. */
  readonly body: ReplyBody | null
  readonly text: string
}

export interface ReplyBody {
  readonly errors?: readonly string[]
  readonly data?: Record<string, unknown> | null
  readonly auth?: {
    readonly client_token: string
    readonly accessor: string
    readonly [name: string]: unknown
  } | null
  readonly wrap_info?: { readonly token: string; readonly [name: string]: unknown } | null
  readonly warnings?: readonly string[] | null
  readonly [name: string]: unknown
}

export interface CallOptions {
  readonly token?: string | null
  readonly namespace?: string
  readonly wrapTtlSeconds?: number
  readonly remoteAddress?: string
}

export interface CoreServer {
  readonly core: Core
  readonly clock: ManualClock
  readonly root: string
  /** A body that is text goes out as it is. Without `token` the root token calls; null: none. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Reply>
  close(): Promise<void>
}

export const silentLog: Log = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  named: () => silentLog,
}

export async function coreServer(engines: readonly Engine[] = []): Promise<CoreServer> {
  // The wall clock stands still until a test moves it; timers run, since retries wait on them.
  const { now, advance } = manualClock()
  const clock: ManualClock = { ...systemClock, now, advance }
  const host = openHost({
    backend: memoryBackend({ clock: systemClock, random: systemRandom }),
    clock,
    random: systemRandom,
    log: silentLog,
    settings: {
      defaultTtlSeconds: 2764800,
      maxTtlSeconds: 2764800,
      clusterName: 'test',
      apiAddr: '',
      storageType: 'memory',
      rawStorageEndpoint: false,
      introspectionEndpoint: false,
      allowAuditLogPrefixing: false,
      auditFileDirectories: [],
      unauthenticatedMetrics: false,
      sanitized: {},
    },
    engines,
    auditPlugins: [],
  })
  const send = async (
    method: string,
    path: string,
    body: unknown,
    options: CallOptions,
    root: string | null,
  ): Promise<Reply> => {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
    const reply = await handleRequest(host, requestOf(method, path, text, options, root))
    const out = typeof reply.body === 'string' ? reply.body : ''
    const parsed = out === '' ? null : (JSON.parse(out) as ReplyBody)
    return { status: reply.status, body: parsed, text: out }
  }
  const init = await send(
    'PUT',
    'sys/init',
    { secret_shares: 1, secret_threshold: 1 },
    { token: null },
    null,
  )
  const { keys, root_token: root } = init.body as unknown as { keys: string[]; root_token: string }
  await send('PUT', 'sys/unseal', { key: keys[0] }, { token: null }, null)
  return {
    get core() {
      if (!host.core) throw new Error('the server is sealed')
      return host.core
    },
    clock,
    root,
    call: (method, path, body, options = {}) => send(method, path, body, options, root),
    async close() {
      await host.core?.close()
    },
  }
}

function requestOf(
  method: string,
  path: string,
  text: string,
  options: CallOptions,
  root: string | null,
): CoreRequest {
  return {
    method,
    path,
    query: {},
    wantsHelp: false,
    namespace: options.namespace ?? '',
    token: options.token === undefined ? root : options.token,
    wrapTtlSeconds: options.wrapTtlSeconds ?? 0,
    body: Buffer.from(text),
    contentType: 'application/json',
    remoteAddress: options.remoteAddress ?? '127.0.0.1',
    remotePort: 40_000,
    header: () => undefined,
    allHeaders: () => ({}),
    peerCertificates: () => [],
    signal: new AbortController().signal,
    fault: null,
  }
}
