// Makes the key of a new version. RSA pairs are made off the main thread, since one of 4096 bits takes
// seconds; the others cost less than handing them over would.
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { badRequest } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { CONVERGENT_VERSION, type KeyRecord, pqAlgorithm, typeOf } from './key-record.ts'
import type { KeyType } from './key-types.ts'
import type { KeyVersion } from './version-entry.ts'

const makePair = promisify(generateKeyPair) as unknown as (
  type: string,
  options?: object,
) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>

export const ED25519_SEED_BYTES = 32
const HMAC_KEY_BYTES = 32

/** The secret and public parts of a key, as a version stores them. */
export type KeyParts = Pick<KeyVersion, 'key' | 'publicKey'>

/** A new version for this key, made now. */
export async function makeVersion(
  record: KeyRecord,
  random: Random,
  nowMs: number,
): Promise<KeyVersion> {
  const type = typeOf(record)
  const parts = await makeParts(type, record, random)
  return {
    ...parts,
    hmacKey: type.kind === 'hmac' ? Buffer.from(parts.key) : random.bytes(HMAC_KEY_BYTES),
    createdAt: new Date(nowMs).toISOString(),
    convergentVersion: record.convergent ? CONVERGENT_VERSION : 0,
    certificates: null,
  }
}

/** A version around a key that came from outside. */
export function versionAround(
  record: KeyRecord,
  parts: KeyParts,
  random: Random,
  nowMs: number,
): KeyVersion {
  const isHmac = typeOf(record).kind === 'hmac'
  return {
    ...parts,
    hmacKey: isHmac ? Buffer.from(parts.key) : random.bytes(HMAC_KEY_BYTES),
    createdAt: new Date(nowMs).toISOString(),
    convergentVersion: 0,
    certificates: null,
  }
}

async function makeParts(type: KeyType, record: KeyRecord, random: Random): Promise<KeyParts> {
  switch (type.kind) {
    case 'aead':
    case 'cmac':
      return { key: random.bytes(type.keyBytes), publicKey: '' }
    case 'hmac':
      return { key: random.bytes(record.keySize || type.keyBytes), publicKey: '' }
    case 'ed25519':
      return partsOfEd25519((await makePair('ed25519')).privateKey)
    case 'ec':
      return partsOf((await makePair('ec', { namedCurve: type.curve })).privateKey)
    case 'rsa':
      return partsOf((await makePair('rsa', { modulusLength: type.modulusBits })).privateKey)
    case 'pq':
      return partsOf((await makePq(record)).privateKey)
  }
}

async function makePq(record: KeyRecord): Promise<{ privateKey: KeyObject }> {
  try {
    return await makePair(pqAlgorithm(record))
  } catch (cause) {
    const { type } = record
    throw badRequest(`key type ${type} is not supported by the Node.js that this server runs on`, {
      cause,
    })
  }
}

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })

/** PKCS #8 and SubjectPublicKeyInfo of a private key. */
export const partsOf = (key: KeyObject): KeyParts => ({
  key: key.export({ type: 'pkcs8', format: 'der' }),
  publicKey: spki(createPublicKey(key)).toString('base64'),
})

/** Seed and public key side by side, which also is the secret that derived keys come from. */
export function partsOfEd25519(key: KeyObject): KeyParts {
  const publicKey = spki(createPublicKey(key))
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  const seed = pkcs8.subarray(-ED25519_SEED_BYTES)
  const pair = Buffer.concat([seed, publicKey.subarray(-ED25519_SEED_BYTES)])
  pkcs8.fill(0)
  return { key: pair, publicKey: publicKey.toString('base64') }
}

/** A public key without its private part. */
export const publicParts = (key: KeyObject): KeyParts => ({
  key: Buffer.alloc(0),
  publicKey: spki(key).toString('base64'),
})
