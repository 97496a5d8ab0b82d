// sys/quotas: limits on requests of one client and on leases. Source: Vault's API pages "sys/quotas/config",
// "sys/quotas/rate-limit" and "sys/quotas/lease-count".
import { badRequest } from '../../base/errors.ts'
import { boolean, duration, float, integer, list as listField, string } from '../../schema/field.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { LeaseCountRule, QuotaScope, RateLimitRule } from '../quotas/quota-rule.ts'
import type { CoreContext } from '../request-context.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

const nameParam = { name: string('Name of the quota.') }

const scopeFields = {
  path: string('A namespace, a mount or a path in it; empty for the whole server.', {
    default: '',
  }),
  role: string('Only logins with this role.', { default: '' }),
  inheritable: boolean('Whether namespaces below are covered too.'),
}

type ScopeInput = { path: string; role: string; inheritable: boolean | undefined }

/** Throws 400 where the path leads to nothing that a quota could cover. */
async function scopeOf(
  ctx: CoreContext,
  { path, role, inheritable }: ScopeInput,
): Promise<{ path: string; scope: QuotaScope }> {
  const inner = path.replace(/^\/+|\/+$/g, '')
  const wanted = inner === '' ? '' : `${inner}/`
  const place = await ctx.view.locate('', wanted)
  const { namespace, mount, mountPath } = place!
  if (!mount && place!.path !== '') throw badRequest(`invalid mount path "${wanted}"`)
  const suffix = mountPath.replace(/\/+$/, '')
  if (role !== '' && suffix !== '') {
    throw badRequest(
      'Quotas cannot contain both a path suffix and a role. If a role is provided, path must be a valid auth mount with a concept of roles',
    )
  }
  if (role !== '' && (mount?.record.class !== 'auth' || mount.record.type === 'token')) {
    throw badRequest(
      `Mount path ${JSON.stringify(mount?.record.path ?? wanted)} does not support use with role-based quotas`,
    )
  }
  return {
    path: `${namespace.path}${mount ? mount.record.path + suffix : ''}`,
    scope: {
      namespaceId: namespace.id,
      namespacePath: namespace.path,
      mountId: mount?.record.id ?? null,
      suffix,
      role,
      inheritable: inheritable ?? (!mount && namespace.path === ''),
    },
  }
}

const rateLimitView = (rule: RateLimitRule): Data => ({
  type: rule.kind,
  name: rule.name,
  path: rule.path,
  role: rule.scope.role,
  inheritable: rule.scope.inheritable,
  rate: rule.rate,
  interval: rule.intervalSeconds,
  block_interval: rule.blockSeconds,
})

const leaseCountView = (rule: LeaseCountRule, counter: number): Data => ({
  type: rule.kind,
  name: rule.name,
  path: rule.path,
  role: rule.scope.role,
  inheritable: rule.scope.inheritable,
  max_leases: rule.maxLeases,
  counter,
})

const configRows: readonly Row<CoreContext>[] = [
  read('quotas/config', {
    about: 'What holds for all quotas.',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => {
      const config = await ctx.core.quotas.config()
      return {
        data: {
          enable_rate_limit_audit_logging: config.auditsRefusals,
          enable_rate_limit_response_headers: config.sendsHeaders,
          rate_limit_exempt_paths: config.exemptPaths,
        },
      }
    },
  }),
  write('quotas/config', {
    about: 'Set what holds for all quotas.',
    rootOnly: true,
    input: {
      rate_limit_exempt_paths: listField(
        'Paths without a limit; a "*" at the end takes all below.',
      ),
      enable_rate_limit_audit_logging: boolean('Whether refusals are audited.'),
      enable_rate_limit_response_headers: boolean('Whether replies say what is left.'),
    },
    handle: async (ctx, values) => {
      const paths = values.rate_limit_exempt_paths
      const audits = values.enable_rate_limit_audit_logging
      const sends = values.enable_rate_limit_response_headers
      await ctx.core.quotas.setConfig({
        ...(paths === undefined ? undefined : { exemptPaths: paths }),
        ...(audits === undefined ? undefined : { auditsRefusals: audits }),
        ...(sends === undefined ? undefined : { sendsHeaders: sends }),
      })
      return { empty: true }
    },
  }),
]

const rateLimitRows: readonly Row<CoreContext>[] = [
  list('quotas/rate-limit', {
    about: 'List the rate limits.',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => ({ data: { keys: await ctx.core.quotas.names('rate-limit') } }),
  }),
  read('quotas/rate-limit/:name', {
    about: 'Show a rate limit.',
    rootOnly: true,
    params: nameParam,
    effects: false,
    handle: async (ctx, { name }) => {
      const rule = await ctx.core.quotas.get('rate-limit', name)
      return rule ? { data: rateLimitView(rule) } : { empty: true }
    },
  }),
  write('quotas/rate-limit/:name', {
    about: 'Create or change a rate limit.',
    rootOnly: true,
    params: nameParam,
    input: {
      ...scopeFields,
      type: string('Accepted: rate-limit.'),
      rate: float('Requests of one client address in an interval.', { default: 0 }),
      interval: duration('Length of the interval.', { default: 1 }),
      block_interval: duration('How long a client that went over is refused.', { default: 0 }),
    },
    handle: async (ctx, { name, rate, interval, block_interval, ...of }) => {
      if (rate <= 0) throw badRequest("'rate' is invalid")
      const rule: RateLimitRule = {
        kind: 'rate-limit',
        id: ctx.random.uuid(),
        name,
        ...(await scopeOf(ctx, of)),
        rate,
        intervalSeconds: interval || 1,
        blockSeconds: block_interval,
      }
      await ctx.core.quotas.put(rule)
      return { empty: true }
    },
  }),
  remove('quotas/rate-limit/:name', {
    about: 'Delete a rate limit.',
    rootOnly: true,
    params: nameParam,
    handle: async (ctx, { name }) => {
      await ctx.core.quotas.remove('rate-limit', name)
      return { empty: true }
    },
  }),
]

const leaseCountRows: readonly Row<CoreContext>[] = [
  list('quotas/lease-count', {
    about: 'List the limits on leases.',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => ({ data: { keys: await ctx.core.quotas.names('lease-count') } }),
  }),
  read('quotas/lease-count/:name', {
    about: 'Show a limit on leases and how many there are.',
    rootOnly: true,
    params: nameParam,
    effects: false,
    handle: async (ctx, { name }) => {
      const rule = await ctx.core.quotas.get('lease-count', name)
      if (!rule) return { empty: true }
      return { data: leaseCountView(rule, await ctx.core.leaseCounts.count(rule.id)) }
    },
  }),
  write('quotas/lease-count/:name', {
    about: 'Create or change a limit on leases.',
    rootOnly: true,
    params: nameParam,
    input: {
      ...scopeFields,
      type: string('Accepted: lease-count.'),
      max_leases: integer('The most leases at once.', { default: 0 }),
    },
    handle: async (ctx, { name, max_leases, ...of }) => {
      if (max_leases <= 0) throw badRequest("'max_leases' is invalid")
      if (of.role !== '') {
        throw badRequest('a limit on leases takes no role: only leases of secrets are counted')
      }
      await ctx.core.leaseCounts.put({ name, maxLeases: max_leases, ...(await scopeOf(ctx, of)) })
      return { empty: true }
    },
  }),
  remove('quotas/lease-count/:name', {
    about: 'Delete a limit on leases.',
    rootOnly: true,
    params: nameParam,
    handle: async (ctx, { name }) => {
      await ctx.core.leaseCounts.remove(name)
      return { empty: true }
    },
  }),
]

export const quotaEndpoints: readonly Row<CoreContext>[] = [
  ...configRows,
  ...rateLimitRows,
  ...leaseCountRows,
]
