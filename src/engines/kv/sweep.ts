// Removes the data of versions that no key needs any more. What one commit can't remove gets a mark in
// that commit (gone/<id>); the data is unreachable from then on, and the mark goes when the last of it is
// removed. A job that is scheduled in the same commit works off what a crash left behind.

import { MAX_INLINE_DELETES } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import { jobKind } from '../../sdk/job.ts'
import type { Tx } from '../../sdk/storage.ts'
import { decodeEntry } from './entry-format.ts'
import { versionOf } from './key-record.ts'
import { goneKey, secretKey, versionKey, versionOfKey, versionPrefix } from './secret-path.ts'

interface Gone {
  /** The key whose versions they are or were. */
  readonly path: string
}

/** When the job looks whether the request has done it: longer than any request may take. */
const SWEEP_AFTER_MS = 120_000

/** `id` is that of the key's versions. */
export const sweepJob = jobKind<{ readonly id: string }>('sweep', {
  async run(mount, { id }) {
    await sweepMark(mount, id)
    if (mount.signal.aborted) throw mount.signal.reason
    return 'done'
  },
})

/** Deletes the data of these versions in the transaction. True: it only began, and `sweep` must follow. */
export async function dropVersions(
  mount: MountContext,
  tx: Tx,
  of: { readonly path: string; readonly id: string; readonly versions: readonly number[] },
): Promise<boolean> {
  const { path, id, versions } = of
  for (const version of versions.slice(0, MAX_INLINE_DELETES)) tx.delete(versionKey(id, version))
  if (versions.length <= MAX_INLINE_DELETES) return false
  const gone: Gone = { path }
  tx.put(goneKey(id), { json: gone })
  const atMs = mount.clock.now() + SWEEP_AFTER_MS
  await mount.schedule(tx, sweepJob, { id, atMs, item: { id } })
  return true
}

/**
 * Works off the mark of one key, page by page; a crash at any point leaves the mark. Never throws: the
 * caller's change is already made.
 */
export async function sweep(mount: MountContext, id: string): Promise<void> {
  try {
    await sweepMark(mount, id)
  } catch (error) {
    if (!mount.signal.aborted) mount.log.warn('old versions are not removed yet', { err: error })
  }
}

async function sweepMark(mount: MountContext, id: string): Promise<void> {
  const { storage, signal } = mount
  const mark = await storage.get(goneKey(id))
  if (mark === null) return
  const key = secretKey(mark.json<Gone>().path)
  let after: string | undefined
  for (;;) {
    if (signal.aborted) return
    const page = { limit: MAX_INLINE_DELETES, ...(after === undefined ? undefined : { after }) }
    const keys = await storage.range(versionPrefix(id), page)
    if (keys.length === 0) break
    await storage.transaction(async (tx) => {
      const entry = await tx.get(key)
      const record = entry === null ? null : decodeEntry(entry.text()).record
      for (const stored of keys) {
        const version = record?.id === id ? versionOf(record, versionOfKey(stored)) : undefined
        if (version === undefined || version.destroyed) tx.delete(stored)
      }
    })
    after = keys.at(-1)
  }
  await storage.transaction(async (tx) => {
    // A mark made anew since then stands for versions that this run may have passed already.
    if ((await tx.get(goneKey(id)))?.version !== mark.version) return
    tx.delete(goneKey(id))
    await mount.unschedule(tx, sweepJob, id)
  })
}
