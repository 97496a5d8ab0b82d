// A version of a key as OpenBao's backups write it, and back: numbers of RSA and EC keys are whole JSON
// numbers of hundreds of digits, byte strings are base64. Only fields that it has; unknown ones are dropped.
import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { getOwn, isJsonObject, type Json, type JsonObject, RawNumber } from '../../base/json.ts'
import { ed25519FromSeed, ed25519Raw, ed25519Spki } from './ed25519-seed.ts'
import { decodeBase64 } from './input-base64.ts'
import { spkiPem } from './key-pem.ts'
import { isHmacSize, type KeyType } from './key-types.ts'
import { type KeyParts, partsOf, partsOfEd25519, publicParts } from './make-key.ts'
import { hasPrivate, type KeyVersion } from './version-entry.ts'

const broken = (what: string): Error => badRequest(`the backup is damaged: ${what}`)

const NO_TIME = '0001-01-01T00:00:00Z'

/** What the original has where a version is not kept. */
export const EMPTY_VERSION = {
  key: null,
  hmac_key: null,
  time: NO_TIME,
  ec_x: null,
  ec_y: null,
  ec_d: null,
  rsa_key: null,
  rsa_public_key: null,
  public_key: '',
  convergent_version: 0,
  creation_time: 0,
  certificate_chain: null,
} as const

const big = (base64url: string | undefined): RawNumber =>
  new RawNumber(BigInt(`0x${Buffer.from(base64url ?? '', 'base64url').toString('hex')}`).toString())

export function versionToGo(type: KeyType, version: KeyVersion): Record<string, unknown> {
  return {
    ...EMPTY_VERSION,
    ...keyToGo(type, version),
    hmac_key: version.hmacKey.length > 0 ? version.hmacKey.toString('base64') : null,
    time: version.createdAt,
    convergent_version: version.convergentVersion,
    creation_time: Math.floor(Date.parse(version.createdAt) / 1000),
    certificate_chain: version.certificates,
  }
}

function keyToGo(type: KeyType, version: KeyVersion): Record<string, unknown> {
  const isPrivate = hasPrivate(version)
  switch (type.kind) {
    case 'rsa':
      return isPrivate ? rsaToGo(version) : rsaPublicToGo(version.publicKey)
    case 'ec':
      return ecToGo(version)
    case 'ed25519':
      return {
        key: isPrivate ? version.key.toString('base64') : null,
        public_key: ed25519Raw(version.publicKey),
      }
    case 'pq':
      return {
        key: isPrivate ? version.key.toString('base64') : null,
        public_key: version.publicKey,
      }
    default:
      return { key: version.key.toString('base64') }
  }
}

const fromPkcs8 = (key: Buffer): KeyObject =>
  createPrivateKey({ key, format: 'der', type: 'pkcs8' })
const fromSpki = (key: string): KeyObject =>
  createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })

function rsaToGo(version: KeyVersion): Record<string, unknown> {
  const jwk = fromPkcs8(version.key).export({ format: 'jwk' })
  const precomputed = { Dp: big(jwk.dp), Dq: big(jwk.dq), Qinv: big(jwk.qi), CRTValues: [] }
  return {
    rsa_key: {
      N: big(jwk.n),
      E: big(jwk.e),
      D: big(jwk.d),
      Primes: [big(jwk.p), big(jwk.q)],
      Precomputed: precomputed,
    },
  }
}

function rsaPublicToGo(spki: string): Record<string, unknown> {
  const jwk = fromSpki(spki).export({ format: 'jwk' })
  return { rsa_public_key: { N: big(jwk.n), E: big(jwk.e) } }
}

function ecToGo(version: KeyVersion): Record<string, unknown> {
  const isPrivate = hasPrivate(version)
  const key = isPrivate ? fromPkcs8(version.key) : fromSpki(version.publicKey)
  const { x, y, d } = key.export({ format: 'jwk' })
  return {
    ec_x: big(x),
    ec_y: big(y),
    ec_d: isPrivate ? big(d) : null,
    public_key: spkiPem(version.publicKey),
  }
}

/** null for a version that is not kept. Throws 400 for one that doesn't fit the type. */
export function versionFromGo(type: KeyType, sent: Json | undefined): KeyVersion | null {
  if (!isJsonObject(sent)) return null
  const parts = partsFromGo(type, sent)
  if (parts === null) return null
  const hmacKey = bytesOf(sent, 'hmac_key')
  return {
    ...parts,
    hmacKey: type.kind === 'hmac' ? Buffer.from(parts.key) : hmacKey,
    createdAt: timeOf(sent),
    convergentVersion: numberOf(sent, 'convergent_version'),
    certificates: certificatesOf(sent),
  }
}

function partsFromGo(type: KeyType, sent: JsonObject): KeyParts | null {
  try {
    switch (type.kind) {
      case 'rsa':
        return rsaFromGo(type, sent)
      case 'ec':
        return ecFromGo(type, sent)
      case 'ed25519':
        return ed25519FromGo(sent)
      case 'pq': {
        const key = bytesOf(sent, 'key')
        const publicKey = textOf(sent, 'public_key')
        if (key.length === 0) return publicKey === '' ? null : publicParts(fromSpki(publicKey))
        return partsOf(fromPkcs8(key))
      }
      default: {
        const key = bytesOf(sent, 'key')
        if (key.length === 0) return null
        const fits = type.kind === 'hmac' ? isHmacSize(key.length) : key.length === type.keyBytes
        if (!fits) throw broken(`a key of ${key.length} bytes for type ${type.name}`)
        return { key, publicKey: '' }
      }
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'ApiError') throw error
    throw badRequest(`the backup is damaged: not a key of type ${type.name}`, { cause: error })
  }
}

/** A whole positive number as base64url, left-padded to `bytes`. */
function base64urlOf(value: Json | undefined, bytes = 0): string {
  const text = value instanceof RawNumber ? value.text : String(value)
  if (!/^\d{1,2600}$/.test(text)) throw broken('a number is missing')
  const hex = BigInt(text).toString(16)
  const length = Math.max(bytes * 2, hex.length + (hex.length % 2))
  return Buffer.from(hex.padStart(length, '0'), 'hex').toString('base64url')
}

function rsaFromGo(type: KeyType, sent: JsonObject): KeyParts | null {
  const own = getOwn(sent, 'rsa_key')
  const open = getOwn(sent, 'rsa_public_key')
  if (!isJsonObject(own)) {
    if (!isJsonObject(open)) return null
    return publicParts(sized(type, createPublicKey({ key: rsaJwk(open), format: 'jwk' })))
  }
  const primes = getOwn(own, 'Primes')
  if (!Array.isArray(primes) || primes.length !== 2) throw broken('an RSA key of two primes')
  const [p, q] = (primes as Json[]).map((prime) => BigInt(String(prime))) as [bigint, bigint]
  const d = BigInt(String(getOwn(own, 'D')))
  const asUrl = (value: bigint): string => base64urlOf(new RawNumber(value.toString()))
  const jwk = {
    ...rsaJwk(own),
    ...{ d: asUrl(d), p: asUrl(p), q: asUrl(q) },
    ...{ dp: asUrl(d % (p - 1n)), dq: asUrl(d % (q - 1n)), qi: asUrl(inverse(q, p)) },
  }
  return partsOf(sized(type, createPrivateKey({ key: jwk, format: 'jwk' })))
}

function inverse(value: bigint, prime: bigint): bigint {
  let [a, b, x, y] = [value % prime, prime, 1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b, x, y] = [b, a % b, y, x - quotient * y]
  }
  return ((x % prime) + prime) % prime
}

const rsaJwk = (own: JsonObject): { kty: string; n: string; e: string } => ({
  kty: 'RSA',
  n: base64urlOf(getOwn(own, 'N')),
  e: base64urlOf(getOwn(own, 'E')),
})

function sized(type: KeyType, key: KeyObject): KeyObject {
  if (key.asymmetricKeyDetails?.modulusLength !== type.modulusBits)
    throw broken(`a key of another size than ${type.name}`)
  return key
}

function ecFromGo(type: KeyType, sent: JsonObject): KeyParts | null {
  const d = getOwn(sent, 'ec_d')
  const x = getOwn(sent, 'ec_x')
  if (x === null || x === undefined) return null
  const bytes = type.scalarBytes
  const point = {
    ...{ kty: 'EC', crv: type.shownName, x: base64urlOf(x, bytes) },
    y: base64urlOf(getOwn(sent, 'ec_y'), bytes),
  }
  if (d === null || d === undefined)
    return publicParts(createPublicKey({ key: point, format: 'jwk' }))
  const secret = base64urlOf(d, bytes)
  const ecdh = createECDH(type.curve)
  ecdh.setPrivateKey(Buffer.from(secret, 'base64url'))
  // Both halves: a mirrored point has the same x, and what is signed would never verify.
  const made = ecdh.getPublicKey().subarray(1)
  const isSame = made.equals(
    Buffer.concat([Buffer.from(point.x, 'base64url'), Buffer.from(point.y, 'base64url')]),
  )
  if (!isSame) throw broken('a private key that is not that of its public key')
  return partsOf(createPrivateKey({ key: { ...point, d: secret }, format: 'jwk' }))
}

function ed25519FromGo(sent: JsonObject): KeyParts | null {
  const key = bytesOf(sent, 'key')
  const open = decodeBase64(textOf(sent, 'public_key'))
  if (key.length === 0)
    return open.length === 0 ? null : { key, publicKey: ed25519Spki(exactly(open, 32)) }
  return partsOfEd25519(ed25519FromSeed(exactly(key, 64).subarray(0, 32)))
}

function exactly(bytes: Buffer, count: number): Buffer {
  if (bytes.length !== count) throw broken(`a key of ${bytes.length} bytes`)
  return bytes
}

function textOf(sent: JsonObject, name: string): string {
  const value = getOwn(sent, name) ?? ''
  if (typeof value !== 'string') throw broken(`${name} is no text`)
  return value
}

const bytesOf = (sent: JsonObject, name: string): Buffer => decodeBase64(textOf(sent, name))

export function numberOf(sent: JsonObject, name: string): number {
  const value = getOwn(sent, name) ?? 0
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw broken(`${name} is no whole number`)
  return value
}

function timeOf(sent: JsonObject): string {
  const time = textOf(sent, 'time')
  if (time !== '' && time !== NO_TIME && Number.isFinite(Date.parse(time))) return time
  const created = new Date(numberOf(sent, 'creation_time') * 1000)
  if (Number.isNaN(created.getTime())) throw broken('creation_time is no time')
  return created.toISOString()
}

function certificatesOf(sent: JsonObject): readonly string[] | null {
  const chain = getOwn(sent, 'certificate_chain')
  if (!Array.isArray(chain)) return null
  return (chain as readonly Json[]).map((der) => {
    if (typeof der !== 'string') throw broken('a certificate is no text')
    return decodeBase64(der).toString('base64')
  })
}
