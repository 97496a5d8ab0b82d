// What the flags of pflag hold: how each type reads its text, and Go's words where it can't. Numbers are those of
// strconv.ParseInt with base 0, so 0x10, 0b1 and 1_000 are numbers too.
// Source: behaviour of github.com/spf13/pflag and of Go's strconv, time and encoding/csv.
import { parseNanoseconds } from './duration.ts'

/** A text that a flag can't take; the message is what follows "invalid argument … for … flag: ". */
export class FlagValueError extends Error {
  override readonly name = 'FlagValueError'
}

export function parseBoolean(text: string): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false
  throw new FlagValueError(`strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`)
}

/** Whether underscores stand only between digits, or between a base prefix and a digit. */
const UNDERSCORES =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|[0-9](?:_?[0-9])*)$/

function magnitude(text: string): bigint | null {
  if (!UNDERSCORES.test(text)) return null
  const digits = text.replaceAll('_', '')
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`)
  return BigInt(digits.toLowerCase())
}

/** A 64 bit integer; what is beyond a safe integer of JavaScript is refused as out of range. */
export function parseInteger(text: string): number {
  const refuse = (why: string): never => {
    throw new FlagValueError(`strconv.ParseInt: parsing ${goQuote(text)}: ${why}`)
  }
  const value = magnitude(text.replace(/^[+-]/, ''))
  if (value === null) return refuse('invalid syntax')
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return refuse('value out of range')
  return text.startsWith('-') ? -Number(value) : Number(value)
}

export function parseUnsigned(text: string): number {
  const refuse = (why: string): never => {
    throw new FlagValueError(`strconv.ParseUint: parsing ${goQuote(text)}: ${why}`)
  }
  const value = magnitude(text)
  if (value === null) return refuse('invalid syntax')
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return refuse('value out of range')
  return Number(value)
}

/** Milliseconds, with fractions, of a text such as 1m30s. */
export function parseGoDuration(text: string): number {
  const isGo = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(text)
  const value = isGo ? parseNanoseconds(text) : null
  if (value !== null) return Number(value) / 1e6
  if (text !== '' && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text)) {
    throw new FlagValueError(`time: missing unit in duration ${goQuote(text)}`)
  }
  throw new FlagValueError(`time: invalid duration ${goQuote(text)}`)
}

/** The fields of one record of comma-separated values; an empty text has none. */
export function parseCsvRecord(text: string): string[] {
  const fields: string[] = []
  if (text === '') return fields
  for (let at = 0; ; ) {
    if (text[at] !== '"') {
      const comma = text.indexOf(',', at)
      const field = text.slice(at, comma < 0 ? text.length : comma).replace(/\r?\n[\s\S]*$/, '')
      const quoteAt = field.indexOf('"')
      if (quoteAt >= 0) {
        const column = Buffer.byteLength(text.slice(0, at + quoteAt)) + 1
        throw new FlagValueError(
          `parse error on line 1, column ${column}: bare " in non-quoted-field`,
        )
      }
      fields.push(field)
      if (comma < 0) return fields
      at = comma + 1
      continue
    }
    const found = /"((?:[^"]|"")*)"(,|\r?\n|$)/y
    found.lastIndex = at
    const match = found.exec(text)
    if (!match) {
      const column = Buffer.byteLength(text) + 1
      throw new FlagValueError(
        `parse error on line 1, column ${column}: extraneous or missing " in quoted-field`,
      )
    }
    fields.push(match[1]!.replaceAll('""', '"'))
    if (match[2] !== ',') return fields
    at = found.lastIndex
  }
}

const csvField = (text: string): string =>
  /[",\r\n]|^\s/.test(text) || text === '\\.' ? `"${text.replaceAll('"', '""')}"` : text

/** How a list flag shows its value: [a,b]. */
export const showList = (values: readonly string[]): string => `[${values.map(csvField).join(',')}]`

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
}

/** A text in double quotes, with Go's escapes (%q). */
export function goQuote(text: string): string {
  let out = '"'
  for (const char of text) {
    const point = char.codePointAt(0)!
    if (Object.hasOwn(ESCAPES, char)) out += ESCAPES[char]
    else if (point < 32 || point === 127) out += `\\x${point.toString(16).padStart(2, '0')}`
    else if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)) out += char
    else if (point < 0x10000) out += `\\u${point.toString(16).padStart(4, '0')}`
    else out += `\\U${point.toString(16).padStart(8, '0')}`
  }
  return `${out}"`
}
