// SubjectPublicKeyInfo (RFC 5280, 4.1.2.7): which key it is without asking OpenSSL, its identifier, and the
// KeyObject when something must be verified with it.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { readOnly, unsignedBytes, wholeBits } from './der-reader.ts'
import { TAG } from './der-writer.ts'
import { curveOfOid, type KeyType } from './key-algorithms.ts'
import { OID } from './oids.ts'
import { malformed } from './x509-error.ts'

export interface PublicKey {
  /** The whole SubjectPublicKeyInfo. */
  readonly spki: Buffer
  /** null: a type that is not supported (DSA, Ed448, RSASSA-PSS only). */
  readonly type: KeyType | null
  /** RSA: of the modulus; EC: of the curve; 0 for Ed25519 and what is not supported. */
  readonly bits: number
  /** The bytes of the key's BIT STRING: what the identifiers hash. */
  readonly keyBytes: Buffer
}

/** Throws X509Error for malformed bytes. */
export function parsePublicKey(spki: Buffer): PublicKey {
  const reader = readOnly(spki)
  const algorithm = reader.enter()
  const type = algorithm.oid()
  const keyBytes = wholeBits(reader.take(TAG.bitString))
  reader.end()
  if (type === OID.rsaEncryption) {
    const inner = readOnly(keyBytes)
    const modulus = unsignedBytes(inner.take(TAG.integer))
    if (modulus.length === 0 || inner.unsigned().length === 0) throw malformed('invalid RSA key')
    inner.end()
    const bits = modulus.length * 8 - Math.clz32(modulus[0]!) + 24
    return { spki, type: 'rsa', bits, keyBytes }
  }
  if (type === OID.ecPublicKey) {
    const curve = algorithm.peek() === TAG.oid ? curveOfOid(algorithm.oid()) : undefined
    return curve
      ? { spki, type: 'ec', bits: curve.bits, keyBytes }
      : { spki, type: null, bits: 0, keyBytes }
  }
  if (type === OID.ed25519) {
    if (keyBytes.length !== 32) throw malformed('invalid Ed25519 key')
    return { spki, type: 'ed25519', bits: 0, keyBytes }
  }
  return { spki, type: null, bits: 0, keyBytes }
}

export const publicKeyOf = (key: KeyObject): PublicKey => parsePublicKey(spkiOf(key))

/** The SubjectPublicKeyInfo of a public or private key. */
export const spkiOf = (key: KeyObject): Buffer =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })

/** For verifying. Throws X509Error where the bytes are no key (a point off its curve). */
export function publicKeyObject(key: PublicKey): KeyObject {
  try {
    return createPublicKey({ key: key.spki, format: 'der', type: 'spki' })
  } catch {
    throw malformed('invalid public key')
  }
}

/** The usual identifier: SHA-1 over the key's bits (RFC 5280, 4.2.1.2, method 1). */
export const sha1KeyId = (key: PublicKey): Buffer =>
  createHash('sha1').update(key.keyBytes).digest()

/** RFC 7093, method 1: the leftmost 160 bits of SHA-256 over the key's bits. */
export const sha256KeyId = (key: PublicKey): Buffer =>
  createHash('sha256').update(key.keyBytes).digest().subarray(0, 20)
