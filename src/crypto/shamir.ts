// Shamir's secret sharing byte by byte over GF(2^8) with the polynomial 0x11b, in the share format of
// Vault: the y values of all bytes, then one byte x. Arithmetic has no tables and no branches on secrets,
// so that neither caches nor timing tell of them. Shamir, "How to share a secret", 1979.
import type { Random } from '../base/random.ts'

/** The number of a share is one byte and never 0, where the secret itself stands. */
export const MAX_SHARES = 255

/** a · b modulo x^8 + x^4 + x^3 + x + 1, in the same steps for all values. */
function multiply(a: number, b: number): number {
  let product = 0
  let left = a
  for (let bit = 0; bit < 8; bit++) {
    product ^= left & -((b >> bit) & 1)
    left = (left << 1) ^ (0x11b & -((left >> 7) & 1))
  }
  return product
}

/** a^254, which is the inverse of every a but 0 (and 0 for 0). */
function invert(a: number): number {
  let power = a
  let inverse = 1
  for (let i = 0; i < 7; i++) {
    power = multiply(power, power)
    inverse = multiply(inverse, power)
  }
  return inverse
}

/**
 * Splits a secret into `shares` shares of which any `threshold` give it back. One share of one is the
 * secret itself, as in Vault. Throws an Error for counts that make no sense.
 */
export function splitSecret(
  secret: Uint8Array,
  shares: number,
  threshold: number,
  random: Random,
): Buffer[] {
  if (secret.length === 0) throw new Error('an empty secret can not be split')
  if (!Number.isInteger(shares) || shares < 1 || shares > MAX_SHARES)
    throw new Error(`the number of shares is from 1 to ${MAX_SHARES}`)
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > shares)
    throw new Error('the threshold is from 1 to the number of shares')
  if (shares > 1 && threshold < 2)
    throw new Error('with several shares the threshold is at least 2')
  if (shares === 1) return [Buffer.from(secret)]

  const numbers = drawNumbers(shares, random)
  const parts = numbers.map((x) => {
    const part = Buffer.alloc(secret.length + 1)
    part[secret.length] = x
    return part
  })
  for (let at = 0; at < secret.length; at++) {
    const coefficients = random.bytes(threshold - 1)
    for (const part of parts) {
      const x = part[secret.length]!
      let y = 0
      for (let i = threshold - 2; i >= 0; i--) y = multiply(y ^ coefficients[i]!, x)
      part[at] = y ^ secret[at]!
    }
    coefficients.fill(0)
  }
  return parts
}

/** Different numbers from 1 to 255 in random order, so that a share doesn't tell how many there are. */
function drawNumbers(count: number, random: Random): number[] {
  const numbers = new Set<number>()
  while (numbers.size < count) for (const x of random.bytes(16)) if (x !== 0) numbers.add(x)
  return [...numbers].slice(0, count)
}

/**
 * The secret of at least two shares. Too few or foreign shares give a wrong secret without a sign of it:
 * the caller must check what comes out. Throws an Error in Vault's words for parts that can't be shares.
 */
export function combineShares(parts: readonly Uint8Array[]): Buffer {
  if (parts.length < 2)
    throw new Error('less than two parts cannot be used to reconstruct the secret')
  const length = parts[0]!.length
  if (length < 2) throw new Error('parts must be at least two bytes')
  if (parts.some((part) => part.length !== length))
    throw new Error('all parts must be the same length')
  const numbers = parts.map((part) => part[length - 1]!)
  if (new Set(numbers).size !== numbers.length) throw new Error('duplicate part detected')

  const weights = numbers.map((x, i) => weightAtZero(x, i, numbers))
  const secret = Buffer.alloc(length - 1)
  for (let at = 0; at < secret.length; at++) {
    let sum = 0
    for (let i = 0; i < parts.length; i++) sum ^= multiply(weights[i]!, parts[i]![at]!)
    secret[at] = sum
  }
  return secret
}

/** Lagrange's basis polynomial of share i at 0: the product of x_j / (x_j - x_i). */
function weightAtZero(x: number, i: number, numbers: readonly number[]): number {
  let weight = 1
  for (let j = 0; j < numbers.length; j++) {
    if (j !== i) weight = multiply(weight, multiply(numbers[j]!, invert(numbers[j]! ^ x)))
  }
  return weight
}
