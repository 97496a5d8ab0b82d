// delete/, undelete/ and destroy/<path>: change given versions of a secret. Versions that aren't kept are
// passed over without a word, as in Vault.
import { badRequest } from '../../base/errors.ts'
import { integerList } from '../../schema/field.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { authorOf } from './author.ts'
import { deletedNow, destroyedBy, restored } from './delete-version.ts'
import { changeVersions, deletionTimeMs, type KeyRecord, versionOf } from './key-record.ts'
import { pathParam, ROOT_ANSWER } from './path-answers.ts'
import { dropVersions, sweep } from './sweep.ts'
import { type KeyState, newKeyId, putEntry, readState } from './write-version.ts'

const { write } = endpoints()

const versions = (about: string) => ({ versions: integerList(about) })

export const versionRows = [
  write('delete/*path', {
    about: 'Soft-deletes versions of a secret; undelete brings them back.',
    params: pathParam,
    input: versions('Numbers of the versions to delete.'),
    handle: async (ctx, { path, versions }) => {
      if (path === '') return ROOT_ANSWER
      const numbers = given(versions, 'No version number provided')
      const author = authorOf(ctx, 'delete')
      await changeKey(ctx, path, ({ entry }) =>
        changeVersions(entry!.record, numbers, deletedNow(ctx.clock.now(), author)),
      )
      return { empty: true }
    },
  }),
  write('undelete/*path', {
    about: 'Brings soft-deleted versions of a secret back.',
    params: pathParam,
    input: versions('Numbers of the versions to bring back.'),
    handle: async (ctx, { path, versions }) => {
      if (path === '') return ROOT_ANSWER
      const numbers = given(versions, 'No version number provided')
      await changeKey(ctx, path, ({ entry, config }) => {
        const { record } = entry!
        const untilMs = deletionTimeMs(record, config, ctx.clock.now())
        return changeVersions(record, numbers, restored(untilMs))
      })
      return { empty: true }
    },
  }),
  write('destroy/*path', {
    about: 'Removes the data of versions of a secret for good.',
    params: pathParam,
    input: versions('Numbers of the versions to destroy.'),
    handle: async (ctx, { path, versions }) => {
      if (path === '') return ROOT_ANSWER
      const numbers = given(versions, 'no version number provided')
      const id = await destroyVersions(ctx, path, numbers)
      if (id !== null) await sweep(ctx, id)
      return { empty: true }
    },
  }),
]

function given(versions: readonly number[] | undefined, refusal: string): readonly number[] {
  if (versions === undefined || versions.length === 0) throw badRequest(refusal)
  return versions
}

/** Changes the record of a key that is there; nothing happens where there is none. */
async function changeKey(
  ctx: RequestContext,
  path: string,
  change: (state: KeyState) => KeyRecord,
): Promise<void> {
  const newId = newKeyId(ctx)
  await ctx.storage.transaction(async (tx) => {
    const state = await readState(tx, path, newId)
    if (state.entry !== null) putEntry(tx, path, { ...state.entry, record: change(state) })
  })
}

/** The key's id where more data is to be removed than one commit can. */
async function destroyVersions(
  ctx: RequestContext,
  path: string,
  numbers: readonly number[],
): Promise<string | null> {
  const newId = newKeyId(ctx)
  const author = authorOf(ctx, 'destroy')
  return ctx.storage.transaction(async (tx) => {
    const { entry } = await readState(tx, path, newId)
    if (entry === null) return null
    const before = entry.record
    const doomed = [...new Set(numbers)].filter(
      (number) => versionOf(before, number)?.destroyed === false,
    )
    if (doomed.length === 0) return null
    const record = changeVersions(before, doomed, destroyedBy(author))
    const isCurrentDoomed = doomed.includes(before.currentVersion)
    putEntry(tx, path, isCurrentDoomed ? { record, place: 'none', data: '' } : { ...entry, record })
    const stored = doomed.filter(
      (number) => number !== before.currentVersion || entry.place === 'own',
    )
    const dropped = { path, id: record.id, versions: stored }
    return (await dropVersions(ctx, tx, dropped)) ? record.id : null
  })
}
