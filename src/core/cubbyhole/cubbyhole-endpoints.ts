// The cubbyhole: what a service token keeps to itself, gone with the token. What is written is kept to
// the letter: numbers as they were sent, any names. Source: Vault's API page "secret/cubbyhole".
import { badRequest, denied } from '../../base/errors.ts'
import { isJsonObject, type Json, parseJson, stringifyJson } from '../../base/json.ts'
import { string } from '../../schema/field.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { cubbyholePrefix } from '../keys.ts'
import type { CoreContext } from '../request-context.ts'
import { pageFields, pageOf } from '../system/page-fields.ts'
import type { TokenRecord } from '../tokens/token-record.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

const params = { path: string('Path of the secret.') }

function ownerOf(ctx: CoreContext): TokenRecord {
  if (!ctx.record) throw denied()
  if (ctx.record.kind === 'batch') {
    throw badRequest("cubbyhole operations are only supported by 'service' type tokens")
  }
  return ctx.record
}

/** Under the token's own namespace, so that its end finds all; one folder for each namespace used in. */
function folderOf(ctx: CoreContext): string {
  const { namespaceId, hash } = ownerOf(ctx)
  return `${cubbyholePrefix(namespaceId, hash)}${ctx.place.namespace.id}/`
}

function keyOf(ctx: CoreContext, path: string): string {
  if (path === '') throw badRequest('missing path')
  return folderOf(ctx) + path
}

const RESPONSE_WARNING =
  "Reading from 'cubbyhole/response' is deprecated. Please use sys/wrapping/unwrap to unwrap responses, as it provides additional security checks and other benefits."

export const cubbyholeEndpoints: readonly Row<CoreContext>[] = [
  read('*path', {
    about: 'Read a secret of the calling token.',
    params,
    effects: false,
    handle: async (ctx, { path }) => {
      const owner = ownerOf(ctx)
      if (owner.entry.isWrapping && path === 'response') {
        const wrapped = await ctx.core.wrapping.read(owner)
        if (!wrapped) return { empty: true }
        return { data: { response: wrapped.payload }, warnings: [RESPONSE_WARNING] }
      }
      const stored = await ctx.core.storage.get(keyOf(ctx, path))
      return stored ? { data: parseJson(stored.text()) as Data } : { empty: true }
    },
  }),
  write('*path', {
    about: 'Store a secret of the calling token.',
    params,
    body: 'free',
    exists: async (ctx, { path }) =>
      path !== '' && (await ctx.core.storage.readRaw([keyOf(ctx, path)])).size > 0,
    handle: async (ctx, { path }) => {
      const owner = ownerOf(ctx)
      const key = keyOf(ctx, path)
      if (path.endsWith('/')) throw badRequest("cannot write to a path ending in '/'")
      const body = ctx.body as Json
      if (!isJsonObject(body) || Object.keys(body).length === 0) {
        throw badRequest('missing data fields')
      }
      const text = stringifyJson(body)
      let isFirstTry = true
      await ctx.core.storage.transaction(async (tx) => {
        await ctx.core.tokens.hold(tx, owner, 'hasCubbyhole', isFirstTry)
        isFirstTry = false
        tx.put(key, text)
      })
      return { empty: true }
    },
  }),
  remove('*path', {
    about: 'Delete a secret of the calling token.',
    params,
    handle: async (ctx, { path }) => {
      await ctx.core.storage.delete(keyOf(ctx, path))
      return { empty: true }
    },
  }),
  list('*path', {
    about: 'List the names below a folder of the calling token.',
    params,
    input: pageFields,
    effects: false,
    handle: async (ctx, { path, after, limit }) => {
      const below = path === '' || path.endsWith('/') ? path : `${path}/`
      const keys = await ctx.core.storage.list(folderOf(ctx) + below, pageOf({ after, limit }))
      return { data: { keys } }
    },
  }),
]
