// Making, changing and removing keys in storage. Versions that are no longer wanted go in the commit that
// gives them up where they are few; a job pages through the rest, and through what a crash in a restore
// left behind. Invariant: versions of an id that no record names are unreachable from the first moment.
import { badRequest } from '../../base/errors.ts'
import { MAX_INLINE_DELETES } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import { jobKind } from '../../sdk/job.ts'
import type { Tx } from '../../sdk/storage.ts'
import { planRotation } from './auto-rotation.ts'
import { firstStored, type KeyRecord } from './key-record.ts'
import { makeVersion } from './make-key.ts'
import { addVersion, putRecord, readRecord } from './rotate-key.ts'
import { type KeyVersion, keyPath, usesPath, versionPath, versionsPath } from './version-entry.ts'

export const newKeyId = (mount: MountContext): string =>
  mount.random.bytes(12).toString('base64url')

/** Stores a new key with a first version; the record, and whether it was made now or stood already. */
export async function createKey(
  mount: MountContext,
  fresh: KeyRecord,
): Promise<{ readonly record: KeyRecord; readonly isNew: boolean }> {
  const existing = await readRecord(mount.storage, fresh.name)
  if (existing) return { record: existing, isNew: false }
  return storeNewKey(mount, fresh, await makeVersion(fresh, mount.random, mount.clock.now()))
}

/** The same with a version that is there already. */
export function storeNewKey(
  mount: MountContext,
  fresh: KeyRecord,
  version: KeyVersion,
): Promise<{ readonly record: KeyRecord; readonly isNew: boolean }> {
  return mount.storage.transaction(async (tx) => {
    const existing = await readRecord(tx, fresh.name)
    if (existing) return { record: existing, isNew: false }
    const record = addVersion(tx, fresh, version)
    await planRotation(mount, tx, null, record)
    return { record, isNew: true }
  })
}

/** Changes the record by `change` (which may run several times); null where there is no such key. */
export function changeKey(
  mount: MountContext,
  name: string,
  change: (record: KeyRecord, tx: Tx) => KeyRecord | Promise<KeyRecord>,
): Promise<KeyRecord | null> {
  return mount.storage.transaction(async (tx) => {
    const record = await readRecord(tx, name)
    if (!record) return null
    const changed = await change(record, tx)
    if (changed === record) return record
    await planRotation(mount, tx, record, changed)
    return putRecord(tx, changed)
  })
}

/** Removes the key for good. Throws 400 where that isn't allowed. */
export async function deleteKey(mount: MountContext, name: string): Promise<void> {
  await mount.storage.transaction(async (tx) => {
    const record = await readRecord(tx, name)
    if (!record) throw badRequest(`error deleting policy ${name}: could not delete key; not found`)
    if (!record.deletionAllowed)
      throw badRequest(`error deleting policy ${name}: deletion is not allowed for this key`)
    tx.delete(keyPath(name))
    await planRotation(mount, tx, record, null)
    await dropVersions(mount, tx, record, record.latestVersion + 1)
  })
}

/** Gives up the stored versions below `end`, now or by a job. */
export async function dropVersions(
  mount: MountContext,
  tx: Tx,
  record: KeyRecord,
  end: number,
): Promise<void> {
  const first = firstStored(record)
  if (end - first > MAX_INLINE_DELETES / 2) return scheduleSweep(mount, tx, record, 0)
  for (let version = first; version < end; version++) {
    tx.delete(versionPath(record.id, version))
    tx.delete(usesPath(record.id, version))
  }
}

interface Sweep {
  readonly id: string
  readonly name: string
}

/** Plans the removal of all that the record (as stored then) doesn't need of this id. */
export const scheduleSweep = (
  mount: MountContext,
  tx: Tx,
  record: Pick<KeyRecord, 'id' | 'name'>,
  afterMs: number,
): Promise<void> =>
  mount.schedule(tx, sweepVersions, {
    id: record.id,
    atMs: mount.clock.now() + afterMs,
    item: { id: record.id, name: record.name },
  })

export const sweepVersions = jobKind<Sweep>('sweep-versions', {
  async run(mount, { id, name }) {
    const live = await readRecord(mount.storage, name)
    const before = live?.id === id ? versionPath(id, firstStored(live)) : undefined
    for (const folder of [versionsPath(id), usesPath(id, 0).slice(0, -1)]) {
      // Counts of uses are few and small; those of a live key stay until it goes.
      if (before !== undefined && folder !== versionsPath(id)) continue
      for (;;) {
        const page = { limit: MAX_INLINE_DELETES, ...(before === undefined ? {} : { before }) }
        const keys = await mount.storage.range(folder, page)
        if (keys.length === 0) break
        await mount.storage.transaction(async (tx) => {
          for (const key of keys) tx.delete(key)
        })
      }
    }
    return 'done'
  },
})
