// Cuts a file's bytes into fragments, as they come, without holding more than one of them. Under `compat` the cuts
// are gitleaks' own, down to its reader's buffer: 100,000 bytes and on to an empty line (25,000 bytes at most), then
// what is left of 4,096 bytes read ahead and on to an empty line. Otherwise they are 256 KiB, at an empty line, else at
// a line, else (one huge line) at a space or a quote. It also says what a file is: text, UTF-16, binary.
import { SCAN_FRAGMENT_BYTES } from '../../base/limits.ts'
import { hasBinaryMagic, hasNul, isApplication, utf16Mark } from './content-type.ts'
import { LogCleaner } from './log-cleaner.ts'
import type { FileOrigin, Reading } from './source-settings.ts'

const COMPAT_CHUNK = 100_000
const PEEK = 25_000
const READ_AHEAD = 4096
const NEWLINE = 10

const isSpace = (byte: number): boolean =>
  byte === 32 || byte === 9 || byte === NEWLINE || byte === 13

/**
 * Where a chunk of `bytes[from, from + size)` ends that may grow to an empty line: after the second newline in a row
 * (other white space between them does not count), or PEEK bytes on, or at `end`.
 */
export function safeBoundary(bytes: Uint8Array, from: number, size: number, end: number): number {
  let newlines = 0
  for (let at = from + size - 1; at >= from && isSpace(bytes[at]!); at--) {
    if (bytes[at] === NEWLINE && ++newlines >= 2) return from + size
  }
  newlines = 0
  const last = Math.min(end, from + size + PEEK)
  let at = from + size - 1
  for (;;) {
    const byte = bytes[at]!
    if (byte === NEWLINE) {
      if (++newlines >= 2) return at + 1
    } else if (!isSpace(byte)) newlines = 0
    if (at + 1 >= last) return last
    at++
  }
}

export interface ChunkerOptions {
  /** False: only a NUL makes a file binary, as for git. */
  readonly magic: boolean
  /** Bytes at whose multiples gitleaks' reads end; 0 for a file, 32,768 for what is inflated. */
  readonly grain: number
  /** Bytes that were read before this file's, of the same stream. */
  readonly offset: number
}

export class TextChunker {
  readonly #reading: Reading
  readonly #origin: FileOrigin
  readonly #compat: boolean
  readonly #options: ChunkerOptions
  readonly #cleaner: LogCleaner | null
  #window: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0
  #line = 1
  #passed = 0
  /** Bytes that gitleaks' reader holds when a chunk ends: its next chunk is these. */
  #readAhead = 0
  #isFirst = true
  #decoder: InstanceType<typeof TextDecoder> | null = null
  /** Nothing more is wanted of this file: it is binary. */
  isDone = false

  constructor(reading: Reading, origin: FileOrigin, options: Partial<ChunkerOptions> = {}) {
    this.#reading = reading
    this.#options = { magic: true, grain: 0, offset: 0, ...options }
    this.#passed = this.#options.offset
    this.#origin = origin
    this.#compat = reading.settings.compat
    this.#cleaner = origin.kind === 'log' && !this.#compat ? new LogCleaner() : null
  }

  /** The next bytes of the file; they are copied. */
  push(bytes: Uint8Array): void {
    if (this.isDone || bytes.length === 0) return
    if (this.#isFirst && !this.#compat && this.#end === this.#start) this.#openDecoder(bytes)
    this.#store(this.#decoder ? Buffer.from(this.#decoder.decode(bytes, { stream: true })) : bytes)
    this.#cut(false)
  }

  /** The file is over. */
  end(): void {
    if (this.#decoder !== null && !this.isDone) this.#store(Buffer.from(this.#decoder.decode()))
    const cleaner = this.#cleaner
    if (cleaner !== null && !this.isDone) this.#keep(cleaner.end())
    if (!this.isDone) this.#cut(true)
    this.#window = new Uint8Array(0)
  }

  /** Gives up complete lines early, for a stream that pauses. */
  flushLines(): void {
    if (this.isDone || this.#compat) return
    const last = this.#window.subarray(this.#start, this.#end).lastIndexOf(NEWLINE)
    if (last >= 0) this.#emit(last + 1, last + 1)
  }

  #openDecoder(bytes: Uint8Array): void {
    const mark = utf16Mark(bytes)
    if (mark === null) return
    this.#decoder = new TextDecoder(mark)
    this.#reading.notes.warn(`${this.#origin.path}: ${mark.toUpperCase()} text, read as UTF-8`)
  }

  #store(raw: Uint8Array): void {
    this.#keep(this.#cleaner?.push(raw) ?? raw)
  }

  #keep(bytes: Uint8Array): void {
    const held = this.#end - this.#start
    if (this.#end + bytes.length > this.#window.length) {
      if (held + bytes.length <= this.#window.length) {
        this.#window.copyWithin(0, this.#start, this.#end)
      } else {
        const next = new Uint8Array(2 * (held + bytes.length))
        next.set(this.#window.subarray(this.#start, this.#end))
        this.#window = next
      }
      this.#start = 0
      this.#end = held
    }
    this.#window.set(bytes, this.#end)
    this.#end += bytes.length
  }

  #cut(isOver: boolean): void {
    while (!this.isDone && this.#end > this.#start) {
      const held = this.#end - this.#start
      const most = this.#compat
        ? this.#readAhead || this.#readable(0, COMPAT_CHUNK)
        : SCAN_FRAGMENT_BYTES
      if (!isOver && held <= most + PEEK + READ_AHEAD) return
      const size = Math.min(most, held)
      if (this.#compat) this.#emit(size, this.#compatEnd(size))
      else this.#emit(size, held <= size + PEEK && isOver ? held : this.#ownEnd(size))
    }
  }

  #compatEnd(size: number): number {
    const end = safeBoundary(this.#window, this.#start, size, this.#end) - this.#start
    let filled = size
    while (filled < end) {
      const held = this.#end - this.#start - filled
      filled += Math.min(this.#readable(filled, READ_AHEAD), held)
    }
    this.#readAhead = filled - end
    return end
  }

  /** How much one read of gitleaks' reader gives from `at` bytes on: its inflater stops at each window's end. */
  #readable(at: number, most: number): number {
    const { grain } = this.#options
    return grain === 0 ? most : Math.min(most, grain - ((this.#passed + at) % grain))
  }

  #ownEnd(size: number): number {
    const end = safeBoundary(this.#window, this.#start, size, this.#end) - this.#start
    if (end < size + PEEK) return end
    const tail = this.#window.subarray(this.#start + size - PEEK, this.#start + end)
    const newline = tail.lastIndexOf(NEWLINE)
    if (newline >= 0) return size - PEEK + newline + 1
    for (let at = tail.length - 1; at > 0; at--) {
      const byte = tail[at]!
      // Space, tab, quotes, comma, ampersand, semicolon, angle brackets: no secret holds these.
      if (byte === 32 || byte === 9 || byte === 34 || byte === 44 || byte === 38 || byte === 59) {
        return size - PEEK + at + 1
      }
    }
    return end
  }

  /** The chunk is `end` bytes long; its type is told from the first `size` of them. */
  #emit(size: number, end: number): void {
    const { batcher } = this.#reading
    const head = this.#window.subarray(this.#start, this.#start + size)
    const place = { ...this.#origin, startLine: this.#line }
    if (
      this.#compat ? this.#line === 1 && isApplication(head) : this.#isFirst && this.#isBinary(head)
    ) {
      this.isDone = true
      this.#reading.notes.skipped({ what: this.#origin.path, why: 'binary', makesPartial: false })
      // A rule may be about the path alone.
      if (!this.#compat) batcher.add(place, head.subarray(0, 0))
      return
    }
    const chunk = this.#window.subarray(this.#start, this.#start + end)
    this.#isFirst = false
    this.#line += countNewlines(chunk)
    this.#start += end
    this.#passed += end
    batcher.add(place, chunk)
  }

  #isBinary(head: Uint8Array): boolean {
    return this.#decoder === null && (hasNul(head) || (this.#options.magic && hasBinaryMagic(head)))
  }
}

export function countNewlines(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++
  return count
}
