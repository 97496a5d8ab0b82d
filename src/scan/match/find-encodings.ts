// Runs of a text that may be encoded: percent escapes, U+ and \u escapes, hexadecimal of 32 digits or more and base64 of
// 16 characters or more, found from the left in this order of preference at each byte. Of two that meet, the weaker
// waits for the next pass.

export const ENCODINGS = ['percent', 'unicode', 'hex', 'base64'] as const
/** An index into ENCODINGS: the smaller goes before the larger. */
export type EncodingKind = 0 | 1 | 2 | 3

/** The kind of base64 runs. */
export const BASE64: EncodingKind = 3

export interface EncodedRun {
  readonly kind: EncodingKind
  readonly start: number
  readonly end: number
}

const LEAST_HEX = 32
const LEAST_BASE64 = 16
const PERCENT = 0x25
const BACKSLASH = 0x5c
const UPPER_U = 0x55

const HEX = 1
const WORD = 2
const SPECIAL = 4
const CLASSES = new Uint8Array(256)
for (const char of '0123456789abcdefABCDEF') CLASSES[char.charCodeAt(0)]! |= HEX
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/+-') {
  CLASSES[char.charCodeAt(0)]! |= WORD
}
for (const byte of [PERCENT, BACKSLASH, UPPER_U]) CLASSES[byte]! |= SPECIAL

const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && (CLASSES[byte]! & HEX) !== 0

/** All runs, without those that meet a neighbour of greater weight. */
export function findEncodings(bytes: Uint8Array): EncodedRun[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // "U+" is written with characters of base64, the other escapes end its runs.
  if (buffer.includes('U+')) return withoutWeaker(allRuns(bytes))
  const all: EncodedRun[] = []
  let at = 0
  const escapes = new EscapeSearch(buffer)
  for (let from = escapes.next(0); from >= 0; from = escapes.next(at)) {
    const kind: EncodingKind = bytes[from] === PERCENT ? 0 : 1
    const end = kind === 0 ? percentEnd(bytes, from) : escapesEnd(bytes, from)
    wordRuns(bytes, at, from, all)
    all.push({ kind, start: from, end })
    at = end
  }
  wordRuns(bytes, at, bytes.length, all)
  return withoutWeaker(all)
}

const ESCAPE_SIGNS = ['%', '\\u', '\\U'] as const

/** The begins of percent and \\u escapes. */
class EscapeSearch {
  private readonly buffer: Buffer
  /** For each sign, where the next one stands that begins an escape; -1: there is none. */
  private readonly places = [-2, -2, -2]

  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  /** The first escape that begins at or behind a byte; -1: there is none. */
  next(from: number): number {
    let first = -1
    for (let sign = 0; sign < 3; sign++) {
      let place = this.places[sign]!
      if (place !== -1 && place < from) this.places[sign] = place = this.search(sign, from)
      if (place >= 0 && (first < 0 || place < first)) first = place
    }
    return first
  }

  private search(sign: number, from: number): number {
    const { buffer } = this
    const text = ESCAPE_SIGNS[sign]!
    for (let at = buffer.indexOf(text, from); at >= 0; at = buffer.indexOf(text, at + 1)) {
      if (sign === 0) {
        if (isHex(buffer[at + 1]) && isHex(buffer[at + 2])) return at
      } else if (isFourHex(buffer, at + 2)) {
        return at > from && buffer[at - 1] === BACKSLASH ? at - 1 : at
      }
    }
    return -1
  }
}

/**
 * Adds hexadecimal and base64 that begin at `from` or later and before `to`, where no run goes on: a run of 16 characters
 * holds each sixteenth position, so most bytes are never read.
 */
function wordRuns(bytes: Uint8Array, from: number, to: number, all: EncodedRun[]): void {
  for (let at = from; at + LEAST_BASE64 <= to; ) {
    let start = at + LEAST_BASE64 - 1
    if ((CLASSES[bytes[start]!]! & WORD) === 0) {
      at = start + 1
      continue
    }
    const end = endOf(WORD, bytes, start)
    while (start > at && (CLASSES[bytes[start - 1]!]! & WORD) !== 0) start--
    const hexEnd = endOf(HEX, bytes, start)
    if (hexEnd - start >= LEAST_HEX) {
      all.push({ kind: 2, start, end: hexEnd })
      start = hexEnd
    }
    if (end - start >= LEAST_BASE64) {
      all.push({ kind: BASE64, start, end: end + padding(bytes, end) })
    }
    at = end
  }
}

/** The search of all kinds, byte by byte. */
function allRuns(bytes: Uint8Array): EncodedRun[] {
  const all: EncodedRun[] = []
  // Within a run of base64's characters that is too short, only "U+" can begin anything.
  let shortUntil = 0
  for (let at = 0; at < bytes.length; ) {
    const found = CLASSES[bytes[at]!]!
    if (found === 0) {
      at++
      continue
    }
    let end = (found & SPECIAL) === 0 ? -1 : specialEnd(bytes, at)
    let kind: EncodingKind = bytes[at] === PERCENT ? 0 : 1
    if (end < 0 && (found & WORD) !== 0 && at >= shortUntil) {
      const hexEnd = (found & HEX) === 0 ? at : endOf(HEX, bytes, at)
      if (hexEnd - at >= LEAST_HEX) [kind, end] = [2, hexEnd]
      else {
        const runEnd = endOf(WORD, bytes, hexEnd)
        if (runEnd - at >= LEAST_BASE64) [kind, end] = [BASE64, runEnd + padding(bytes, runEnd)]
        else if (!holdsCodePoint(bytes, at, runEnd)) {
          at = runEnd
          continue
        } else shortUntil = runEnd
      }
    }
    if (end < 0) at++
    else {
      all.push({ kind, start: at, end })
      at = end
    }
  }
  return all
}

function endOf(kind: number, bytes: Uint8Array, at: number): number {
  let end = at
  while (end < bytes.length && (CLASSES[bytes[end]!]! & kind) !== 0) end++
  return end
}

function holdsCodePoint(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === UPPER_U) return true
  return false
}

function padding(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x3d) return 0
  return bytes[at + 1] === 0x3d ? 2 : 1
}

function specialEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === PERCENT) return percentEnd(bytes, at)
  return bytes[at] === UPPER_U ? codePointsEnd(bytes, at) : escapesEnd(bytes, at)
}

/** From the first escape to the last one on the line. */
function percentEnd(bytes: Uint8Array, at: number): number {
  if (!isHex(bytes[at + 1]) || !isHex(bytes[at + 2])) return -1
  let end = at + 3
  for (let i = end; i < bytes.length && bytes[i] !== 10; i++) {
    if (bytes[i] === PERCENT && isHex(bytes[i + 1]) && isHex(bytes[i + 2])) end = i + 3
  }
  return end
}

const isFourHex = (bytes: Uint8Array, at: number): boolean =>
  isHex(bytes[at]) && isHex(bytes[at + 1]) && isHex(bytes[at + 2]) && isHex(bytes[at + 3])

const isSpace = (byte: number): boolean =>
  byte === 32 || byte === 9 || byte === 10 || byte === 12 || byte === 13

/** `U+0041 U+0042 …`, each with white space or the text's end behind it. */
function codePointsEnd(bytes: Uint8Array, from: number): number {
  let end = -1
  for (let at = from; bytes[at] === UPPER_U && bytes[at + 1] === 0x2b; ) {
    if (!isFourHex(bytes, at + 2)) break
    at += 6
    if (at === bytes.length) return at
    if (!isSpace(bytes[at]!)) break
    end = ++at
  }
  return end
}

/** `\u0041\\u0042…`, with one or two backslashes each. */
function escapesEnd(bytes: Uint8Array, from: number): number {
  let end = -1
  for (let at = from; bytes[at] === BACKSLASH; ) {
    at += bytes[at + 1] === BACKSLASH ? 2 : 1
    if ((bytes[at]! | 0x20) !== 0x75 || !isFourHex(bytes, at + 1)) break
    end = at += 5
  }
  return end
}

function withoutWeaker(all: readonly EncodedRun[]): EncodedRun[] {
  return all.filter((run, i) => {
    const [before, after] = [all[i - 1], all[i + 1]]
    if (before && before.end >= run.start && before.kind < run.kind) return false
    return !(after && after.start <= run.end && after.kind < run.kind)
  })
}
