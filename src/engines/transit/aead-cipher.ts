// The authenticated ciphers of the symmetric key types over raw bytes: nonce ‖ ciphertext ‖ tag, as Go's
// AEADs lay them out. Nonces are handed in; encrypt.ts draws them. XChaCha20-Poly1305 is the one cipher
// that OpenSSL lacks; its key leaves the KeyObject for the call only.
// Sources: NIST SP 800-38D, RFC 8439, draft-irtf-cfrg-xchacha.
import {
  type CipherGCM,
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import type { KeyType } from './key-types.ts'

const TAG_BYTES = 16
const TAG = { authTagLength: TAG_BYTES } as const

export function sealAead(
  type: KeyType,
  key: KeyObject,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array | null,
): Buffer {
  if (type.cipher === '') return sealXChaCha(key, nonce, plaintext, associated)
  // The typings know the same calls of ChaCha20-Poly1305 only under another overload.
  const cipher: CipherGCM = createCipheriv(type.cipher as CipherGCMTypes, key, nonce, TAG)
  if (associated) cipher.setAAD(associated)
  const body = cipher.update(plaintext)
  cipher.final()
  const sealed = Buffer.allocUnsafe(nonce.length + body.length + TAG_BYTES)
  sealed.set(nonce)
  sealed.set(body, nonce.length)
  sealed.set(cipher.getAuthTag(), nonce.length + body.length)
  return sealed
}

/** null where anything was changed, or the key or the associated data is another. */
export function openAead(
  type: KeyType,
  key: KeyObject,
  sealed: Buffer,
  associated: Uint8Array | null,
): Buffer | null {
  const bodyAt = type.nonceBytes
  const tagAt = sealed.length - TAG_BYTES
  if (tagAt < bodyAt) return null
  const nonce = sealed.subarray(0, bodyAt)
  if (type.cipher === '') return openXChaCha(key, nonce, sealed.subarray(bodyAt), associated)
  const decipher: DecipherGCM = createDecipheriv(type.cipher as CipherGCMTypes, key, nonce, TAG)
  if (associated) decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(tagAt))
  const plaintext = decipher.update(sealed.subarray(bodyAt, tagAt))
  try {
    decipher.final()
  } catch {
    // Unauthenticated plaintext must not stay around.
    plaintext.fill(0)
    return null
  }
  return plaintext
}

function sealXChaCha(
  key: KeyObject,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array | null,
): Buffer {
  const raw = key.export()
  try {
    const body = xchacha20poly1305(raw, nonce, associated ?? undefined).encrypt(plaintext)
    return Buffer.concat([nonce, body])
  } finally {
    raw.fill(0)
  }
}

function openXChaCha(
  key: KeyObject,
  nonce: Uint8Array,
  body: Uint8Array,
  associated: Uint8Array | null,
): Buffer | null {
  const raw = key.export()
  try {
    return Buffer.from(xchacha20poly1305(raw, nonce, associated ?? undefined).decrypt(body))
  } catch {
    return null
  } finally {
    raw.fill(0)
  }
}
