// The last hops of a request: a handler's answer becomes a lease, a token, a wrapping and a reply; the
// response is audited before a byte of it leaves, and what was issued is taken back if that fails.
import { internal } from '../base/errors.ts'
import { RawJson, stringifyJson } from '../base/json.ts'
import type { Answer, AuthBlock, Data, Login, WrapInfo } from '../sdk/answer.ts'
import type { RequestContext } from '../sdk/context.ts'
import type { Row } from '../sdk/endpoints.ts'
import type { Lease } from '../sdk/lease.ts'
import type { AuditAuth, AuditResponse, AuditWrapInfo } from './audit/audit-entry.ts'
import { type CoreReply, emptyReply, jsonReply } from './core-request.ts'
import type { Exchange } from './exchange.ts'
import { secretTexts } from './live-secrets/live-leases.ts'
import { filterKeys } from './policies/list-filter.ts'

interface Envelope {
  data: Data | RawJson | null
  lease: Lease | null
  leaseSeconds: number
  auth: AuthBlock | null
  /** The token of `auth` is new. */
  isIssued: boolean
  warnings: readonly string[] | null
}

export async function settle(
  exchange: Exchange,
  row: Row<RequestContext>,
  answer: Answer,
  isQuiet: boolean,
): Promise<CoreReply> {
  if ('raw' in answer) return settleRaw(exchange, answer.raw)
  if ('redirect' in answer) {
    await exchange.auditResponse({ timeMs: exchange.host.clock.now(), redirect: answer.redirect })
    return { status: 307, headers: ['Location', answer.redirect], body: null }
  }
  const envelope = envelopeOf(exchange, answer)
  if (exchange.host.settings.isStrict) assertDeclared(row, envelope.data)
  if ('lease' in answer && answer.lease) {
    envelope.lease = answer.lease
    try {
      const secrets = secretTexts(row, envelope.data)
      await exchange.core!.leases.activate(answer.lease, secrets)
    } catch (error) {
      throw await takeBack(exchange, envelope, error)
    }
  }
  if ('login' in answer) envelope.auth = await mintLogin(exchange, answer.login)
  envelope.warnings = warningsOf(exchange, answer)
  if ('wrapInfo' in answer) return replyWrapped(exchange, envelope, answer.wrapInfo)
  if (isEmpty(row, answer, envelope)) return settleEmpty(exchange, row, envelope)
  const status = ('data' in answer && 'status' in answer && answer.status) || 200
  if (exchange.request.wrapTtlSeconds > 0 && status < 300) {
    return settleWrapped(exchange, envelope, isQuiet)
  }
  try {
    await exchange.auditResponse(responseEntry(exchange, envelope))
  } catch (error) {
    throw await takeBack(exchange, envelope, error)
  }
  if (row.envelope === 'none') return jsonReply(status, `${stringifyJson(envelope.data)}\n`)
  return jsonReply(status, envelopeText(exchange.id, envelope, row.envelope === 'both'))
}

/** In tests: a row that declares its output answers nothing else, or the documents made from it lie. */
function assertDeclared(row: Row<RequestContext>, data: Data | RawJson | null): void {
  if (!row.output || data === null || data instanceof RawJson) return
  for (const name of Object.keys(data)) {
    if (!Object.hasOwn(row.output, name)) {
      throw new Error(
        `${row.operation} ${row.pattern} answers "${name}", which it does not declare`,
      )
    }
  }
}

/** What the envelope shows of the answer as it is. */
function envelopeOf(exchange: Exchange, answer: Answer): Envelope {
  return {
    data: 'data' in answer && answer.data ? filtered(exchange, answer.data) : null,
    lease: null,
    leaseSeconds: ('leaseSeconds' in answer && answer.leaseSeconds) || 0,
    auth: 'auth' in answer ? answer.auth : null,
    isIssued: 'login' in answer || ('auth' in answer && !answer.isRenewal),
    warnings: null,
  }
}

async function mintLogin(exchange: Exchange, login: Login): Promise<AuthBlock> {
  const { core, place, view } = exchange
  const minted = await core!.tokens.mintLogin(login, place!, view!)
  exchange.host.metrics.counts.tokensCreated += 1
  for (const warning of minted.warnings) exchange.warn(warning)
  return minted.auth
}

function warningsOf(exchange: Exchange, answer: Answer): readonly string[] | null {
  const own = 'warnings' in answer ? answer.warnings : undefined
  if (!exchange.warnings && !own?.length) return null
  return [...(own ?? []), ...(exchange.warnings ?? [])]
}

/** A list is cut down to what the caller may read where its policy says so. */
function filtered(exchange: Exchange, data: Data | RawJson): Data | RawJson {
  const { caller, decision, place } = exchange
  if (!caller || !decision || decision.listFilter === '' || data instanceof RawJson) return data
  const of = { prefix: place!.namespace.path, path: place!.path }
  return filterKeys(caller.acl, decision.listFilter, of, data)
}

function isEmpty(row: Row<RequestContext>, answer: Answer, envelope: Envelope): boolean {
  if ('empty' in answer) return true
  if ((row.operation !== 'list' && row.operation !== 'scan') || !('data' in answer)) return false
  const keys = (envelope.data as { keys?: unknown } | null)?.keys
  return Array.isArray(keys) && keys.length === 0
}

async function settleEmpty(
  exchange: Exchange,
  row: Row<RequestContext>,
  envelope: Envelope,
): Promise<CoreReply> {
  await exchange.auditResponse(responseEntry(exchange, envelope))
  const { operation } = row
  if (
    operation === 'read' ||
    operation === 'list' ||
    operation === 'scan' ||
    operation === 'head'
  ) {
    return jsonReply(404, '{"errors":[]}\n')
  }
  if (!envelope.warnings) return emptyReply
  return jsonReply(200, envelopeText(exchange.id, envelope, false))
}

/** The reply's text is stored under a single-use token; the caller gets that token alone. */
async function settleWrapped(
  exchange: Exchange,
  envelope: Envelope,
  isQuiet: boolean,
): Promise<CoreReply> {
  const { request, place } = exchange
  const core = exchange.core!
  // A wrapping is an effect, whatever the row says: its request line is written before it.
  if (isQuiet) await exchange.auditRequest()
  let wrapInfo: WrapInfo
  try {
    wrapInfo = await core.wrapping.wrap({
      payload: envelopeText(exchange.id, envelope, false),
      ttlSeconds: request.wrapTtlSeconds,
      creationPath: `${place!.namespace.path}${place!.path}`,
      namespaceId: place!.namespace.id,
      wrappedAccessor: envelope.auth?.accessor ?? '',
    })
  } catch (error) {
    throw await takeBack(exchange, envelope, error)
  }
  return replyWrapped(exchange, envelope, wrapInfo)
}

async function replyWrapped(
  exchange: Exchange,
  envelope: Envelope,
  wrapInfo: WrapInfo,
): Promise<CoreReply> {
  const response = { ...responseEntry(exchange, envelope), wrapInfo: auditWrapInfo(wrapInfo) }
  try {
    await exchange.auditResponse(response)
  } catch (error) {
    await exchange.core!.tokens.revokeUnrecorded(wrapInfo.token)
    throw await takeBack(exchange, envelope, error)
  }
  const text =
    `{"request_id":"${exchange.id}","lease_id":"","renewable":false,"lease_duration":0,"data":null,` +
    `"wrap_info":${stringifyJson(wrapInfo)},"warnings":${stringifyJson(envelope.warnings)},"auth":null}\n`
  return jsonReply(200, text)
}

function auditWrapInfo(info: WrapInfo): AuditWrapInfo {
  return {
    ttlSeconds: info.ttl,
    token: info.token,
    accessor: info.accessor,
    creationTime: info.creation_time,
    creationPath: info.creation_path,
    ...(info.wrapped_accessor ? { wrappedAccessor: info.wrapped_accessor } : undefined),
  }
}

async function settleRaw(exchange: Exchange, raw: CoreReply): Promise<CoreReply> {
  const data: Record<string, unknown> = { http_status_code: raw.status }
  const at = raw.headers.findIndex((name) => name.toLowerCase() === 'content-type')
  if (at >= 0) data.http_content_type = raw.headers[at + 1]
  if (typeof raw.body === 'string') data.http_raw_body = raw.body
  await exchange.auditResponse({ timeMs: exchange.host.clock.now(), data })
  return raw
}

/** The answer can't go out: undoes what was issued, and gives the error to answer with. */
async function takeBack(exchange: Exchange, envelope: Envelope, error: unknown): Promise<Error> {
  // The caller gets nothing, so nothing may live on: an unrecorded credential is the worst outcome.
  if (envelope.lease) await exchange.core!.leases.giveUp(envelope.lease)
  if (envelope.auth && envelope.isIssued) {
    await exchange.core!.tokens.revokeUnrecorded(envelope.auth.client_token)
  }
  return error instanceof Error ? error : internal('internal error')
}

function responseEntry(exchange: Exchange, envelope: Envelope): AuditResponse {
  const entry: { -readonly [K in keyof AuditResponse]: AuditResponse[K] } = {
    timeMs: exchange.host.clock.now(),
    fields: exchange.match?.row.output ?? null,
  }
  if (envelope.data) entry.data = envelope.data
  if (envelope.lease) entry.leaseId = envelope.lease.id
  if (envelope.warnings) entry.warnings = envelope.warnings
  if (envelope.auth) entry.auth = auditAuthOf(envelope.auth)
  return entry
}

function auditAuthOf(auth: AuthBlock): AuditAuth {
  return {
    clientToken: auth.client_token,
    accessor: auth.accessor,
    policies: auth.policies,
    tokenPolicies: auth.token_policies,
    tokenType: auth.token_type,
    tokenTtlSeconds: auth.lease_duration,
    entityId: auth.entity_id,
    numUses: auth.num_uses,
    ...(auth.metadata ? { metadata: auth.metadata } : undefined),
  }
}

/** The envelope, written by hand: every key is present, null or empty, as clients expect. */
function envelopeText(requestId: string, envelope: Envelope, repeatsData: boolean): string {
  const { data, lease, auth, warnings } = envelope
  const dataText = data === null ? 'null' : stringifyJson(data)
  const leaseText = lease
    ? `"lease_id":${JSON.stringify(lease.id)},"renewable":${lease.renewable},"lease_duration":${lease.ttlSeconds}`
    : `"lease_id":"","renewable":false,"lease_duration":${envelope.leaseSeconds}`
  const members = repeatsData && dataText.length > 2 && !(data instanceof RawJson) ? data : null
  const repeated = members === null ? '' : repeat(members, dataText)
  return (
    `{"request_id":"${requestId}",${leaseText},${repeated}"data":${dataText},"wrap_info":null,` +
    `"warnings":${warnings ? stringifyJson(warnings) : 'null'},"auth":${auth ? stringifyJson(auth) : 'null'}}\n`
  )
}

const ENVELOPE_KEYS = [
  'request_id',
  'lease_id',
  'renewable',
  'lease_duration',
  'data',
  'warnings',
  'auth',
]

/** The members of data for the top level; a name that the envelope has itself stays in data alone. */
function repeat(data: Data, dataText: string): string {
  if (!ENVELOPE_KEYS.some((name) => Object.hasOwn(data, name))) return `${dataText.slice(1, -1)},`
  const rest = Object.fromEntries(
    Object.entries(data).filter(([name]) => !ENVELOPE_KEYS.includes(name)),
  )
  const text = stringifyJson(rest)
  return text.length > 2 ? `${text.slice(1, -1)},` : ''
}
