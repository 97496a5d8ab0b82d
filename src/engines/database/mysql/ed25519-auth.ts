// MariaDB's login "client_ed25519", which mysql2 lacks: the server's 32 random bytes are signed with a key
// made of the password. It is Ed25519 with a seed of any length, which node:crypto does not take, so the
// curve is here. Every step of a multiplication does the same work, whatever the bit.
// Source: RFC 8032 section 5.1; MariaDB's documentation of the ed25519 plugin.
import { createHash } from 'node:crypto'

const P = 2n ** 255n - 19n
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const mod = (value: bigint, by = P): bigint => {
  const rest = value % by
  return rest < 0n ? rest + by : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = mod(result * b)
    b = mod(b * b)
  }
  return result
}
const inverse = (value: bigint): bigint => power(value, P - 2n)

const D = mod(-121665n * inverse(121666n))
/** Extended coordinates: x = X/Z, y = Y/Z, T = X*Y/Z. */
type Point = readonly [bigint, bigint, bigint, bigint]
const ZERO: Point = [0n, 1n, 1n, 0n]
const BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202n
const BASE_Y = mod(4n * inverse(5n))
const BASE: Point = [BASE_X, BASE_Y, 1n, mod(BASE_X * BASE_Y)]

/** The complete addition, which is the doubling too. */
function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2))
  const b = mod((y1 + x1) * (y2 + x2))
  const c = mod(2n * t1 * t2 * D)
  const d = mod(2n * z1 * z2)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function multiply(scalar: bigint): Point {
  let low: Point = ZERO
  let high: Point = BASE
  for (let bit = 255n; bit >= 0n; bit--) {
    const sum = add(low, high)
    const isSet = ((scalar >> bit) & 1n) === 1n
    const doubled = add(isSet ? high : low, isSet ? high : low)
    low = isSet ? sum : doubled
    high = isSet ? doubled : sum
  }
  return low
}

const fromBytes = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)

const toBytes = (value: bigint): Buffer =>
  Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse()

function encoded([x, y, z]: Point): Buffer {
  const back = inverse(z)
  const bytes = toBytes(mod(y * back))
  if (mod(x * back) & 1n) bytes[31]! |= 0x80
  return bytes
}

const sha512 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The 64 bytes of the signature over `message` with the key that `secret` (of any length) makes. */
export function signEd25519(secret: Uint8Array, message: Uint8Array): Buffer {
  const hashed = sha512(secret)
  hashed[0]! &= 0xf8
  hashed[31] = (hashed[31]! & 0x7f) | 0x40
  const scalar = fromBytes(hashed.subarray(0, 32))
  const publicKey = encoded(multiply(scalar))
  const nonce = mod(fromBytes(sha512(hashed.subarray(32), message)), ORDER)
  const commitment = encoded(multiply(nonce))
  const challenge = fromBytes(sha512(commitment, publicKey, message))
  return Buffer.concat([commitment, toBytes(mod(nonce + challenge * scalar, ORDER))])
}

/** mysql2's form of a login plugin. */
export const ed25519Auth =
  (password: string) =>
  () =>
  (scramble: Buffer): Buffer =>
    password === '' ? Buffer.alloc(0) : signEd25519(Buffer.from(password), scramble.subarray(0, 32))
