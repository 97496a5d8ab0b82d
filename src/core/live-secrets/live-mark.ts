// The mark by which the index looks at a lease again: when it is activated and when it ends.
import type { CoreTx } from '../store.ts'
import { dirtyKey } from './live-rule.ts'

/** No folder of an engine begins so. */
export const LEASE_PLACES = '@lease/'

export interface LeaseRef {
  readonly id: string
  readonly namespaceId: string
  readonly mountId: string
}

/** Part of the commit that changes the lease. */
export function markLease(tx: CoreTx, { id, namespaceId, mountId }: LeaseRef): void {
  tx.mark(dirtyKey(namespaceId, mountId, LEASE_PLACES + id))
}
