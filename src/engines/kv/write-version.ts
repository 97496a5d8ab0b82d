// The one way in which a key gets a new version: the current one moves to an entry of its own, the new one
// takes its place, and what falls out of the window goes, all in one commit.
import { unavailable } from '../../base/errors.ts'
import { MAX_BATCH_BYTES, MAX_INLINE_SECRET_BYTES } from '../../base/limits.ts'
import type { RequestContext } from '../../sdk/context.ts'
import type { Tx } from '../../sdk/storage.ts'
import { type Act, authorOf } from './author.ts'
import { CONFIG_KEY, configFrom, type KvConfig } from './config.ts'
import { currentMetadata, decodeEntry, encodeEntry, type KeyEntry } from './entry-format.ts'
import { addVersion, firstKept, type KeyRecord, newRecord, versionOf } from './key-record.ts'
import { secretKey, versionKey } from './secret-path.ts'
import { isLargerThan } from './secret-text.ts'
import { dropVersions, sweep } from './sweep.ts'

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

/** `metadata`: that of the current version, where the caller has it as text. */
export function putEntry(tx: Tx, path: string, entry: KeyEntry, metadata?: string): void {
  tx.put(secretKey(path), encodeEntry(entry, metadata))
}

/** What a new version is made of; or the refusal, which goes to the caller as it is. */
export type Made<R> = { readonly data: string; readonly act: Act } | { readonly refused: R }

/** Two texts that together leave no room in one commit for what is known of the versions. */
const MAX_MOVED_BYTES = MAX_BATCH_BYTES - 128 * 1024
/** More rounds than this only happen where others keep writing large values to the same key. */
const MAX_ROUNDS = 8

/**
 * Adds a version whose data `make` derives from the state of the key (in the transaction: it may run
 * again). Answers the metadata of the new version, as JSON text.
 */
export async function addToKey<R>(
  ctx: RequestContext,
  path: string,
  make: (tx: Tx, state: KeyState, nowMs: number) => Made<R> | Promise<Made<R>>,
): Promise<{ readonly metadata: string } | { readonly refused: R }> {
  const newId = newKeyId(ctx)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await ctx.storage.transaction(async (tx) => {
      const state = await readState(tx, path, newId)
      const nowMs = ctx.clock.now()
      const made = await make(tx, state, nowMs)
      if ('refused' in made) return made
      if (!fitsOneCommit(state, made.data)) return 'move first'
      const author = authorOf(ctx, made.act)
      const before = state.entry?.record ?? newRecord(newId, nowMs)
      const record = addVersion(before, state.config, nowMs, author)
      const metadata = currentMetadata(record)
      const next = { record, data: made.data, metadata }
      const needsSweep = await putVersion(ctx, tx, path, state, before, next)
      return { id: record.id, metadata, needsSweep }
    })
    if (outcome === 'move first') {
      await moveOut(ctx, path, newId)
      continue
    }
    if ('id' in outcome && outcome.needsSweep) await sweep(ctx, outcome.id)
    return outcome
  }
  throw unavailable('the secret is being written by others; try the request again')
}

interface NewVersion {
  readonly record: KeyRecord
  readonly data: string
  readonly metadata: string
}

/** Writes what the new record says. True: old data is marked, and `sweep` must follow. */
function putVersion(
  ctx: RequestContext,
  tx: Tx,
  path: string,
  { entry: old }: KeyState,
  before: KeyRecord,
  { record, data, metadata }: NewVersion,
): Promise<boolean> {
  const kept = firstKept(record)
  if (old?.place === 'here' && before.currentVersion >= kept)
    tx.put(versionKey(record.id, before.currentVersion), old.data)
  const isLarge = isLargerThan(data, MAX_INLINE_SECRET_BYTES)
  if (isLarge) tx.put(versionKey(record.id, record.currentVersion), data)
  const entry: KeyEntry = isLarge
    ? { record, place: 'own', data: '' }
    : { record, place: 'here', data }
  putEntry(tx, path, entry, metadata)
  const dropped: number[] = []
  const end = Math.min(kept, before.currentVersion + 1)
  for (let version = firstKept(before); version < end; version++) {
    const isInside = version === before.currentVersion && old?.place !== 'own'
    if (!isInside && !versionOf(before, version)?.destroyed) dropped.push(version)
  }
  return dropVersions(ctx, tx, { path, id: record.id, versions: dropped })
}

function fitsOneCommit({ entry }: KeyState, data: string): boolean {
  if (entry === null || entry.place !== 'here') return true
  const isSmall = (entry.data.length + data.length) * 3 <= MAX_MOVED_BYTES
  return isSmall || Buffer.byteLength(entry.data) + Buffer.byteLength(data) <= MAX_MOVED_BYTES
}

/** Gives the current version an entry of its own, in a commit of its own; readers see no difference. */
async function moveOut(ctx: RequestContext, path: string, newId: string): Promise<void> {
  await ctx.storage.transaction(async (tx) => {
    const { entry } = await readState(tx, path, newId)
    if (entry === null || entry.place !== 'here') return
    tx.put(versionKey(entry.record.id, entry.record.currentVersion), entry.data)
    putEntry(tx, path, { record: entry.record, place: 'own', data: '' })
  })
}
