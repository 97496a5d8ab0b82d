// KV v1: one value per path, written and read whole. A `ttl` or `lease` inside the value is what its
// readers are told as lease_duration; nothing expires by it.
import { parseDurationSeconds } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import { getOwn, isJsonObject, type Json, type JsonObject, RawJson } from '../../base/json.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, pageInput } from '../../sdk/listing.ts'
import { authorOf } from './author.ts'
import { decodeV1, encodeV1 } from './entry-format.ts'
import { folderOf, folderParam, namesBelow, namesIn } from './list-secrets.ts'
import { pathParam } from './path-answers.ts'
import { checkWritable, secretKey } from './secret-path.ts'
import { secretText } from './secret-text.ts'

const { read, write, remove, list, scan } = endpoints()

const listing = {
  effects: false,
  params: folderParam,
  input: pageInput,
  output: keysOutput,
} as const

export const v1Rows = [
  read('*path', {
    about: 'Reads a secret.',
    effects: false,
    params: pathParam,
    handle: async (ctx, { path }) => {
      const entry = await ctx.storage.get(secretKey(path))
      if (entry === null) return { empty: true }
      const { data, leaseSeconds } = decodeV1(entry.text())
      return {
        data: new RawJson(data),
        leaseSeconds: leaseSeconds ?? ctx.services.ttls().defaultSeconds,
      }
    },
  }),
  write('*path', {
    about: 'Writes a secret, in place of what was there.',
    params: pathParam,
    body: 'free',
    exists: async (ctx, { path }) => (await ctx.storage.get(secretKey(path))) !== null,
    handle: async (ctx, { path }) => {
      checkWritable(path)
      const data = isJsonObject(ctx.body) ? ctx.body : {}
      if (Object.keys(data).length === 0) throw badRequest('missing data fields')
      const entry = encodeV1({
        leaseSeconds: leaseSecondsOf(data),
        writtenAtMs: ctx.clock.now(),
        author: authorOf(ctx, ctx.creating ? 'create' : 'update'),
        data: secretText(data),
      })
      await ctx.storage.put(secretKey(path), entry)
      return { empty: true }
    },
  }),
  remove('*path', {
    about: 'Removes a secret.',
    params: pathParam,
    handle: async (ctx, { path }) => {
      await ctx.storage.delete(secretKey(path))
      return { empty: true }
    },
  }),
  list('*path', {
    about: 'Lists the secrets of a folder.',
    ...listing,
    handle: async (ctx, { path, ...page }) =>
      keysAnswer(await namesIn(ctx.storage, folderOf(path), page)),
  }),
  scan('*path', {
    about: 'Lists all secrets below a folder.',
    ...listing,
    handle: async (ctx, { path, ...page }) =>
      keysAnswer(await namesBelow(ctx.storage, folderOf(path), page)),
  }),
]

/** What the value says of its own life; null where it says nothing that is a duration. */
function leaseSecondsOf(data: JsonObject): number | null {
  const said = getOwn(data, 'ttl') ?? (Object.hasOwn(data, 'ttl') ? null : getOwn(data, 'lease'))
  return said === undefined ? null : secondsOf(said)
}

function secondsOf(said: Json): number | null {
  if (said === null || said === '') return 0
  if (typeof said === 'number') return Number.isInteger(said) ? said : null
  return typeof said === 'string' ? parseDurationSeconds(said) : null
}
