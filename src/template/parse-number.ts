// Numbers as Go writes them: what strconv.ParseInt, ParseUint and ParseFloat take, and the constants of templates.
import { unquoteChar } from './quoting.ts'

const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)
const MAX_UINT64 = 2n ** 64n - 1n

const DIGITS: Readonly<Record<number, RegExp>> = {
  2: /^[01]+$/,
  8: /^[0-7]+$/,
  10: /^[0-9]+$/,
  16: /^[0-9a-fA-F]+$/,
}

/** The magnitude of digits; base 0 takes prefixes (0x, 0o, 0b, 0) and underscores between digits. */
function magnitude(text: string, base: number): bigint | null {
  let digits = text
  let radix = base
  if (base === 0) {
    const prefix = /^0([xX]|[oO]|[bB])/.exec(text)
    radix = 10
    if (prefix) {
      radix = { x: 16, o: 8, b: 2 }[prefix[1]!.toLowerCase()]!
      digits = text.slice(2)
      if (digits.startsWith('_')) digits = digits.slice(1)
    } else if (text.length > 1 && text[0] === '0') {
      radix = 8
      digits = text.slice(1)
      if (digits.startsWith('_')) digits = digits.slice(1)
    }
    if (/^_|_$|__/.test(digits)) return null
    digits = digits.replaceAll('_', '')
  }
  if (!DIGITS[radix]!.test(digits) || digits.length > 80) return null
  const prefix = radix === 16 ? '0x' : radix === 8 ? '0o' : radix === 2 ? '0b' : ''
  return BigInt(prefix + digits)
}

/** strconv.ParseInt to 64 bits; null where Go gives an error. */
export function parseInteger(text: string, base: 0 | 8 | 10): bigint | null {
  const sign = text[0] === '-' || text[0] === '+' ? text[0] : ''
  const size = magnitude(text.slice(sign.length), base)
  if (size === null) return null
  const value = sign === '-' ? -size : size
  return value > MAX_INT64 || value < MIN_INT64 ? null : value
}

export function parseUnsigned(text: string): bigint | null {
  const value = magnitude(text, 0)
  return value === null || value > MAX_UINT64 ? null : value
}

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/
const HEX_FLOAT = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/

/** strconv.ParseFloat; null where Go gives an error (also out of range). `_` only as in base 0 constants. */
export function parseFloat64(text: string, isConstant = false): number | null {
  const plain = isConstant && text.includes('_') ? withoutUnderscores(text) : text
  if (plain === null) return null
  if (DECIMAL.test(plain)) {
    const value = Number(plain)
    return Number.isFinite(value) ? value : null
  }
  const hex = HEX_FLOAT.exec(plain)
  if (hex) {
    const digits = `${hex[2]}${hex[3]}`
    if (digits === '' || digits.length > 64) return null
    const size = Number(BigInt(`0x${digits}`)) * 2 ** (Number(hex[4]) - 4 * hex[3]!.length)
    return Number.isFinite(size) ? (hex[1] === '-' ? -size : size) : null
  }
  const named = /^([+-]?)(inf|infinity|nan)$/i.exec(plain)
  if (!named) return null
  if (named[2]!.toLowerCase() === 'nan') return named[1] === '' ? Number.NaN : null
  return named[1] === '-' ? -Infinity : Infinity
}

function withoutUnderscores(text: string): string | null {
  const isHex = /^[+-]?0[xX]/.test(text)
  const digit = isHex ? '[0-9a-fA-FxX]' : '[0-9]'
  const pattern = new RegExp(`(?<!${digit})_|_(?!${isHex ? '[0-9a-fA-F]' : '[0-9]'})`)
  // Underscores belong to base prefixes only: ParseFloat takes them in hexadecimal floats alone.
  if (!isHex || pattern.test(text)) return null
  return text.replaceAll('_', '')
}

export interface Constant {
  int?: bigint
  uint?: bigint
  float?: number
  complex?: { re: number; im: number }
}

/** A constant of a template, all the types that it can have; a string: the error's text. */
export function parseConstant(
  text: string,
  kind: 'number' | 'charConstant' | 'complex',
): Constant | string {
  if (kind === 'charConstant') return parseCharacter(text)
  if (kind === 'complex') return parseComplex(text)
  if (text.endsWith('i')) {
    const im = parseFloat64(text.slice(0, -1), true)
    if (im !== null) return simplified(0, im)
  }
  const made: Constant = {}
  const uint = parseUnsigned(text)
  if (uint !== null) made.uint = uint
  const int = parseInteger(text, 0)
  if (int !== null) made.int = int
  if (int === 0n) made.uint = 0n
  const whole = made.int ?? made.uint
  if (whole !== undefined) return { ...made, float: Number(whole) }
  const float = parseFloat64(text, true)
  if (float === null) return `illegal number syntax: "${text}"`
  if (!/[.eEpP]/.test(text)) return `integer overflow: "${text}"`
  return { float, ...wholeOf(float) }
}

function wholeOf(float: number): Constant {
  if (!Number.isInteger(float)) return {}
  const made: Constant = {}
  const whole = BigInt(float)
  if (whole >= MIN_INT64 && whole <= MAX_INT64) made.int = whole
  if (whole >= 0n && whole <= MAX_UINT64) made.uint = whole
  return made
}

function parseCharacter(text: string): Constant | string {
  const char = unquoteChar(text, 1, "'")
  if (!char) return 'invalid syntax'
  if (text.slice(char.next) !== "'") return `malformed character constant: ${text}`
  const rune = BigInt(char.rune)
  return { int: rune, uint: rune, float: char.rune }
}

function parseComplex(text: string): Constant | string {
  const split = Math.max(text.lastIndexOf('+'), text.lastIndexOf('-'))
  const re = parseFloat64(text.slice(0, split), true)
  const im = parseFloat64(text.slice(split, -1), true)
  return re === null || im === null ? 'syntax error scanning complex number' : simplified(re, im)
}

function simplified(re: number, im: number): Constant {
  return im === 0 ? { complex: { re, im }, float: re, ...wholeOf(re) } : { complex: { re, im } }
}
