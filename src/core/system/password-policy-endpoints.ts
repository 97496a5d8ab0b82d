// sys/policies/password. Source: Vault's API page "sys/policies/password".
import { badRequest, notFound } from '../../base/errors.ts'
import { string } from '../../schema/field.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { passwordPolicyPrefix } from '../keys.ts'
import { generatePassword, parsePasswordPolicy } from '../passwords/password-policy.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields, pageOf } from './page-fields.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

const params = { name: string('Name of the password policy.') }
const keyOf = (ctx: CoreContext, name: string): string =>
  passwordPolicyPrefix(ctx.place.namespace.id) + name

const textOf = async (ctx: CoreContext, name: string): Promise<string | null> =>
  (await ctx.core.storage.get(keyOf(ctx, name)))?.text() ?? null

export const passwordPolicyEndpoints: readonly Row<CoreContext>[] = [
  list('policies/password', {
    about: 'List the password policies.',
    input: pageFields,
    effects: false,
    handle: async (ctx, page) => {
      const prefix = passwordPolicyPrefix(ctx.place.namespace.id)
      return { data: { keys: await ctx.core.storage.list(prefix, pageOf(page)) } }
    },
  }),
  read('policies/password/:name', {
    about: 'Show a password policy.',
    params,
    effects: false,
    handle: async (ctx, { name }) => {
      const policy = await textOf(ctx, name)
      return policy === null ? { empty: true } : { data: { policy } }
    },
  }),
  write('policies/password/:name', {
    about: 'Create or replace a password policy.',
    params,
    input: { policy: string('The policy in HCL or JSON, plain or in base64.') },
    handle: async (ctx, { name, policy }) => {
      if (!policy) throw badRequest('missing policy')
      const text = decoded(policy)
      // A policy that can't be met is refused now, not when the first password is needed.
      generatePassword(parsePasswordPolicy(text), ctx.random)
      await ctx.core.storage.put(keyOf(ctx, name), text)
      return { empty: true }
    },
  }),
  remove('policies/password/:name', {
    about: 'Delete a password policy.',
    params,
    handle: async (ctx, { name }) => {
      await ctx.core.storage.delete(keyOf(ctx, name))
      return { empty: true }
    },
  }),
  read('policies/password/:name/generate', {
    about: 'Generate a password by a policy.',
    params,
    output: { password: string('The password.', { secret: true }) },
    handle: async (ctx, { name }) => {
      const text = await textOf(ctx, name)
      if (text === null) throw notFound('policy does not exist')
      return { data: { password: generatePassword(parsePasswordPolicy(text), ctx.random) } }
    },
  }),
]

function decoded(text: string): string {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text.trim())) return text
  return Buffer.from(text, 'base64').toString('utf8')
}
