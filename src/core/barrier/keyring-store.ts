// How the keyring and the root key lie in storage. core/keyring is the keyring under the root key.
// core/root-key holds the root key under the two newest terms of the moment it changed, so that a process
// that missed a new root key, or a new term and a new root key, can follow without being unsealed again.
import type { KeyObject } from 'node:crypto'
import type { Random } from '../../base/random.ts'
import {
  AEAD_KEY_BYTES,
  AEAD_OVERHEAD_BYTES,
  aeadKey,
  aeadOpen,
  aeadSeal,
} from '../../crypto/aead.ts'
import type { Stored } from '../../sdk/storage.ts'
import { KEYRING_KEY, ROOT_KEY_KEY } from '../keys.ts'
import { Keyring } from './keyring.ts'
import { HEADER_BYTES, headerOf, termIn } from './value-header.ts'

/** The keyring's own format byte: it has no term, the root key is its key. */
const KEYRING_HEADER = Buffer.of(1)
const KEYRING_AAD = Buffer.from(KEYRING_KEY)
const ROOT_KEY_AAD = Buffer.from(ROOT_KEY_KEY)
const WRAP_BYTES = HEADER_BYTES + AEAD_OVERHEAD_BYTES + AEAD_KEY_BYTES

/** The stored form of a keyring under a root key. */
export function sealKeyring(keyring: Keyring, rootKey: Uint8Array, random: Random): Buffer {
  const json = keyring.encode()
  const sealed = aeadSeal(aeadKey(rootKey), random, KEYRING_HEADER, json, KEYRING_AAD)
  json.fill(0)
  return sealed
}

/** The keyring in its stored form; null if the root key is another one or the bytes were changed. */
export function openKeyring(stored: Stored, rootKey: Uint8Array): Keyring | null {
  if (stored.value[0] !== KEYRING_HEADER[0]) return null
  const json = aeadOpen(aeadKey(rootKey), KEYRING_HEADER.length, stored.value, KEYRING_AAD)
  if (json === null) return null
  const keyring = Keyring.decode(json)
  json.fill(0)
  return keyring
}

/** The root key under the newest term and the one before. */
export function wrapRootKey(keyring: Keyring, rootKey: Uint8Array, random: Random): Buffer {
  const wraps: Buffer[] = []
  for (const term of [keyring.term, keyring.term - 1]) {
    const key: KeyObject | undefined = keyring.keyOf(term)
    if (key) wraps.push(aeadSeal(key, random, headerOf(term), rootKey, ROOT_KEY_AAD))
  }
  return Buffer.concat(wraps)
}

/** The root key, if one of its wraps is under a term that the keyring has. */
export function unwrapRootKey(stored: Stored, keyring: Keyring): Buffer | null {
  for (let at = 0; at + WRAP_BYTES <= stored.value.length; at += WRAP_BYTES) {
    const wrap = stored.value.subarray(at, at + WRAP_BYTES)
    const key = keyring.keyOf(termIn(wrap))
    const rootKey = key ? aeadOpen(key, HEADER_BYTES, wrap, ROOT_KEY_AAD) : null
    if (rootKey) return rootKey
  }
  return null
}
