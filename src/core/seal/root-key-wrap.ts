// The root key under the unseal key, as the seal record keeps it, and the unseal key out of shares.
import type { Random } from '../../base/random.ts'
import { AEAD_KEY_BYTES, aeadKey, aeadOpen, aeadSeal } from '../../crypto/aead.ts'
import { combineShares } from '../../crypto/shamir.ts'
import { SEAL_KEY } from '../keys.ts'
import type { SealRecord } from './seal-record.ts'

const WRAP_HEADER = Buffer.of(1)
const WRAP_AAD = Buffer.from(SEAL_KEY)

export function wrapRootKey(unsealKey: Uint8Array, rootKey: Uint8Array, random: Random): string {
  return aeadSeal(aeadKey(unsealKey), random, WRAP_HEADER, rootKey, WRAP_AAD).toString('base64')
}

/** The key that shares make; null where they are no set. The caller wipes it. */
export function unsealKeyOf(
  record: Pick<SealRecord, 'shares'>,
  shares: readonly Uint8Array[],
): Buffer | null {
  let unsealKey: Buffer
  try {
    // One share of one is the key itself, as in Vault.
    unsealKey = record.shares === 1 ? Buffer.from(shares[0]!) : combineShares(shares)
  } catch {
    // Shares of another length or two of one number: no set at all.
    return null
  }
  return unsealKey.length === AEAD_KEY_BYTES ? unsealKey : null
}

/** The root key from enough shares; null where they don't make the unseal key. The caller wipes it. */
export function unwrapRootKey(record: SealRecord, shares: readonly Uint8Array[]): Buffer | null {
  const unsealKey = unsealKeyOf(record, shares)
  if (!unsealKey) return null
  const blob = record.wraps.find((wrap) => wrap.kind === 'shares')?.blob ?? ''
  const key = aeadKey(unsealKey)
  unsealKey.fill(0)
  return aeadOpen(key, WRAP_HEADER.length, Buffer.from(blob, 'base64'), WRAP_AAD)
}
