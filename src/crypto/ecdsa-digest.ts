// ECDSA over a digest that somebody else made: node:crypto signs messages only. The one secret
// multiplication, k·G, is OpenSSL's (through ECDH, constant time); the arithmetic around it is blinded by a
// random factor, because BigInt is not constant time. Verification has no secrets and is done here whole.
// Sources: FIPS 186-5 (6.4), SEC 1 (4.1); curve parameters: NIST SP 800-186.
import { createECDH, type KeyObject } from 'node:crypto'
import type { Random } from '../base/random.ts'

interface Curve {
  readonly openssl: string
  readonly bytes: number
  readonly p: bigint
  readonly n: bigint
  readonly gx: bigint
  readonly gy: bigint
}

const CURVES: Readonly<Record<string, Curve>> = {
  'P-256': {
    openssl: 'prime256v1',
    bytes: 32,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
  'P-384': {
    openssl: 'secp384r1',
    bytes: 48,
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    gx: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    gy: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
  'P-521': {
    openssl: 'secp521r1',
    bytes: 66,
    p: 2n ** 521n - 1n,
    n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    gx: 0x00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
    gy: 0x011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
  },
}

const curveOf = (name: string): Curve => {
  const curve = CURVES[name]
  if (!curve) throw new Error(`no ECDSA on curve ${name}`)
  return curve
}

const toInt = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const fromBase64Url = (text: string): bigint => toInt(Buffer.from(text, 'base64url'))
const toBytes = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex')
const mod = (value: bigint, by: bigint): bigint => ((value % by) + by) % by

function inverse(value: bigint, by: bigint): bigint {
  let [a, b] = [mod(value, by), by]
  let [x, y] = [1n, 0n]
  while (b !== 0n) {
    const q = a / b
    ;[a, b] = [b, a % b]
    ;[x, y] = [y, x - q * y]
  }
  return mod(x, by)
}

/** The leftmost bits of the digest, as many as the order has. */
function digestInt(digest: Uint8Array, curve: Curve): bigint {
  const value = toInt(digest.subarray(0, curve.bytes))
  const excess = BigInt(Math.min(digest.length, curve.bytes) * 8 - curve.n.toString(2).length)
  return excess > 0n ? value >> excess : value
}

function randomScalar(curve: Curve, random: Random): bigint {
  // Eight bytes more than the order has make the remainder's bias too small to matter.
  return (toInt(random.bytes(curve.bytes + 8)) % (curve.n - 1n)) + 1n
}

/** r ‖ s, each as long as the curve's order, over the digest. `curve` is 'P-256', 'P-384' or 'P-521'. */
export function signDigest(
  curveName: string,
  key: KeyObject,
  digest: Uint8Array,
  random: Random,
): Buffer {
  const curve = curveOf(curveName)
  const { n, bytes } = curve
  const d = fromBase64Url(key.export({ format: 'jwk' }).d ?? '')
  const z = digestInt(digest, curve)
  for (;;) {
    const k = randomScalar(curve, random)
    const ecdh = createECDH(curve.openssl)
    ecdh.setPrivateKey(toBytes(k, bytes))
    const r = mod(toInt(ecdh.getPublicKey().subarray(1, 1 + bytes)), n)
    const blind = randomScalar(curve, random)
    const s = mod(inverse(mod(k * blind, n), n) * mod(blind * z + mod(blind * r, n) * d, n), n)
    if (r !== 0n && s !== 0n) return Buffer.concat([toBytes(r, bytes), toBytes(s, bytes)])
  }
}

/** Whether r ‖ s (each as long as the order) is the key's signature of the digest. */
export function verifyDigest(
  curveName: string,
  key: KeyObject,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const curve = curveOf(curveName)
  const { n, bytes } = curve
  if (signature.length !== 2 * bytes) return false
  const r = toInt(signature.subarray(0, bytes))
  const s = toInt(signature.subarray(bytes))
  if (r < 1n || s < 1n || r >= n || s >= n) return false
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const w = inverse(s, n)
  const u1 = mod(digestInt(digest, curve) * w, n)
  const u2 = mod(r * w, n)
  const point = sumOfMultiples(curve, u1, u2, fromBase64Url(x), fromBase64Url(y))
  return point !== null && mod(point, n) === r
}

/** x, y, z in Jacobian coordinates; z = 0 is infinity. */
type Point = readonly [bigint, bigint, bigint]
const INFINITY: Point = [1n, 1n, 0n]

/** The affine x of u1·G + u2·Q; null for infinity. */
function sumOfMultiples(
  curve: Curve,
  u1: bigint,
  u2: bigint,
  qx: bigint,
  qy: bigint,
): bigint | null {
  const { p } = curve
  const g: Point = [curve.gx, curve.gy, 1n]
  const q: Point = [qx, qy, 1n]
  const both = add(p, g, q)
  let sum = INFINITY
  for (let bit = BigInt(curve.bytes * 8 - 1); bit >= 0n; bit--) {
    sum = double(p, sum)
    const a = (u1 >> bit) & 1n
    const b = (u2 >> bit) & 1n
    if (a === 1n) sum = add(p, sum, b === 1n ? both : g)
    else if (b === 1n) sum = add(p, sum, q)
  }
  if (sum[2] === 0n) return null
  const z = inverse(sum[2], p)
  return mod(sum[0] * z * z, p)
}

/** For curves with a = -3. */
function double(p: bigint, [x, y, z]: Point): Point {
  if (z === 0n || y === 0n) return INFINITY
  const zz = mod(z * z, p)
  const yy = mod(y * y, p)
  const s = mod(4n * x * yy, p)
  const m = mod(3n * (x - zz) * (x + zz), p)
  const newX = mod(m * m - 2n * s, p)
  return [newX, mod(m * (s - newX) - 8n * yy * yy, p), mod(2n * y * z, p)]
}

function add(p: bigint, one: Point, other: Point): Point {
  if (one[2] === 0n) return other
  if (other[2] === 0n) return one
  const [x1, y1, z1] = one
  const [x2, y2, z2] = other
  const z1z1 = mod(z1 * z1, p)
  const z2z2 = mod(z2 * z2, p)
  const u1 = mod(x1 * z2z2, p)
  const h = mod(x2 * z1z1 - u1, p)
  const s1 = mod(y1 * z2 * z2z2, p)
  const r = mod(y2 * z1 * z1z1 - s1, p)
  if (h === 0n) return r === 0n ? double(p, one) : INFINITY
  const hh = mod(h * h, p)
  const hhh = mod(h * hh, p)
  const v = mod(u1 * hh, p)
  const x = mod(r * r - hhh - 2n * v, p)
  return [x, mod(r * (v - x) - s1 * hhh, p), mod(z1 * z2 * h, p)]
}
