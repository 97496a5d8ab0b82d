// One request from the first storage read to the reply, top to bottom (ARCHITECTURE.md, "One request").
// No middleware, no hooks: what happens to a request is what stands here, in this order.
import { type ApiError, denied, methodNotAllowed, notFound, unavailable } from '../base/errors.ts'
import { isJsonObject, type JsonObject } from '../base/json.ts'
import { parseFields } from '../schema/parse-fields.ts'
import type { Answer } from '../sdk/answer.ts'
import type { RequestContext } from '../sdk/context.ts'
import type { Operation, Row } from '../sdk/endpoints.ts'
import { AuditRefusal } from './audit/audit-refusal.ts'
import type { Core } from './core.ts'
import { type CoreReply, type CoreRequest, errorReply, jsonReply } from './core-request.ts'
import { Exchange } from './exchange.ts'
import type { Host } from './host.ts'
import { CORE_EPOCH_KEY, namespaceEpochKey } from './keys.ts'
import type { Place } from './mounts/topology.ts'
import { decide } from './policies/decide.ts'
import { limitRate } from './quotas/limit-rate.ts'
import { readBody } from './request-body.ts'
import { CoreContext } from './request-context.ts'
import type { Match } from './router/route-table.ts'
import { serveSealed } from './seal/sealed-request.ts'
import { settle } from './settle.ts'
import { pathHelp } from './system/path-help.ts'
import type { TokenRecord } from './tokens/token-record.ts'

const OPERATIONS: Readonly<Record<string, Operation>> = {
  GET: 'read',
  HEAD: 'head',
  LIST: 'list',
  SCAN: 'scan',
  POST: 'write',
  PUT: 'write',
  PATCH: 'patch',
  DELETE: 'remove',
}

/** Serves one request. Never rejects: a bug becomes a 500 and a line in the log. */
export async function handleRequest(host: Host, request: CoreRequest): Promise<CoreReply> {
  const exchange = new Exchange(host, request)
  host.inFlight.begin(exchange)
  let status = 500
  try {
    const reply = await serve(host, request, exchange)
    status = reply.status
    return withHeaders(reply, exchange.replyHeaders)
  } catch (error) {
    const reply = await refuse(exchange, error)
    status = reply.status
    return withHeaders(reply, exchange.replyHeaders)
  } finally {
    if (exchange.usesLeft === -1) await exchange.endSpentToken()
    host.inFlight.end(exchange)
    host.metrics.requests.done(exchange, status, host.clock.monotonic() - exchange.begunMs)
  }
}

const withHeaders = (reply: CoreReply, headers: readonly string[] | null): CoreReply =>
  headers === null ? reply : { ...reply, headers: [...reply.headers, ...headers] }

async function serve(host: Host, request: CoreRequest, exchange: Exchange): Promise<CoreReply> {
  const operation = OPERATIONS[request.method]
  if (!operation) throw methodNotAllowed('unsupported method')
  exchange.operation = operation
  const { core } = exchange
  if (!core || asksTheHost(host, request, operation)) {
    return serveSealed(host, request, exchange, operation)
  }
  await identify(core, request, exchange)
  if (request.fault && !request.opaque) throw request.fault
  const place = exchange.view!.locate(request.namespace, pathFor(operation, request))
  const row = route(request, exchange, operation, place instanceof Promise ? await place : place)
  const quotas = core.quotas.active
  if (quotas !== null) await limitRate(core, quotas, exchange)
  if (request.wantsHelp) return serveHelp(host, core, exchange)
  await authorize(core, request, exchange, row)
  const context = exchange.context!
  const values = parseInput(exchange, row, context)
  // What makes something that was not there has an effect, whatever the row says of its ordinary calls.
  const isQuiet = row?.effects === false && exchange.usesLeft === null && !context.creating
  if (!isQuiet) await exchange.auditRequest()
  let answer: Answer
  try {
    answer = await row!.handle(context, values as never)
  } catch (error) {
    // What was begun outside is undone.
    if (context.pendingLease) await core.leases.giveUp(context.pendingLease)
    throw error
  }
  return settle(exchange, row!, answer, isQuiet)
}

/**
 * Health, seal status and unsealing are the host's own: they answer without storage, token and audit also
 * while the server is open, so that they tell the truth when one of these is what is broken.
 */
function asksTheHost(host: Host, request: CoreRequest, operation: Operation): boolean {
  if (!request.path.startsWith('sys/') || request.wantsHelp) return false
  const row = host.systemRoutes.match(operation, request.path.slice('sys/'.length))?.row
  return row?.whenSealed === true && row.audit === false
}

/** `?help=1`: the rows at the path in words; any token with some right may ask. */
async function serveHelp(host: Host, core: Core, exchange: Exchange): Promise<CoreReply> {
  const { place, caller, record, request } = exchange
  if (record && !core.tokens.isAddressBound(record, request.remoteAddress)) throw denied()
  if (!caller || !place!.namespace.path.startsWith(caller.namespace.path)) throw denied()
  const path = `${place!.namespace.path}${place!.path}`
  if (!decide(caller.acl, { operation: 'help', path }).allowed) throw denied()
  const mount = place!.mount
  const engine = host.engines.find(
    (one) => one.type === mount?.record.type && one.class === mount.record.class,
  )
  const help = mount && pathHelp(mount, engine, place!.mountPath)
  if (!help) throw absentRow(exchange)
  await exchange.auditRequest()
  return jsonReply(200, `${JSON.stringify(help)}\n`)
}

/** Hop 3: one read of what decides the request, the token's entry and the epochs. */
async function identify(core: Core, request: CoreRequest, exchange: Exchange): Promise<void> {
  const located = request.token === null ? null : core.tokens.locate(request.token)
  const keys = located
    ? [CORE_EPOCH_KEY, namespaceEpochKey(located.namespaceId), ...located.keys]
    : [CORE_EPOCH_KEY]
  const read = core.storage.readRaw(keys)
  const snapshot = read instanceof Promise ? await read : read
  const epoch = snapshot.get(CORE_EPOCH_KEY)?.version ?? ''
  exchange.view = core.topology.at(epoch)
  const following = core.follow(epoch)
  if (following) await following
  if (!located) return
  exchange.epoch = snapshot.get(namespaceEpochKey(located.namespaceId))?.version ?? ''
  const found = core.tokens.resolve(located, snapshot)
  const record = found instanceof Promise ? await found : found
  exchange.record = record
  if (!record) return
  const caller = core.callers.of(record, exchange.epoch, exchange.view, request.token!)
  exchange.caller = caller instanceof Promise ? await caller : caller
}

/** Vault's rule: a list is of a folder, whether or not the caller wrote the slash. */
function pathFor(operation: Operation, request: CoreRequest): string {
  if (request.opaque) return request.opaque.path
  const isListing = operation === 'list' || operation === 'scan'
  return isListing && !request.path.endsWith('/') ? `${request.path}/` : request.path
}

/** Hop 4: the namespace, the mount and the row; the body as the row wants it. */
function route(
  request: CoreRequest,
  exchange: Exchange,
  operation: Operation,
  place: Place | null,
): Row<RequestContext> | null {
  const match = matchAt(place, operation)
  if (request.fault && !takesOpaque(match, request.opaque)) throw request.fault
  if (!place) throw notFound('namespace not found')
  exchange.place = place
  if (!place.mount) return null
  const isForbiddenHere = match?.row.rootOnly === true && place.namespace.path !== ''
  if (isForbiddenHere) throw notFound('1 error occurred:\n\t* unsupported path\n\n')
  assertUnlocked(place, match?.row ?? null)
  exchange.match = match
  exchange.data = readBody(request, match?.row ?? null, operation)
  return match?.row ?? null
}

function matchAt(place: Place | null, operation: Operation): Match<RequestContext> | null {
  if (!place?.mount) return null
  const { mount, mountPath } = place
  return (
    mount.routes.match(operation, mountPath) ??
    (operation === 'head' ? mount.routes.match('read', mountPath) : null)
  )
}

/** Whether all that is unusual in the path stands in the rest of a row that takes it as data. */
function takesOpaque(match: Match<RequestContext> | null, opaque: CoreRequest['opaque']): boolean {
  if (!match?.row.encoded || !opaque) return false
  const rest = match.row.pattern.slice(match.row.pattern.lastIndexOf('*') + 1)
  return opaque.opaqueFrom >= opaque.path.length - match.params[rest]!.length
}

/** A locked namespace serves nothing but its unlocking, neither itself nor below. */
function assertUnlocked(place: Place, row: Row<RequestContext> | null): void {
  if (!place.lockedBy || row?.servesLocked === true) return
  throw unavailable(
    `API access to this namespace has been locked by an administrator - "${place.lockedBy.path}" must be unlocked to gain access.`,
  )
}

/** Hops 5 to 8: who calls, may they; spends one use of a limited token, also on denial. */
async function authorize(
  core: Core,
  request: CoreRequest,
  exchange: Exchange,
  row: Row<RequestContext> | null,
): Promise<void> {
  const place = exchange.place!
  const needsToken = row?.auth !== 'none'
  if (!needsToken && !exchange.caller) {
    exchange.context = contextOf(core, request, exchange)
    if (row?.exists) await tellCreateFromUpdate(exchange, row)
    return
  }
  const { record, caller } = exchange
  if (!record || !caller) {
    throw denied()
  }
  if (!core.tokens.isAddressBound(record, request.remoteAddress)) throw denied()
  // A token acts in its own namespace and below it, nowhere else.
  if (needsToken && !place.namespace.path.startsWith(caller.namespace.path)) throw denied()
  // Where no token is needed none is used up: a wrapping token can be looked up, and unwrap takes it itself.
  if (needsToken && record.entry.numUses !== 0) await spendUse(core, exchange, record)
  if (place.mount) {
    exchange.context = contextOf(core, request, exchange)
    if (row?.exists) await tellCreateFromUpdate(exchange, row)
  }
  if (needsToken) {
    const decision = decide(caller.acl, {
      operation: exchange.aclOperation(),
      path: `${place.namespace.path}${place.path}`,
      data: isJsonObject(exchange.data) ? exchange.data : null,
      wrapTtlSeconds: request.wrapTtlSeconds > 0 ? request.wrapTtlSeconds : undefined,
    })
    exchange.decision = decision
    if (!decision.allowed || (row?.auth === 'sudo' && !decision.rootPrivileges)) {
      throw denied('1 error occurred:\n\t* permission denied\n\n')
    }
  }
  if (!row) throw absentRow(exchange)
  const limit = exchange.decision?.limit
  if (limit !== null && limit !== undefined && isJsonObject(exchange.data)) {
    exchange.data = { ...exchange.data, limit }
  }
}

/** A limited token loses one use, exactly, also when the request is denied; its last use ends it. */
async function spendUse(core: Core, exchange: Exchange, record: TokenRecord): Promise<void> {
  const spent = await core.tokens.spendUse(record)
  if (spent === 'gone') throw denied()
  if (spent === 'unlimited') return
  exchange.usesLeft = spent === 'last' ? -1 : record.entry.numUses - 1
}

function absentRow(exchange: Exchange): ApiError {
  const place = exchange.place!
  const mount = place.mount
  if (!mount) {
    return notFound(
      `no handler for route "${place.namespace.path}${place.path}". route entry not found.`,
    )
  }
  return mount.routes.operationsAt(place.mountPath).length > 0
    ? methodNotAllowed('1 error occurred:\n\t* unsupported operation\n\n')
    : notFound('1 error occurred:\n\t* unsupported path\n\n')
}

function contextOf(core: Core, request: CoreRequest, exchange: Exchange): CoreContext {
  return new CoreContext({
    host: exchange.host,
    core,
    request,
    id: exchange.id,
    view: exchange.view!,
    place: exchange.place!,
    mount: exchange.place!.mount!,
    record: exchange.record,
    caller: exchange.caller,
    body: exchange.data,
  })
}

/** A write to something that isn't there yet is a create; the row's `exists` knows. */
async function tellCreateFromUpdate(exchange: Exchange, row: Row<RequestContext>): Promise<void> {
  if (row.operation !== 'write') return
  const params: Record<string, unknown> = {}
  parseFields(row.params, exchange.match!.params, false, params)
  exchange.context!.creating = !(await row.exists!(exchange.context!, params as never))
}

/** Hop 9: params from the path win over the same name in the body. */
function parseInput(
  exchange: Exchange,
  row: Row<RequestContext> | null,
  context: CoreContext,
): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  if (!row) return values
  if (isJsonObject(exchange.data)) {
    const sent = exchange.data as JsonObject
    parseFields(row.input, sent, context.creating, values)
    exchange.warnAboutInput(row, sent)
  }
  parseFields(row.params, exchange.match!.params, false, values)
  return values
}

/** The end of a request that failed: one audit line, then the error in Vault's shape. */
async function refuse(exchange: Exchange, thrown: unknown): Promise<CoreReply> {
  const error = exchange.toApiError(thrown)
  try {
    await exchange.auditFailure(error)
  } catch (auditError) {
    // It says already, and the log too, that nothing can be recorded.
    if (error instanceof AuditRefusal) return errorReply(error)
    return errorReply(exchange.toApiError(auditError))
  }
  return errorReply(error)
}
