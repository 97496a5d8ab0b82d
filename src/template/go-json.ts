// JSON as Go's encoding/json writes and reads it: sorted keys, escaped HTML characters, its float format, and the words
// of its errors. Numbers that are read are float64.
import { Buffer } from 'node:buffer'
import { MAX_JSON_DEPTH } from '../base/limits.ts'
import { encodeRune, runeAt } from './byte-strings.ts'
import { formatFloat } from './format-numbers.ts'
import { DICT } from './go-types.ts'
import {
  GoBytes,
  GoInt,
  GoList,
  GoMap,
  GoStruct,
  type GoValue,
  listOf,
  type Rendering,
  typeName,
} from './go-values.ts'
import { quoteRune } from './quoting.ts'
import { FunctionError } from './template-error.ts'

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/** A byte string as a JSON text in quotes; invalid UTF-8 becomes the escape of U+FFFD. */
export function jsonText(text: string, isHtmlSafe: boolean): string {
  let out = '"'
  for (let at = 0; at < text.length; ) {
    const { rune, size } = runeAt(text, at)
    const char = text.slice(at, at + size)
    at += size
    if (Object.hasOwn(SHORT, char)) out += SHORT[char]
    else if (rune < 32 || (isHtmlSafe && '<>&'.includes(char))) {
      out += `\\u${rune.toString(16).padStart(4, '0')}`
    } else if (rune === 0x2028 || rune === 0x2029) out += `\\u${rune.toString(16)}`
    else out += size === 1 && rune === 0xfffd ? '\\ufffd' : char
  }
  return `${out}"`
}

function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) {
    throw new FunctionError(`json: unsupported value: ${formatFloat(value, 'g', -1)}`)
  }
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) {
    return formatFloat(value, 'e', -1).replace(/e-0(\d)$/, 'e-$1')
  }
  return formatFloat(value, 'f', -1)
}

/** json.Marshal; with an indent MarshalIndent. Throws FunctionError for what JSON can't hold. */
export function encodeJson(
  value: GoValue,
  rendering: Rendering,
  options: { indent?: string; isHtmlSafe?: boolean } = {},
): string {
  const { indent = '', isHtmlSafe = true } = options
  const write = (of: GoValue, margin: string): string => {
    rendering.spend(1)
    if (margin.length > 2 * MAX_JSON_DEPTH + 2)
      throw new FunctionError('json: value is nested too deeply')
    switch (typeof of) {
      case 'string':
        return jsonText(of, isHtmlSafe)
      case 'number':
        return jsonNumber(of)
      case 'bigint':
      case 'boolean':
        return String(of)
      case 'undefined':
        return 'null'
    }
    if (of === null || (of instanceof GoList && of.isNil)) return 'null'
    if (of instanceof GoInt) return of.value.toString()
    if (of instanceof GoBytes) return `"${Buffer.from(of.text, 'latin1').toString('base64')}"`
    const inner = `${margin}  `
    const enclosed = (parts: readonly string[], open: string, close: string): string => {
      if (parts.length === 0) return open + close
      rendering.room(parts.reduce((sum, part) => sum + part.length, 0))
      if (indent === '') return open + parts.join(',') + close
      return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`
    }
    const pair = (key: string, item: GoValue): string =>
      `${jsonText(key, isHtmlSafe)}:${indent === '' ? '' : ' '}${write(item, inner)}`
    if (of instanceof GoList)
      return enclosed(
        of.items.map((item) => write(item, inner)),
        '[',
        ']',
      )
    if (of instanceof GoMap) {
      return enclosed(
        of.sortedKeys().map((key) => pair(key, of.entries.get(key))),
        '{',
        '}',
      )
    }
    if (of instanceof GoStruct) {
      const own = of.json()
      if (own !== undefined) return write(own, margin)
      return enclosed(
        [...of.fields].map(([key, item]) => pair(key, item)),
        '{',
        '}',
      )
    }
    throw new FunctionError(`json: unsupported type: ${typeName(of)}`)
  }
  return write(value, '')
}

/** json.Unmarshal into an interface. Throws FunctionError in Go's words. */
export function decodeJson(text: string, rendering: Rendering): GoValue {
  rendering.spend(text.length >> 3)
  return new Reader(text).document()
}

/** Places where even a space would be wrong, so that the end is reported as one. */
const WITHIN = /literal (true|false|null)|numeric literal|string escape code|hexadecimal/

class Reader {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  document(): GoValue {
    const value = this.value(0)
    this.space()
    if (this.at < this.text.length) this.fail('after top-level value')
    return value
  }

  private space(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at++
  }

  private fail(where: string): never {
    const isWithin = WITHIN.test(where)
    if (this.at >= this.text.length && !isWithin) {
      throw new FunctionError('unexpected end of JSON input')
    }
    const char = this.text[this.at] ?? ' '
    const shown = char === "'" ? `'\\''` : char === '"' ? `'"'` : quoteRune(char.charCodeAt(0))
    throw new FunctionError(`invalid character ${shown} ${where}`)
  }

  private value(depth: number): GoValue {
    if (depth > MAX_JSON_DEPTH) throw new FunctionError('exceeded max depth')
    this.space()
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth)
      case '[':
        return this.array(depth)
      case '"':
        return this.string()
      case 't':
        return this.word('true', true)
      case 'f':
        return this.word('false', false)
      case 'n':
        return this.word('null', null)
      default:
        return this.number()
    }
  }

  private word(word: string, value: GoValue): GoValue {
    for (let i = 0; i < word.length; i++, this.at++) {
      if (this.text[this.at] === word[i]) continue
      this.fail(`in literal ${word} (expecting ${quoteRune(word.charCodeAt(i))})`)
    }
    return value
  }

  private array(depth: number): GoValue {
    const items: GoValue[] = []
    this.at++
    this.space()
    if (this.text[this.at] === ']') {
      this.at++
      return listOf(items)
    }
    for (;;) {
      items.push(this.value(depth + 1))
      this.space()
      const char = this.text[this.at]
      if (char !== ',' && char !== ']') this.fail('after array element')
      this.at++
      if (char === ']') return listOf(items)
    }
  }

  private object(depth: number): GoValue {
    const entries = new Map<string, GoValue>()
    this.at++
    this.space()
    if (this.text[this.at] === '}') {
      this.at++
      return new GoMap(DICT, entries)
    }
    for (;;) {
      this.space()
      if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string')
      const key = this.string()
      this.space()
      if (this.text[this.at] !== ':') this.fail('after object key')
      this.at++
      entries.set(key, this.value(depth + 1))
      this.space()
      const char = this.text[this.at]
      if (char !== ',' && char !== '}') this.fail('after object key:value pair')
      this.at++
      if (char === '}') return new GoMap(DICT, entries)
    }
  }

  private string(): string {
    let out = ''
    this.at++
    for (;;) {
      const char = this.text[this.at]
      if (char === undefined) this.fail('')
      if (char === '"') {
        this.at++
        return out
      }
      if (char < ' ') this.fail('in string literal')
      if (char === '\\') {
        out += this.escape()
        continue
      }
      const { rune, size } = runeAt(this.text, this.at)
      out += encodeRune(rune)
      this.at += size
    }
  }

  private escape(): string {
    this.at++
    const kind = this.text[this.at]
    const plain: Readonly<Record<string, string>> = {
      b: '\b',
      f: '\f',
      n: '\n',
      r: '\r',
      t: '\t',
      '"': '"',
      '\\': '\\',
      '/': '/',
    }
    if (kind !== 'u') {
      if (kind === undefined || !Object.hasOwn(plain, kind)) this.fail('in string escape code')
      this.at++
      return plain[kind]!
    }
    const unit = this.hex()
    if (unit < 0xd800 || unit > 0xdfff) return encodeRune(unit)
    const second = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(this.text.slice(this.at, this.at + 6))
    if (unit > 0xdbff || !second) return encodeRune(0xfffd)
    this.at += 6
    return encodeRune((unit - 0xd800) * 0x400 + Number.parseInt(second[1]!, 16) - 0xdc00 + 0x10000)
  }

  private hex(): number {
    this.at++
    const start = this.at
    for (; this.at < start + 4; this.at++) {
      if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) {
        this.fail('in \\u hexadecimal character escape')
      }
    }
    return Number.parseInt(this.text.slice(start, this.at), 16)
  }

  private number(): number {
    const start = this.at
    const digits = (): number => {
      const from = this.at
      while (/[0-9]/.test(this.text[this.at] ?? '')) this.at++
      return this.at - from
    }
    const isNegative = this.text[this.at] === '-'
    if (isNegative) this.at++
    if (this.text[this.at] === '0') this.at++
    else if (digits() === 0) {
      this.fail(isNegative ? 'in numeric literal' : 'looking for beginning of value')
    }
    if (this.text[this.at] === '.') {
      this.at++
      if (digits() === 0) this.fail('after decimal point in numeric literal')
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at++
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at++
      if (digits() === 0) this.fail('in exponent of numeric literal')
    }
    const text = this.text.slice(start, this.at)
    const value = Number(text)
    if (!Number.isFinite(value)) {
      throw new FunctionError(`json: cannot unmarshal number ${text} into Go value of type float64`)
    }
    return value
  }
}
