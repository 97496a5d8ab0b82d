// Revocation lists as they are stored: crl/<group> names the current complete and delta list; their bytes are
// chunks under a random id (a value takes 1 MiB at most), made live by the commit that names them. Chunks that
// no list names are written down first: before they are written, and in the commit that replaces them. What a
// process that died left behind is swept by a later build.
import { MAX_BATCH_KEYS, MAX_INLINE_DELETES } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import { listNames } from '../../sdk/listing.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'
import { type Directory, readDirectory } from './authority.ts'
import { groupOf } from './crl-groups.ts'

export interface StoredList {
  readonly id: string
  readonly bytes: number
  readonly chunks: number
  /** The CRL number. */
  readonly number: number
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  readonly entries: number
  /** Of a delta list: tells the entries that it was made from. */
  readonly fingerprint?: string
  /** Of a delta list: the number of the complete list that it adds to. */
  readonly base?: number
}

export interface CrlState {
  /** The number of the next list, complete or delta. */
  readonly next: number
  readonly complete: StoredList | null
  readonly delta: StoredList | null
}

export type ListKind = 'complete' | 'delta'

const EMPTY_STATE: CrlState = { next: 1, complete: null, delta: null }
/** A chunk: two of them go into one commit. */
const CHUNK_BYTES = 480 * 1024
/** Up to here a list is written by the commit that names it. */
const MAX_CHUNKS_INLINE = 1
/** A mark this old belongs to a build that died. */
const ABANDONED_MS = 10 * 60 * 1000
const UNNAMED_PREFIX = 'crl-unnamed/'

/** Chunks that no list names. */
interface Unnamed {
  /** When their build began; 0: they were replaced. */
  readonly atMs: number
  readonly chunks: number
}

const STATE_PREFIX = 'crl/'
const stateKey = (group: string): string => STATE_PREFIX + group
const chunkKey = (id: string, n: number): string => `crl-chunk/${id}/${n}`

export const readCrlState = async (storage: ReadStorage, group: string): Promise<CrlState> =>
  (await storage.get(stateKey(group)))?.json<CrlState>() ?? EMPTY_STATE

/**
 * Takes the number of the next list. A list whose number was taken later was also begun later, so it holds at
 * least as much: that is what decides between two that are built at once. `base` is the number of the complete
 * list at that time (null: none), lower than the one that is taken: what a delta list adds to.
 */
export function takeNumber(
  mount: MountContext,
  group: string,
): Promise<{ readonly number: number; readonly base: number | null }> {
  return mount.storage.transaction(async (tx) => {
    const state = await readCrlState(tx, group)
    tx.put(stateKey(group), { json: { ...state, next: state.next + 1 } })
    return { number: state.next, base: state.complete?.number ?? null }
  })
}

/**
 * Stores the list and makes it the current one, unless a later one is. 'stale': a delta list to another complete
 * list than the current one, or one whose chunks were swept because its build took too long; it has to be made anew.
 */
export async function publishList(
  mount: MountContext,
  group: string,
  kind: ListKind,
  der: Buffer,
  of: Omit<StoredList, 'bytes' | 'chunks' | 'id'>,
): Promise<'published' | 'stale'> {
  const id = mount.random.uuid()
  const chunks = Math.ceil(der.length / CHUNK_BYTES)
  const list: StoredList = { ...of, id, bytes: der.length, chunks }
  const chunkOf = (n: number): Buffer => der.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES)
  const isInline = chunks <= MAX_CHUNKS_INLINE
  if (!isInline) {
    await mount.storage.put(UNNAMED_PREFIX + id, { json: { atMs: mount.clock.now(), chunks } })
    for (let n = 0; n < chunks; n++) await mount.storage.put(chunkKey(id, n), chunkOf(n))
  }
  const { isStale, unnamed } = await mount.storage.transaction(async (tx) => {
    const state = await readCrlState(tx, group)
    const current = state[kind]
    const isSwept = !isInline && (await tx.get(UNNAMED_PREFIX + id)) === null
    const isOfOther = kind === 'delta' && state.complete?.number !== list.base
    if (isSwept || isOfOther) return { isStale: true, unnamed: isInline ? null : list }
    if (current && current.number > list.number)
      return { isStale: false, unnamed: isInline ? null : list }
    if (isInline) tx.put(chunkKey(id, 0), chunkOf(0))
    else tx.delete(UNNAMED_PREFIX + id)
    tx.put(stateKey(group), { json: { ...state, [kind]: list } })
    return { isStale: false, unnamed: retire(tx, current) }
  })
  if (unnamed) await removeChunks(mount, unnamed.id, unnamed.chunks)
  return isStale ? 'stale' : 'published'
}

/** Part of the commit that names the list no more. Answers the list if its chunks are still to be removed. */
function retire(tx: Tx, list: StoredList | null): StoredList | null {
  if (list === null) return null
  if (list.chunks > MAX_CHUNKS_INLINE) {
    tx.put(UNNAMED_PREFIX + list.id, { json: { atMs: 0, chunks: list.chunks } })
    return list
  }
  tx.delete(chunkKey(list.id, 0))
  return null
}

async function removeChunks(mount: MountContext, id: string, chunks: number): Promise<void> {
  for (let n = 0; n < chunks; n += MAX_INLINE_DELETES) {
    await mount.storage.transaction(async (tx) => {
      const end = Math.min(chunks, n + MAX_INLINE_DELETES)
      for (let at = n; at < end; at++) tx.delete(chunkKey(id, at))
      if (end === chunks) tx.delete(UNNAMED_PREFIX + id)
    })
  }
}

/** Removes what builds left behind that never came to their end, and what was replaced. */
export async function sweepAbandoned(mount: MountContext): Promise<void> {
  for (const mark of await mount.storage.range(UNNAMED_PREFIX, { limit: MAX_INLINE_DELETES })) {
    const found = (await mount.storage.get(mark))?.json<Unnamed>()
    if (found && mount.clock.now() - found.atMs > ABANDONED_MS)
      await removeChunks(mount, mark.slice(UNNAMED_PREFIX.length), found.chunks)
  }
}

/** Removes the lists of groups that no issuer is of any more; their numbers go on where they stopped. */
export async function dropUnusedLists(mount: MountContext): Promise<void> {
  const used = usedGroups(await readDirectory(mount.storage))
  const all = await listNames(mount.storage, STATE_PREFIX, ALL)
  const unused = all.filter((group) => !used.has(group))
  for (const group of await withLists(mount, unused)) {
    const unnamed = await mount.storage.transaction(async (tx) => {
      const state = await readCrlState(tx, group)
      // Read here, so that an issuer that comes meanwhile is a conflict.
      const isUsed = usedGroups(await readDirectory(tx)).has(group)
      if (isUsed || (state.complete === null && state.delta === null)) return []
      tx.put(stateKey(group), { json: { ...EMPTY_STATE, next: state.next } })
      return [retire(tx, state.complete), retire(tx, state.delta)]
    })
    for (const list of unnamed) if (list) await removeChunks(mount, list.id, list.chunks)
  }
}

/** Those of the groups that have a list. */
async function withLists(mount: MountContext, groups: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (let at = 0; at < groups.length; at += MAX_BATCH_KEYS) {
    const some = groups.slice(at, at + MAX_BATCH_KEYS)
    const entries = await mount.storage.read(some.map(stateKey))
    for (const group of some) {
      const state = entries.get(stateKey(group))?.json<CrlState>()
      if (state?.complete || state?.delta) found.push(group)
    }
  }
  return found
}

const ALL = { after: undefined, limit: undefined }
const usedGroups = ({ issuers }: Directory): ReadonlySet<string> => new Set(issuers.map(groupOf))

/** The bytes of a list; null where it was replaced meanwhile. */
export async function readList(storage: ReadStorage, list: StoredList): Promise<Buffer | null> {
  const parts: Buffer[] = []
  for (let n = 0; n < list.chunks; n++) {
    const entry = await storage.get(chunkKey(list.id, n))
    if (entry === null) return null
    parts.push(entry.bytes())
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

/** Removes keys that are already named elsewhere, in commits of a bearable size. */
export async function removeKeys(mount: MountContext, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += MAX_INLINE_DELETES) {
    await mount.storage.transaction(async (tx: Tx) => {
      for (const key of keys.slice(at, at + MAX_INLINE_DELETES)) tx.delete(key)
    })
  }
}
