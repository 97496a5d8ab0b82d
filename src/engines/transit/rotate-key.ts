// New versions of a key. The key pair is made before the transaction, since that may take seconds, and is
// dropped where the record turned out to have changed in what it was made for.
import { badRequest } from '../../base/errors.ts'
import { MAX_KEY_VERSIONS } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { Tx } from '../../sdk/storage.ts'
import { type KeyRecord, mayRotate } from './key-record.ts'
import { makeVersion } from './make-key.ts'
import {
  encodeVersion,
  type KeyVersion,
  keyPath,
  versionPath,
  wipeVersion,
} from './version-entry.ts'

/** The record as it stands in the transaction. */
export const readRecord = async (tx: Pick<Tx, 'get'>, name: string): Promise<KeyRecord | null> =>
  (await tx.get(keyPath(name)))?.json<KeyRecord>() ?? null

export function putRecord(tx: Tx, record: KeyRecord): KeyRecord {
  tx.put(keyPath(record.name), { json: record })
  return record
}

/** Stores the next version and the record that knows of it. */
export function addVersion(tx: Tx, record: KeyRecord, version: KeyVersion): KeyRecord {
  const latestVersion = record.latestVersion + 1
  if (latestVersion > MAX_KEY_VERSIONS)
    throw badRequest(`a key has at most ${MAX_KEY_VERSIONS} versions`)
  tx.put(versionPath(record.id, latestVersion), encodeVersion(version))
  return putRecord(tx, { ...record, latestVersion })
}

/** Throws 400 where the key may not be rotated here. */
export function checkRotatable(record: KeyRecord): void {
  if (record.softDeleted) throw badRequest('refusing to use soft-deleted key')
  if (!mayRotate(record))
    throw badRequest(`imported key ${record.name} does not allow rotation within Vault`)
}

/**
 * The record with a new latest version; null where there is no such key. With `onlyFrom` nothing happens
 * unless that version still is the latest.
 */
export async function rotateKey(
  mount: MountContext,
  name: string,
  of: { readonly onlyFrom?: number } = {},
): Promise<KeyRecord | null> {
  const before = await readRecord(mount.storage, name)
  if (!before) return null
  checkRotatable(before)
  const version = await makeVersion(before, mount.random, mount.clock.now())
  try {
    return await mount.storage.transaction(async (tx) => {
      const record = await readRecord(tx, name)
      // Another key of that name, perhaps of another type.
      if (!record || record.id !== before.id) return null
      if (of.onlyFrom !== undefined && record.latestVersion !== of.onlyFrom) return record
      checkRotatable(record)
      return addVersion(tx, { ...record, imported: false }, version)
    })
  } finally {
    wipeVersion(version)
  }
}
