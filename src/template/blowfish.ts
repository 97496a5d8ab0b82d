// The Blowfish cipher with bcrypt's key schedule (Provos and Mazieres, "A Future-Adaptable Password Scheme"). Its
// tables are the first 33,344 bits of the fraction of pi, so they are computed, once, instead of being listed.

const SUBKEYS = 18
const BOXES = 1024

/** floor(pi * 2^bits) by Machin's formula, with some bits to spare. */
function piBits(bits: number): bigint {
  const guard = 64n
  const one = 1n << (BigInt(bits) + guard)
  const arctanOfInverse = (x: bigint): bigint => {
    let power = one / x
    let sum = power
    for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
      power /= x * x
      sum += sign * (power / n)
    }
    return sum
  }
  return (4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n))) >> guard
}

let initial: Uint32Array | undefined

function tables(): Uint32Array {
  if (initial) return initial
  const words = SUBKEYS + BOXES
  const fraction = piBits(words * 32) & ((1n << BigInt(words * 32)) - 1n)
  const hex = fraction.toString(16).padStart(words * 8, '0')
  initial = Uint32Array.from({ length: words }, (_, i) =>
    Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16),
  )
  return initial
}

/** One keyed instance; keys and salts are repeated as often as is needed. */
export class Blowfish {
  private readonly keys: Uint32Array
  private readonly boxes: Uint32Array
  private left = 0
  private right = 0

  constructor() {
    this.keys = tables().slice(0, SUBKEYS)
    this.boxes = tables().slice(SUBKEYS)
  }

  private encryptBlock(): void {
    const { keys, boxes } = this
    let left = this.left
    let right = this.right
    for (let i = 0; i < 16; i += 2) {
      left ^= keys[i]!
      right ^=
        (((boxes[left >>> 24]! + boxes[256 + ((left >>> 16) & 255)]!) ^
          boxes[512 + ((left >>> 8) & 255)]!) +
          boxes[768 + (left & 255)]!) |
        0
      right ^= keys[i + 1]!
      left ^=
        (((boxes[right >>> 24]! + boxes[256 + ((right >>> 16) & 255)]!) ^
          boxes[512 + ((right >>> 8) & 255)]!) +
          boxes[768 + (right & 255)]!) |
        0
    }
    this.left = right ^ keys[17]!
    this.right = left ^ keys[16]!
  }

  /** Mixes a key in; with a salt it is mixed into the chain of blocks, too. */
  expand(key: Uint8Array, salt?: Uint8Array): void {
    const words = reader(key)
    for (let i = 0; i < SUBKEYS; i++) this.keys[i]! ^= words()
    const salts = salt ? reader(salt) : () => 0
    this.left = 0
    this.right = 0
    for (const table of [this.keys, this.boxes]) {
      for (let i = 0; i < table.length; i += 2) {
        this.left ^= salts()
        this.right ^= salts()
        this.encryptBlock()
        table[i] = this.left
        table[i + 1] = this.right
      }
    }
  }

  /** Encrypts two words in place, this many times. */
  encrypt(words: Uint32Array, at: number, times: number): void {
    this.left = words[at]!
    this.right = words[at + 1]!
    for (let i = 0; i < times; i++) this.encryptBlock()
    words[at] = this.left
    words[at + 1] = this.right
  }
}

/** 32-bit words of bytes that start over at their end. */
function reader(bytes: Uint8Array): () => number {
  let at = 0
  return () => {
    let word = 0
    for (let i = 0; i < 4; i++) {
      word = (word << 8) | bytes[at]!
      at = (at + 1) % bytes.length
    }
    return word
  }
}
