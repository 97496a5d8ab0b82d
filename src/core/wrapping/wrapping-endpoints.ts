// sys/wrapping/*. The wrapping token comes in the body or calls itself. To hold it is the right to use it,
// so the rows take any caller or none; a caller that is named must be allowed here by its policies, as for
// any other path. A wrapping token that is used up is a 400 in Vault's words. Source: Vault's API pages
// "sys/wrapping-wrap", "-lookup", "-unwrap", "-rewrap".
import { badRequest, denied } from '../../base/errors.ts'
import { isJsonObject } from '../../base/json.ts'
import { string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { decide } from '../policies/decide.ts'
import type { CoreContext } from '../request-context.ts'
import { invalidWrappingToken } from './wrapping-service.ts'

const { read, write } = endpoints<CoreContext>()

const input = {
  token: string('The wrapping token; left out: the calling token.', { secret: true }),
}

interface Named {
  readonly text: string
  /** The wrapping token is the request's own. */
  readonly isCaller: boolean
}

async function wrappingToken(ctx: CoreContext, sent: string | undefined): Promise<Named> {
  const own = ctx.request.token
  const text = sent || own
  if (!text) throw denied('error validating wrapping token: token is empty')
  const located = ctx.core.tokens.locate(text)
  const namespace = located && (await ctx.view.namespaceById(located.namespaceId))
  if (!namespace || namespace.tainted) throw invalidWrappingToken()
  return { text, isCaller: text === own }
}

/** Who calls with a token of its own must be allowed to call this. */
function assertAllowed(ctx: CoreContext, { isCaller }: Named): void {
  if (ctx.request.token === null) return
  if (!ctx.caller) {
    if (isCaller) throw invalidWrappingToken()
    throw denied()
  }
  const path = `${ctx.place.namespace.path}${ctx.place.path}`
  if (!decide(ctx.caller.acl, { operation: 'update', path }).allowed) throw denied()
}

async function lookup(ctx: CoreContext, sent: string | undefined): Promise<Answer> {
  const { text } = await wrappingToken(ctx, sent)
  const head = await ctx.core.wrapping.lookup(text)
  if (!head) throw invalidWrappingToken()
  return {
    data: {
      creation_path: head.creationPath,
      creation_time: new Date(head.createdAtMs).toISOString(),
      creation_ttl: head.ttlSeconds,
    },
  }
}

const JSON_HEADERS = ['Content-Type', 'application/json', 'Cache-Control', 'no-store']
const BARE_HEADERS = ['Cache-Control', 'no-store']

export const wrappingEndpoints: readonly Row<CoreContext>[] = [
  write('wrapping/wrap', {
    about: 'Wrap the body of the request; X-Vault-Wrap-TTL says for how long.',
    body: 'free',
    handle: async (ctx) => {
      if (ctx.request.wrapTtlSeconds <= 0) {
        throw badRequest('endpoint requires response wrapping to be used')
      }
      return { data: isJsonObject(ctx.body as never) ? (ctx.body as never) : {} }
    },
  }),
  read('wrapping/lookup', {
    about: 'Show when and where a wrapping token was made, without using it.',
    auth: 'none',
    input,
    effects: false,
    handle: (ctx, values) => lookup(ctx, values.token),
  }),
  write('wrapping/lookup', {
    about: 'Show when and where a wrapping token was made, without using it.',
    auth: 'none',
    input,
    effects: false,
    handle: (ctx, values) => lookup(ctx, values.token),
  }),
  write('wrapping/unwrap', {
    about: 'Fetch the wrapped response; the wrapping token is used up.',
    auth: 'none',
    input,
    handle: async (ctx, values) => {
      const named = await wrappingToken(ctx, values.token)
      assertAllowed(ctx, named)
      const wrapped = await ctx.core.wrapping.unwrap(named.text, named.isCaller)
      if (!wrapped) throw invalidWrappingToken()
      const { wrapTtlSeconds } = ctx.request
      if (wrapTtlSeconds > 0) {
        // Whoever asks for a wrapped answer gets one, here too.
        const { namespace, path } = ctx.place
        const wrapInfo = await ctx.core.wrapping.wrap({
          payload: wrapped.payload,
          ttlSeconds: wrapTtlSeconds,
          creationPath: `${namespace.path}${path}`,
          namespaceId: namespace.id,
          wrappedAccessor: wrapped.head.wrappedAccessor,
        })
        return { wrapInfo }
      }
      if (wrapped.payload === '') return { raw: { status: 204, headers: BARE_HEADERS, body: null } }
      return { raw: { status: 200, headers: JSON_HEADERS, body: wrapped.payload } }
    },
  }),
  write('wrapping/rewrap', {
    about: 'Exchange a wrapping token for a new one around the same response.',
    auth: 'none',
    input,
    handle: async (ctx, values) => {
      const named = await wrappingToken(ctx, values.token)
      if (ctx.request.token === null) throw denied('missing client token')
      assertAllowed(ctx, named)
      const wrapInfo = await ctx.core.wrapping.rewrap(named.text, named.isCaller)
      if (!wrapInfo) throw invalidWrappingToken()
      return { wrapInfo }
    },
  }),
]
