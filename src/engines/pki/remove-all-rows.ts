// DELETE root: all issuers and keys go. The directory is emptied by one commit, which takes effect at once; the
// entries behind it follow in the same commit, or by a job where they are too many for one.
import { MAX_INLINE_DELETES } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { jobKind } from '../../sdk/job.ts'
import { type Directory, readDirectory } from './authority.ts'
import { ALL_LISTS, changeIssuers } from './authority-events.ts'
import { issuerKey, keyKey } from './issuer-record.ts'

const { remove } = endpoints()

const WARNING =
  'DELETE /root deletes all keys and issuers; prefer the new DELETE /key/:key_ref and DELETE /issuer/:issuer_ref for finer granularity, unless removal of all keys and issuers is desired.'

/** Storage keys of entries that no directory names any more. */
interface Leftovers {
  readonly keys: readonly string[]
}

export const removeLeftovers = jobKind<Leftovers>('remove-issuers', {
  async run(mount, { keys }) {
    const some = keys.slice(0, MAX_INLINE_DELETES)
    await mount.storage.transaction(async (tx) => {
      for (const key of some) tx.delete(key)
    })
    const rest = keys.slice(some.length)
    return rest.length === 0 ? 'done' : { againAtMs: mount.clock.now(), item: { keys: rest } }
  },
})

export const removeAllRows = [
  remove('root', {
    about: 'Removes all issuers and keys.',
    auth: 'sudo',
    handle: async (ctx) => {
      await removeAll(ctx)
      return { data: null, status: 200, warnings: [WARNING] }
    },
  }),
]

const entriesOf = ({ issuers, keys }: Directory): readonly string[] => [
  ...issuers.map(({ id }) => issuerKey(id)),
  ...keys.map(({ id }) => keyKey(id)),
]

async function removeAll(ctx: MountContext): Promise<void> {
  if (entriesOf(await readDirectory(ctx.storage)).length === 0) return
  await changeIssuers(
    ctx,
    async (draft) => {
      const entries = entriesOf(draft.directory)
      draft.directory = {
        ...draft.directory,
        ...{ issuers: [], keys: [], defaultIssuer: '', defaultKey: '' },
      }
      return entries
    },
    {
      lists: () => ALL_LISTS,
      async alsoWrite(tx, entries) {
        for (const key of entries.slice(0, MAX_INLINE_DELETES)) tx.delete(key)
        const rest = entries.slice(MAX_INLINE_DELETES)
        if (rest.length === 0) return
        const id = ctx.random.uuid()
        const atMs = ctx.clock.now()
        await ctx.schedule(tx, removeLeftovers, { id, atMs, item: { keys: rest } })
      },
    },
  )
}
