// The one way in which a key gets a new version: the current one moves to an entry of its own, the new one
// takes its place, and what falls out of the window goes, all in one commit.
import { MAX_INLINE_SECRET_BYTES } from '../../base/limits.ts'
import type { RequestContext } from '../../sdk/context.ts'
import type { Tx } from '../../sdk/storage.ts'
import type { Author } from './author.ts'
import { CONFIG_KEY, configFrom, type KvConfig } from './config.ts'
import { decodeEntry, encodeEntry, type KeyEntry } from './entry-format.ts'
import { addVersion, firstKept, type KeyRecord, newRecord, versionOf } from './key-record.ts'
import { secretKey, versionKey } from './secret-path.ts'
import { dropVersions } from './sweep.ts'

/** A key and the mount's settings, as one snapshot. */
export interface KeyState {
  readonly entry: KeyEntry | null
  readonly config: KvConfig
}

/** `newId` is for the record of a secret from before the mount was upgraded to v2, which has none. */
export async function readState(tx: Tx, path: string, newId: string): Promise<KeyState> {
  const key = secretKey(path)
  const found = await tx.read([key, CONFIG_KEY])
  const entry = found.get(key)
  return {
    entry: entry === undefined ? null : withId(decodeEntry(entry.text()), newId),
    config: configFrom(found.get(CONFIG_KEY)),
  }
}

const withId = (entry: KeyEntry, newId: string): KeyEntry =>
  entry.record.id === '' ? { ...entry, record: { ...entry.record, id: newId } } : entry

export const newKeyId = (ctx: RequestContext): string => ctx.random.bytes(12).toString('base64url')

/** Adds the version to the transaction. `needsSweep`: old data is marked, and `sweep` must follow. */
export function writeVersion(
  tx: Tx,
  of: {
    readonly path: string
    readonly state: KeyState
    /** JSON text. */
    readonly data: string
    readonly author: Author | null
    readonly nowMs: number
    /** For a key that has none yet. */
    readonly newId: string
  },
): { readonly record: KeyRecord; readonly needsSweep: boolean } {
  const { entry, config } = of.state
  const before = entry?.record ?? newRecord(of.newId, of.nowMs)
  const record = addVersion(before, config, of.nowMs, of.author)
  const kept = firstKept(record)
  if (entry?.place === 'here' && before.currentVersion >= kept)
    tx.put(versionKey(record.id, before.currentVersion), entry.data)
  const isLarge = isLargerThan(of.data, MAX_INLINE_SECRET_BYTES)
  if (isLarge) tx.put(versionKey(record.id, record.currentVersion), of.data)
  putEntry(tx, of.path, {
    record,
    place: isLarge ? 'own' : 'here',
    data: isLarge ? '' : of.data,
  })
  const dropped: number[] = []
  const end = Math.min(kept, before.currentVersion + 1)
  for (let version = firstKept(before); version < end; version++) {
    const isInside = version === before.currentVersion && entry?.place !== 'own'
    if (!isInside && !versionOf(before, version)?.destroyed) dropped.push(version)
  }
  return { record, needsSweep: dropVersions(tx, of.path, record.id, dropped) }
}

export function putEntry(tx: Tx, path: string, entry: KeyEntry): void {
  tx.put(secretKey(path), encodeEntry(entry))
}

function isLargerThan(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes
}
