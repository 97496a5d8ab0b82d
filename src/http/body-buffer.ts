// Gathers a body that arrives in pieces into one growing buffer: a list of pieces would cost an
// attacker one byte and us a hundred per segment, and a buffer of the declared size would be given
// to whoever only declares it.

const FIRST_BYTES = 16 * 1024
const NONE = Buffer.alloc(0)

export class BodyBuffer {
  #bytes: Buffer = NONE
  #used = 0

  get length(): number {
    return this.#used
  }

  /** Copies `source[from, to)` in; `expected` is the final size, or -1 if unknown. */
  append(source: Buffer, from: number, to: number, expected: number): void {
    const needed = this.#used + (to - from)
    if (needed > this.#bytes.length) {
      const grown = Math.max(needed, this.#bytes.length * 2, FIRST_BYTES)
      const bytes = Buffer.allocUnsafeSlow(
        expected >= 0 ? Math.min(grown, Math.max(expected, needed)) : grown,
      )
      this.#bytes.copy(bytes, 0, 0, this.#used)
      this.#bytes = bytes
    }
    source.copy(this.#bytes, this.#used, from, to)
    this.#used = needed
  }

  /** The bytes gathered, which the caller then owns; the buffer starts anew. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used)
    this.#bytes = NONE
    this.#used = 0
    return taken
  }
}
