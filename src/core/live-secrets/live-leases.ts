// Secrets that are nowhere at rest: what a lease handed out. Their digests are noted in the commit that activates the
// lease, and marked again when it ends, so that a leaked one is told, and told as dead afterwards.

import { MAX_KEY_BYTES } from '../../base/limits.ts'
import type { RequestContext } from '../../sdk/context.ts'
import type { Row } from '../../sdk/endpoints.ts'
import { livePrefix } from '../keys.ts'
import { keyOfLeaseId } from '../leases/lease-entries.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { LEASE_PLACES, type LeaseRef, markLease } from './live-mark.ts'
import type { Wanted } from './live-place.ts'
import { wantedOf } from './live-place.ts'
import { configKey, type LiveConfig, type PlaceRef } from './live-records.ts'

/** Of what stands before a lease id in the index's keys. */
const LONGEST_PREFIX = 80

/** Texts of an answer that its row calls secret, by name. */
export type SecretTexts = readonly (readonly [name: string, value: string])[]

const heldKey = (namespaceId: string, leaseId: string): string =>
  `${livePrefix(namespaceId)}lease/${leaseId}`

interface Held {
  readonly wanted: readonly Wanted[]
}

export function secretTexts(row: Row<RequestContext>, data: unknown): SecretTexts {
  const { output } = row
  if (!output || typeof data !== 'object' || data === null) return []
  return Object.entries(data).filter(
    (one): one is [string, string] =>
      typeof one[1] === 'string' && one[1] !== '' && output[one[0]]?.secret === true,
  )
}

/** Part of the commit that activates a lease; true where it was noted, and its end must be too. */
export async function noteLease(tx: CoreTx, lease: LeaseRef, texts: SecretTexts): Promise<boolean> {
  if (texts.length === 0) return false
  const config = (await tx.get(configKey(lease.namespaceId)))?.json<LiveConfig>()
  if (!config) return false
  const values = texts.map(([key, value]) => ({ key, version: 0, isCurrent: true, value }))
  const wanted = wantedOf(config, values)
  // A path at the limit of what storage takes leaves no room for the index's own keys.
  const isTooLong = Buffer.byteLength(lease.id) > MAX_KEY_BYTES - LONGEST_PREFIX
  if (wanted.length === 0 || isTooLong) return false
  const held: Held = { wanted }
  tx.put(heldKey(lease.namespaceId, lease.id), { json: held })
  markLease(tx, lease)
  return true
}

/** The lease that a place stands for; null for places of engines. */
export const leaseOfPlace = ({ place }: PlaceRef): string | null =>
  place.startsWith(LEASE_PLACES) ? place.slice(LEASE_PLACES.length) : null

/** The path that a lease was issued by: its id without the random part. */
export const issuedPath = (leaseId: string): string => leaseId.slice(0, leaseId.lastIndexOf('/'))

/** What a lease's secrets are by now: those that were noted while it is there, none afterwards. */
export async function readLease(
  storage: CoreStorage,
  namespaceId: string,
  leaseId: string,
): Promise<readonly Wanted[]> {
  const key = keyOfLeaseId(leaseId)
  const held = heldKey(namespaceId, leaseId)
  if (key !== null && (await storage.get(key)) !== null)
    return (await storage.get(held))?.json<Held>().wanted ?? []
  await storage.delete(held)
  return []
}
