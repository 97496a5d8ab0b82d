// Go's quoted strings and characters, written and read (strconv.Quote and Unquote). All are byte strings.
import { encodeRune, REPLACEMENT, runeAt } from './byte-strings.ts'
import { isPrint } from './runes.ts'

const NAMED: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
}
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

function escapeRune(rune: number, mark: string, isAsciiOnly: boolean): string {
  if (rune === mark.charCodeAt(0) || rune === 92) return `\\${String.fromCharCode(rune)}`
  if (isAsciiOnly ? rune < 0x80 && isPrint(rune) : isPrint(rune)) return encodeRune(rune)
  const named = NAMED[rune]
  if (named !== undefined) return named
  if (rune < 32 || rune === 0x7f) return `\\x${hex(rune, 2)}`
  return rune < 0x10000 ? `\\u${hex(rune, 4)}` : `\\U${hex(rune, 8)}`
}

/** A double-quoted Go string; with `isAsciiOnly` all else is escaped (%+q). */
export function quote(bytes: string, isAsciiOnly = false): string {
  if (/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(bytes)) return `"${bytes}"`
  let out = '"'
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = runeAt(bytes, at)
    out +=
      size === 1 && rune === REPLACEMENT
        ? `\\x${hex(bytes.charCodeAt(at), 2)}`
        : escapeRune(rune, '"', isAsciiOnly)
    at += size
  }
  return `${out}"`
}

export function quoteRune(rune: number, isAsciiOnly = false): string {
  const valid = rune >= 0 && rune <= 0x10ffff && !(rune >= 0xd800 && rune <= 0xdfff)
  return `'${escapeRune(valid ? rune : REPLACEMENT, "'", isAsciiOnly)}'`
}

/** Whether the text can stand between backquotes unchanged, on one line. */
export function canBackquote(bytes: string): boolean {
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = runeAt(bytes, at)
    if (size === 1 && (rune === REPLACEMENT || (rune < 32 && rune !== 9))) return false
    if (rune === 96 || rune === 127 || rune === 0xfeff) return false
    at += size
  }
  return true
}

const SIMPLE: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
}

/** One character of a quoted text: bytes it stands for, its rune and where the next begins; null: bad syntax. */
export function unquoteChar(
  text: string,
  at: number,
  mark: string,
): { bytes: string; rune: number; next: number } | null {
  const first = text[at]
  if (first === undefined || first === mark || first === '\n') return null
  if (first !== '\\') {
    const { rune, size } = runeAt(text, at)
    return { bytes: text.slice(at, at + size), rune, next: at + size }
  }
  const kind = text[at + 1]
  if (kind === undefined) return null
  if (kind === mark) return { bytes: mark, rune: mark.charCodeAt(0), next: at + 2 }
  const simple = Object.hasOwn(SIMPLE, kind) ? SIMPLE[kind] : undefined
  if (simple !== undefined) {
    return { bytes: String.fromCharCode(simple), rune: simple, next: at + 2 }
  }
  const length = kind === 'x' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : 0
  if (length > 0) {
    const digits = text.slice(at + 2, at + 2 + length)
    if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits)) return null
    const rune = Number.parseInt(digits, 16)
    if (kind === 'x') return { bytes: String.fromCharCode(rune), rune, next: at + 4 }
    if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) return null
    return { bytes: encodeRune(rune), rune, next: at + 2 + length }
  }
  const octal = text.slice(at + 1, at + 4)
  if (!/^[0-7]{3}$/.test(octal)) return null
  const rune = Number.parseInt(octal, 8)
  return rune > 255 ? null : { bytes: String.fromCharCode(rune), rune, next: at + 4 }
}

/** The value of a quoted or backquoted string with its quotes; null: bad syntax. */
export function unquote(quoted: string): string | null {
  const inner = quoted.slice(1, -1)
  if (quoted[0] === '`') return inner.replaceAll('\r', '')
  if (!/["\\\n]/.test(inner)) return inner
  let out = ''
  for (let at = 0; at < inner.length; ) {
    const char = unquoteChar(inner, at, '"')
    if (!char) return null
    out += char.bytes
    at = char.next
  }
  return out
}
