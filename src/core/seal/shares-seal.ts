// The seal of key shares: N shares, M of which make the unseal key, which wraps the root key. This one
// keeps its progress in the process; hosts with several workers share it through their supervisor.
import { badRequest } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { AEAD_KEY_BYTES, aeadKey, aeadOpen, aeadSeal } from '../../crypto/aead.ts'
import { combineShares, splitSecret } from '../../crypto/shamir.ts'
import { equalSecrets } from '../../crypto/timing.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import type { Barrier } from '../barrier/barrier.ts'
import { SEAL_KEY } from '../keys.ts'
import type { Seal, SealStatus } from './seal.ts'
import { encodeSealRecord, readSealRecord, type SealRecord } from './seal-record.ts'

const WRAP_HEADER = Buffer.of(1)
const WRAP_AAD = Buffer.from(SEAL_KEY)

export interface SharesSealParts {
  readonly backend: StorageBackend
  readonly barrier: Barrier
  readonly random: Random
  readonly clusterName: string
  /** Called after the barrier opened and before it closes. */
  onUnsealed(): Promise<void>
  onSealing(): Promise<void>
}

export class SharesSeal implements Seal {
  readonly #parts: SharesSealParts
  #given: Buffer[] = []
  #nonce = ''

  constructor(parts: SharesSealParts) {
    this.#parts = parts
  }

  isSealed(): boolean {
    return this.#parts.barrier.isSealed
  }

  async status(): Promise<SealStatus> {
    const stored = await readSealRecord(this.#parts.backend)
    return {
      type: 'shamir',
      initialized: stored !== null,
      sealed: this.isSealed(),
      threshold: stored?.record.threshold ?? 0,
      shares: stored?.record.shares ?? 0,
      progress: this.#given.length,
      nonce: this.#nonce,
      clusterId: stored?.record.clusterId ?? '',
      clusterName: stored?.record.clusterName ?? '',
    }
  }

  async initialize(of: { shares: number; threshold: number }): Promise<readonly Buffer[]> {
    const { random, barrier, clusterName } = this.#parts
    const unsealKey = random.bytes(AEAD_KEY_BYTES)
    const rootKey = random.bytes(AEAD_KEY_BYTES)
    try {
      const record: SealRecord = {
        type: 'shamir',
        shares: of.shares,
        threshold: of.threshold,
        clusterId: random.uuid(),
        clusterName: clusterName || `strongroom-cluster-${random.bytes(4).toString('hex')}`,
        wraps: [{ kind: 'shares', blob: wrapRootKey(unsealKey, rootKey, random) }],
      }
      const shares = splitSecret(unsealKey, of.shares, of.threshold, random)
      await barrier.initialize(rootKey, {
        expect: new Map([[SEAL_KEY, null]]),
        writes: new Map([[SEAL_KEY, encodeSealRecord(record)]]),
      })
      await barrier.unseal(rootKey)
      await this.#parts.onUnsealed()
      return shares
    } finally {
      unsealKey.fill(0)
      rootKey.fill(0)
    }
  }

  async unseal(share: Buffer): Promise<SealStatus> {
    const stored = await readSealRecord(this.#parts.backend)
    if (!stored) throw badRequest('Vault is not initialized')
    if (!this.isSealed()) return this.status()
    if (this.#given.some((known) => equalSecrets(known, share))) return this.status()
    if (this.#given.length === 0) this.#nonce = this.#parts.random.uuid()
    this.#given.push(share)
    if (this.#given.length < stored.record.threshold) return this.status()
    const given = this.#given
    this.#forget()
    try {
      await this.#open(stored.record, given)
    } finally {
      for (const one of given) one.fill(0)
    }
    return this.status()
  }

  async resetUnseal(): Promise<SealStatus> {
    for (const one of this.#given) one.fill(0)
    this.#forget()
    return this.status()
  }

  async seal(): Promise<void> {
    if (this.isSealed()) return
    await this.#parts.onSealing()
    this.#parts.barrier.seal()
  }

  async #open(record: SealRecord, shares: readonly Buffer[]): Promise<void> {
    const rootKey = unwrapRootKey(record, shares)
    const isOpen = rootKey !== null && (await this.#parts.barrier.unseal(rootKey))
    rootKey?.fill(0)
    if (!isOpen) {
      throw badRequest(
        'failed to unseal: the shares do not make the unseal key; begin again with shares of one set',
      )
    }
    await this.#parts.onUnsealed()
  }

  #forget(): void {
    this.#given = []
    this.#nonce = ''
  }
}

export function wrapRootKey(unsealKey: Buffer, rootKey: Buffer, random: Random): string {
  return aeadSeal(aeadKey(unsealKey), random, WRAP_HEADER, rootKey, WRAP_AAD).toString('base64')
}

/** The root key from enough shares; null where they don't make the unseal key. The caller wipes it. */
export function unwrapRootKey(record: SealRecord, shares: readonly Buffer[]): Buffer | null {
  let unsealKey: Buffer
  try {
    // One share of one is the key itself, as in Vault.
    unsealKey = record.shares === 1 ? Buffer.from(shares[0]!) : combineShares(shares)
  } catch {
    // Shares of another length or two of one number: no set at all.
    return null
  }
  if (unsealKey.length !== AEAD_KEY_BYTES) return null
  const blob = record.wraps.find((wrap) => wrap.kind === 'shares')?.blob ?? ''
  const key = aeadKey(unsealKey)
  unsealKey.fill(0)
  return aeadOpen(key, WRAP_HEADER.length, Buffer.from(blob, 'base64'), WRAP_AAD)
}
