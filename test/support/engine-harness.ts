// One mount of an engine without the rest of a server: real storage behind a real barrier, rows found and
// input parsed as core does, and the reply's text as a client would see it (without request_id). For
// tests of engines; `test/api` proves the same through HTTP.
import { systemClock } from '../../src/base/clock.ts'
import { ApiError } from '../../src/base/errors.ts'
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../src/base/json.ts'
import { Barrier } from '../../src/core/barrier/barrier.ts'
import { StorageView } from '../../src/core/barrier/storage-view.ts'
import { Resources } from '../../src/core/resources/resources.ts'
import { RouteTable } from '../../src/core/router/route-table.ts'
import { parseFields } from '../../src/schema/parse-fields.ts'
import type { Answer } from '../../src/sdk/answer.ts'
import type { Auth, MountInfo, RequestContext } from '../../src/sdk/context.ts'
import type { Operation } from '../../src/sdk/endpoints.ts'
import type { Log } from '../../src/sdk/log.ts'
import type { Engine } from '../../src/sdk/plugin.ts'
import type { Storage, StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'
import { seededRandom } from './seeded-random.ts'

export interface Reply {
  readonly status: number
  /** '' where there is no body. */
  readonly text: string
}

export interface EngineHarness {
  readonly backend: StorageBackend
  readonly storage: Storage
  readonly clock: ManualClock
  /** Handlers that answered while a storage call of theirs was open; must stay empty. */
  readonly bugs: readonly string[]
  /** Runs each job that was scheduled once, whenever it is due; a call has to have been made before. */
  runJobs(): Promise<void>
  /** Changes the mount's options, as tuning it does. */
  tune(options: Readonly<Record<string, string>>): void
  /** `data` is the body of a write or patch, else the query. */
  call(operation: Operation, path: string, data?: JsonObject, auth?: Partial<Auth>): Promise<Reply>
}

const MOUNT_ID = '6f1c9b7e-1111-4222-8333-444455556666'

const OPERATIONS: Readonly<Record<string, Operation>> = {
  GET: 'read',
  LIST: 'list',
  SCAN: 'scan',
  POST: 'write',
  PUT: 'write',
  PATCH: 'patch',
  DELETE: 'remove',
}

export const operationOf = (method: string): Operation => OPERATIONS[method]!

export const testAuth: Auth = {
  accessor: 'accessor-of-root',
  tokenType: 'service',
  displayName: 'root',
  policies: ['root'],
  tokenPolicies: ['root'],
  identityPolicies: [],
  entityId: '',
  metadata: {},
  namespace: { id: 'root', path: '' },
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const silent = (): void => {}
export const silentLog: Log = {
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  named: () => silentLog,
}

/** A mount on a new memory backend, or on a given one (a faulty one, or one that answers late). */
export async function engineHarness(of: {
  readonly engine: Engine
  readonly options?: Readonly<Record<string, string>>
  readonly backend?: StorageBackend
  readonly seed?: number
}): Promise<EngineHarness> {
  const clock = manualClock()
  const random = seededRandom(of.seed ?? 1)
  const backend = of.backend ?? memoryBackend({ clock, random })
  const barrier = new Barrier({ backend, clock: systemClock, random })
  const rootKey = Buffer.alloc(32, 7)
  if (!(await barrier.isInitialized())) await barrier.initialize(rootKey)
  await barrier.unseal(rootKey)
  // Retries after conflicts wait in real time: nobody moves the manual clock meanwhile.
  const view = new StorageView({ backend, barrier, clock: systemClock, random })
  const prefix = `mount/${MOUNT_ID}/`
  let mount = mountOf(of.engine, of.options ?? {})
  let routes = routesOf(of.engine, mount)
  const bugs: string[] = []
  let lastContext: RequestContext | null = null
  const resources = new Resources(systemClock, silentLog)

  async function call(
    operation: Operation,
    path: string,
    data: JsonObject = {},
    auth: Partial<Auth> = {},
  ): Promise<Reply> {
    const storage = view.scoped(prefix)
    try {
      const isListing = operation === 'list' || operation === 'scan'
      const whole = isListing && path !== '' && !path.endsWith('/') ? `${path}/` : path
      const match = routes.match(operation, whole)
      if (match === null)
        throw new ApiError(405, ['1 error occurred:\n\t* unsupported operation\n\n'])
      const { row } = match
      const params: Record<string, unknown> = {}
      parseFields(row.params, match.params, false, params)
      const ctx: Writable<RequestContext> = {
        ...{ mount, storage, clock, random, log: silentLog, signal: new AbortController().signal },
        namespace: testAuth.namespace,
        services: {
          ttls: () => ({ defaultSeconds: 2764800, maxSeconds: 2764800 }),
          processes: 1,
          password: async () => 'password',
        },
        use: (kind, key, body) => resources.use(ctx, kind, key, body),
        rotation: {
          put: () => Promise.reject(new Error('no rotations here')),
          remove: () => Promise.reject(new Error('no rotations here')),
          status: async () => null,
          rotateNow: () => Promise.reject(new Error('no rotations here')),
        },
        id: 'request',
        auth: { ...testAuth, ...auth },
        client: {
          remoteAddress: '127.0.0.1',
          remotePort: 1,
          header: () => undefined,
          peerCertificates: () => [],
        },
        path: whole,
        creating: false,
        body: data as Json,
        lease: () => Promise.reject(new Error('no leases here')),
        ...jobs,
      }
      lastContext = ctx
      if (row.exists) ctx.creating = !(await row.exists(ctx, params as never))
      const values: Record<string, unknown> = {}
      parseFields(row.input, data, ctx.creating, values)
      const answer = await row.handle(ctx, { ...values, ...params } as never)
      const unknown = Object.keys(data).filter((name) => !Object.hasOwn(row.input, name))
      const isWarned = row.body !== 'free' && operation !== 'patch' && unknown.length > 0
      return replyOf(operation, answer, isWarned ? unknown : [])
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return { status: error.status, text: JSON.stringify({ errors: error.messages }) }
    } finally {
      // Core's rule: a handler waits for all that it began.
      if (storage.openCalls > 0) bugs.push(`${operation} ${path} left a storage call open`)
    }
  }

  async function runJobs(): Promise<void> {
    const storage = view.scoped(prefix)
    for (const key of await storage.range(JOBS)) {
      const [, kindName, id] = key.split('/')
      const kind = of.engine.jobs?.find(({ name }) => name === kindName)
      const item = (await storage.get(key))?.json<never>()
      if (!kind || item === undefined) throw new Error(`no job of the kind ${kindName}`)
      const { signal } = new AbortController()
      const mounted = { ...lastContext!, storage, signal }
      const result = await kind.run(mounted, item, { id: id!, attempt: 1, signal })
      if (result === 'done') await storage.delete(key)
    }
  }

  return {
    backend,
    storage: view.scoped(prefix),
    clock,
    bugs,
    runJobs,
    tune(options) {
      mount = mountOf(of.engine, options)
      routes = routesOf(of.engine, mount)
    },
    call,
  }
}

/** Where the harness keeps jobs that were scheduled: part of the commit, as they are in core. */
const JOBS = 'job-of-harness/'
const jobs: Pick<RequestContext, 'schedule' | 'unschedule'> = {
  async schedule(tx, kind, { id, item }) {
    tx.put(`${JOBS}${kind.name}/${id}`, { json: item })
  },
  async unschedule(tx, kind, id) {
    tx.delete(`${JOBS}${kind.name}/${id}`)
  },
}

const routesOf = (engine: Engine, mount: MountInfo): RouteTable<RequestContext> =>
  new RouteTable(engine.variants?.(mount.options) ?? engine.endpoints)

const mountOf = (engine: Engine, options: Readonly<Record<string, string>>): MountInfo => ({
  id: MOUNT_ID,
  accessor: `${engine.type}_12345678`,
  type: engine.type,
  path: `${engine.type}/`,
  class: engine.class,
  options,
  defaultTtlSeconds: 0,
  maxTtlSeconds: 0,
})

function replyOf(operation: Operation, answer: Answer, unknown: readonly string[]): Reply {
  if ('raw' in answer) {
    const { status, body } = answer.raw
    return { status, text: typeof body === 'string' ? body : '' }
  }
  if ('redirect' in answer || 'login' in answer || 'auth' in answer)
    throw new Error('an engine answers data')
  const warnings = [...(answer.warnings ?? [])]
  if (unknown.length > 0)
    warnings.push(
      `Endpoint ignored these unrecognized parameters: [${[...unknown].sort().join(' ')}]`,
    )
  if ('empty' in answer) {
    if (operation === 'read' || operation === 'list' || operation === 'scan')
      return { status: 404, text: '{"errors":[]}' }
    if (warnings.length === 0) return { status: 204, text: '' }
  }
  const data = 'data' in answer ? answer.data : null
  const envelope = {
    lease_id: '',
    renewable: false,
    lease_duration: ('leaseSeconds' in answer && answer.leaseSeconds) || 0,
    data,
    wrap_info: null,
    warnings: warnings.length > 0 ? warnings : null,
    auth: null,
  }
  const status = ('status' in answer && answer.status) || 200
  return { status, text: stringifyJson(envelope) }
}

/** The path's query as core hands it over: every value is text. */
export function splitQuery(target: string): { readonly path: string; readonly query: JsonObject } {
  const at = target.indexOf('?')
  if (at < 0) return { path: decodeURIComponent(target), query: {} }
  const query: Record<string, Json> = {}
  for (const [name, value] of new URLSearchParams(target.slice(at + 1))) query[name] = value
  return { path: decodeURIComponent(target.slice(0, at)), query }
}

export const asObject = (value: unknown): JsonObject => {
  if (!isJsonObject(value)) throw new Error('not an object')
  return value
}
