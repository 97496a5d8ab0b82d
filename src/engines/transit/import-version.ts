// A further version of an imported key: a new one, or the private part of one whose public part is there.
import { badRequest } from '../../base/errors.ts'
import type { RequestContext } from '../../sdk/context.ts'
import type { Tx } from '../../sdk/storage.ts'
import { firstUsable, type KeyRecord, typeOf } from './key-record.ts'
import { noSuchVersion } from './loaded-key.ts'
import { type KeyParts, versionAround } from './make-key.ts'
import { addVersion, putRecord, readRecord } from './rotate-key.ts'
import {
  decodeVersion,
  encodeVersion,
  hasPrivate,
  type KeyVersion,
  versionPath,
  wipeVersion,
} from './version-entry.ts'

/** Throws 400 where the key takes no versions from elsewhere. */
export function checkImportable(record: KeyRecord): void {
  if (!record.imported)
    throw badRequest('the import_version endpoint can only be used with an imported key')
  if (record.convergent)
    throw badRequest('import_version cannot be used on keys with convergent encryption enabled')
  if (record.softDeleted) throw badRequest('refusing to use soft-deleted key')
}

/** `asked` undefined: a new version, unless the latest waits for just this private part. Throws 400. */
export async function importVersion(
  ctx: RequestContext,
  before: KeyRecord,
  asked: number | undefined,
  parts: KeyParts,
): Promise<void> {
  const fresh = versionAround(before, parts, ctx.random, ctx.clock.now())
  try {
    await ctx.storage.transaction(async (tx) => {
      const record = await readRecord(tx, before.name)
      if (!record || record.id !== before.id) throw badRequest('the key was replaced meanwhile')
      checkImportable(record)
      if (asked !== undefined) return fillVersion(tx, record, asked, parts)
      const latest = await readVersion(tx, record, record.latestVersion)
      if (latest && !hasPrivate(latest) && parts.key.length > 0 && isSamePair(latest, parts))
        return putPrivate(tx, record, record.latestVersion, latest, parts)
      addVersion(tx, record, fresh)
    })
  } finally {
    wipeVersion(fresh)
  }
}

async function readVersion(tx: Tx, record: KeyRecord, number: number): Promise<KeyVersion | null> {
  const entry = await tx.get(versionPath(record.id, number))
  return entry === null ? null : decodeVersion(entry.bytes())
}

async function fillVersion(
  tx: Tx,
  record: KeyRecord,
  number: number,
  parts: KeyParts,
): Promise<void> {
  const isUsable = number >= firstUsable(record) && number <= record.latestVersion
  const version = isUsable ? await readVersion(tx, record, number) : null
  if (!version) throw noSuchVersion()
  if (!typeOf(record).takesPublicKey)
    throw badRequest('provided type does not support importing key versions')
  if (hasPrivate(version)) throw badRequest('private key imported, key version cannot be updated')
  if (parts.key.length === 0)
    throw badRequest('cannot add a public key to a key version that already has a public key set')
  if (!isSamePair(version, parts)) throw badRequest('cannot import key, key pair does not match')
  putPrivate(tx, record, number, version, parts)
}

const isSamePair = (version: KeyVersion, parts: KeyParts): boolean =>
  version.publicKey !== '' && version.publicKey === parts.publicKey

function putPrivate(
  tx: Tx,
  record: KeyRecord,
  number: number,
  version: KeyVersion,
  parts: KeyParts,
): void {
  tx.put(versionPath(record.id, number), encodeVersion({ ...version, key: parts.key }))
  putRecord(tx, record)
}
