// sys/policies/acl and its old form sys/policy. Source: Vault's API pages "sys/policies" and "sys/policy".
import { badRequest } from '../../base/errors.ts'
import { setOwn } from '../../base/json.ts'
import { boolean, integer, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields, pageOf } from './page-fields.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

const params = { name: string('Name of the policy.') }

async function names(
  ctx: CoreContext,
  page: { after?: string; limit?: number },
): Promise<string[]> {
  return ctx.core.policies.list(ctx.place.namespace, page)
}

async function save(
  ctx: CoreContext,
  name: string,
  text: string | undefined,
  cas: number | undefined,
): Promise<Answer> {
  if (text === undefined || text === '')
    throw badRequest(`'policy' parameter not supplied or empty`)
  const warnings = await ctx.core.policies.put(ctx.place.namespace, name, decoded(text), cas)
  return { empty: true, warnings }
}

/** Old clients send the text in base64. */
function decoded(text: string): string {
  if (!/^[A-Za-z0-9+/=\s]+$/.test(text)) return text
  const plain = Buffer.from(text, 'base64').toString('utf8')
  return plain.includes('path') ? plain : text
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
        return {
          data: {
            cas_required: false,
            modified: new Date(policy.modifiedAtMs).toISOString(),
            name: policy.name,
            [field]: policy.text,
            version: policy.version,
          },
        }
      },
    }),
    write(`${pattern}/:name`, {
      about: 'Create or replace a policy.',
      params,
      input: {
        policy: string('The policy, in HCL or JSON.'),
        rules: string('Old name of `policy`.', { deprecated: true }),
        cas: integer('The version that it must still have; -1: it must be new.'),
        cas_required: boolean('Accepted for compatibility.'),
      },
      handle: (ctx, { name, policy, rules, cas }) => save(ctx, name, policy ?? rules, cas),
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
          setOwn(info, name, {
            modified: new Date(policy.modifiedAtMs).toISOString(),
            policy: policy.text,
            version: policy.version,
          })
        }
      }
      return { data: { keys, key_info: info } }
    },
  }),
]
