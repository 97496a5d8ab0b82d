// The token mount, auth/token/: look up, renew, revoke, tidy; create and roles stand beside. A token or
// accessor of another namespace is answered like one that does not exist. Source: Vault's API page "token".
import { badRequest, denied } from '../../base/errors.ts'
import { duration, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields } from '../system/page-fields.ts'
import { createEndpoints } from './create-endpoints.ts'
import { roleEndpoints } from './role-endpoints.ts'
import {
  accessorFault,
  callerToken,
  hasSudo,
  namedToken,
  tokenByAccessor,
  viewOf,
} from './token-context.ts'
import type { TokenRecord } from './token-record.ts'
import type { Renewal } from './token-renew.ts'
import { tokenRole } from './token-role.ts'
import { authBlock } from './token-views.ts'

const { read, write, list } = endpoints<CoreContext>()

const token = { token: string('The token.', { secret: true }) }
const unusedToken = { token: string('Not used: the calling token counts.', { secret: true }) }
const accessor = { accessor: string('Accessor of the token.') }
const increment = { increment: duration('How much longer it shall live.', { default: 0 }) }

async function lookup(ctx: CoreContext, text: string | undefined): Promise<Answer> {
  if (!text) return lookupSelf(ctx)
  const record = await namedToken(ctx, text)
  if (!record) throw denied('bad token')
  return { data: await viewOf(ctx, record, text) }
}

async function lookupSelf(ctx: CoreContext): Promise<Answer> {
  return { data: await viewOf(ctx, callerToken(ctx), ctx.request.token ?? '') }
}

async function renew(
  ctx: CoreContext,
  record: TokenRecord | null,
  text: string,
  incrementSeconds: number,
): Promise<Answer> {
  if (!record) throw badRequest('token not found')
  if (record.kind === 'batch') throw badRequest('batch tokens cannot be renewed')
  const renewal = { incrementSeconds, ...(await limitsOf(ctx, record)) }
  const { entry, ttlSeconds, warnings } = await ctx.core.tokens.renew(record, renewal)
  const auth = authBlock({ accessor: record.accessor, entry }, 'service', text, [], ttlSeconds)
  return { auth, warnings, isRenewal: true }
}

/** What limits a renewal now: the role as it is today, or the auth method that the login came through. */
async function limitsOf(
  ctx: CoreContext,
  record: TokenRecord,
): Promise<Omit<Renewal, 'incrementSeconds'>> {
  const { entry } = record
  if (entry.mountId !== '') {
    const namespace = await ctx.view.namespaceById(record.namespaceId)
    const table = namespace && (await ctx.view.table(namespace))
    const mount = table?.mounts.find((each) => each.record.id === entry.mountId)
    if (!mount) throw badRequest('token not found')
    const opened = await ctx.core.openMount(record.namespaceId, entry.mountId)
    const { internal, policies, displayName, metadata } = entry
    const login = { internal, policies, displayName, metadata }
    const limits = await opened?.engine.renewLogin?.(opened.contextFor(ctx.signal), login)
    return { ...limits, mount: ctx.core.mountServices(mount).ttls() }
  }
  const mount = ctx.services.ttls()
  if (entry.role === '') return { mount }
  const role = await tokenRole(ctx.core.storage, record.namespaceId, entry.role)
  if (!role) {
    throw badRequest(`original token role "${entry.role}" could not be found, not renewing`)
  }
  return {
    mount,
    periodSeconds: lesserLimit(entry.periodSeconds, role.tokenPeriodSeconds),
    explicitMaxTtlSeconds: lesserLimit(
      entry.explicitMaxTtlSeconds,
      role.tokenExplicitMaxTtlSeconds,
    ),
  }
}

/** 0 means no limit. */
const lesserLimit = (one: number, other: number): number =>
  one === 0 || other === 0 ? one || other : Math.min(one, other)

async function revoke(ctx: CoreContext, record: TokenRecord): Promise<Answer> {
  if (record.kind === 'batch') throw badRequest('batch tokens cannot be revoked')
  await ctx.core.tokens.revoke(record)
  return { empty: true }
}

const lookupEndpoints: readonly Row<CoreContext>[] = [
  read('lookup-self', {
    about: 'Show the calling token.',
    input: unusedToken,
    effects: false,
    handle: (ctx) => lookupSelf(ctx),
  }),
  write('lookup-self', {
    about: 'Show the calling token.',
    input: unusedToken,
    effects: false,
    handle: (ctx) => lookupSelf(ctx),
  }),
  read('lookup', {
    about: 'Show a token; without one the calling token.',
    input: token,
    effects: false,
    handle: (ctx, values) => lookup(ctx, values.token),
  }),
  write('lookup', {
    about: 'Show a token; without one the calling token.',
    input: token,
    effects: false,
    handle: (ctx, values) => lookup(ctx, values.token),
  }),
  write('lookup-accessor', {
    about: 'Show the token of an accessor, without the token itself.',
    input: accessor,
    effects: false,
    handle: async (ctx, values) => {
      const record = await tokenByAccessor(ctx, values.accessor)
      if (!record) throw accessorFault('invalid')
      return { data: await viewOf(ctx, record, '') }
    },
  }),
]

const renewEndpoints: readonly Row<CoreContext>[] = [
  write('renew-self', {
    about: 'Extend the life of the calling token.',
    input: { ...unusedToken, ...increment },
    handle: (ctx, values) =>
      renew(ctx, callerToken(ctx), ctx.request.token ?? '', values.increment),
  }),
  write('renew', {
    about: 'Extend the life of a token.',
    input: { ...token, ...increment },
    handle: async (ctx, values) => {
      if (!values.token) throw badRequest('missing token ID')
      return renew(ctx, await namedToken(ctx, values.token), values.token, values.increment)
    },
  }),
  write('renew-accessor', {
    about: 'Extend the life of the token of an accessor.',
    input: { ...accessor, ...increment },
    handle: async (ctx, values) => {
      const record = await tokenByAccessor(ctx, values.accessor)
      if (!record) throw accessorFault('invalid')
      return renew(ctx, record, '', values.increment)
    },
  }),
]

const revokeEndpoints: readonly Row<CoreContext>[] = [
  write('revoke-self', {
    about: 'Revoke the calling token and everything made with it.',
    input: unusedToken,
    handle: (ctx) => revoke(ctx, callerToken(ctx)),
  }),
  write('revoke', {
    about: 'Revoke a token and everything made with it.',
    input: token,
    handle: async (ctx, values) => {
      if (!values.token) throw badRequest('missing token ID')
      const record = await namedToken(ctx, values.token)
      return record ? revoke(ctx, record) : { empty: true }
    },
  }),
  write('revoke-accessor', {
    about: 'Revoke the token of an accessor and everything made with it.',
    input: accessor,
    handle: async (ctx, values) => {
      const record = await tokenByAccessor(ctx, values.accessor)
      if (record) return revoke(ctx, record)
      return { empty: true, warnings: ['No token found with this accessor'] }
    },
  }),
  write('revoke-orphan', {
    about: 'Revoke a token alone; those made with it become orphans. Needs sudo.',
    input: token,
    handle: async (ctx, values) => {
      if (!values.token) throw badRequest('missing token ID')
      if (!hasSudo(ctx)) {
        throw badRequest('root or sudo privileges required to revoke and orphan')
      }
      const record = await namedToken(ctx, values.token)
      if (record?.kind === 'batch') throw badRequest('batch tokens cannot be revoked')
      if (!record || !(await ctx.core.tokens.revokeOrphan(record))) {
        throw badRequest('token to revoke not found')
      }
      return { empty: true }
    },
  }),
]

const storeEndpoints: readonly Row<CoreContext>[] = [
  list('accessors', {
    about: 'List the accessors of all tokens. Needs sudo.',
    auth: 'sudo',
    input: pageFields,
    effects: false,
    handle: async (ctx, { after, limit }) => {
      const keys = await ctx.core.tokens.accessors(ctx.place.namespace.id, {
        limit: Math.max(0, limit ?? 0),
        ...(after ? { after } : undefined),
      })
      return { data: { keys } }
    },
  }),
  write('tidy', {
    about: 'Check the marks of all tokens and mend what a damaged store lost.',
    handle: async (ctx) => tidy(ctx),
  }),
]

/** Goes on after the reply; the outcome is in the server's log. */
function tidy(ctx: CoreContext): Answer {
  const { log } = ctx
  const namespace = ctx.place.namespace.id
  const running = ctx.core.tokens.tidy(namespace)
  if (!running) return { empty: true, warnings: ['Tidy operation already in progress.'] }
  running.then(
    (counts) => log.info('finished tidy operation on tokens', { namespace, ...counts }),
    (err: unknown) => log.error('error running tidy', { namespace, err }),
  )
  return {
    data: {},
    status: 202,
    warnings: [
      "Tidy operation successfully started. Any information from the operation will be printed to the server's logs.",
    ],
  }
}

export const tokenEndpoints: readonly Row<CoreContext>[] = [
  ...createEndpoints,
  ...lookupEndpoints,
  ...renewEndpoints,
  ...revokeEndpoints,
  ...roleEndpoints,
  ...storeEndpoints,
]
