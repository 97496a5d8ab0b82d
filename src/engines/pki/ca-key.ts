// The key of a CA: new, made off the main thread where that takes long, or one that the mount has already.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { badRequest, internal } from '../../base/errors.ts'
import type { KeyType } from '../../crypto/x509/key-algorithms.ts'
import { generateKey } from '../../crypto/x509/private-key.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { findKey, readDirectory, unresolvedKey } from './authority.ts'
import { readKey } from './issuer-record.ts'
import { keyChoice } from './key-policy.ts'

/** Vault's modes: what becomes of the private key. */
export type KeyMode = 'internal' | 'exported' | 'existing' | 'kms'

export function keyModeOf(text: string): KeyMode {
  if (text === 'internal' || text === 'exported' || text === 'existing' || text === 'kms')
    return text
  throw badRequest(
    'the "exported" path parameter must be "internal", "existing", exported" or "kms"',
  )
}

export const NO_OUTSIDE_KEYS =
  'keys in outside devices or services (kms, managed keys) are not supported'

export interface WantedKey {
  readonly key_type: string | undefined
  readonly key_bits: number | undefined
  readonly key_ref: string
  readonly signature_bits: number
}

/** Checks the choice without making anything, so that a wrong request costs nothing. Throws 400. */
export async function planCaKey(
  storage: ReadStorage,
  mode: KeyMode,
  wanted: WantedKey,
): Promise<{ make(): Promise<KeyObject> }> {
  if (mode === 'internal' || mode === 'exported') {
    const type = wanted.key_type ?? 'rsa'
    if (type === 'any') throw badRequest('unknown key type any')
    const { keyType, keyBits } = keyChoice(type, wanted.key_bits ?? 0, wanted.signature_bits)
    return {
      make: async () => (await generateKey(keyType as KeyType, keyBits)).privateKey,
    }
  }
  if (wanted.key_type !== undefined || wanted.key_bits !== undefined)
    throw badRequest(
      'invalid parameter for the kms/existing path parameter, key_type nor key_bits arguments can be set in this mode',
    )
  if (mode === 'kms') throw badRequest(NO_OUTSIDE_KEYS)
  const key = await existingKey(storage, wanted.key_ref)
  return { make: async () => key }
}

async function existingKey(storage: ReadStorage, ref: string): Promise<KeyObject> {
  const info = findKey(await readDirectory(storage), ref)
  if (info === null)
    throw badRequest(`failed to lookup public key from existing key: ${unresolvedKey(ref)}`)
  const record = await readKey(storage, info.id)
  if (record === null) throw internal(`key ${info.id} has no entry`)
  return createPrivateKey(record.pem)
}
