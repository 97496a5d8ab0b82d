// Base64 as Go's encoding/base64 reads it, which is what Vault's clients meet: the alphabet is exact, the
// padding is needed (or forbidden), line breaks are skipped, and an error names the byte where it is.
// Node's own decoder takes anything, so its result counts only where its length proves that all was used.
// Source: RFC 4648; the rules of Go's decoder as its documentation and its answers show them.

/** Why a text is no base64: the byte (of its UTF-8) at which the decoder stopped. */
export class Base64Fault extends Error {
  constructor(at: number) {
    super(`illegal base64 data at input byte ${at}`)
  }
}

/** Standard alphabet with padding. Throws Base64Fault. */
export function decodeBase64(text: string): Buffer {
  const length = text.length
  if (length % 4 === 0 && !text.includes('-') && !text.includes('_')) {
    const bytes = Buffer.from(text, 'base64')
    if (bytes.length === (length / 4) * 3 - paddingOf(text)) return bytes
    bytes.fill(0)
  }
  return decodeSlowly(Buffer.from(text), STANDARD, true)
}

/** URL-safe alphabet without padding, as JWS has it. Throws Base64Fault. */
export const decodeBase64Url = (text: string): Buffer =>
  decodeSlowly(Buffer.from(text), URL_SAFE, false)

function paddingOf(text: string): number {
  if (!text.endsWith('=')) return 0
  return text.endsWith('==') ? 2 : 1
}

const NO_VALUE = 0xff
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const STANDARD = valuesOf(`${LETTERS}+/`)
const URL_SAFE = valuesOf(`${LETTERS}-_`)
const PAD = 0x3d
const isLineBreak = (byte: number | undefined): boolean => byte === 0x0a || byte === 0x0d

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(256).fill(NO_VALUE)
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i
  return values
}

function decodeSlowly(input: Buffer, values: Uint8Array, isPadded: boolean): Buffer {
  const out = Buffer.alloc(Math.ceil((input.length * 3) / 4) + 3)
  let written = 0
  let group = 0
  let filled = 0
  let at = 0
  for (; at < input.length; at++) {
    const byte = input[at]!
    const value = values[byte]!
    if (value !== NO_VALUE) {
      group = (group << 6) | value
      if (++filled < 4) continue
      written = out.writeUIntBE(group, written, 3)
      group = 0
      filled = 0
    } else if (byte === PAD && isPadded) break
    else if (!isLineBreak(byte)) throw new Base64Fault(at)
  }
  if (at < input.length) checkPadding(input, at, filled)
  else if (filled === 1 || (isPadded && filled > 0)) throw new Base64Fault(at - filled)
  if (filled === 2) out[written++] = group >> 4
  else if (filled === 3) written = out.writeUInt16BE(group >> 2, written)
  return out.subarray(0, written)
}

/** The padding that begins at `at` must end a group of two or three letters, and the text. */
function checkPadding(input: Buffer, at: number, filled: number): void {
  if (filled < 2) throw new Base64Fault(at)
  let next = at + 1
  const skipLineBreaks = (): void => {
    while (isLineBreak(input[next])) next++
  }
  if (filled === 2) {
    skipLineBreaks()
    if (next === input.length) throw new Base64Fault(next)
    if (input[next] !== PAD) throw new Base64Fault(next - 1)
    next++
  }
  skipLineBreaks()
  if (next < input.length) throw new Base64Fault(next)
}
