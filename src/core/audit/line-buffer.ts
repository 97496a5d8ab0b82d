// Lines as bytes, side by side in one buffer: a line is encoded once, hashed where it lies and written
// from there. The buffer is used again for later lines, since making one for each write costs what the
// rest saves.

const FIRST_BYTES = 16 * 1024
const MOST_KEPT_BYTES = 256 * 1024
const NOTHING = Buffer.alloc(0)

export class LineBuffer {
  #bytes: Buffer = NOTHING
  #length = 0
  /** Where each finished line ends. */
  readonly #ends: number[] = []

  get length(): number {
    return this.#length
  }

  /** Adds text to the line that is being made. */
  add(text: string): void {
    // A UTF-16 unit takes at most three bytes; room is cheaper than an exact count.
    const needed = this.#length + text.length * 3
    if (needed > this.#bytes.length) this.#growTo(needed)
    this.#length += this.#bytes.write(text, this.#length)
  }

  endLine(): void {
    this.#ends.push(this.#length)
  }

  /** The bytes from there on; a view that is good until more is added. */
  since(start: number): Buffer {
    return this.#bytes.subarray(start, this.#length)
  }

  /** Begins anew. False where the buffer has become too large to be kept for later lines. */
  clear(): boolean {
    this.#length = 0
    this.#ends.length = 0
    return this.#bytes.length <= MOST_KEPT_BYTES
  }

  /** The finished lines, as views that are good until `clear`; nothing may be added before. */
  lines(): Uint8Array[] {
    let start = 0
    return this.#ends.map((end) => {
      const line = this.#bytes.subarray(start, end)
      start = end
      return line
    })
  }

  #growTo(needed: number): void {
    const size = Math.max(needed, this.#bytes.length * 2, FIRST_BYTES)
    const grown = Buffer.allocUnsafeSlow(size)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
