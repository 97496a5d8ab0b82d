// Signatures by a key: which version, which hash and padding, how the signature is written. RSA signs off
// the main thread, since one of 4096 bits takes milliseconds.
// Sources: transit API pages (sign, verify), RFC 8032, RFC 8017, FIPS 186-5; words are OpenBao's.
import {
  constants,
  hash,
  type KeyObject,
  sign as signMessage,
  verify as verifyMessage,
} from 'node:crypto'
import { promisify } from 'node:util'
import { Base64Fault, decodeBase64, decodeBase64Url } from '../../base/base64.ts'
import { badRequest } from '../../base/errors.ts'
import { signDigest, verifyDigest } from '../../crypto/ecdsa-digest.ts'
import { derFromRaw, rawFromDer, rawFromHalves } from '../../crypto/ecdsa-signature.ts'
import {
  longestSalt,
  signPkcs1Digest,
  signPssDigest,
  verifyPkcs1Digest,
  verifyPssDigest,
} from '../../crypto/rsa-digest.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { deriveBytes, NO_CONTEXT } from './derive-key.ts'
import { derivedPublicKey } from './derived-public-key.ts'
import { ed25519FromSeed, ed25519PublicFromRaw } from './ed25519-seed.ts'
import type { HashAlgorithm } from './hash-algorithms.ts'
import type { LoadedKey, LoadedVersion } from './loaded-key.ts'
import { checkNotDeleted, prefixOf, splitVersion, versionToUse } from './versioned-text.ts'

export interface SignOptions {
  readonly hash: HashAlgorithm
  readonly marshaling: 'asn1' | 'jws'
  /** The input is a digest already. */
  readonly isPrehashed: boolean
  /** RSA: '' is pss. */
  readonly algorithm: string
  /** PSS: 0 as long as fits (or whatever is found), -1 as long as the hash, else bytes. */
  readonly saltLength: number
}

export interface Signed {
  readonly signature: string
  readonly version: number
  /** Base64 of the derived key's public part; '' where none was derived. */
  readonly publicKey: string
}

const signAside = promisify(signMessage)

/** Throws 400 for whatever the caller got wrong. */
export async function sign(
  ctx: RequestContext,
  key: LoadedKey,
  asked: number,
  input: Buffer,
  context: Uint8Array | null,
  options: SignOptions,
): Promise<Signed> {
  checkNotDeleted(key)
  const number = versionToUse(key, asked, 'signing')
  const known = key.version(ctx.storage, number)
  const version = known instanceof Promise ? await known : known
  const privateKey = version.privateKey
  if (privateKey === null)
    throw badRequest('requested version for signing does not contain a private part')
  let publicKey = ''
  let raw: Buffer
  switch (key.type.kind) {
    case 'ec':
      raw = signEc(ctx, key, privateKey, input, options)
      break
    case 'rsa':
      raw = await signRsa(ctx, privateKey, input, options)
      break
    case 'ed25519':
      if (key.record.derived) {
        const derived = derivedPair(key, version, context)
        publicKey = derivedPublicKey(derived)
        raw = signMessage(null, input, derived)
      } else raw = signMessage(null, input, privateKey)
      break
    default:
      // Half a second for some of SLH-DSA.
      raw = await signAside(null, input, privateKey)
  }
  const text = raw.toString(options.marshaling === 'jws' ? 'base64url' : 'base64')
  return { signature: prefixOf(key, number) + text, version: number, publicKey }
}

function derivedPair(
  key: LoadedKey,
  version: LoadedVersion,
  context: Uint8Array | null,
): KeyObject {
  if (context === null) throw badRequest(`error deriving key: ${NO_CONTEXT}`)
  const seed = deriveBytes(key.record.kdf, version.secret!, context, 32)
  const pair = ed25519FromSeed(seed)
  seed.fill(0)
  return pair
}

function signEc(
  ctx: RequestContext,
  key: LoadedKey,
  privateKey: KeyObject,
  input: Buffer,
  { hash: algorithm, isPrehashed, marshaling }: SignOptions,
): Buffer {
  if (!isPrehashed) {
    const dsaEncoding = marshaling === 'jws' ? 'ieee-p1363' : 'der'
    return signMessage(algorithm.openssl, input, { key: privateKey, dsaEncoding })
  }
  if (input.length === 0) throw badRequest('ecdsa: hash cannot be empty')
  const raw = signDigest(key.type.shownName, privateKey, input, ctx.random)
  return marshaling === 'jws' ? raw : derFromRaw(raw)
}

async function signRsa(
  ctx: RequestContext,
  key: KeyObject,
  input: Buffer,
  options: SignOptions,
): Promise<Buffer> {
  const { hash: algorithm, isPrehashed } = options
  const isPss = checkScheme(key, options)
  if (isPrehashed) checkDigest(algorithm, input)
  if (isPss) {
    if (!isPrehashed)
      return signAside(algorithm.openssl, input, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: options.saltLength || constants.RSA_PSS_SALTLEN_MAX_SIGN,
      })
    const bytes = saltBytes(key, options) ?? longestSalt(key, algorithm.bytes)
    return signPssDigest(key, algorithm.openssl, input, ctx.random.bytes(bytes))
  }
  if (!isPrehashed)
    return signAside(algorithm.openssl, input, { key, padding: constants.RSA_PKCS1_PADDING })
  try {
    return signPkcs1Digest(key, algorithm.openssl, input)
  } catch (cause) {
    throw badRequest('crypto/rsa: message too long for RSA key size', { cause })
  }
}

/** Whether the scheme is PSS. Throws 400 for others than the two, and for salts that don't fit. */
function checkScheme(key: KeyObject, options: SignOptions): boolean {
  const { algorithm, saltLength } = options
  if (algorithm === 'pkcs1v15') return false
  if (algorithm !== '' && algorithm !== 'pss')
    throw badRequest(`unsupported rsa signature algorithm ${algorithm}`)
  if (saltLength < -1 || saltLength > longestSalt(key, options.hash.bytes))
    throw badRequest(`requested salt length ${saltLength} is invalid`)
  return true
}

function checkDigest(algorithm: HashAlgorithm, digest: Buffer): void {
  if (algorithm.bytes !== 0 && digest.length !== algorithm.bytes)
    throw badRequest('crypto/rsa: input must be hashed with given hash')
}

/** null: as the signature has it. */
const saltBytes = (_key: KeyObject, { saltLength, hash }: SignOptions): number | null =>
  saltLength === 0 ? null : saltLength === -1 ? hash.bytes : saltLength

/** Throws 400 where the signature is no signature at all; false where it is not this one. */
export async function verify(
  ctx: RequestContext,
  key: LoadedKey,
  text: string,
  input: Buffer,
  context: Uint8Array | null,
  options: SignOptions,
): Promise<boolean> {
  checkNotDeleted(key)
  const { version: number, body } = splitVersion(key, text, 'signature', false)
  const signature = decodeSignature(body, options)
  const known = key.version(ctx.storage, number)
  const version = known instanceof Promise ? await known : known
  const publicKey = version.publicKey!
  switch (key.type.kind) {
    case 'ec':
      return verifyEc(key, publicKey, input, signature, options)
    case 'rsa':
      return verifyRsa(publicKey, input, signature, options)
    case 'ed25519': {
      if (!key.record.derived) return verifyMessage(null, input, publicKey, signature)
      const raw = derivedPublicKey(derivedPair(key, version, context))
      return verifyMessage(null, input, ed25519PublicFromRaw(Buffer.from(raw, 'base64')), signature)
    }
    default:
      return verifyMessage(null, input, publicKey, signature)
  }
}

function decodeSignature(body: string, { marshaling }: SignOptions): Buffer {
  try {
    return marshaling === 'jws' ? decodeBase64Url(body) : decodeBase64(body)
  } catch (error) {
    if (!(error instanceof Base64Fault)) throw error
    throw badRequest('invalid base64 signature value')
  }
}

function verifyEc(
  key: LoadedKey,
  publicKey: KeyObject,
  input: Buffer,
  signature: Buffer,
  { hash: algorithm, isPrehashed, marshaling }: SignOptions,
): boolean {
  const { scalarBytes, shownName } = key.type
  const raw =
    marshaling === 'jws'
      ? rawFromHalves(signature, scalarBytes)
      : rawFromDer(signature, scalarBytes)
  if (raw === 'invalid') throw badRequest('supplied signature is invalid')
  if (raw === 'trailing') throw badRequest('supplied signature contains extra data')
  if (raw === null) return false
  if (isPrehashed) return verifyDigest(shownName, publicKey, input, raw)
  const of = { key: publicKey, dsaEncoding: 'ieee-p1363' as const }
  return verifyMessage(algorithm.openssl, input, of, raw)
}

function verifyRsa(
  key: KeyObject,
  input: Buffer,
  signature: Buffer,
  options: SignOptions,
): boolean {
  const { hash: algorithm, isPrehashed } = options
  const isPss = checkScheme(key, options)
  const digest =
    isPrehashed || algorithm.openssl === '' ? input : hash(algorithm.openssl, input, 'buffer')
  if (algorithm.bytes !== 0 && digest.length !== algorithm.bytes) return false
  return isPss
    ? verifyPssDigest(key, algorithm.openssl, digest, signature, saltBytes(key, options))
    : verifyPkcs1Digest(key, algorithm.openssl, digest, signature)
}
