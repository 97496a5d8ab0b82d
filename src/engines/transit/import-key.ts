// Keys that come from outside: PKCS #8 (also the forms of Ed25519 and RSA-PSS keys that some tools write),
// raw bytes for symmetric types, or a public key as PEM. What doesn't fit the type is a 400 that says so.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { ApiError, badRequest } from '../../base/errors.ts'
import { ecPrivateBytes, pkcs8Parts } from '../../crypto/pkcs8-inner.ts'
import { ed25519FromSeed } from './ed25519-seed.ts'
import { isHmacSize, type KeyType } from './key-types.ts'
import { type KeyParts, partsOf, partsOfEd25519, publicParts } from './make-key.ts'

const RSA_PSS = '1.2.840.113549.1.1.10'
const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const ED25519_OIDS = ['1.3.6.1.4.1.11591.15.1', '1.3.101.110']

/** Go's names of key classes, which error texts have. */
const CLASSES: Readonly<Record<string, string>> = {
  ec: 'ecdsa',
  rsa: 'rsa',
  ed25519: 'ed25519',
}

/** The stored parts of an unwrapped private or symmetric key. Throws 400, with `words` in front. */
export function importPrivate(type: KeyType, bytes: Buffer, words = ''): KeyParts {
  return withWords(words, () => privateParts(type, bytes))
}

function privateParts(type: KeyType, bytes: Buffer): KeyParts {
  if (type.kind === 'aead' || type.kind === 'hmac' || type.kind === 'cmac') {
    checkSize(type, bytes.length)
    return { key: Buffer.from(bytes), publicKey: '' }
  }
  const key = parsePrivate(bytes)
  checkKind(type, key, 'PrivateKey')
  return type.kind === 'ed25519' ? partsOfEd25519(key) : partsOf(key)
}

function withWords(words: string, body: () => KeyParts): KeyParts {
  try {
    return body()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw badRequest(words + error.message, { cause: error.cause })
  }
}

function checkSize(type: KeyType, bytes: number): void {
  const fits = type.kind === 'hmac' ? isHmacSize(bytes) : bytes === type.keyBytes
  if (!fits) throw badRequest(`invalid key size ${bytes} bytes for key type ${type.name}`)
}

function parsePrivate(der: Buffer): KeyObject {
  const parts = pkcs8Parts(der)
  try {
    if (parts?.algorithm === RSA_PSS)
      return createPrivateKey({ key: parts.inner, format: 'der', type: 'pkcs1' })
    if (parts?.algorithm === EC_PUBLIC_KEY && ED25519_OIDS.includes(parts.parameter)) {
      const seed = ecPrivateBytes(parts.inner)
      if (seed?.length === 32) return ed25519FromSeed(seed)
    }
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw badRequest('error parsing asymmetric key: not a PKCS #8 private key', { cause })
  }
}

/** The stored parts of a public key in PEM. Throws 400. */
export function importPublic(type: KeyType, pem: string, words = ''): KeyParts {
  return withWords(words, () => partsOfPublic(type, pem))
}

function partsOfPublic(type: KeyType, pem: string): KeyParts {
  if (!/-----BEGIN [A-Z0-9 ]+-----/.test(pem))
    throw badRequest('error parsing public key: not in PEM format')
  let key: KeyObject
  try {
    // A private key must not be taken for the public one that could be computed from it.
    const body = pem.replace(/-----[^-]+-----/g, '')
    key = createPublicKey({ key: Buffer.from(body, 'base64'), format: 'der', type: 'spki' })
  } catch (cause) {
    throw badRequest('error parsing public key: not a SubjectPublicKeyInfo', { cause })
  }
  checkKind(type, key, 'PublicKey')
  return publicParts(key)
}

const CURVE_NAMES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

function checkKind(type: KeyType, key: KeyObject, part: 'PrivateKey' | 'PublicKey'): void {
  const kind = key.asymmetricKeyType ?? ''
  const details = key.asymmetricKeyDetails ?? {}
  const isKind = kind === type.kind
  if (!isKind) {
    const name = CLASSES[kind]
    const star = kind === 'ed25519' ? '' : '*'
    const got = name === undefined ? kind : `${star}${name}.${part}`
    throw badRequest(`invalid key type: expected ${type.name}, got ${got}`)
  }
  if (type.kind === 'ec' && details.namedCurve !== type.curve)
    throw badRequest(
      `invalid curve: expected ${type.shownName}, got ${CURVE_NAMES[details.namedCurve ?? ''] ?? details.namedCurve}`,
    )
  if (type.kind === 'rsa' && details.modulusLength !== type.modulusBits)
    throw badRequest(
      `invalid key size: expected ${type.modulusBits / 8} bytes, got ${Math.ceil((details.modulusLength ?? 0) / 8)} bytes`,
    )
}
