// metadata/<path>: the settings and the versions of a key; deleting it removes the key with all it has.

import type { JsonObject } from '../../base/json.ts'
import { boolean, duration, integer, json, nullable, object, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { authorOf } from './author.ts'
import type { KvConfig } from './config.ts'
import { customMetadataFrom, patchedCustomMetadata } from './custom-metadata.ts'
import { decodeEntry } from './entry-format.ts'
import {
  checkMaxVersions,
  checkMetadataCas,
  firstKept,
  type KeyRecord,
  keyMetadata,
  newRecord,
} from './key-record.ts'
import { NOT_THERE, pathParam, ROOT_ANSWER } from './path-answers.ts'
import { checkWritable, secretKey } from './secret-path.ts'
import { dropVersions, sweep } from './sweep.ts'
import { newKeyId, putEntry, readState } from './write-version.ts'

const { read, write, patch, remove } = endpoints()

/** A null takes a setting back. */
const settings = {
  cas_required: nullable(boolean('Every write of the secret must send options.cas.')),
  custom_metadata: nullable(object('Pairs of strings that the key carries along.')),
  delete_version_after: nullable(duration("Life of a version; 0: the mount's.")),
  max_versions: nullable(integer("Versions to keep; 0: the mount's.")),
  metadata_cas_required: nullable(boolean('Every change of metadata must send metadata_cas.')),
}
const metadataCas = {
  metadata_cas: integer('The change is made only if this is the current version of the metadata.'),
}

interface Settings {
  readonly cas_required: boolean | null | undefined
  readonly custom_metadata: JsonObject | null | undefined
  readonly delete_version_after: number | null | undefined
  readonly max_versions: number | null | undefined
  readonly metadata_cas_required: boolean | null | undefined
}

export const keyOutput = {
  cas_required: boolean('Whether every write must say which version it replaces.'),
  created_time: string('When the key was made.'),
  current_metadata_version: integer('How often the metadata was written.'),
  current_version: integer('The newest version; 0: none yet.'),
  custom_metadata: object('What the key carries along, or null.'),
  delete_version_after: string('Life of a version.'),
  last_updated_by: object('Who wrote the key last.'),
  max_versions: integer("Versions to keep; 0: the mount's."),
  metadata_cas_required: boolean('Whether changes of metadata must say what they replace.'),
  oldest_version: integer('The oldest version that is kept; 0 while none was dropped.'),
  updated_time: string('When the key was written last.'),
  versions: json('The facts of each version, by its number.'),
}

export const metadataRows = [
  read('metadata/*path', {
    about: 'Shows the settings of a key and the facts of its versions.',
    effects: false,
    params: pathParam,
    output: keyOutput,
    handle: async (ctx, { path }) => {
      if (path === '') return ROOT_ANSWER
      const entry = await ctx.storage.get(secretKey(path))
      if (entry === null) return { empty: true }
      return { data: keyMetadata(decodeEntry(entry.text()).record) }
    },
  }),
  write('metadata/*path', {
    about: 'Changes the settings of a key, or makes a key without a version.',
    params: pathParam,
    input: { ...settings, ...metadataCas },
    exists: async (ctx, { path }) => (await ctx.storage.get(secretKey(path))) !== null,
    handle: async (ctx, { path, metadata_cas, ...sent }) => {
      if (path === '') return ROOT_ANSWER
      checkWritable(path)
      if (isNothing(sent)) return { empty: true }
      checkMaxVersions(sent.max_versions)
      const custom =
        sent.custom_metadata === undefined ? undefined : customMetadataFrom(sent.custom_metadata)
      const makeCustom = (before: KeyRecord['custom']) => (custom === undefined ? before : custom)
      return changeMetadata(ctx, path, metadata_cas, sent, true, makeCustom)
    },
  }),
  patch('metadata/*path', {
    about: 'Applies a JSON merge patch to the settings of a key.',
    params: pathParam,
    body: 'mergePatch',
    input: { ...settings, ...metadataCas },
    handle: async (ctx, { path, metadata_cas, ...sent }) => {
      if (path === '') return ROOT_ANSWER
      if (isNothing(sent)) return { empty: true }
      checkMaxVersions(sent.max_versions)
      const change = sent.custom_metadata
      const makeCustom = (before: KeyRecord['custom']) =>
        change === undefined ? before : patchedCustomMetadata(before, change)
      return changeMetadata(ctx, path, metadata_cas, sent, false, makeCustom)
    },
  }),
  remove('metadata/*path', {
    about: 'Removes a key with all its versions for good.',
    params: pathParam,
    handle: async (ctx, { path }) => {
      if (path === '') return ROOT_ANSWER
      const id = await removeKey(ctx, path)
      if (id !== null) await sweep(ctx, id)
      return { empty: true }
    },
  }),
]

const isNothing = (sent: Settings): boolean =>
  Object.values(sent).every((value) => value === undefined)

async function changeMetadata(
  ctx: RequestContext,
  path: string,
  cas: number | undefined,
  sent: Settings,
  mayCreate: boolean,
  makeCustom: (before: KeyRecord['custom']) => KeyRecord['custom'],
): Promise<Answer> {
  const newId = newKeyId(ctx)
  const config = await ctx.storage.transaction(async (tx) => {
    const { entry, config } = await readState(tx, path, newId)
    if (entry === null && !mayCreate) return null
    checkMetadataCas(cas, entry?.record ?? null, config)
    const nowMs = ctx.clock.now()
    const before = entry?.record ?? newRecord(newId, nowMs)
    const record: KeyRecord = {
      ...before,
      casRequired: setting(sent.cas_required, before.casRequired, false),
      custom: makeCustom(before.custom),
      deleteAfterSeconds: setting(sent.delete_version_after, before.deleteAfterSeconds, 0),
      maxVersions: setting(sent.max_versions, before.maxVersions, 0),
      metadataCasRequired: setting(sent.metadata_cas_required, before.metadataCasRequired, false),
      metadataVersion: before.metadataVersion + 1,
      updatedAtMs: nowMs,
      updatedBy: authorOf(ctx, !mayCreate ? 'patch' : entry === null ? 'create' : 'update'),
    }
    putEntry(tx, path, entry ? { ...entry, record } : { record, place: 'none', data: '' })
    return config
  })
  if (config === null) return NOT_THERE
  const warnings = overruled(sent, config)
  return warnings.length > 0 ? { empty: true, warnings } : { empty: true }
}

const setting = <T>(sent: T | null | undefined, before: T, initial: T): T =>
  sent === undefined ? before : (sent ?? initial)

function overruled(sent: Settings, config: KvConfig): string[] {
  const names: string[] = []
  if (sent.cas_required === false && config.casRequired) names.push('cas_required')
  if (sent.metadata_cas_required === false && config.metadataCasRequired)
    names.push('metadata_cas_required')
  return names.map(
    (name) =>
      `"${name}" set to false, but is mandated by backend config. This value will be ignored.`,
  )
}

/** The key's id where more data is to be removed than one commit can. */
async function removeKey(ctx: RequestContext, path: string): Promise<string | null> {
  const newId = newKeyId(ctx)
  return ctx.storage.transaction(async (tx) => {
    const { entry } = await readState(tx, path, newId)
    if (entry === null) return null
    const { record, place } = entry
    tx.delete(secretKey(path))
    const first = firstKept(record)
    const stored = record.versions
      .map((version, at) => ({ number: first + at, version }))
      .filter(({ number, version }) =>
        number === record.currentVersion ? place === 'own' : !version.destroyed,
      )
      .map(({ number }) => number)
    const dropped = { path, id: record.id, versions: stored }
    return (await dropVersions(ctx, tx, dropped)) ? record.id : null
  })
}
