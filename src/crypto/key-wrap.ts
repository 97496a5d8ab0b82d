// Keys in transport: AES key wrap with padding (RFC 5649) under an ephemeral AES-256 key, which is encrypted
// with RSA-OAEP: what PKCS #11 calls CKM_RSA_AES_KEY_WRAP, and what transit's imports take. The blob is the
// RSA block followed by the wrapped key.
import {
  constants,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto'
import type { Random } from '../base/random.ts'

const CIPHER = 'id-aes256-wrap-pad'
const IV = Buffer.from('a65959a6', 'hex')
const EPHEMERAL_BYTES = 32

/** Hashes of the OAEP by their names in the API (any case), with OpenSSL's. */
const OAEP_HASHES: Readonly<Record<string, string>> = {
  SHA1: 'sha1',
  SHA224: 'sha224',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
}

/** OpenSSL's name; undefined for others. */
export function oaepHash(name: string): string | undefined {
  const upper = name.toUpperCase()
  return Object.hasOwn(OAEP_HASHES, upper) ? OAEP_HASHES[upper] : undefined
}

const oaep = (key: KeyObject, hash: string) => ({
  key,
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: hash,
})

/** Wraps secret bytes for the holder of the RSA key. */
export function wrapKey(
  wrappingKey: KeyObject,
  hash: string,
  secret: Uint8Array,
  random: Random,
): Buffer {
  const ephemeral = random.bytes(EPHEMERAL_BYTES)
  const wrappedEphemeral = publicEncrypt(oaep(wrappingKey, hash), ephemeral)
  const cipher = createCipheriv(CIPHER, ephemeral, IV)
  const wrapped = Buffer.concat([cipher.update(secret), cipher.final()])
  ephemeral.fill(0)
  return Buffer.concat([wrappedEphemeral, wrapped])
}

/** What went wrong, in words that may be shown. */
export class UnwrapFault extends Error {}

/** The secret bytes, the caller's to wipe. Throws UnwrapFault. */
export function unwrapKey(wrappingKey: KeyObject, hash: string, blob: Buffer): Buffer {
  const blockBytes = wrappingKey.asymmetricKeyDetails!.modulusLength! / 8
  if (blob.length <= blockBytes) throw new UnwrapFault('provided ciphertext is too short')
  let ephemeral: Buffer
  try {
    ephemeral = privateDecrypt(oaep(wrappingKey, hash), blob.subarray(0, blockBytes))
  } catch {
    throw new UnwrapFault('crypto/rsa: decryption error')
  }
  try {
    if (ephemeral.length !== EPHEMERAL_BYTES)
      throw new UnwrapFault('expected ephemeral AES key to be 256-bit')
    return unwrap(ephemeral, blob.subarray(blockBytes))
  } finally {
    ephemeral.fill(0)
  }
}

function unwrap(key: Buffer, wrapped: Buffer): Buffer {
  if (wrapped.length < 16 || wrapped.length % 8 !== 0)
    throw new UnwrapFault('kwp: wrapped key size must be a multiple of 8 and at least 16 bytes')
  try {
    const decipher = createDecipheriv(CIPHER, key, IV)
    return Buffer.concat([decipher.update(wrapped), decipher.final()])
  } catch {
    throw new UnwrapFault('kwp: the wrapped key was changed, or wrapped for another key')
  }
}
