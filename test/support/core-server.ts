// A server in this process for tests of core's own tables: replies with types, and a wall clock that
// stands still until a test moves it, while timers run, since retries wait on them.
import { systemClock } from '../../src/base/clock.ts'
import type { Core } from '../../src/core/core.ts'
import type { Engine } from '../../src/sdk/plugin.ts'
import { type CallOptions, startInProcess } from './in-process.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'

export interface Reply {
  readonly status: number
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

export interface CoreServer {
  readonly core: Core
  readonly clock: ManualClock
  readonly root: string
  /** A body that is text goes out as it is. Without `token` the root token calls; null: none. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Reply>
  close(): Promise<void>
}

export async function coreServer(engines: readonly Engine[] = []): Promise<CoreServer> {
  const { now, advance } = manualClock()
  const clock: ManualClock = { ...systemClock, now, advance }
  const server = await startInProcess({ clock, engines })
  return {
    get core() {
      return server.host.core!
    },
    clock,
    root: server.rootToken,
    call: (method, path, body, options = {}) =>
      typeof body === 'string'
        ? server.call(method, path, undefined, { ...options, rawBody: body })
        : server.call(method, path, body, options),
    close: () => server.close(),
  }
}
