// data/<path>: reads, writes, merge-patches and soft-deletes the versions of a secret.
import { badRequest } from '../../base/errors.ts'
import { isJsonObject, type Json, type JsonObject, parseJson, RawJson } from '../../base/json.ts'
import { boolean, integer, json, object, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { authorOf } from './author.ts'
import { deletedNow } from './delete-version.ts'
import { changeVersions, checkCas, goneAtMs, isGoneAt, versionMetadata } from './key-record.ts'
import { mergePatch } from './merge-patch.ts'
import { NOT_THERE, pathParam, ROOT_ANSWER } from './path-answers.ts'
import { readVersion } from './read-version.ts'
import { checkWritable, secretKey, versionKey } from './secret-path.ts'
import { secretText } from './secret-text.ts'
import { addToKey, newKeyId, putEntry, readState } from './write-version.ts'

const { read, write, patch, remove } = endpoints()

const options = json(
  'What to check first: {"cas": N} allows the write only if N is the current version.',
)

const versionOutput = {
  created_by: object('Who wrote the version.'),
  created_time: string('When it was written.'),
  custom_metadata: object('What the key carries along, or null.'),
  deleted_by: object('Who deleted the version.'),
  deletion_time: string('When it was or will be deleted, or "".'),
  destroyed: boolean('Whether its data is gone for good.'),
  version: integer('Its number.'),
}

export const dataRows = [
  read('data/*path', {
    about: 'Reads a version of a secret.',
    effects: false,
    params: pathParam,
    input: { version: integer('The version; absent or 0: the current one.') },
    output: {
      data: object('The secret; null where the version is deleted or destroyed.', { secret: true }),
      metadata: object('The facts of the version.'),
    },
    handle: async (ctx, { path, version }) => {
      if (path === '') return ROOT_ANSWER
      const found = await readVersion(ctx.storage, path, version, ctx.clock.now())
      if (found === null) return { empty: true }
      const metadata = new RawJson(found.metadata)
      return found.data === null
        ? { data: { data: null, metadata }, status: 404 }
        : { data: { data: new RawJson(found.data), metadata } }
    },
  }),
  write('data/*path', {
    about: 'Writes a new version of a secret.',
    params: pathParam,
    input: {
      data: json('The secret: a JSON object, kept exactly as written.', { secret: true }),
      options,
    },
    output: versionOutput,
    exists: async (ctx, { path }) => (await ctx.storage.get(secretKey(path))) !== null,
    handle: async (ctx, { path, data, options }) => {
      if (path === '') return ROOT_ANSWER
      checkWritable(path)
      return replaceVersion(ctx, path, optionsFrom(options), secretText(dataFrom(data)))
    },
  }),
  patch('data/*path', {
    about: 'Applies a JSON merge patch to the current version, as a new version.',
    params: pathParam,
    body: 'mergePatch',
    input: {
      data: json('What to change: null removes a name.', { secret: true }),
      options,
    },
    handle: async (ctx, { path, data, options }) => {
      if (path === '') return ROOT_ANSWER
      return patchVersion(ctx, path, optionsFrom(options), dataFrom(data))
    },
  }),
  remove('data/*path', {
    about: 'Soft-deletes the current version; undelete brings it back.',
    params: pathParam,
    handle: async (ctx, { path }) => {
      if (path === '') return ROOT_ANSWER
      const newId = newKeyId(ctx)
      const author = authorOf(ctx, 'delete')
      await ctx.storage.transaction(async (tx) => {
        const { entry } = await readState(tx, path, newId)
        const last = entry?.record.versions.at(-1)
        const nowMs = ctx.clock.now()
        if (!entry || !last || isGoneAt(goneAtMs(last), nowMs)) return
        const current = [entry.record.currentVersion]
        const record = changeVersions(entry.record, current, deletedNow(nowMs, author))
        putEntry(tx, path, { ...entry, record })
      })
      return { empty: true }
    },
  }),
]

/** The secret that was sent. An empty list is what some clients send for an empty object. */
function dataFrom(sent: Json | undefined): Json {
  if (sent === undefined) throw badRequest('no data provided')
  return sent === null ? null : emptyListAsObject(sent, 'data')
}

function optionsFrom(sent: Json | undefined): JsonObject | undefined {
  return sent === undefined || sent === null ? undefined : emptyListAsObject(sent, 'options')
}

function emptyListAsObject(sent: Json, name: string): JsonObject {
  if (isJsonObject(sent)) return sent
  if (Array.isArray(sent) && sent.length === 0) return {}
  throw badRequest(`field "${name}" must be an object`)
}

async function replaceVersion(
  ctx: RequestContext,
  path: string,
  sentOptions: JsonObject | undefined,
  data: string,
): Promise<Answer> {
  const outcome = await addToKey<never>(ctx, path, (_tx, { entry, config }) => {
    checkCas(sentOptions, entry?.record ?? null, config)
    return { data, act: entry === null ? 'create' : 'update' }
  })
  return answerOf(outcome)
}

async function patchVersion(
  ctx: RequestContext,
  path: string,
  sentOptions: JsonObject | undefined,
  change: Json,
): Promise<Answer> {
  const outcome = await addToKey<Answer>(ctx, path, async (tx, { entry, config }, nowMs) => {
    if (!entry) return { refused: NOT_THERE }
    const { record, place } = entry
    checkCas(sentOptions, record, config)
    const last = record.versions.at(-1)
    if (!last) return { refused: NOT_THERE }
    const current = record.currentVersion
    if (isGoneAt(goneAtMs(last), nowMs))
      return { refused: { data: versionMetadata(record, current), status: 404 } }
    const before =
      place === 'here' ? entry.data : (await tx.get(versionKey(record.id, current)))?.text()
    if (before === undefined) throw new Error('the data of a version is missing')
    return { data: secretText(mergePatch(parseJson(before), change)), act: 'patch' }
  })
  return answerOf(outcome)
}

function answerOf(outcome: { metadata: string } | { refused: Answer }): Answer {
  return 'refused' in outcome ? outcome.refused : { data: new RawJson(outcome.metadata) }
}
