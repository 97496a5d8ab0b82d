// Encryption and decryption with a key, one item at a time: which version, which derived key, which nonce.
// Nonces of the AEADs are fresh random bytes of the kernel for each message (ctx.random, never reused, its
// pool wiped as it is taken and dropped after a second, so that processes, batches and cloned machines draw
// independently); only convergent keys compute theirs, from a key of their own and the plaintext, so that
// equal plaintexts meet and different ones don't. Callers can't hand one in.
// Formats and words are OpenBao's; RSA is OAEP with SHA-256.
import {
  constants,
  createHmac,
  createSecretKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import type { RequestContext } from '../../sdk/context.ts'
import type { Awaitable } from '../../sdk/storage.ts'
import { openAead, sealAead } from './aead-cipher.ts'
import { deriveBytes } from './derive-key.ts'
import { decodeBase64 } from './input-base64.ts'
import { CONVERGENT_VERSION } from './key-record.ts'
import { countUses, isCounted } from './key-uses.ts'
import type { LoadedKey, LoadedVersion } from './loaded-key.ts'
import { checkNotDeleted, prefixOf, splitVersion, versionToUse } from './versioned-text.ts'

const NO_CONTEXT = Buffer.alloc(0)
const NONCE_KEY_BYTES = 32

export interface ToEncrypt {
  readonly plaintext: Uint8Array
  /** Decoded; null where none was sent. */
  readonly context: Uint8Array | null
  /** 0: the latest. */
  readonly version: number
  /** Base64; '' where none was sent. */
  readonly associatedData: string
}

export interface Encrypted {
  readonly ciphertext: string
  readonly version: LoadedVersion
}

/**
 * Throws 400 for whatever the caller got wrong. Answers at once where the version is loaded: a promise for
 * each step would cost a large batch as much as its ciphers do.
 */
export function encrypt(ctx: RequestContext, key: LoadedKey, of: ToEncrypt): Awaitable<Encrypted> {
  checkNotDeleted(key)
  if (!key.type.encrypts)
    throw badRequest(`message encryption not supported for key type ${key.type.name}`)
  const number = versionToUse(key, of.version, 'encryption')
  const version = key.version(ctx.storage, number)
  return version instanceof Promise
    ? version.then((loaded) => seal(ctx, key, loaded, of))
    : seal(ctx, key, version, of)
}

function seal(
  ctx: RequestContext,
  key: LoadedKey,
  version: LoadedVersion,
  of: ToEncrypt,
): Awaitable<Encrypted> {
  if (key.type.kind === 'rsa') return encrypted(key, version, sealRsa(version, of.plaintext))
  const { type, record } = key
  const associated = of.associatedData === '' ? null : decodeBase64(of.associatedData, ASSOCIATED)
  if (record.convergent)
    return encrypted(key, version, sealConvergent(key, version, of, associated))
  const secret = record.derived
    ? derivedKey(key, version, of.context, type.keyBytes)
    : version.secret!
  const nonce = ctx.random.bytes(type.nonceBytes)
  const made = encrypted(key, version, sealAead(type, secret, nonce, of.plaintext, associated))
  return isCounted(nonce) ? countUses(ctx, key, version).then(() => made) : made
}

const encrypted = (key: LoadedKey, version: LoadedVersion, sealed: Buffer): Encrypted => ({
  ciphertext: prefixOf(key, version.number) + sealed.toString('base64'),
  version,
})

const ASSOCIATED = 'unable to get associated_data/additional_data from factory[0]: '

/** One derivation gives the key and the key of the nonces. */
function sealConvergent(
  key: LoadedKey,
  version: LoadedVersion,
  of: ToEncrypt,
  associated: Uint8Array | null,
): Buffer {
  checkConvergent(key, version)
  const { type, record } = key
  const wanted = type.keyBytes + NONCE_KEY_BYTES
  const bytes = deriveBytes(record.kdf, version.secret!, of.context ?? NO_CONTEXT, wanted)
  if (bytes.length < wanted) throw badRequest('could not derive key, length too small')
  const nonce = createHmac('sha256', bytes.subarray(type.keyBytes))
    .update(of.plaintext)
    .digest()
    .subarray(0, type.nonceBytes)
  const secret = createSecretKey(bytes.subarray(0, type.keyBytes))
  bytes.fill(0)
  return sealAead(type, secret, nonce, of.plaintext, associated)
}

/** Older schemes took nonces from callers or repeated them. */
function checkConvergent(key: LoadedKey, version: LoadedVersion): void {
  const { convergentVersion } = key.record
  const scheme = version.facts.convergentVersion || convergentVersion || 1
  if (scheme > 0 && scheme < CONVERGENT_VERSION)
    throw badRequest(
      `refusing to support decryption with old convergent encryption key: version ${scheme}`,
    )
  if (scheme !== CONVERGENT_VERSION) throw badRequest(`unhandled convergent version ${scheme}`)
}

function derivedKey(
  key: LoadedKey,
  version: LoadedVersion,
  context: Uint8Array | null,
  keyBytes: number,
): KeyObject {
  const bytes = deriveBytes(key.record.kdf, version.secret!, context ?? NO_CONTEXT, keyBytes)
  const secret = createSecretKey(bytes.subarray(0, keyBytes))
  bytes.fill(0)
  return secret
}

function sealRsa(version: LoadedVersion, plaintext: Uint8Array): Buffer {
  try {
    return publicEncrypt(
      { key: version.publicKey!, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      plaintext,
    )
  } catch (cause) {
    throw badRequest(
      'failed to RSA encrypt the plaintext: crypto/rsa: message too long for RSA key size',
      { cause },
    )
  }
}

export interface ToDecrypt {
  readonly ciphertext: string
  readonly context: Uint8Array | null
  readonly associatedData: string
}

/** The plaintext. Throws 400 for whatever the caller got wrong. */
export async function decrypt(ctx: RequestContext, key: LoadedKey, of: ToDecrypt): Promise<Buffer> {
  checkNotDeleted(key)
  const { type, record } = key
  if (!type.encrypts) throw badRequest(`message decryption not supported for key type ${type.name}`)
  const { version: number, body } = splitVersion(key, of.ciphertext, 'ciphertext', true)
  const known = key.version(ctx.storage, number)
  const version = known instanceof Promise ? await known : known
  if (record.convergent) checkConvergent(key, version)
  const sealed = decodeCiphertext(body)
  if (type.kind === 'rsa') return openRsa(version, sealed)
  const secret = record.derived
    ? derivedKey(key, version, of.context, type.keyBytes)
    : version.secret!
  if (sealed.length < type.nonceBytes) throw badRequest('invalid ciphertext length')
  const associated = of.associatedData === '' ? null : decodeBase64(of.associatedData, ASSOCIATED)
  const plaintext = openAead(type, secret, sealed, associated)
  if (plaintext === null)
    throw badRequest(
      type.name.endsWith('gcm96')
        ? 'cipher: message authentication failed'
        : 'chacha20poly1305: message authentication failed',
    )
  return plaintext
}

function decodeCiphertext(body: string): Buffer {
  try {
    return decodeBase64(body)
  } catch (cause) {
    throw badRequest('invalid ciphertext: could not decode base64', { cause })
  }
}

function openRsa(version: LoadedVersion, sealed: Buffer): Buffer {
  if (version.privateKey === null)
    throw badRequest('cannot decrypt ciphertext, key version does not have a private counterpart')
  try {
    return privateDecrypt(
      { key: version.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      sealed,
    )
  } catch (cause) {
    // Why exactly is not said: OAEP's own rule.
    throw badRequest('failed to RSA decrypt the ciphertext: crypto/rsa: decryption error', {
      cause,
    })
  }
}
