// sys/policies/acl and its old form sys/policy. Source: Vault's API pages "sys/policies" and "sys/policy".
import { badRequest } from '../../base/errors.ts'
import { setOwn } from '../../base/json.ts'
import { boolean, duration, integer, nullable, string, time } from '../../schema/field.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { PolicyChange, StoredPolicy } from '../policies/policy-store.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields, pageOf } from './page-fields.ts'

const { read, write, patch, remove, list } = endpoints<CoreContext>()

const params = { name: string('Name of the policy.') }

async function names(
  ctx: CoreContext,
  page: { after?: string; limit?: number },
): Promise<string[]> {
  return ctx.core.policies.list(ctx.place.namespace, page)
}

type Sent = {
  readonly cas: number | undefined
  readonly cas_required: boolean | undefined
  readonly ttl: number | undefined
  readonly expiration: number | null | undefined
}

/** What was sent as the store takes it; a `ttl` is an expiration counted from now. */
function changeOf(ctx: CoreContext, sent: Sent): Omit<PolicyChange, 'text'> {
  const { cas, cas_required, ttl, expiration } = sent
  if (ttl && expiration) throw badRequest('only one of ttl and expiration may be given')
  const until = ttl ? ctx.clock.now() + ttl * 1000 : expiration
  return {
    ...(cas === undefined ? undefined : { cas }),
    ...(cas_required === undefined ? undefined : { casRequired: cas_required }),
    ...(until === undefined ? undefined : { expiresAtMs: until }),
  }
}

async function save(
  ctx: CoreContext,
  name: string,
  text: string | undefined,
  sent: Sent,
): Promise<Answer> {
  if (text === undefined || text === '')
    throw badRequest(`'policy' parameter not supplied or empty`)
  const change = { ...changeOf(ctx, sent), text: decoded(text) }
  const warnings = await ctx.core.policies.put(ctx.place.namespace, name, change)
  return { empty: true, warnings }
}

function policyView(policy: StoredPolicy, field: 'policy' | 'rules'): Data {
  return {
    cas_required: policy.casRequired ?? false,
    ...(policy.expiresAtMs
      ? { expiration: new Date(policy.expiresAtMs).toISOString() }
      : undefined),
    modified: new Date(policy.modifiedAtMs).toISOString(),
    name: policy.name,
    [field]: policy.text,
    version: policy.version,
  }
}

/** Old clients send the text in base64. */
function decoded(text: string): string {
  if (!/^[A-Za-z0-9+/=\s]+$/.test(text)) return text
  const plain = Buffer.from(text, 'base64').toString('utf8')
  return plain.includes('path') ? plain : text
}

const changeFields = {
  cas: integer('The version that it must still have; -1: it must be new.'),
  cas_required: boolean('Whether every change must give `cas`.'),
  ttl: duration('How long it is to count.'),
  expiration: nullable(time('When it ends to count.')),
}

function textRows(pattern: string, field: 'policy' | 'rules'): Row<CoreContext>[] {
  return [
    read(`${pattern}/:name`, {
      about: 'Show a policy.',
      params,
      effects: false,
      envelope: field === 'rules' ? 'both' : 'standard',
      handle: async (ctx, { name }) => {
        const policy = await ctx.core.policies.get(ctx.place.namespace, name)
        if (!policy) return { empty: true }
        return { data: policyView(policy, field) }
      },
    }),
    write(`${pattern}/:name`, {
      about: 'Create or replace a policy.',
      params,
      input: {
        policy: string('The policy, in HCL or JSON.'),
        rules: string('Old name of `policy`.', { deprecated: true }),
        ...changeFields,
      },
      handle: (ctx, { name, policy, rules, ...sent }) => save(ctx, name, policy ?? rules, sent),
    }),
    remove(`${pattern}/:name`, {
      about: 'Delete a policy.',
      params,
      handle: async (ctx, { name }) => {
        await ctx.core.policies.remove(ctx.place.namespace, name)
        return { empty: true }
      },
    }),
  ]
}

export const policyEndpoints: readonly Row<CoreContext>[] = [
  ...textRows('policies/acl', 'policy'),
  ...textRows('policy', 'rules'),
  list('policies/acl', {
    about: 'List the policies.',
    input: pageFields,
    effects: false,
    handle: async (ctx, page) => ({ data: { keys: await names(ctx, pageOf(page)) } }),
  }),
  ...(['list', 'read'] as const).map((operation) =>
    endpoints<CoreContext>()[operation]('policy', {
      about: 'List the policies (old form).',
      effects: false,
      envelope: 'both',
      handle: async (ctx) => {
        const keys = await names(ctx, {})
        return { data: { keys, policies: keys } }
      },
    }),
  ),
  patch('policies/acl/:name', {
    about: 'Change parts of a policy.',
    params,
    body: 'mergePatch',
    input: { policy: string('The policy, in HCL or JSON.'), ...changeFields },
    handle: async (ctx, { name, policy, ...sent }) => {
      const text = policy === undefined ? undefined : { text: decoded(policy) }
      const change = { ...changeOf(ctx, sent), ...text }
      const warnings = await ctx.core.policies.patch(ctx.place.namespace, name, change)
      return { empty: true, warnings }
    },
  }),
  // Names hold no slash, so there is nothing below one; a listing there is empty, not unsupported.
  ...['policies/acl/:name', 'policy/:name', 'policies/detailed/acl/:name'].map((pattern) =>
    list(pattern, {
      about: 'List the policies below a name: there are none.',
      params,
      effects: false,
      handle: async () => ({ data: { keys: [] } }),
    }),
  ),
  list('policies/detailed/acl', {
    about: 'List the policies with their texts.',
    input: pageFields,
    effects: false,
    handle: async (ctx, page) => {
      const keys = await names(ctx, pageOf(page))
      const info: Record<string, unknown> = {}
      for (const name of keys) {
        const policy = await ctx.core.policies.get(ctx.place.namespace, name)
        if (policy) {
          setOwn(info, name, policyView(policy, 'policy'))
        }
      }
      return { data: { keys, key_info: info } }
    },
  }),
]
