// Finds the pieces of a request head in bytes, in one pass, and refuses every byte that RFC 9112 and
// RFC 9110 do not allow where it stands (bare CR or LF, folded lines, space before a colon, NUL…).
// It knows no header's meaning; request-head.ts gives that.
import { MAX_HEADER_COUNT } from '../base/limits.ts'

/** Results of scanHead below zero. */
export const NEED_MORE = -1
export const BAD_REQUEST_LINE = -2
export const BAD_VERSION = -3
export const BAD_HEADER = -4
export const TOO_MANY_HEADERS = -5

/** Longest method looked at; the longest one served has 7 letters. */
const MAX_METHOD_BYTES = 32

/**
 * Where the last scanned head has its pieces, relative to its first byte: end of method, start and end
 * of target, minor version, number of headers, then four offsets a header (name from, to; value from,
 * to). One for all connections: read it before anything else is scanned.
 */
export const offsets = new Int32Array(5 + 4 * MAX_HEADER_COUNT)

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58

const TOKEN = 1
const TARGET = 2
const VALUE = 4
/** Classes of each byte; a table, since a comparison chain a byte would be the parser's whole cost. */
const classes = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  const char = String.fromCharCode(byte)
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char)) classes[byte]! |= TOKEN
  // Raw bytes above ASCII are let through: curl sends a path as typed. request-path.ts checks UTF-8.
  if (byte > 32 && byte !== 127 && char !== '#') classes[byte]! |= TARGET
  if (byte === TAB || (byte >= 32 && byte !== 127)) classes[byte]! |= VALUE
}

/** First position from `at` whose byte is not of the class; `end` if there is none. */
function skip(bytes: Uint8Array, at: number, end: number, kind: number): number {
  let position = at
  while (position < end && (classes[bytes[position]!]! & kind) !== 0) position++
  return position
}

/** Scans a head that starts at `start`; answers where its body starts, or one of the codes above. */
export function scanHead(bytes: Uint8Array, start: number, end: number): number {
  let at = scanRequestLine(bytes, start, end)
  let count = 0
  while (at > 0) {
    if (at >= end) return NEED_MORE
    if (bytes[at] === CR) {
      offsets[4] = count
      if (at + 1 >= end) return NEED_MORE
      return bytes[at + 1] === LF ? at + 2 : BAD_HEADER
    }
    if (count === MAX_HEADER_COUNT) return TOO_MANY_HEADERS
    at = scanHeader(bytes, start, at, end, 5 + 4 * count)
    count++
  }
  return at
}

function scanRequestLine(bytes: Uint8Array, start: number, end: number): number {
  const methodEnd = skip(bytes, start, Math.min(end, start + MAX_METHOD_BYTES), TOKEN)
  if (methodEnd === end) return NEED_MORE
  if (methodEnd === start || bytes[methodEnd] !== SPACE) return BAD_REQUEST_LINE
  const targetEnd = skip(bytes, methodEnd + 1, end, TARGET)
  if (targetEnd === end) return NEED_MORE
  if (targetEnd === methodEnd + 1 || bytes[targetEnd] !== SPACE) return BAD_REQUEST_LINE
  const version = targetEnd + 1
  const fault = scanVersion(bytes, version, end)
  if (fault !== 0) return fault
  offsets[0] = methodEnd - start
  offsets[1] = methodEnd + 1 - start
  offsets[2] = targetEnd - start
  offsets[3] = bytes[version + 7]! - 48
  return version + 10
}

const VERSION = Buffer.from('HTTP/1.')

/** 0 if `HTTP/1.0` or `HTTP/1.1` and CR LF stand at `at`. */
function scanVersion(bytes: Uint8Array, at: number, end: number): number {
  for (let index = 0; index < 7; index++) {
    if (at + index >= end) return NEED_MORE
    if (bytes[at + index] === VERSION[index]) continue
    // HTTP/2.0 and HTTP/3 get their own words; anything else is no version at all.
    return index === 5 && isDigit(bytes[at + index]!) ? BAD_VERSION : BAD_REQUEST_LINE
  }
  if (at + 7 >= end) return NEED_MORE
  const minor = bytes[at + 7]!
  if (minor !== 48 && minor !== 49) return isDigit(minor) ? BAD_VERSION : BAD_REQUEST_LINE
  if (at + 8 >= end) return NEED_MORE
  if (bytes[at + 8] !== CR) return BAD_REQUEST_LINE
  if (at + 9 >= end) return NEED_MORE
  return bytes[at + 9] === LF ? 0 : BAD_REQUEST_LINE
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

function scanHeader(
  bytes: Uint8Array,
  start: number,
  at: number,
  end: number,
  slot: number,
): number {
  const colon = skip(bytes, at, end, TOKEN)
  if (colon === end) return NEED_MORE
  if (colon === at || bytes[colon] !== COLON) return BAD_HEADER
  let from = colon + 1
  while (from < end && (bytes[from] === SPACE || bytes[from] === TAB)) from++
  const lineEnd = skip(bytes, from, end, VALUE)
  if (lineEnd === end) return NEED_MORE
  if (bytes[lineEnd] !== CR) return BAD_HEADER
  if (lineEnd + 1 === end) return NEED_MORE
  if (bytes[lineEnd + 1] !== LF) return BAD_HEADER
  let to = lineEnd
  while (to > from && (bytes[to - 1] === SPACE || bytes[to - 1] === TAB)) to--
  offsets[slot] = at - start
  offsets[slot + 1] = colon - start
  offsets[slot + 2] = from - start
  offsets[slot + 3] = to - start
  return lineEnd + 2
}
