// From a token's text to its record. The first step needs no storage and names the keys that decide; the
// request reads them together with its epochs in one snapshot; the second step judges by that snapshot
// alone, so that a token revoked anywhere before the read is refused here.
import type { Stored } from '../../sdk/storage.ts'
import { namespaceEpochKey, tokenKey } from '../keys.ts'
import type { TokenCore } from './token-core.ts'
import { decodeEntry, isOver, parentOf } from './token-entry.ts'
import { type TokenRecord, tokenRecord } from './token-record.ts'
import { accessorOf, parseAccessor, parseTokenText, type TokenRef } from './token-text.ts'
import { isLineageAlive, type TombstoneSet } from './token-tombstones.ts'

export type Snapshot = ReadonlyMap<string, Stored>

export interface LocatedToken extends TokenRef {
  readonly kind: 'service' | 'batch'
  /** Of a service token: its entry's key; '' for a batch token. */
  readonly key: string
  /** What resolve needs, besides namespaceEpochKey(namespaceId). */
  readonly keys: readonly string[]
  /** The record as it was last seen, perhaps of an older version; of a batch token always. */
  readonly cached: TokenRecord | undefined
  /** Of a batch token: its parent, which has to be alive. */
  readonly parent: LocatedToken | null
}

/** No storage; null where the text can't be a token of this server. */
export function locateToken(core: TokenCore, text: string): LocatedToken | null {
  const parsed = parseTokenText(text)
  if (!parsed) return null
  const hash = core.hash(text)
  if (parsed.kind === 'service') return locateRef(core, parsed.namespaceId, hash)
  const { namespaceId } = parsed
  const cacheKey = `hvb/${hash}`
  let cached = core.records.get(cacheKey)
  if (!cached) {
    const entry = core.batch.open(parsed.body, namespaceId)
    if (!entry) return null
    cached = tokenRecord({
      kind: 'batch',
      namespaceId,
      hash,
      accessor: '',
      key: '',
      version: '',
      entry,
    })
    core.records.set(cacheKey, cached, costOf(parsed.body.length))
  }
  const above = parentOf(cached.entry)
  const parent = above === null ? null : locateAccessor(core, above)
  const keys = parent === null ? [] : parentKeys(parent, namespaceId)
  return { kind: 'batch', namespaceId, hash, key: '', keys, cached, parent }
}

/** The same by an accessor. */
export function locateAccessor(core: TokenCore, accessor: string): LocatedToken | null {
  const ref = parseAccessor(accessor)
  return ref && locateRef(core, ref.namespaceId, ref.hash)
}

function locateRef(core: TokenCore, namespaceId: string, hash: string): LocatedToken {
  const key = tokenKey(namespaceId, hash)
  const cached = core.records.get(key)
  const keys = cached && cached.lineage.length > 0 ? lineageKeys(cached) : [key]
  return { kind: 'service', namespaceId, hash, key, keys, cached, parent: null }
}

/** Ancestors in another namespace are judged by that namespace's epoch too. */
function lineageKeys(record: TokenRecord): string[] {
  const keys = [record.key]
  for (const id of record.lineage) {
    if (id !== record.namespaceId) keys.push(namespaceEpochKey(id))
  }
  return keys
}

function parentKeys(parent: LocatedToken, namespaceId: string): readonly string[] {
  if (parent.namespaceId === namespaceId) return parent.keys
  return [namespaceEpochKey(parent.namespaceId), ...parent.keys]
}

/**
 * The living token, or null where it is unknown, revoked, over, or below a dead one. `snapshot` holds
 * namespaceEpochKey(namespaceId) and located.keys, read after the request arrived. Answers at once
 * except when marks of dead trees must be read.
 */
export function resolveToken(
  core: TokenCore,
  located: LocatedToken,
  snapshot: Snapshot,
): TokenRecord | null | Promise<TokenRecord | null> {
  if (located.kind === 'batch') return resolveBatch(core, located, snapshot)
  const stored = snapshot.get(located.key)
  if (!stored) return null
  const record = recordOf(core, located, stored)
  if (isOver(record.entry, core.clock.now())) return null
  if (record.lineage.length === 0) return record
  return judgeLineage(core, located, record, snapshot)
}

function resolveBatch(
  core: TokenCore,
  located: LocatedToken,
  snapshot: Snapshot,
): TokenRecord | null | Promise<TokenRecord | null> {
  const batch = located.cached
  if (!batch || isOver(batch.entry, core.clock.now())) return null
  if (parentOf(batch.entry) === null) return batch
  const found = located.parent && resolveToken(core, located.parent, snapshot)
  return found instanceof Promise ? found.then((it) => it && batch) : found && batch
}

function recordOf(core: TokenCore, located: LocatedToken, stored: Stored): TokenRecord {
  const known = located.cached ?? core.records.get(located.key)
  if (known && known.version === stored.version) return known
  const record = tokenRecord({
    kind: 'service',
    namespaceId: located.namespaceId,
    hash: located.hash,
    accessor: accessorOf(located.namespaceId, located.hash),
    key: located.key,
    version: stored.version,
    entry: decodeEntry(core.storage.open(located.key, stored).toString()),
  })
  core.records.set(located.key, record, costOf(stored.value.length))
  return record
}

/** About what a record takes in memory, with the audit fragments and the ACL that hang on it. */
const costOf = (storedBytes: number): number => 1024 + 3 * storedBytes

function judgeLineage(
  core: TokenCore,
  located: LocatedToken,
  record: TokenRecord,
  snapshot: Snapshot,
): TokenRecord | null | Promise<TokenRecord | null> {
  const only = record.lineage.length === 1 && record.lineage[0] === record.namespaceId
  if (only) {
    const epoch = snapshot.get(namespaceEpochKey(record.namespaceId))?.version ?? ''
    if (record.alive.value !== null && record.alive.versions === epoch) {
      return record.alive.value ? record : null
    }
  }
  const sets = new Map<string, TombstoneSet>()
  for (const namespaceId of record.lineage) {
    const key = namespaceEpochKey(namespaceId)
    const isRead = namespaceId === record.namespaceId || located.keys.includes(key)
    const set = isRead ? core.tombstones.peek(namespaceId, snapshot.get(key)?.version ?? '') : null
    if (!set) return judgeAfresh(core, located, record)
    sets.set(namespaceId, set)
  }
  return verdict(record, sets)
}

function verdict(record: TokenRecord, sets: ReadonlyMap<string, TombstoneSet>): TokenRecord | null {
  const alive = isLineageAlive(record.entry.ancestors, (id) => sets.get(id) ?? null)
  record.alive.versions = sets.get(record.namespaceId)?.epoch ?? ''
  record.alive.value = alive
  return alive ? record : null
}

/**
 * Marks read later than the token's entry could miss a tree that was meanwhile worked off. So the entry is
 * read once more, last: a mark goes only after every entry below it, hence where the entry still stands,
 * the marks read before it were all there.
 */
async function judgeAfresh(
  core: TokenCore,
  located: LocatedToken,
  before: TokenRecord,
): Promise<TokenRecord | null> {
  let record = before
  for (;;) {
    const sets = new Map<string, TombstoneSet>()
    for (const id of record.lineage) sets.set(id, await core.tombstones.load(id))
    const stored = (await core.storage.readRaw([located.key])).get(located.key)
    if (!stored) return null
    if (stored.version === record.version) return verdict(record, sets)
    record = recordOf(core, located, stored)
    if (isOver(record.entry, core.clock.now())) return null
    if (record.lineage.length === 0) return record
  }
}

/** Reads and resolves in one go: for tokens that a request names, not for its own. */
export async function findToken(
  core: TokenCore,
  located: LocatedToken | null,
): Promise<TokenRecord | null> {
  if (!located) return null
  const snapshot = await core.storage.readRaw([
    namespaceEpochKey(located.namespaceId),
    ...located.keys,
  ])
  return resolveToken(core, located, snapshot)
}
