// A lease's entry with all that stands beside it: its due mark, the mark under its token, and the mark that
// lists it while it is irrevocable. Whatever changes the entry moves these in the same commit.
import { dueKey } from '../jobs/due-index.ts'
import {
  irrevocableLeasePrefix,
  leasePrefix,
  ROOT_NAMESPACE_ID,
  tokenLeasePrefix,
} from '../keys.ts'
import type { CoreTx } from '../store.ts'
import { DUE_LEASE, dueIdOf, type LeaseRecord, leaseIdOf } from './lease-record.ts'

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

export const dueMarkOf = (record: LeaseRecord): string =>
  dueKey(DUE_LEASE, record.namespaceId, dueIdOf(record.id), record.dueAtMs)

const irrevocableMarkOf = (record: LeaseRecord): string =>
  `${irrevocableLeasePrefix(record.namespaceId)}${record.mountId}/${dueIdOf(record.id)}`

/** The mount and the lease of a key below irrevocableLeasePrefix. */
export function parseIrrevocableMark(mark: string): { mountId: string; leaseId: string } {
  const slash = mark.indexOf('/')
  return { mountId: mark.slice(0, slash), leaseId: leaseIdOf(mark.slice(slash + 1)) }
}

/** Writes a changed record and moves its marks. */
export function putChanged(tx: CoreTx, old: LeaseRecord, changed: LeaseRecord): void {
  tx.put(keyOfLease(changed), { json: changed })
  if (dueMarkOf(changed) !== dueMarkOf(old)) tx.delete(dueMarkOf(old))
  if (changed.state === 'irrevocable') {
    tx.delete(dueMarkOf(changed))
    tx.mark(irrevocableMarkOf(changed))
  } else {
    tx.mark(dueMarkOf(changed))
    if (old.state === 'irrevocable') tx.delete(irrevocableMarkOf(old))
  }
}

/** Takes the lease away with everything that points to it. */
export function dropEntry(tx: CoreTx, record: LeaseRecord): void {
  tx.delete(keyOfLease(record))
  tx.delete(dueMarkOf(record))
  if (record.state === 'irrevocable') tx.delete(irrevocableMarkOf(record))
  if (record.tokenAccessor === '') return
  const [hash, namespaceId] = record.tokenAccessor.split('.')
  tx.delete(tokenLeasePrefix(namespaceId ?? ROOT_NAMESPACE_ID, hash!) + dueIdOf(record.id))
}

/** Writes again the marks that the record needs, where a damaged or restored store lacks them. */
export function putMarks(tx: CoreTx, record: LeaseRecord): void {
  tx.mark(record.state === 'irrevocable' ? irrevocableMarkOf(record) : dueMarkOf(record))
}
