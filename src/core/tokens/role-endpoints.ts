// auth/token/roles. Source: Vault's API page "token". Four fields have old names without token_; the new
// name wins where both are sent.
import { parseCidr } from '../../base/cidr.ts'
import { badRequest } from '../../base/errors.ts'
import { boolean, duration, integer, list as listOf, string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { tokenRolePrefix } from '../keys.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields, pageOf } from '../system/page-fields.ts'
import { sanitizePolicies } from './token-policies.ts'
import {
  newTokenRole,
  type RoleTokenType,
  type TokenRole,
  tokenRole,
  tokenRoleKey,
} from './token-role.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

const params = { role_name: string('Name of the role.') }
const input = {
  allowed_policies: listOf('Policies that a token may get; all of these if none is asked for.'),
  disallowed_policies: listOf('Policies that no token gets.'),
  allowed_policies_glob: listOf('The same as patterns with *; only for what is asked for.'),
  disallowed_policies_glob: listOf('The same as patterns with *.'),
  orphan: boolean('Tokens of this role have no parent.'),
  renewable: boolean('Whether their life can be extended.', { initial: true }),
  path_suffix: string('Added to the path that tokens are made under, for revoking by prefix.'),
  allowed_entity_aliases: listOf('Entity aliases that may be asked for; * as a pattern.'),
  token_period: duration('Each renewal extends the life by this.'),
  token_explicit_max_ttl: duration('A token ends at the latest after this.'),
  token_bound_cidrs: listOf('Blocks of addresses that a token may be used from.'),
  token_type: string('service, batch, default-service or default-batch.'),
  token_no_default_policy: boolean('Leave out the policy `default`.'),
  token_num_uses: integer('A token ends after this many uses; 0: no limit.'),
  period: duration('Old name of token_period.', { deprecated: true }),
  explicit_max_ttl: duration('Old name of token_explicit_max_ttl.', { deprecated: true }),
  bound_cidrs: listOf('Old name of token_bound_cidrs.', { deprecated: true }),
}
type Sent = Parsed<typeof input>

const PATH_SUFFIX = /\w[\w\-.]+\w/
const TYPES: readonly string[] = ['service', 'batch', 'default-service', 'default-batch']

/** Names trimmed, in lower case, each once, sorted; unlike policies, `root` is one of many. */
const names = (sent: readonly string[]): string[] =>
  [...new Set(sent.map((name) => name.trim().toLowerCase()))].filter((name) => name !== '').sort()

const policies = (sent: readonly string[] | undefined): string[] | undefined =>
  sent && sanitizePolicies(sent, false)

/** The role after the request; throws 400 in Vault's words. */
export function changedRole(role: TokenRole, sent: Sent, warnings: string[]): TokenRole {
  const next: TokenRole = {
    ...role,
    allowedPolicies: policies(sent.allowed_policies) ?? role.allowedPolicies,
    allowedPoliciesGlob: policies(sent.allowed_policies_glob) ?? role.allowedPoliciesGlob,
    disallowedPolicies:
      (sent.disallowed_policies && names(sent.disallowed_policies)) ?? role.disallowedPolicies,
    disallowedPoliciesGlob:
      (sent.disallowed_policies_glob && names(sent.disallowed_policies_glob)) ??
      role.disallowedPoliciesGlob,
    orphan: sent.orphan ?? role.orphan,
    renewable: sent.renewable ?? role.renewable,
    pathSuffix: checkedSuffix(sent.path_suffix ?? role.pathSuffix),
    allowedEntityAliases:
      (sent.allowed_entity_aliases && names(sent.allowed_entity_aliases)) ??
      role.allowedEntityAliases,
    tokenType: checkedType(sent.token_type ?? role.tokenType),
    tokenNoDefaultPolicy: sent.token_no_default_policy ?? role.tokenNoDefaultPolicy,
    tokenNumUses: checkedUses(sent.token_num_uses ?? role.tokenNumUses),
    ...renamed('period', sent.token_period, sent.period, warnings, {
      now: role.tokenPeriodSeconds,
      old: role.periodSeconds,
      empty: 0,
      as: (tokenPeriodSeconds, periodSeconds) => ({ tokenPeriodSeconds, periodSeconds }),
    }),
    ...renamed('explicit_max_ttl', sent.token_explicit_max_ttl, sent.explicit_max_ttl, warnings, {
      now: role.tokenExplicitMaxTtlSeconds,
      old: role.explicitMaxTtlSeconds,
      empty: 0,
      as: (tokenExplicitMaxTtlSeconds, explicitMaxTtlSeconds) => ({
        tokenExplicitMaxTtlSeconds,
        explicitMaxTtlSeconds,
      }),
    }),
    ...renamed('bound_cidrs', sent.token_bound_cidrs, sent.bound_cidrs, warnings, {
      now: role.tokenBoundCidrs,
      old: role.boundCidrs,
      empty: [],
      as: (tokenBoundCidrs, boundCidrs) => ({ tokenBoundCidrs, boundCidrs }),
    }),
  }
  assertCidrs('role fields', sent.token_bound_cidrs)
  assertCidrs('bound_cidrs', sent.bound_cidrs)
  assertBatch(next)
  return next
}

/** A field with an old name: the old value is kept only where the old name set it. */
function renamed<T, R>(
  name: string,
  sent: T | undefined,
  sentOld: T | undefined,
  warnings: string[],
  of: {
    readonly now: T
    readonly old: T
    readonly empty: T
    as(now: T, old: T): R
  },
): R {
  if (sent !== undefined && sentOld !== undefined) {
    warnings.push(
      `Both 'token_${name}' and deprecated '${name}' value supplied, ignoring the deprecated value`,
    )
  }
  if (sent !== undefined) return of.as(sent, of.empty)
  return sentOld === undefined ? of.as(of.now, of.old) : of.as(sentOld, sentOld)
}

function assertCidrs(what: string, cidrs: readonly string[] | undefined): void {
  const bad = cidrs?.find((cidr) => !parseCidr(cidr))
  if (bad === undefined) return
  throw badRequest(
    `error parsing ${what}: error parsing address "${bad}": Unable to convert "${bad}" to an IPv4 or IPv6 address, or a UNIX Socket`,
  )
}

function checkedSuffix(suffix: string): string {
  if (suffix !== '' && !PATH_SUFFIX.test(suffix)) {
    throw badRequest(
      'given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w',
    )
  }
  if (suffix.includes('..')) {
    throw badRequest('error registering path suffix: path cannot contain parent references')
  }
  return suffix
}

function checkedType(type: string): RoleTokenType {
  if (!TYPES.includes(type)) throw badRequest(`invalid 'token_type' value "${type}"`)
  return type as RoleTokenType
}

function checkedUses(uses: number): number {
  if (uses < 0) throw badRequest("error parsing role fields: 'token_num_uses' cannot be negative")
  return uses
}

function assertBatch(role: TokenRole): void {
  if (role.tokenType !== 'batch') return
  const bad = !role.orphan
    ? 'non-orphan tokens'
    : role.tokenPeriodSeconds !== 0
      ? 'periodic tokens'
      : role.renewable
        ? 'renewable tokens'
        : role.tokenExplicitMaxTtlSeconds !== 0
          ? 'tokens with an explicit max TTL'
          : null
  if (bad) throw badRequest(`'token_type' cannot be 'batch' when role is set to generate ${bad}`)
}

export function roleData(role: TokenRole): Data {
  return {
    allowed_entity_aliases: role.allowedEntityAliases.length > 0 ? role.allowedEntityAliases : null,
    allowed_policies: role.allowedPolicies,
    allowed_policies_glob: role.allowedPoliciesGlob,
    bound_cidrs: role.boundCidrs.length > 0 ? role.boundCidrs : undefined,
    disallowed_policies: role.disallowedPolicies,
    disallowed_policies_glob: role.disallowedPoliciesGlob,
    explicit_max_ttl: role.explicitMaxTtlSeconds,
    name: role.name,
    orphan: role.orphan,
    path_suffix: role.pathSuffix,
    period: role.periodSeconds,
    renewable: role.renewable,
    token_bound_cidrs: role.tokenBoundCidrs.length > 0 ? role.tokenBoundCidrs : undefined,
    token_explicit_max_ttl: role.tokenExplicitMaxTtlSeconds,
    token_no_default_policy: role.tokenNoDefaultPolicy,
    token_num_uses: role.tokenNumUses > 0 ? role.tokenNumUses : undefined,
    token_period: role.tokenPeriodSeconds,
    token_type: role.tokenType,
  }
}

export const roleEndpoints: readonly Row<CoreContext>[] = [
  list('roles', {
    about: 'List the token roles.',
    input: pageFields,
    effects: false,
    handle: async (ctx, page) => {
      const prefix = tokenRolePrefix(ctx.place.namespace.id)
      return { data: { keys: await ctx.core.storage.list(prefix, pageOf(page)) } }
    },
  }),
  read('roles/:role_name', {
    about: 'Show a token role.',
    params,
    effects: false,
    handle: async (ctx, { role_name }) => {
      const role = await tokenRole(ctx.core.storage, ctx.place.namespace.id, role_name)
      return role ? { data: roleData(role) } : { empty: true }
    },
  }),
  write('roles/:role_name', {
    about: 'Create or change a token role.',
    params,
    input,
    exists: async (ctx, { role_name }) =>
      (await tokenRole(ctx.core.storage, ctx.place.namespace.id, role_name)) !== null,
    handle: async (ctx, values) => {
      const key = tokenRoleKey(ctx.place.namespace.id, values.role_name)
      const warnings = await ctx.core.storage.transaction(async (tx) => {
        const said: string[] = []
        const old = (await tx.get(key))?.json<TokenRole>() ?? newTokenRole(values.role_name)
        const role = changedRole(old, values, said)
        const { maxSeconds } = ctx.services.ttls()
        if (role.tokenExplicitMaxTtlSeconds > maxSeconds) {
          said.push(
            `Given explicit max TTL of ${role.tokenExplicitMaxTtlSeconds} is greater than system/mount ` +
              `allowed value of ${maxSeconds} seconds; until this is fixed attempting to create tokens ` +
              'against this role will result in an error',
          )
        }
        tx.put(key, { json: role })
        return said
      })
      return { empty: true, warnings }
    },
  }),
  remove('roles/:role_name', {
    about: 'Delete a token role; its tokens live on but can no longer be renewed.',
    params,
    handle: async (ctx, { role_name }) => {
      await ctx.core.storage.delete(tokenRoleKey(ctx.place.namespace.id, role_name))
      return { empty: true }
    },
  }),
]
