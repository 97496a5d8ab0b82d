// Go's strings are bytes, and templates can see it: len, index, slice, trunc and b64dec all work on bytes.
// Inside the template machine a string is therefore a "byte string": a JavaScript string whose characters
// are the bytes (0 to 255) of the UTF-8 text. ASCII is the same in both, so most strings cost one test.
import { Buffer } from 'node:buffer'

const BEYOND_ASCII = /[^\p{ASCII}]/u

/** True where a byte string and its text are the same characters. */
export const isAscii = (text: string): boolean => !BEYOND_ASCII.test(text)

/** A text's UTF-8 bytes, one per character. Lone surrogates become U+FFFD. */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of a byte string; bytes that are no UTF-8 become U+FFFD. */
export function fromByteString(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

/** The bytes themselves, for hashes and encodings. */
export const bytesOf = (bytes: string): Buffer => Buffer.from(bytes, 'latin1')
export const byteStringOf = (raw: Uint8Array): string =>
  Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1')

export const REPLACEMENT = 0xfffd

/** The rune at a byte and its length in bytes: a bad byte is U+FFFD of length 1, as in Go. */
export function runeAt(bytes: string, at: number): { rune: number; size: number } {
  const first = bytes.charCodeAt(at)
  if (first < 0x80) return { rune: first, size: 1 }
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4 || at + size > bytes.length) return BAD
  let rune = first & (0xff >> (size + 1))
  for (let i = 1; i < size; i++) {
    const next = bytes.charCodeAt(at + i)
    if ((next & 0xc0) !== 0x80) return BAD
    rune = (rune << 6) | (next & 0x3f)
  }
  const least = size === 2 ? 0x80 : size === 3 ? 0x800 : 0x10000
  if (rune < least || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) return BAD
  return { rune, size }
}

const BAD = { rune: REPLACEMENT, size: 1 } as const

/** All runes of a byte string, as a Go conversion to []rune gives them. */
export function runesOf(bytes: string): number[] {
  const out: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = runeAt(bytes, at)
    out.push(rune)
    at += size
  }
  return out
}

/** The UTF-8 bytes of a rune; what is no rune gives those of U+FFFD. */
export function encodeRune(rune: number): string {
  if (rune >= 0 && rune < 0x80) return String.fromCharCode(rune)
  const bad = rune < 0 || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)
  return Buffer.from(String.fromCodePoint(bad ? REPLACEMENT : rune), 'utf8').toString('latin1')
}

export const encodeRunes = (runes: readonly number[]): string => runes.map(encodeRune).join('')

/** Each rune mapped, or dropped where the mapping says null. */
export function mapRunes(bytes: string, change: (rune: number) => number): string {
  let out = ''
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = runeAt(bytes, at)
    out += encodeRune(change(rune))
    at += size
  }
  return out
}
