// ECDSA over a digest that somebody else made: node:crypto signs messages only. OpenSSL makes the signature
// all the same, nonce included: a signature (r, s) of digest z by the key d is one of the digest h, of a
// message of ours, by d·c with s/c in place of s, where c = h/z. So only factors that the caller knows are
// applied here. Verifying has no secrets and is @noble/curves'.
// Sources: FIPS 186-5 (6.4), SEC 1 (4.1).
import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  hash,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import type { Random } from '../base/random.ts'

interface Curve {
  readonly openssl: string
  readonly ecdsa: typeof p256
}

const CURVES: Readonly<Record<string, Curve>> = {
  'P-256': { openssl: 'prime256v1', ecdsa: p256 },
  'P-384': { openssl: 'secp384r1', ecdsa: p384 },
  'P-521': { openssl: 'secp521r1', ecdsa: p521 },
}

/** The digest is given; both halves of s count, as in Go; nonces take fresh randomness. */
const GIVEN_DIGEST = { prehash: false, lowS: false, extraEntropy: true } as const

const MESSAGE = Buffer.from('strongroom: digest')
const MESSAGE_HASH = 'sha256'
const MESSAGE_DIGEST = toInt(hash(MESSAGE_HASH, MESSAGE, 'buffer'))

function curveOf(name: string): Curve {
  const curve = CURVES[name]
  if (!curve) throw new Error(`no ECDSA on curve ${name}`)
  return curve
}

function toInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** The bytes of the digest that count; @noble/curves takes no long ones, though it drops the rest as well. */
const leftmost = (digest: Uint8Array, { BYTES }: { readonly BYTES: number }): Uint8Array =>
  digest.subarray(0, BYTES)

/** The leftmost bits of the digest, as many as the order has. */
function digestInt(digest: Uint8Array, { BYTES, BITS }: { BYTES: number; BITS: number }): bigint {
  const bytes = leftmost(digest, { BYTES })
  const excess = bytes.length * 8 - BITS
  return excess > 0 ? toInt(bytes) >> BigInt(excess) : toInt(bytes)
}

/** r ‖ s, each as long as the curve's order, over the digest. `curve` is 'P-256', 'P-384' or 'P-521'. */
export function signDigest(
  curveName: string,
  key: KeyObject,
  digest: Uint8Array,
  random: Random,
): Buffer {
  const { openssl, ecdsa } = curveOf(curveName)
  const { Fn } = ecdsa.Point
  const jwk = key.export({ format: 'jwk' })
  const d = Buffer.from(jwk.d ?? '', 'base64url')
  const z = Fn.create(digestInt(digest, Fn))
  // No factor turns it into another digest; nobody has a message with it either.
  if (z === 0n) return Buffer.from(ecdsa.sign(leftmost(digest, Fn), d, GIVEN_DIGEST))
  const h = Fn.create(MESSAGE_DIGEST)
  const c = Fn.div(h, z)
  const secret = Fn.toBytes(scaledSecret(ecdsa, d, c, random))
  d.fill(0)
  const scaled = scaledKey(curveName, openssl, secret, multipleX(openssl, Fn.toBytes(c), jwk))
  const made = sign(MESSAGE_HASH, MESSAGE, { key: scaled, dsaEncoding: 'ieee-p1363' })
  const check = { key: createPublicKey(scaled), dsaEncoding: 'ieee-p1363' as const }
  // A computer's fault in the middle of a signature could tell the key.
  if (!verify(MESSAGE_HASH, MESSAGE, check, made)) throw new Error('a signature came out wrong')
  const r = made.subarray(0, Fn.BYTES)
  const s = Fn.mul(Fn.fromBytes(made.subarray(Fn.BYTES)), Fn.div(z, h))
  return Buffer.concat([r, Fn.toBytes(s)])
}

/** d·c as (d - b)·c + b·c with a random b: arithmetic of BigInt takes a time that depends on its numbers. */
function scaledSecret(ecdsa: typeof p256, d: Uint8Array, c: bigint, random: Random): bigint {
  const { Fn } = ecdsa.Point
  const b = Fn.create(toInt(random.bytes(Fn.BYTES + 8)))
  return Fn.add(Fn.mul(Fn.sub(Fn.fromBytes(d), b), c), Fn.mul(b, c))
}

const pointOf = ({ x = '', y = '' }: JsonWebKey): Buffer =>
  Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])

/** The x of c·Q, for the public key Q: reached from known numbers alone. */
function multipleX(openssl: string, c: Uint8Array, publicKey: JsonWebKey): Buffer {
  const ecdh = createECDH(openssl)
  ecdh.setPrivateKey(c)
  return ecdh.computeSecret(pointOf(publicKey))
}

/** `x` is that of its point. A secret that a computer's fault made another one would sign what tells the key. */
function scaledKey(curveName: string, openssl: string, secret: Uint8Array, x: Buffer): KeyObject {
  const ecdh = createECDH(openssl)
  ecdh.setPrivateKey(secret)
  const point = ecdh.getPublicKey()
  const half = secret.length
  if (!point.subarray(1, 1 + half).equals(x)) throw new Error('a scaled key came out wrong')
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  const jwk = {
    kty: 'EC',
    crv: curveName,
    d: base64(secret),
    x: base64(point.subarray(1, 1 + half)),
    y: base64(point.subarray(1 + half)),
  }
  secret.fill(0)
  return createPrivateKey({ key: jwk, format: 'jwk' })
}

/** Whether r ‖ s (each as long as the order) is the key's signature of the digest. */
export function verifyDigest(
  curveName: string,
  key: KeyObject,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { ecdsa } = curveOf(curveName)
  if (signature.length !== 2 * ecdsa.Point.Fn.BYTES) return false
  const point = pointOf(key.export({ format: 'jwk' }))
  return ecdsa.verify(signature, leftmost(digest, ecdsa.Point.Fn), point, GIVEN_DIGEST)
}
