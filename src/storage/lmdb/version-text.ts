// Versions between LMDB (a random integer below 2^52, kept as a double before the value) and the contract
// (a string): ten characters of six bits. That is 25 ns, where String(number) costs 150 ns, on the
// hottest call of the product.
import type { Random } from '../../base/random.ts'

const HALF = 2 ** 26
const FIRST = 48
const WIDTH = 10

/** Ten printable characters ('0' to 'o') for an integer from 0 to 2^52 - 1. */
export function versionText(version: number): string {
  const high = Math.floor(version / HALF)
  const low = version - high * HALF
  return String.fromCharCode(
    FIRST + (high >> 24),
    FIRST + ((high >> 18) & 63),
    FIRST + ((high >> 12) & 63),
    FIRST + ((high >> 6) & 63),
    FIRST + (high & 63),
    FIRST + (low >> 24),
    FIRST + ((low >> 18) & 63),
    FIRST + ((low >> 12) & 63),
    FIRST + ((low >> 6) & 63),
    FIRST + (low & 63),
  )
}

/** The number of a version's text; NaN, which equals no version, for text that is not one. */
export function versionNumber(text: string): number {
  if (text.length !== WIDTH) return Number.NaN
  let version = 0
  for (let i = 0; i < WIDTH; i++) {
    const bits = text.charCodeAt(i) - FIRST
    if (bits < 0 || bits > 63) return Number.NaN
    version = version * (i === 5 ? 4 : 64) + bits
  }
  return version
}

const BLOCK = 64 * 7

/**
 * Draws versions: 1 to 2^52 - 1, so that 0 never means anything. They are unique by chance, not secret,
 * which is why a block of randomness may serve many.
 */
export function versionSource(random: Random): () => number {
  let block: Buffer = Buffer.alloc(0)
  let used = BLOCK
  const draw = (): number => {
    if (used >= BLOCK) {
      block = random.bytes(BLOCK)
      used = 0
    }
    const version = block.readUIntBE(used, 6) * 16 + (block[used + 6]! & 15)
    used += 7
    return version === 0 ? draw() : version
  }
  return draw
}
