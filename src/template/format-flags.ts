// The flags, width and precision of one printf verb, and how numbers and strings are laid out by them: what Go's fmt
// does with basic values.
import { encodeRune, encodeRunes, runesOf } from './byte-strings.ts'
import { formatFloat, formatFloatBits } from './format-numbers.ts'
import { canBackquote, quote, quoteRune } from './quoting.ts'
import { isPrint } from './runes.ts'

export interface Flags {
  plus: boolean
  minus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  /** %+v and %#v. */
  plusV: boolean
  sharpV: boolean
  width: number | null
  precision: number | null
}

export const noFlags = (): Flags => ({
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  plusV: false,
  sharpV: false,
  width: null,
  precision: null,
})

/** Filled up to the width, which counts runes. */
export function pad(text: string, flags: Flags, isZero = flags.zero): string {
  if (flags.width === null) return text
  const missing = flags.width - runesOf(text).length
  if (missing <= 0) return text
  if (flags.minus) return text + ' '.repeat(missing)
  return (isZero ? '0' : ' ').repeat(missing) + text
}

function truncated(text: string, flags: Flags): string {
  if (flags.precision === null) return text
  const runes = runesOf(text)
  return runes.length <= flags.precision ? text : encodeRunes(runes.slice(0, flags.precision))
}

/** The text under s, v, q, x or X; null: a verb that strings don't have. */
export function formatString(text: string, verb: string, flags: Flags): string | null {
  switch (verb) {
    case 'v':
      return flags.sharpV ? quoted(text, flags) : pad(truncated(text, flags), flags)
    case 's':
      return pad(truncated(text, flags), flags)
    case 'q':
      return quoted(text, flags)
    case 'x':
    case 'X':
      return hexed(text, verb, flags)
    default:
      return null
  }
}

function quoted(text: string, flags: Flags): string {
  const kept = truncated(text, flags)
  const sharp = flags.sharp || flags.sharpV
  if (sharp && !flags.sharpV && canBackquote(kept)) return pad(`\`${kept}\``, flags)
  return pad(quote(kept, flags.plus), flags)
}

function hexed(text: string, verb: string, flags: Flags): string {
  const prefix = flags.sharp ? '0x' : ''
  const kept = flags.precision === null ? text : text.slice(0, flags.precision)
  const bytes = Array.from(kept, (char) => char.charCodeAt(0).toString(16).padStart(2, '0'))
  const joined = flags.space
    ? bytes.map((byte) => prefix + byte).join(' ')
    : bytes.length > 0
      ? prefix + bytes.join('')
      : ''
  return pad(verb === 'X' ? joined.toUpperCase() : joined, flags)
}

const BASES: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }

/** An integer; null: a verb that integers don't have. */
export function formatInteger(
  value: bigint,
  verb: string,
  flags: Flags,
  isSigned = true,
): string | null {
  if (verb === 'c') return pad(encodeRune(asRune(value)), flags)
  if (verb === 'q') return pad(quoteRune(asRune(value), flags.plus), flags)
  if (verb === 'U') return unicode(value, flags)
  const isHexV = verb === 'v' && flags.sharpV && !isSigned
  const base = isHexV ? 16 : BASES[verb]
  if (base === undefined) return null
  const size = value < 0n ? -value : value
  const hasSign = value < 0n || flags.plus || flags.space
  let least = 0
  if (flags.precision !== null) {
    least = flags.precision
    if (least === 0 && size === 0n) return pad('', flags, false)
  } else if (flags.zero && !flags.minus && flags.width !== null) {
    least = flags.width - (hasSign ? 1 : 0)
  }
  let text = size.toString(base).padStart(least, '0')
  if (flags.sharp || isHexV) {
    if (base === 2) text = `0b${text}`
    if (base === 8 && !text.startsWith('0')) text = `0${text}`
    if (base === 16) text = `0x${text}`
  }
  if (verb === 'X') text = text.toUpperCase()
  if (verb === 'O') text = `0o${text}`
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : ''
  return pad(sign + text, flags, false)
}

const asRune = (value: bigint): number =>
  BigInt.asUintN(64, value) > 0x10ffffn ? 0xfffd : Number(value)

function unicode(value: bigint, flags: Flags): string {
  const size = BigInt.asUintN(64, value)
  const digits = Math.max(4, flags.precision ?? 0)
  const text = `U+${size.toString(16).toUpperCase().padStart(digits, '0')}`
  const shown = flags.sharp && size <= 0x10ffffn && isPrint(Number(size))
  return pad(shown ? `${text} '${encodeRune(Number(size))}'` : text, flags, false)
}

/** A float; null: a verb that floats don't have. */
export function formatFloatVerb(value: number, verb: string, flags: Flags): string | null {
  let format = verb
  let precision = -1
  switch (verb) {
    case 'v':
      format = 'g'
      break
    case 'g':
    case 'G':
    case 'x':
    case 'X':
    case 'b':
      break
    case 'e':
    case 'E':
    case 'f':
      precision = 6
      break
    case 'F':
      format = 'f'
      precision = 6
      break
    default:
      return null
  }
  precision = flags.precision ?? precision
  let text =
    format === 'x' || format === 'X' || format === 'b'
      ? formatFloatBits(value, format, precision)
      : formatFloat(value, format, precision)
  if (text[0] !== '-' && text[0] !== '+') text = `+${text}`
  if (flags.space && text[0] === '+' && !flags.plus) text = ` ${text.slice(1)}`
  if (text[1] === 'I' || text[1] === 'N') {
    if (text[1] === 'N' && !flags.space && !flags.plus) text = text.slice(1)
    else if (text[0] === '+' && !flags.plus) text = text.slice(1) && text
    if (text.startsWith('+') && !flags.plus) text = text[1] === 'I' ? text : text.slice(1)
    return pad(text, flags, false)
  }
  if (flags.sharp && verb !== 'b') text = withPoint(text, format, precision)
  if (flags.plus || text[0] !== '+') {
    const { width } = flags
    if (flags.zero && !flags.minus && width !== null && width > text.length) {
      return text[0] + text.slice(1).padStart(width - 1, '0')
    }
    return pad(text, flags)
  }
  return pad(text.slice(1), flags)
}

/** The # flag: a decimal point always, and under g the zeros at the end. */
function withPoint(text: string, format: string, precision: number): string {
  const found = (/[xX]/.test(format) ? /^(.)([^pP]*)(.*)$/ : /^(.)([^eE]*)(.*)$/).exec(text)!
  let body = found[2]!
  if (!'gGx'.includes(format)) return found[1] + (body.includes('.') ? body : `${body}.`) + found[3]
  let missing = precision < 0 ? 6 : precision
  const significant = body.replace('.', '').replace(/^0+/, '').length
  missing -= significant
  if (!body.includes('.')) {
    if (body === '0') missing--
    body += '.'
  }
  return found[1] + body + '0'.repeat(Math.max(0, missing)) + found[3]
}
