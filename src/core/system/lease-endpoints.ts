// sys/leases. Source: Vault's API page "sys/leases". A lease of another namespace is "not found".
import { badRequest } from '../../base/errors.ts'
import { boolean, integer, signedDuration, string, list as stringList } from '../../schema/field.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { LeaseRecord } from '../leases/lease-record.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields, pageOf } from './page-fields.ts'

const { read, write, list } = endpoints<CoreContext>()

async function leaseOf(ctx: CoreContext, id: string): Promise<LeaseRecord> {
  const record = await ctx.core.leases.find(id)
  if (!record || record.namespaceId !== ctx.place.namespace.id) throw badRequest('invalid lease')
  return record
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

async function renew(ctx: CoreContext, id: string, increment: number): Promise<Answer> {
  await leaseOf(ctx, id)
  const record = await ctx.core.leases.renew(id, increment)
  const ttlSeconds = Math.floor((record.expiresAtMs - ctx.clock.now()) / 1000)
  const isCapped = increment > 0 && ttlSeconds + 1 < increment
  return {
    data: {},
    lease: { id, ttlSeconds, expiresAtMs: record.expiresAtMs, renewable: record.isRenewable },
    ...(isCapped
      ? {
          warnings: [
            `TTL of "${increment}s" exceeded the effective max_ttl; TTL value is capped accordingly`,
          ],
        }
      : undefined),
  }
}

async function revoke(ctx: CoreContext, id: string, sync: boolean): Promise<Answer> {
  const record = await ctx.core.leases.find(id)
  // An unknown lease is as good as revoked; one of another namespace looks the same.
  if (record?.namespaceId === ctx.place.namespace.id) await ctx.core.leases.revoke(id, sync)
  return { empty: true }
}

/** Applies to every lease below a prefix, page by page. */
async function below(
  ctx: CoreContext,
  prefix: string,
  each: (id: string) => Promise<void>,
): Promise<number> {
  const folder = prefix === '' ? '' : `${prefix.replace(/\/+$/, '')}/`
  let count = 0
  let after: string | undefined
  for (;;) {
    const page = after === undefined ? { limit: 500 } : { limit: 500, after }
    const ids = await ctx.core.leases.idsBelow(ctx.place.namespace.id, folder, page)
    for (const id of ids) await each(id)
    count += ids.length
    if (ids.length < 500) return count
    after = ids.at(-1)
  }
}

const leaseField = string('The lease id.')
const syncField = boolean('Wait until it is revoked.', { default: false })
const prefixParams = { prefix: string('The leases below this path.') }
const urlParams = { url_lease_id: string('The lease id.') }

export const leaseEndpoints: readonly Row<CoreContext>[] = [
  write('leases/lookup', {
    about: 'Show a lease.',
    input: { lease_id: leaseField },
    effects: false,
    handle: async (ctx, { lease_id }) => {
      if (!lease_id) throw badRequest('lease_id must be specified')
      return { data: lookupView(await leaseOf(ctx, lease_id), ctx.clock.now()) }
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
      handle: async (ctx, { prefix, sync }) => {
        await below(ctx, prefix, (id) => ctx.core.leases.revoke(id, sync))
        return { empty: true }
      },
    }),
    write(`${start}revoke-force/*prefix`, {
      about: 'Drop every lease below a path, also where revoking it fails.',
      hidden: start === '',
      params: prefixParams,
      auth: 'sudo',
      handle: async (ctx, { prefix }) => {
        await below(ctx, prefix, (id) => ctx.core.leases.forget(id, ctx.signal))
        return { empty: true }
      },
    }),
  ]),
  read('leases', {
    about: 'List the irrevocable leases with their errors.',
    auth: 'sudo',
    effects: false,
    input: {
      type: string('Only "irrevocable".', { required: true, choices: ['irrevocable'] }),
      limit: string('At most this many, or "none".', { default: '10000' }),
      include_child_namespaces: boolean('Also those below.', { default: false }),
    },
    handle: async (ctx, { limit }) => ({ data: await irrevocable(ctx, Number(limit) || Infinity) }),
  }),
  read('leases/count', {
    about: 'Count the irrevocable leases by mount.',
    auth: 'sudo',
    effects: false,
    input: {
      type: string('Only "irrevocable".', { required: true, choices: ['irrevocable'] }),
      include_child_namespaces: boolean('Also those below.', { default: false }),
    },
    handle: async (ctx) => {
      const { lease_count, counts } = await irrevocable(ctx, Infinity)
      return { data: { lease_count, counts } }
    },
  }),
  write('leases/tidy', {
    about: 'Put back due marks that a restored or damaged store may lack.',
    auth: 'sudo',
    input: { limit: integer('Not used.'), paths: stringList('Not used.') },
    handle: async (ctx) => {
      await below(ctx, '', (id) => ctx.core.leases.remark(id))
      return {
        empty: true,
        warnings: [
          'Tidy operation successfully started. Any information from the operation will be printed to the server logs.',
        ],
      }
    },
  }),
]

async function irrevocable(
  ctx: CoreContext,
  limit: number,
): Promise<{ lease_count: number; counts: Record<string, number>; leases: Data[] }> {
  const counts: Record<string, number> = {}
  const leases: Data[] = []
  const table = await ctx.view.table(ctx.place.namespace)
  await below(ctx, '', async (id) => {
    const record = await ctx.core.leases.find(id)
    if (record?.state !== 'irrevocable') return
    const mount = table.mounts.find((one) => one.record.id === record.mountId)
    const accessor = mount?.record.accessor ?? record.mountId
    counts[accessor] = (counts[accessor] ?? 0) + 1
    if (leases.length < limit) leases.push({ lease_id: id, error: record.lastError })
  })
  return {
    lease_count: Object.values(counts).reduce((sum, count) => sum + count, 0),
    counts,
    leases,
  }
}
