// RSA signatures over a digest that somebody else made, which node:crypto offers for messages only: the
// padding is made here, the RSA operation is OpenSSL's. RFC 8017: EMSA-PSS (9.1) and EMSA-PKCS1-v1_5 (9.2).
import { constants, hash, type KeyObject, privateEncrypt, publicDecrypt } from 'node:crypto'
import { equalSecrets } from './timing.ts'

/** The DER in front of a digest, by OpenSSL's name of the hash; '' is PKCS #1 v1.5 without any. */
const DIGEST_INFO: Readonly<Record<string, string>> = {
  '': '',
  sha1: '3021300906052b0e03021a05000414',
  sha224: '302d300d06096086480165030402040500041c',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
  'sha3-224': '302d300d06096086480165030402070500041c',
  'sha3-256': '3031300d060960864801650304020805000420',
  'sha3-384': '3041300d060960864801650304020905000430',
  'sha3-512': '3051300d060960864801650304020a05000440',
}

const digestInfo = (hashName: string, digest: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(DIGEST_INFO[hashName]!, 'hex'), digest])

/** Throws where the digest is too long for the key. */
export const signPkcs1Digest = (key: KeyObject, hashName: string, digest: Uint8Array): Buffer =>
  privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo(hashName, digest))

export function verifyPkcs1Digest(
  key: KeyObject,
  hashName: string,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== modulusBytes(key)) return false
  try {
    const found = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature)
    return equalSecrets(found, digestInfo(hashName, digest))
  } catch {
    return false
  }
}

const modulusBits = (key: KeyObject): number => key.asymmetricKeyDetails!.modulusLength!
export const modulusBytes = (key: KeyObject): number => Math.ceil(modulusBits(key) / 8)
/** Of the encoded message: a bit less than the modulus. */
const encodedBytes = (key: KeyObject): number => Math.ceil((modulusBits(key) - 1) / 8)

/** The longest salt that fits. */
export const longestSalt = (key: KeyObject, digestBytes: number): number =>
  encodedBytes(key) - 2 - digestBytes

/** `salt` is fresh random bytes. */
export function signPssDigest(
  key: KeyObject,
  hashName: string,
  digest: Uint8Array,
  salt: Uint8Array,
): Buffer {
  const bytes = encodedBytes(key)
  const h = hash(hashName, Buffer.concat([Buffer.alloc(8), digest, salt]), 'buffer')
  const db = Buffer.alloc(bytes - h.length - 1)
  db[db.length - salt.length - 1] = 1
  db.set(salt, db.length - salt.length)
  maskInto(db, hashName, h)
  db[0]! &= 0xff >> (8 * bytes - (modulusBits(key) - 1))
  const encoded = Buffer.concat([db, h, Buffer.of(0xbc)])
  const whole = Buffer.concat([Buffer.alloc(modulusBytes(key) - bytes), encoded])
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, whole)
}

/** `saltBytes` null: whatever the signature has. */
export function verifyPssDigest(
  key: KeyObject,
  hashName: string,
  digest: Uint8Array,
  signature: Uint8Array,
  saltBytes: number | null,
): boolean {
  if (signature.length !== modulusBytes(key)) return false
  let whole: Buffer
  try {
    whole = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature)
  } catch {
    return false
  }
  const bytes = encodedBytes(key)
  const encoded = whole.subarray(whole.length - bytes)
  const dbEnd = bytes - digest.length - 1
  if (dbEnd < 1 || encoded.at(-1) !== 0xbc) return false
  const h = encoded.subarray(dbEnd, -1)
  const db = Buffer.from(encoded.subarray(0, dbEnd))
  const unused = 0xff >> (8 * bytes - (modulusBits(key) - 1))
  if (db[0]! & ~unused) return false
  maskInto(db, hashName, h)
  db[0]! &= unused
  const one = db.findIndex((byte) => byte !== 0)
  if (one < 0 || db[one] !== 1) return false
  const salt = db.subarray(one + 1)
  if (saltBytes !== null && salt.length !== saltBytes) return false
  const expected = hash(hashName, Buffer.concat([Buffer.alloc(8), digest, salt]), 'buffer')
  return equalSecrets(h, expected)
}

/** MGF1 over the seed, exclusive-or'ed into the bytes. */
function maskInto(bytes: Buffer, hashName: string, seed: Uint8Array): void {
  const counter = Buffer.alloc(4)
  for (let at = 0, count = 0; at < bytes.length; count++) {
    counter.writeUInt32BE(count)
    const block = hash(hashName, Buffer.concat([seed, counter]), 'buffer')
    for (let i = 0; i < block.length && at < bytes.length; i++, at++) bytes[at]! ^= block[i]!
  }
}
