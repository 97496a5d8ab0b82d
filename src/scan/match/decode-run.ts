// What an encoded run says, as a byte string; "" where it isn't really encoded text. Hexadecimal and base64 count only
// if all they hold is printable ASCII, and percent escapes only if each of them is.
import { encodeRune } from '../../template/byte-strings.ts'
import type { EncodingKind } from './find-encodings.ts'

const isPrintable = (byte: number): boolean => byte > 8 && byte < 127

export function decodeRun(kind: EncodingKind, text: string): string {
  if (kind === 0) return decodePercent(text)
  if (kind === 1) return decodeUnicode(text)
  return kind === 2 ? decodeHex(text) : decodeBase64(text)
}

function decodePercent(text: string): string {
  let isAllPrintable = true
  const decoded = text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => {
    const byte = Number.parseInt(digits, 16)
    isAllPrintable &&= isPrintable(byte)
    return String.fromCharCode(byte)
  })
  return isAllPrintable ? decoded : ''
}

const decodeUnicode = (text: string): string =>
  Array.from(text.matchAll(/(?:U\+|\\[uU])([0-9A-Fa-f]{4})/g), ([, digits]) =>
    encodeRune(Number.parseInt(digits!, 16)),
  ).join('')

/** All letters and no digit: a long symbol rather than hexadecimal. */
const DIGIT = /[0-9]/

function decodeHex(text: string): string {
  if (text.length % 2 !== 0 || !DIGIT.test(text)) return ''
  for (let i = 0; i < text.length; i += 2) {
    const high = Number.parseInt(text[i]!, 16)
    if (high > 7 || (high === 0 && Number.parseInt(text[i + 1]!, 16) < 9)) return ''
  }
  const decoded = Buffer.from(text, 'hex')
  return decoded.every(isPrintable) ? decoded.toString('latin1') : ''
}

const VALUES = new Int8Array(128).fill(-1)
for (const [i, char] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries()) {
  VALUES[char.charCodeAt(0)] = i
}
VALUES[0x2d] = 62
VALUES[0x5f] = 63

function decodeBase64(text: string): string {
  const firstPad = text.indexOf('=')
  const size = firstPad < 0 ? text.length : firstPad
  const pads = text.length - size
  const isStandard = /^[A-Za-z0-9+/]*=*$/.test(text) && (size + pads) % 4 === 0 && pads < 3
  const isUrl = pads === 0 && size % 4 !== 1 && /^[A-Za-z0-9_-]*$/.test(text)
  if ((!isStandard && !isUrl) || size % 4 === 1) return ''
  if (!/[0-9+/_-]/.test(text)) return ''
  const decoded = Buffer.from(text, 'base64')
  return decoded.every(isPrintable) ? decoded.toString('latin1') : ''
}

/**
 * Whether a run of base64 may be text: its first two groups of four, 48 bits, are six printable bytes. Most long names
 * of source code end here.
 */
export function isBase64Text(bytes: Uint8Array, start: number): boolean {
  for (const at of [start, start + 4]) {
    let bits = 0
    for (let i = at; i < at + 4; i++) bits = (bits << 6) | VALUES[bytes[i]!]!
    if (!isPrintable(bits >> 16) || !isPrintable((bits >> 8) & 255) || !isPrintable(bits & 255)) {
      return false
    }
  }
  return true
}
