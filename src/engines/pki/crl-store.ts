// Revocation lists as they are stored: crl/<group> names the current complete and delta list; their bytes are
// chunks under a random id (a value takes 1 MiB at most), made live by the commit that names them. A list
// that was never named is marked while it is written and swept by the next build.
import { MAX_INLINE_DELETES } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'

export interface StoredList {
  readonly id: string
  readonly bytes: number
  readonly chunks: number
  /** The CRL number. */
  readonly number: number
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  readonly entries: number
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
const BUILDING_PREFIX = 'crl-building/'

const stateKey = (group: string): string => `crl/${group}`
const chunkKey = (id: string, n: number): string => `crl-chunk/${id}/${n}`

export const readCrlState = async (storage: ReadStorage, group: string): Promise<CrlState> =>
  (await storage.get(stateKey(group)))?.json<CrlState>() ?? EMPTY_STATE

/**
 * Takes the number of the next list. A list whose number was taken later was also begun later, so it holds at
 * least as much: that is what decides between two that are built at once.
 */
export function takeNumber(mount: MountContext, group: string): Promise<number> {
  return mount.storage.transaction(async (tx) => {
    const state = await readCrlState(tx, group)
    tx.put(stateKey(group), { json: { ...state, next: state.next + 1 } })
    return state.next
  })
}

/** Stores the list and makes it the current one, unless a later one is. Answers whether it did. */
export async function publishList(
  mount: MountContext,
  group: string,
  kind: ListKind,
  der: Buffer,
  of: Omit<StoredList, 'bytes' | 'chunks' | 'id'>,
): Promise<void> {
  const id = mount.random.uuid()
  const chunks = Math.ceil(der.length / CHUNK_BYTES)
  const list: StoredList = { ...of, id, bytes: der.length, chunks }
  const chunkOf = (n: number): Buffer => der.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES)
  const isInline = chunks <= MAX_CHUNKS_INLINE
  if (!isInline) {
    await mount.storage.put(BUILDING_PREFIX + id, { json: { atMs: mount.clock.now(), chunks } })
    for (let n = 0; n < chunks; n++) await mount.storage.put(chunkKey(id, n), chunkOf(n))
  }
  const old = await mount.storage.transaction(async (tx) => {
    const state = await readCrlState(tx, group)
    const current = state[kind]
    if (current && current.number > list.number) return isInline ? null : list
    if (isInline) tx.put(chunkKey(id, 0), chunkOf(0))
    else tx.delete(BUILDING_PREFIX + id)
    tx.put(stateKey(group), { json: { ...state, [kind]: list } })
    if (current?.chunks === 1) tx.delete(chunkKey(current.id, 0))
    return current && current.chunks > 1 ? current : null
  })
  if (old) await removeChunks(mount, old.id, old.chunks)
}

async function removeChunks(mount: MountContext, id: string, chunks: number): Promise<void> {
  for (let n = 0; n < chunks; n += MAX_INLINE_DELETES) {
    await mount.storage.transaction(async (tx) => {
      const end = Math.min(chunks, n + MAX_INLINE_DELETES)
      for (let at = n; at < end; at++) tx.delete(chunkKey(id, at))
      if (end === chunks) tx.delete(BUILDING_PREFIX + id)
    })
  }
}

/** Removes what builds left behind that never came to their end. */
export async function sweepAbandoned(mount: MountContext): Promise<void> {
  for (const mark of await mount.storage.range(BUILDING_PREFIX, { limit: MAX_INLINE_DELETES })) {
    const found = (await mount.storage.get(mark))?.json<{ atMs: number; chunks: number }>()
    if (found && mount.clock.now() - found.atMs > ABANDONED_MS)
      await removeChunks(mount, mark.slice(BUILDING_PREFIX.length), found.chunks)
  }
}

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
