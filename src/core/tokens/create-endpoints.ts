// auth/token/create, create-orphan and create/:role_name. Source: Vault's API page "token".
import { badRequest } from '../../base/errors.ts'
import { boolean, integer, list, pairs, signedDuration, string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { callerToken, hasSudo, missingPolicies } from './token-context.ts'
import { type CreateInput, decideCreate } from './token-create.ts'
import { matchesAny } from './token-policies.ts'
import { type TokenRole, tokenRole } from './token-role.ts'
import { authBlock } from './token-views.ts'

const { write } = endpoints<CoreContext>()

const input = {
  id: string('The text of the token; root namespace only, needs sudo.', { secret: true }),
  policies: list('Policies of the token; left out: those of the parent.'),
  meta: pairs('Names and values that go into the audit log with each use of the token.'),
  no_parent: boolean('Make an orphan; needs sudo.', { default: false }),
  no_default_policy: boolean('Leave out the policy `default`.', { default: false }),
  renewable: boolean('Whether its life can be extended.', { default: true }),
  ttl: signedDuration('How long it lives; left out: the default of the mount.'),
  lease: signedDuration('Old name of `ttl`.', { deprecated: true }),
  type: string('"service" or "batch".'),
  explicit_max_ttl: signedDuration('It ends at the latest after this, however often renewed.'),
  display_name: string('A name for the audit log.'),
  num_uses: integer('It ends after this many uses; 0: no limit.', { default: 0 }),
  period: signedDuration('Each renewal extends its life by this; needs sudo.'),
  entity_alias: string('The entity of this alias; only with a role that allows it.'),
}

async function create(
  ctx: CoreContext,
  values: Parsed<typeof input>,
  of: { readonly role: TokenRole | null; readonly isOrphanPath: boolean },
): Promise<Answer> {
  const { namespace } = ctx.place
  const sent: CreateInput = values
  const { token, warnings } = decideCreate({
    input: sent,
    parent: callerToken(ctx),
    role: of.role,
    isOrphanPath: of.isOrphanPath,
    isSudo: hasSudo(ctx),
    namespaceId: namespace.id,
    path: `auth/token/${ctx.path}`,
    mount: ctx.services.ttls(),
    aliasEntityId: await aliasEntity(ctx, values.entity_alias, of.role),
    nowMs: ctx.clock.now(),
  })
  const minted = await ctx.core.tokens.mint(token)
  ctx.host.metrics.counts.tokensCreated += 1
  const missing = await missingPolicies(ctx, minted.entry.policies)
  return {
    auth: authBlock(minted, token.kind, minted.text),
    warnings: [...warnings, ...missing],
  }
}

async function aliasEntity(
  ctx: CoreContext,
  alias: string | undefined,
  role: TokenRole | null,
): Promise<string> {
  if (!alias) return ''
  if (!role) throw badRequest("'entity_alias' is only allowed in combination with token role")
  if (!matchesAny(role.allowedEntityAliases, alias.toLowerCase())) {
    throw badRequest("invalid 'entity_alias' value")
  }
  const entity = await ctx.core.tokens.entityOf(alias, ctx.place, ctx.view)
  if (!entity) {
    throw badRequest('failed to create or fetch entity from given entity alias')
  }
  return entity.id
}

export const createEndpoints: readonly Row<CoreContext>[] = [
  write('create', {
    about: 'Create a token.',
    input,
    handle: (ctx, values) => create(ctx, values, { role: null, isOrphanPath: false }),
  }),
  write('create-orphan', {
    about: 'Create a token without a parent.',
    input,
    handle: (ctx, values) => create(ctx, values, { role: null, isOrphanPath: true }),
  }),
  write('create/:role_name', {
    about: 'Create a token by a role.',
    params: { role_name: string('Name of the role.') },
    input,
    handle: async (ctx, values) => {
      const name = values.role_name
      const role = await tokenRole(ctx.core.storage, ctx.place.namespace.id, name)
      if (!role) throw badRequest(`unknown role ${name}`)
      return create(ctx, values, { role, isOrphanPath: false })
    },
  }),
]
