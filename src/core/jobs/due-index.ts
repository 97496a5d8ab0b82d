// The one persisted index of what is due: marks `due/<shard>/<time>/<namespace>/<kind>/<id>`. A mark says
// only "look at this now": whoever follows it checks the entry that it points to. Its key follows from
// what the entry holds, so that nothing needs to be stored to find it again.
import { DUE_PREFIX } from '../keys.ts'
import type { CoreTx } from '../store.ts'

/** Spreads the marks, so that several workers can each walk their own part in order of time. */
export const DUE_SHARDS = 16

/** The kind of marks that stand for jobs. */
export const DUE_JOB = 'job'

export interface DueIndex {
  /** Adds a mark in the transaction; returns its key. `atMs` in the past means: as soon as possible. */
  schedule(tx: CoreTx, kind: string, namespaceId: string, id: string, atMs: number): string
  unschedule(tx: CoreTx, key: string): void
}

/**
 * The key of a mark. `id` has no slash. Marks with the same `together` (by default the id) share a shard, so
 * that one process works them.
 */
export function dueKey(
  kind: string,
  namespaceId: string,
  id: string,
  atMs: number,
  together = id,
): string {
  return `${DUE_PREFIX}${shardOf(together)}/${timePart(atMs)}/${namespaceId}/${kind}/${id}`
}

/** Milliseconds since 1970, in 13 digits, so that they sort. */
export const timePart = (atMs: number): string =>
  String(Math.max(0, Math.trunc(atMs))).padStart(13, '0')

/** One hexadecimal digit. */
export function shardOf(id: string): string {
  let sum = 0
  for (let at = 0; at < id.length; at++) sum = (sum * 31 + id.charCodeAt(at)) | 0
  return (((sum >>> 0) ^ (sum >>> 16)) & (DUE_SHARDS - 1)).toString(16)
}

export const dueIndex: DueIndex = {
  schedule(tx, kind, namespaceId, id, atMs) {
    const key = dueKey(kind, namespaceId, id, atMs)
    tx.mark(key)
    return key
  },
  unschedule(tx, key) {
    tx.delete(key)
  },
}
