// A new root key: the keyring under it, it under the unseal key, and that key behind the barrier, all in one
// commit. With a new unseal key this is a rekey; without one the shares stay as they are.
import { internal, unavailable } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { AEAD_KEY_BYTES } from '../../crypto/aead.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import type { Barrier } from '../barrier/barrier.ts'
import { SEAL_KEY, UNSEAL_KEY_KEY } from '../keys.ts'
import type { CoreStorage } from '../store.ts'
import { unwrapRootKey, wrapRootKey } from './root-key-wrap.ts'
import type { SharesWanted } from './seal.ts'
import { encodeSealRecord, readSealRecord, type SealRecord } from './seal-record.ts'

export interface SealStore {
  readonly backend: StorageBackend
  readonly barrier: Barrier
  readonly storage: CoreStorage
  readonly random: Random
}

/** Whether shares make the unseal key that is in use. Wipes them. */
export async function areRightShares(
  { barrier, backend }: SealStore,
  shares: readonly Buffer[],
): Promise<boolean> {
  const stored = await readSealRecord(backend)
  const rootKey = stored && unwrapRootKey(stored.record, shares)
  for (const share of shares) share.fill(0)
  if (!rootKey) return false
  // Another process may have changed the root key since this one looked.
  await barrier.reload()
  const isRight = barrier.isRootKey(rootKey)
  rootKey.fill(0)
  return isRight
}

/**
 * Takes a new root key, with `next` also a new unseal key and split. `record` is the ceremony's record,
 * which must stand as it is and goes in the same commit.
 */
export async function changeRootKey(
  store: SealStore,
  next?: SharesWanted & {
    readonly unsealKey: Buffer
    readonly record: { readonly key: string; readonly version: string }
  },
): Promise<void> {
  const { backend, barrier, random } = store
  const sealed = await readSealRecord(backend)
  if (!sealed) throw internal('the seal record is missing')
  const unsealKey = next?.unsealKey ?? (await storedUnsealKey(store))
  const rootKey = random.bytes(AEAD_KEY_BYTES)
  try {
    const record: SealRecord = {
      ...sealed.record,
      ...(next && { shares: next.shares, threshold: next.threshold }),
      wraps: [
        ...sealed.record.wraps.filter((wrap) => wrap.kind !== 'shares'),
        { kind: 'shares', blob: wrapRootKey(unsealKey, rootKey, random) },
      ],
    }
    const expect = new Map([[SEAL_KEY, sealed.version]])
    const writes = new Map<string, Uint8Array | null>([[SEAL_KEY, encodeSealRecord(record)]])
    if (next) {
      expect.set(next.record.key, next.record.version)
      writes.set(next.record.key, null)
      writes.set(UNSEAL_KEY_KEY, await encrypted(barrier, UNSEAL_KEY_KEY, unsealKey))
    }
    await barrier.rotateRootKey(rootKey, { expect, writes })
  } finally {
    rootKey.fill(0)
    if (!next) unsealKey.fill(0)
  }
}

async function storedUnsealKey({ storage }: SealStore): Promise<Buffer> {
  const entry = await storage.get(UNSEAL_KEY_KEY)
  if (!entry) throw internal('the unseal key is not stored: change the root key with a rekey')
  return Buffer.from(entry.bytes())
}

async function encrypted(barrier: Barrier, key: string, plaintext: Buffer): Promise<Buffer> {
  for (let tries = 0; tries < 10; tries++) {
    const wait = barrier.prepare(1)
    if (!wait) return barrier.encrypt(key, plaintext)
    await wait
  }
  throw unavailable('no encryption could be reserved; try again')
}
