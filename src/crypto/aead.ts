// AES-256-GCM, the one cipher of everything stored. A nonce is 12 random bytes and is never handed in by a
// caller; keys are KeyObjects, because a raw key costs two to five times as much per call on newer Nodes.
// Invariant: with one key at most 2^32 messages (NIST SP 800-38D, 8.3); whoever owns the key counts.
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { Random } from '../base/random.ts'

export const AEAD_KEY_BYTES = 32
export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16
/** What a message grows by: nonce and tag. */
export const AEAD_OVERHEAD_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES

const CIPHER = 'aes-256-gcm'
const OPTIONS = { authTagLength: AEAD_TAG_BYTES } as const

/** A key for this cipher. The bytes are copied: the caller may (and should) wipe its own. */
export function aeadKey(bytes: Uint8Array): KeyObject {
  if (bytes.length !== AEAD_KEY_BYTES) throw new Error('an AES-256 key has 32 bytes')
  return createSecretKey(bytes)
}

/**
 * Encrypts to header ‖ nonce ‖ ciphertext ‖ tag in one new buffer. The header is stored as it is; `aad` is
 * bound to the message without being stored. Neither the header nor the nonce needs to be in `aad`.
 */
export function aeadSeal(
  key: KeyObject,
  random: Random,
  header: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Buffer {
  const nonce = random.bytes(AEAD_NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS)
  cipher.setAAD(aad)
  const body = cipher.update(plaintext)
  cipher.final()
  const nonceAt = header.length
  const bodyAt = nonceAt + AEAD_NONCE_BYTES
  const tagAt = bodyAt + body.length
  const sealed = Buffer.allocUnsafe(tagAt + AEAD_TAG_BYTES)
  sealed.set(header)
  sealed.set(nonce, nonceAt)
  sealed.set(body, bodyAt)
  sealed.set(cipher.getAuthTag(), tagAt)
  return sealed
}

/**
 * The plaintext of what aeadSeal made, with a header of `headerBytes`; null if anything of it, or of `aad`,
 * was changed or the key is another. The header itself is the caller's to judge.
 */
export function aeadOpen(
  key: KeyObject,
  headerBytes: number,
  sealed: Uint8Array,
  aad: Uint8Array,
): Buffer | null {
  const bodyAt = headerBytes + AEAD_NONCE_BYTES
  const tagAt = sealed.length - AEAD_TAG_BYTES
  if (tagAt < bodyAt) return null
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(headerBytes, bodyAt), OPTIONS)
  decipher.setAAD(aad)
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
