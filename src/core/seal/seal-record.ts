// What is stored in plain so that a sealed server knows how it is opened: the shape of the split, and the
// root key wrapped under the unseal key that the shares make. A list, since several seals may come.
import type { StorageBackend } from '../../sdk/storage.ts'
import { SEAL_KEY } from '../keys.ts'

export interface SealRecord {
  readonly type: 'shamir'
  readonly shares: number
  readonly threshold: number
  readonly clusterId: string
  readonly clusterName: string
  /** Moves with each rekey, so that shares of an older split are known as such. */
  readonly wraps: readonly { readonly kind: 'shares'; readonly blob: string }[]
}

export async function readSealRecord(
  backend: StorageBackend,
): Promise<{ readonly record: SealRecord; readonly version: string } | null> {
  const stored = (await backend.read([SEAL_KEY])).get(SEAL_KEY)
  if (!stored) return null
  const record = JSON.parse(Buffer.from(stored.value).toString('utf8')) as SealRecord
  return { record, version: stored.version }
}

export const encodeSealRecord = (record: SealRecord): Buffer => Buffer.from(JSON.stringify(record))
