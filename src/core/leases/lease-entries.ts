// A lease's entry with what stands beside it: its mark (in the due index, in the queue of its lane, or among
// the irrevocable) and the mark under its token. Whatever changes the entry moves these in the same commit.
import { badRequest } from '../../base/errors.ts'
import { MAX_KEY_BYTES, MAX_LEASE_BYTES } from '../../base/limits.ts'
import { dueKey, shardOf, timePart } from '../jobs/due-index.ts'
import {
  irrevocableLeasePrefix,
  LEASE_QUEUE_PREFIX,
  leasePrefix,
  ROOT_NAMESPACE_ID,
  tokenLeasePrefix,
} from '../keys.ts'
import { markLease } from '../live-secrets/live-mark.ts'
import type { CoreTx } from '../store.ts'
import { DUE_LEASE, dueIdOf, type LeaseRecord, laneKeyOf, leaseIdOf } from './lease-record.ts'

export const keyOfLease = (record: LeaseRecord): string =>
  leasePrefix(record.namespaceId) + record.id

/** The key of a lease id; its last part names the namespace. null where the text can't be one. */
export function keyOfLeaseId(leaseId: string): string | null {
  const slash = leaseId.lastIndexOf('/')
  if (slash < 1) return null
  const dot = leaseId.indexOf('.', slash)
  const namespaceId = dot < 0 ? ROOT_NAMESPACE_ID : leaseId.slice(dot + 1)
  return /^[A-Za-z0-9]+$/.test(namespaceId) ? leasePrefix(namespaceId) + leaseId : null
}

/** A lease has one mark: in the queue of its lane, in the index of the irrevocable, or in the due index. */
export function markOf(record: LeaseRecord): string {
  if (record.state === 'irrevocable') {
    return `${irrevocableLeasePrefix(record.namespaceId)}${record.mountId}/${dueIdOf(record.id)}`
  }
  const lane = laneKeyOf(record)
  const id = dueIdOf(record.id)
  return record.isQueued
    ? `${lanePrefix(lane)}${timePart(record.dueAtMs)}/${id}`
    : dueKey(DUE_LEASE, record.namespaceId, id, record.dueAtMs, lane)
}

/** Where the marks of a lane's queue stand. */
export const lanePrefix = (lane: string): string => `${LEASE_QUEUE_PREFIX}${shardOf(lane)}/${lane}/`

/** The lease id of a queue mark; null where it can't be one. */
export function leaseIdOfMark(mark: string): string | null {
  try {
    return leaseIdOf(mark.slice(mark.lastIndexOf('/') + 1))
  } catch {
    return null
  }
}

/** The mount and the lease of a key below irrevocableLeasePrefix. */
export function parseIrrevocableMark(mark: string): { mountId: string; leaseId: string } {
  const slash = mark.indexOf('/')
  return { mountId: mark.slice(0, slash), leaseId: leaseIdOf(mark.slice(slash + 1)) }
}

/** Writes a changed record and moves its mark. */
export function putChanged(tx: CoreTx, old: LeaseRecord, changed: LeaseRecord): void {
  tx.put(keyOfLease(changed), { json: changed })
  const before = markOf(old)
  const after = markOf(changed)
  if (before !== after) tx.delete(before)
  tx.mark(after)
}

/** Takes the lease away with everything that points to it. */
export function dropEntry(tx: CoreTx, record: LeaseRecord): void {
  tx.delete(keyOfLease(record))
  tx.delete(markOf(record))
  if (record.isIndexed) markLease(tx, record)
  if (record.tokenAccessor === '') return
  const [hash, namespaceId] = record.tokenAccessor.split('.')
  tx.delete(tokenLeasePrefix(namespaceId ?? ROOT_NAMESPACE_ID, hash!) + dueIdOf(record.id))
}

/** Writes again the mark that the record needs, where a damaged or restored store lacks it. */
export const putMark = (tx: CoreTx, record: LeaseRecord): void => tx.mark(markOf(record))

/** Throws 400 now rather than when its mark or its batch has to be written. */
export function assertFits(record: LeaseRecord): void {
  const longest = markOf({ ...record, isQueued: true })
  if (longest.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(longest) > MAX_KEY_BYTES) {
    throw badRequest(`storage key is longer than ${MAX_KEY_BYTES} bytes`)
  }
  if (JSON.stringify(record.internal).length > MAX_LEASE_BYTES) {
    throw new Error(`what undoes a lease of the kind ${record.kind} takes too much`)
  }
}
