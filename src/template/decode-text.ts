// Base64, base32 and hex of byte strings, as strict as Go's encoders are and with their words for what is wrong.
import { Buffer } from 'node:buffer'
import { quoteRune } from './quoting.ts'
import { FunctionError } from './template-error.ts'

const corrupt = (name: string, at: number): FunctionError =>
  new FunctionError(`illegal ${name} data at input byte ${at}`)

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Standard base64 with padding; line ends within are passed over. Throws FunctionError. */
export function decodeBase64(text: string): Buffer {
  check(text, { name: 'base64', alphabet: BASE64, group: 4, ends: [0, 2, 3] })
  return Buffer.from(text, 'base64')
}

/** Standard base32 with padding. Throws FunctionError. */
export function decodeBase32(text: string): Buffer {
  check(text, { name: 'base32', alphabet: BASE32, group: 8, ends: [0, 2, 4, 5, 7] })
  const out: number[] = []
  let held = 0
  let bits = 0
  for (const char of text.replace(/[=\r\n]/g, '')) {
    held = ((held << 5) | BASE32.indexOf(char)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      out.push((held >> bits) & 0xff)
    }
  }
  return Buffer.from(out)
}

export function encodeBase32(raw: Uint8Array): string {
  let out = ''
  let held = 0
  let bits = 0
  for (const byte of raw) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += BASE32[(held >> bits) & 31]
    }
  }
  if (bits > 0) out += BASE32[(held << (5 - bits)) & 31]
  return out.padEnd(Math.ceil(out.length / 8) * 8, '=')
}

interface Encoding {
  readonly name: string
  readonly alphabet: string
  /** Characters of a group, and how many of them a last group may have before its padding. */
  readonly group: number
  readonly ends: readonly number[]
}

/** Finds the first byte that does not belong, where Go would report it. */
function check(text: string, of: Encoding): void {
  let inGroup = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '\n' || char === '\r') continue
    if (char === '=') {
      if (!of.ends.includes(inGroup) || inGroup === 0) throw corrupt(of.name, at)
      checkPadding(text, at, of.group - inGroup, of)
      return
    }
    if (!of.alphabet.includes(char)) throw corrupt(of.name, at)
    inGroup = (inGroup + 1) % of.group
  }
  if (inGroup !== 0) throw corrupt(of.name, text.length - inGroup)
}

function checkPadding(text: string, start: number, count: number, of: Encoding): void {
  let seen = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]!
    if (char === '\n' || char === '\r') continue
    if (seen === count) throw corrupt(of.name, at)
    if (char !== '=') throw corrupt(of.name, of.group === 4 ? at - 1 : at)
    seen++
  }
  if (seen < count) throw corrupt(of.name, text.length)
}

/** Hexadecimal. Throws FunctionError. */
export function decodeHex(text: string): Buffer {
  const bad = /[^0-9a-fA-F]/.exec(text)
  if (bad) {
    const shown = quoteRune(bad[0].charCodeAt(0)).slice(1, -1)
    const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    throw new FunctionError(`encoding/hex: invalid byte: U+${code} '${shown}'`)
  }
  if (text.length % 2 !== 0) throw new FunctionError('encoding/hex: odd length hex string')
  return Buffer.from(text, 'hex')
}
