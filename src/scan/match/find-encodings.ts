// Runs of a text that may be encoded: percent escapes, U+ and \u escapes, hexadecimal of 32 digits or more and base64 of
// 16 characters or more, found from the left in this order of preference at each byte. Of two that meet, the weaker
// waits for the next pass.

export const ENCODINGS = ['percent', 'unicode', 'hex', 'base64'] as const
/** An index into ENCODINGS: the smaller goes before the larger. */
export type EncodingKind = 0 | 1 | 2 | 3

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
const BASE64 = 2
const SPECIAL = 4
const CLASSES = new Uint8Array(256)
for (const char of '0123456789abcdefABCDEF') CLASSES[char.charCodeAt(0)]! |= HEX
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/+-') {
  CLASSES[char.charCodeAt(0)]! |= BASE64
}
for (const byte of [PERCENT, BACKSLASH, UPPER_U]) CLASSES[byte]! |= SPECIAL

const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && (CLASSES[byte]! & HEX) !== 0

/** All runs, without those that meet a neighbour of greater weight. */
export function findEncodings(bytes: Uint8Array): EncodedRun[] {
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
    if (end < 0 && (found & BASE64) !== 0 && at >= shortUntil) {
      let hexEnd = at
      while (isHex(bytes[hexEnd])) hexEnd++
      if (hexEnd - at >= LEAST_HEX) [kind, end] = [2, hexEnd]
      else {
        let runEnd = hexEnd
        while (runEnd < bytes.length && (CLASSES[bytes[runEnd]!]! & BASE64) !== 0) runEnd++
        if (runEnd - at >= LEAST_BASE64) [kind, end] = [3, runEnd + padding(bytes, runEnd)]
        else shortUntil = runEnd
      }
    }
    if (end < 0) at++
    else {
      all.push({ kind, start: at, end })
      at = end
    }
  }
  return withoutWeaker(all)
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
