// sys/leases. Source: Vault's API page "sys/leases". A lease of another namespace is "not found".
import { humanDuration } from '../../base/duration.ts'
import { badRequest, notFound } from '../../base/errors.ts'
import { boolean, signedDuration, string } from '../../schema/field.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { LeaseRecord } from '../leases/lease-record.ts'
import type { CoreContext } from '../request-context.ts'
import type { TokenRecord } from '../tokens/token-record.ts'
import { pageFields, pageOf } from './page-fields.ts'

const { read, write, list } = endpoints<CoreContext>()

/** The secret or the token of a lease id; null where this namespace has neither. */
async function find(
  ctx: CoreContext,
  id: string,
): Promise<{ lease: LeaseRecord; token: null } | { lease: null; token: TokenRecord } | null> {
  const namespaceId = ctx.place.namespace.id
  const lease = await ctx.core.leases.find(id)
  if (lease?.namespaceId === namespaceId) return { lease, token: null }
  const token = await ctx.core.tokens.findByLease(id)
  return token?.namespaceId === namespaceId ? { lease: null, token } : null
}

async function existing(ctx: CoreContext, id: string) {
  const found = await find(ctx, id)
  if (!found) throw badRequest('invalid lease')
  return found
}

const iso = (ms: number): string => new Date(ms).toISOString()

function lookupView(record: LeaseRecord, nowMs: number): Data {
  return {
    expire_time: iso(record.expiresAtMs),
    id: record.id,
    issue_time: iso(record.issuedAtMs),
    last_renewal: record.renewedAtMs ? iso(record.renewedAtMs) : null,
    renewable: record.isRenewable && record.state === 'active',
    ttl: Math.max(0, Math.floor((record.expiresAtMs - nowMs) / 1000)),
    ...(record.state === 'irrevocable'
      ? { irrevocable: true, error: record.lastError }
      : undefined),
  }
}

function tokenView(id: string, { entry }: TokenRecord, nowMs: number): Data {
  const ends = entry.expiresAtMs > 0
  return {
    expire_time: ends ? iso(entry.expiresAtMs) : null,
    id,
    issue_time: iso(entry.createdAtMs),
    last_renewal: entry.renewedAtMs ? iso(entry.renewedAtMs) : null,
    renewable: ends && entry.renewable,
    ttl: ends ? Math.max(0, Math.floor((entry.expiresAtMs - nowMs) / 1000)) : 0,
  }
}

async function renew(ctx: CoreContext, id: string, increment: number): Promise<Answer> {
  const { token } = await existing(ctx, id)
  if (token) {
    const { entry } = token
    if (entry.expiresAtMs === 0 || !entry.renewable) throw badRequest('lease is not renewable')
    throw badRequest('tokens cannot be renewed through this endpoint')
  }
  const record = await ctx.core.leases.renew(id, increment)
  const ttlSeconds = Math.round((record.expiresAtMs - ctx.clock.now()) / 1000)
  const isCapped = increment > 0 && ttlSeconds + 1 < increment
  return {
    data: {},
    lease: { id, ttlSeconds, expiresAtMs: record.expiresAtMs, renewable: record.isRenewable },
    ...(isCapped
      ? {
          warnings: [
            `TTL of "${humanDuration(increment)}" exceeded the effective max_ttl of ` +
              `"${humanDuration((record.maxExpiresAtMs - record.issuedAtMs) / 1000)}"; ` +
              'TTL value is capped accordingly',
          ],
        }
      : undefined),
  }
}

async function revoke(ctx: CoreContext, id: string, sync: boolean): Promise<Answer> {
  // An unknown lease is as good as revoked; one of another namespace looks the same.
  const found = await find(ctx, id)
  if (!found) return { empty: true }
  if (found.lease) await ctx.core.leases.revoke(id, sync, ctx.signal)
  else await ctx.core.tokens.revoke(found.token)
  return sync ? { empty: true } : QUEUED
}

/**
 * A prefix names whole segments. None at all would be every lease of the namespace, and one that begins
 * with a slash covers nothing: neither may pass for what was meant.
 */
function folderOf(prefix: string): string {
  if (prefix === '' || prefix.startsWith('/')) {
    throw notFound('1 error occurred:\n\t* unsupported path\n\n')
  }
  return `${prefix.replace(/\/+$/, '')}/`
}

async function lookup(ctx: CoreContext, id: string): Promise<Data> {
  const { lease, token } = await existing(ctx, id)
  return token ? tokenView(id, token, ctx.clock.now()) : lookupView(lease, ctx.clock.now())
}

/** Accepted: the work is queued and goes on without the caller. */
const QUEUED: Answer = { raw: { status: 202, headers: ['Cache-Control', 'no-store'], body: null } }

async function sweep(
  ctx: CoreContext,
  action: 'revoke' | 'force',
  prefix: string,
  sync: boolean,
): Promise<Answer> {
  const { id } = ctx.place.namespace
  const folder = folderOf(prefix)
  const one = prefix.endsWith('/') ? null : await find(ctx, prefix)
  if (one?.lease && action === 'force') {
    await ctx.core.leases.forget(prefix, ctx.signal)
    return sync ? { empty: true } : QUEUED
  }
  if (one) return revoke(ctx, prefix, sync)
  if (!sync) {
    await ctx.core.leaseSweeps.queue(id, { action, prefix: folder })
    return QUEUED
  }
  await ctx.core.leaseSweeps.carryOut(id, { action, prefix: folder }, ctx.signal)
  return { empty: true }
}

const leaseField = string('The lease id.')
const syncField = boolean('Wait until it is revoked.', { default: false })
const typeField = string('Only "irrevocable".')
const childrenField = boolean('Also those below.', { default: false })
const prefixParams = { prefix: string('The leases below this path.') }
const urlParams = { url_lease_id: string('The lease id.') }

export const leaseEndpoints: readonly Row<CoreContext>[] = [
  write('leases/lookup', {
    about: 'Show a lease.',
    input: { lease_id: leaseField },
    effects: false,
    handle: async (ctx, { lease_id }) => {
      if (!lease_id) throw badRequest('lease_id must be specified')
      return { data: await lookup(ctx, lease_id) }
    },
  }),
  list('leases/lookup', {
    about: 'List the first parts of lease ids.',
    auth: 'sudo',
    input: pageFields,
    effects: false,
    handle: async (ctx, page) => ({
      data: { keys: await ctx.core.leases.namesBelow(ctx.place.namespace.id, '', pageOf(page)) },
    }),
  }),
  list('leases/lookup/*prefix', {
    about: 'List the lease ids below a prefix.',
    params: prefixParams,
    auth: 'sudo',
    input: pageFields,
    effects: false,
    handle: async (ctx, { prefix, ...page }) => ({
      data: {
        keys: await ctx.core.leases.namesBelow(ctx.place.namespace.id, prefix, pageOf(page)),
      },
    }),
  }),
  ...['leases/renew', 'renew'].flatMap((pattern) => [
    write(pattern, {
      about: 'Renew a lease.',
      hidden: pattern === 'renew',
      input: { lease_id: leaseField, increment: signedDuration('By how much, from now.') },
      handle: (ctx, { lease_id, increment }) => {
        if (!lease_id) throw badRequest('lease_id must be specified')
        return renew(ctx, lease_id, increment ?? 0)
      },
    }),
    write(`${pattern}/*url_lease_id`, {
      about: 'Renew a lease.',
      hidden: pattern === 'renew',
      params: urlParams,
      input: { increment: signedDuration('By how much, from now.') },
      handle: (ctx, { url_lease_id, increment }) => renew(ctx, url_lease_id, increment ?? 0),
    }),
  ]),
  ...['leases/revoke', 'revoke'].flatMap((pattern) => [
    write(pattern, {
      about: 'Revoke a lease.',
      hidden: pattern === 'revoke',
      input: { lease_id: leaseField, sync: syncField },
      handle: (ctx, { lease_id, sync }) => {
        if (!lease_id) throw badRequest('lease_id must be specified')
        return revoke(ctx, lease_id, sync)
      },
    }),
    write(`${pattern}/*url_lease_id`, {
      about: 'Revoke a lease.',
      hidden: pattern === 'revoke',
      params: urlParams,
      input: { sync: syncField },
      handle: (ctx, { url_lease_id, sync }) => revoke(ctx, url_lease_id, sync),
    }),
  ]),
  ...['leases/', ''].flatMap((start) => [
    write(`${start}revoke-prefix/*prefix`, {
      about: 'Revoke every lease below a path.',
      hidden: start === '',
      params: prefixParams,
      input: { sync: boolean('Wait until they are revoked.', { default: true }) },
      auth: 'sudo',
      handle: (ctx, { prefix, sync }) => sweep(ctx, 'revoke', prefix, sync),
    }),
    write(`${start}revoke-force/*prefix`, {
      about: 'Drop every lease below a path, also where revoking it fails.',
      hidden: start === '',
      params: prefixParams,
      input: { sync: boolean('Wait until they are dropped.', { default: true }) },
      auth: 'sudo',
      handle: (ctx, { prefix, sync }) => sweep(ctx, 'force', prefix, sync),
    }),
  ]),
  read('leases', {
    about: 'List the irrevocable leases with their errors.',
    auth: 'sudo',
    effects: false,
    input: {
      type: typeField,
      limit: string('At most this many, or "none".', { default: '10000' }),
      include_child_namespaces: childrenField,
    },
    handle: async (ctx, { type, limit, include_child_namespaces }) => {
      if (type?.toLowerCase() !== 'irrevocable') return { empty: true }
      const most = limit === 'none' ? Number.POSITIVE_INFINITY : Number(limit)
      if (!(most > 0)) throw badRequest("limit must be 'none' or a positive whole number")
      return irrevocableList(ctx, most, include_child_namespaces)
    },
  }),
  read('leases/count', {
    about: 'Count the irrevocable leases by mount.',
    auth: 'sudo',
    effects: false,
    input: { type: typeField, include_child_namespaces: childrenField },
    handle: async (ctx, { type, include_child_namespaces }) => {
      if (type?.toLowerCase() !== 'irrevocable') return { empty: true }
      const counts: Record<string, number> = {}
      let lease_count = 0
      for await (const { accessor } of irrevocable(ctx, include_child_namespaces)) {
        counts[accessor] = (counts[accessor] ?? 0) + 1
        lease_count += 1
      }
      return { data: { lease_count, counts } }
    },
  }),
  write('leases/tidy', {
    about: 'Put back marks of leases that a restored or damaged store may lack.',
    auth: 'sudo',
    handle: async (ctx) => {
      await ctx.core.leaseSweeps.queue(ctx.place.namespace.id, { action: 'tidy', prefix: '' })
      return {
        data: null,
        status: 202,
        warnings: [
          'Tidy operation successfully started. Any information from the operation will be printed to the server logs.',
        ],
      }
    },
  }),
]

const PAGE = 500

/** Walks the index of irrevocable leases; the accessor is the mount's id where the mount is gone. */
async function* irrevocable(
  ctx: CoreContext,
  withChildren: boolean,
): AsyncGenerator<{ accessor: string; leaseId: string }> {
  const namespaces = [ctx.place.namespace]
  for (let namespace = namespaces.pop(); namespace; namespace = namespaces.pop()) {
    const { mounts } = await ctx.view.table(namespace)
    const accessors = new Map(mounts.map(({ record }) => [record.id, record.accessor]))
    let after: string | undefined
    for (;;) {
      const page = after === undefined ? { limit: PAGE } : { limit: PAGE, after }
      const found = await ctx.core.leases.irrevocable(namespace.id, page)
      for (const { mountId, leaseId } of found) {
        yield { accessor: accessors.get(mountId) ?? mountId, leaseId }
      }
      if (found.length < PAGE) break
      after = found.at(-1)?.at
    }
    if (!withChildren) return
    for (const name of await ctx.core.namespaces.children(namespace, {})) {
      const child = await ctx.view.child(namespace.id, name.slice(0, -1))
      if (child) namespaces.push(child)
    }
  }
}

async function irrevocableList(
  ctx: CoreContext,
  most: number,
  withChildren: boolean,
): Promise<Answer> {
  const leases: Data[] = []
  for await (const { leaseId } of irrevocable(ctx, withChildren)) {
    if (leases.length >= most) {
      const warning = `More than ${most} irrevocable leases; raise "limit" or set it to "none" to see all.`
      return { data: { lease_count: leases.length, leases }, warnings: [warning] }
    }
    const record = await ctx.core.leases.find(leaseId)
    if (record?.state === 'irrevocable') leases.push({ lease_id: leaseId, error: record.lastError })
  }
  return { data: { lease_count: leases.length, leases } }
}
