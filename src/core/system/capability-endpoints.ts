// sys/capabilities*, sys/internal/ui/*: what a token may do and what it may see. Source: Vault's API pages
// "sys/capabilities", "sys/internal/ui/mounts", "sys/internal/ui/resultant-acl".
import { badRequest, denied } from '../../base/errors.ts'
import { getOwn, setOwn } from '../../base/json.ts'
import { list, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { Acl } from '../policies/acl.ts'
import { capabilities, hasRightBelow, resultantAcl } from '../policies/acl-views.ts'
import type { CoreContext } from '../request-context.ts'
import { mountsOf } from './mount-endpoints.ts'
import { mountView } from './mount-view.ts'

const { read, write } = endpoints<CoreContext>()

const pathFields = {
  paths: list('The paths to ask about.'),
  path: list('One path; old name of `paths`.', { deprecated: true }),
}

type Paths = {
  readonly paths: readonly string[] | undefined
  readonly path: readonly string[] | undefined
}

function answerFor(ctx: CoreContext, acl: Acl | null, { paths, path }: Paths): Answer {
  const asked = paths?.length ? paths : (path ?? [])
  if (asked.length === 0) throw badRequest('paths must be supplied')
  const data: Record<string, readonly string[]> = {}
  for (const one of asked) {
    const full = `${ctx.place.namespace.path}${one.replace(/^\/+/, '')}`
    setOwn(data, one, acl ? capabilities(acl, full) : ['deny'])
  }
  if (asked.length === 1) data.capabilities = getOwn(data, asked[0]!)!
  return { data }
}

/** The ACL of another token of this namespace or below; 400 where there is none. */
async function aclOfToken(
  ctx: CoreContext,
  by: { token?: string; accessor?: string },
): Promise<Acl> {
  const record = by.token
    ? await ctx.core.tokens.find(by.token)
    : await ctx.core.tokens.findByAccessor(by.accessor ?? '')
  const caller = record ? await ctx.core.callers.fresh(record, ctx.view) : null
  if (!caller?.namespace.path.startsWith(ctx.place.namespace.path)) {
    throw badRequest(by.token ? 'invalid token' : 'invalid accessor')
  }
  return caller.acl
}

export const capabilityEndpoints: readonly Row<CoreContext>[] = [
  write('capabilities-self', {
    about: 'What the calling token may do on paths.',
    input: { ...pathFields, token: string('Ignored; the calling token counts.') },
    effects: false,
    envelope: 'both',
    handle: async (ctx, values) => answerFor(ctx, ctx.caller?.acl ?? null, values),
  }),
  write('capabilities', {
    about: 'What a token may do on paths.',
    input: { ...pathFields, token: string('The token.', { secret: true, required: true }) },
    effects: false,
    envelope: 'both',
    handle: async (ctx, values) =>
      answerFor(ctx, await aclOfToken(ctx, { token: values.token }), values),
  }),
  write('capabilities-accessor', {
    about: 'What the token of an accessor may do on paths.',
    input: { ...pathFields, accessor: string('The accessor.', { required: true }) },
    effects: false,
    envelope: 'both',
    handle: async (ctx, values) =>
      answerFor(ctx, await aclOfToken(ctx, { accessor: values.accessor }), values),
  }),
  read('internal/ui/mounts', {
    about: 'The mounts that the caller may see: with a token those it has a right below.',
    auth: 'none',
    effects: false,
    handle: async (ctx) => {
      const visible = async (of: 'secret' | 'auth') => {
        const all = await mountsOf(ctx, of)
        const table = await ctx.view.table(ctx.place.namespace)
        const prefix = of === 'auth' ? 'auth/' : ''
        return Object.fromEntries(
          Object.entries(all).filter(([path]) => {
            const mount = table.at(`${prefix}${path}`)
            if (mount?.record.config.listingVisibility === 'unauth') return true
            const full = `${ctx.place.namespace.path}${prefix}${path}`
            return ctx.caller !== null && hasRightBelow(ctx.caller.acl, full)
          }),
        )
      }
      return { data: { auth: await visible('auth'), secret: await visible('secret') } }
    },
  }),
  read('internal/ui/mounts/*path', {
    about: 'The mount that serves a path, for any token with a right below it.',
    params: { path: string('A path within the mount.') },
    auth: 'none',
    effects: false,
    handle: async (ctx, { path }) => {
      const refusal = denied(
        `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`,
      )
      if (!ctx.caller) throw denied()
      const table = await ctx.view.table(ctx.place.namespace)
      const mount = table.match(path)
      if (!mount) throw refusal
      const full = `${ctx.place.namespace.path}${mount.record.path}`
      if (!hasRightBelow(ctx.caller.acl, full)) throw refusal
      return { data: { ...mountView(mount.record), path: mount.record.path } }
    },
  }),
  read('internal/ui/resultant-acl', {
    about: 'The rights that the calling token has, merged over its policies.',
    effects: false,
    handle: async (ctx) => ({ data: { ...resultantAcl(ctx.caller!.acl) } }),
  }),
  read('internal/ui/namespaces', {
    about: 'The child namespaces that the caller may act in.',
    auth: 'none',
    effects: false,
    handle: async (ctx) => {
      if (!ctx.caller) throw denied()
      const children = await ctx.core.namespaces.children(ctx.place.namespace, {})
      const keys = children.filter((name) =>
        hasRightBelow(ctx.caller!.acl, `${ctx.place.namespace.path}${name}`),
      )
      return { data: { keys } }
    },
  }),
]
