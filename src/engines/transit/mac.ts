// MACs by a key: HMAC (RFC 2104), which every key type has a key of its own for, and AES-CMAC (RFC 4493),
// which OpenSSL has but node:crypto doesn't offer: it is one CBC pass over the message with a last block
// that a subkey was mixed into.
import { createCipheriv, createHmac, type KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import type { RequestContext } from '../../sdk/context.ts'
import type { HashAlgorithm } from './hash-algorithms.ts'
import type { LoadedKey, LoadedVersion } from './loaded-key.ts'
import { checkNotDeleted } from './versioned-text.ts'

const BLOCK_BYTES = 16
const ZERO_IV = Buffer.alloc(BLOCK_BYTES)

export const hmac = (key: KeyObject, algorithm: HashAlgorithm, input: Uint8Array): Buffer =>
  createHmac(algorithm.openssl, key).update(input).digest()

/** 16 bytes. `cipher` is that of the key type, for example aes-256-cbc. */
export function cmac(cipher: string, key: KeyObject, message: Uint8Array): Buffer {
  const whole = Math.max(1, Math.ceil(message.length / BLOCK_BYTES))
  const blocks = Buffer.alloc(whole * BLOCK_BYTES)
  blocks.set(message)
  const subkeys = [doubled(encryptBlocks(cipher, key, ZERO_IV))]
  const isFull = message.length > 0 && message.length % BLOCK_BYTES === 0
  if (!isFull) {
    blocks[message.length] = 0x80
    subkeys.push(doubled(subkeys[0]!))
  }
  const subkey = subkeys.at(-1)!
  const lastAt = blocks.length - BLOCK_BYTES
  for (let i = 0; i < BLOCK_BYTES; i++) blocks[lastAt + i]! ^= subkey[i]!
  const tag = encryptBlocks(cipher, key, blocks).subarray(lastAt)
  blocks.fill(0)
  return Buffer.from(tag)
}

function encryptBlocks(cipher: string, key: KeyObject, blocks: Uint8Array): Buffer {
  const cbc = createCipheriv(cipher, key, ZERO_IV).setAutoPadding(false)
  const out = cbc.update(blocks)
  cbc.final()
  return out
}

/** Multiplication by x in GF(2^128). */
function doubled(block: Uint8Array): Buffer {
  const out = Buffer.alloc(BLOCK_BYTES)
  for (let i = 0; i < BLOCK_BYTES; i++)
    out[i] = ((block[i]! << 1) | ((block[i + 1] ?? 0) >> 7)) & 0xff
  if (block[0]! & 0x80) out[BLOCK_BYTES - 1]! ^= 0x87
  return out
}

/** The version whose MAC key is asked for; 0 is the latest. Throws 400. */
export async function macVersion(
  ctx: RequestContext,
  key: LoadedKey,
  asked: number,
): Promise<LoadedVersion> {
  const { latestVersion, minEncryptionVersion } = key.record
  const number = asked === 0 ? latestVersion : asked
  if (number !== latestVersion && minEncryptionVersion > 0 && number < minEncryptionVersion)
    throw badRequest('cannot generate HMAC: version is too old (disallowed by policy)')
  return existingVersion(ctx, key, number)
}

export async function existingVersion(
  ctx: RequestContext,
  key: LoadedKey,
  number: number,
): Promise<LoadedVersion> {
  checkNotDeleted(key)
  if (number < 0) throw badRequest('key version does not exist (cannot be negative)')
  if (number > key.record.latestVersion)
    throw badRequest(
      `key version does not exist; latest key version is ${key.record.latestVersion}`,
    )
  const known = key.version(ctx.storage, number)
  return known instanceof Promise ? await known : known
}

/** Throws 400 where the version has none. */
export function hmacKeyOf(version: LoadedVersion): KeyObject {
  if (version.hmacKey === null) throw badRequest('no HMAC key exists for that key version')
  return version.hmacKey
}
