// sprig's functions on strings. Lengths and places are bytes.
import { byteStringOf, bytesOf, encodeRunes, mapRunes, runeAt, runesOf } from './byte-strings.ts'
import { toText } from './cast-values.ts'
import { decodeBase32, decodeBase64, encodeBase32 } from './decode-text.ts'
import { valueText } from './format-values.ts'
import { STRING_MAP, STRINGS, UINT8 } from './go-types.ts'
import {
  type FunctionTable,
  GoBytes,
  GoInt,
  GoList,
  GoMap,
  type GoValue,
  type Rendering,
} from './go-values.ts'
import { quote } from './quoting.ts'
import { isSpace, lowerRune, upperRune } from './runes.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'
import {
  abbreviated,
  connectedCase,
  initialsOf,
  pascalCase,
  swappedCase,
  titleCase,
  uncapitalized,
  withoutSpace,
  wrapped,
} from './text-words.ts'

const text = (change: (of: string) => GoValue) =>
  goFunction('string', ([of]) => change(of as string))
const texts = (change: (a: string, b: string) => GoValue) =>
  goFunction('string, string', ([a, b]) => change(a as string, b as string))

const outOfRange = (from: number, to: number, length: number): FunctionError =>
  new FunctionError(
    to > length || to < 0
      ? `runtime error: slice bounds out of range [:${to}]${to < 0 ? '' : ` with length ${length}`}`
      : from < 0
        ? `runtime error: slice bounds out of range [${from}:]`
        : `runtime error: slice bounds out of range [${from}:${to}]`,
  )

/** A slice of a string as Go does it: it panics instead of being lenient. */
function cut(of: string, from: number, to: number): string {
  if (from < 0 || to < from || to > of.length) throw outOfRange(from, to, of.length)
  return of.slice(from, to)
}

function substring(from: number, to: number, of: string): string {
  if (from < 0) return cut(of, 0, to)
  return to < 0 || to > of.length ? cutFrom(of, from) : cut(of, from, to)
}

function cutFrom(of: string, from: number): string {
  if (from > of.length) {
    throw new FunctionError(`runtime error: slice bounds out of range [${from}:${of.length}]`)
  }
  return of.slice(from)
}

function trunc(count: number, of: string): string {
  if (count < 0 && of.length + count > 0) return of.slice(of.length + count)
  return count >= 0 ? of.slice(0, count) : of
}

/** Without the runes at both ends that are to be cut; what is between stays byte for byte. */
function trimmed(of: string, isCut: (rune: number) => boolean): string {
  let from = 0
  while (from < of.length) {
    const { rune, size } = runeAt(of, from)
    if (!isCut(rune)) break
    from += size
  }
  let to = of.length
  while (to > from) {
    const start = lastRuneStart(of, from, to)
    if (!isCut(runeAt(of, start).rune)) break
    to = start
  }
  return of.slice(from, to)
}

/** Where the last rune before `to` begins. */
function lastRuneStart(of: string, from: number, to: number): number {
  for (let start = Math.max(from, to - 4); start < to - 1; start++) {
    if (start + runeAt(of.slice(0, to), start).size === to) return start
  }
  return to - 1
}

function repeat(count: number, of: string, rendering: Rendering): string {
  if (count < 0) throw new FunctionError('strings: negative Repeat count')
  rendering.room(count * of.length)
  return of.repeat(count)
}

export function splitText(of: string, separator: string, most = -1): string[] {
  if (most === 0) return []
  if (separator === '') {
    const runes = runesOf(of).map((rune) => encodeRunes([rune]))
    if (most < 0 || runes.length <= most) return runes
    return [...runes.slice(0, most - 1), runes.slice(most - 1).join('')]
  }
  const parts = of.split(separator)
  if (most < 0 || parts.length <= most) return parts
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)]
}

function numbered(parts: readonly string[]): GoMap {
  return new GoMap(STRING_MAP, new Map(parts.map((part, i) => [`_${i}`, part])))
}

/** sprig's strslice: any list as texts without nils; one value as a list of itself. */
export function textsOf(value: GoValue, rendering: Rendering): string[] {
  if (value instanceof GoList) {
    return value.items
      .filter((item) => item !== null && item !== undefined)
      .map((item) => toText(item, rendering))
  }
  if (value instanceof GoBytes) {
    return Array.from(value.text, (char) =>
      toText(new GoInt(UINT8, BigInt(char.charCodeAt(0))), rendering),
    )
  }
  return value === null || value === undefined ? [] : [toText(value, rendering)]
}

function indent(spaces: number, of: string, rendering: Rendering): string {
  if (spaces < 0) throw new FunctionError('strings: negative Repeat count')
  const lines = of.split('\n')
  rendering.room(of.length + spaces * lines.length)
  return lines.map((line) => ' '.repeat(spaces) + line).join('\n')
}

function replace(of: string, from: string, to: string, rendering: Rendering): string {
  if (from === '') {
    const runes = runesOf(of)
    rendering.room(of.length + (runes.length + 1) * to.length)
    return to + runes.map((rune) => encodeRunes([rune]) + to).join('')
  }
  const parts = of.split(from)
  rendering.room(of.length + parts.length * to.length)
  return parts.join(to)
}

const present = (values: readonly GoValue[]): readonly GoValue[] =>
  values.filter((value) => value !== null && value !== undefined)

function lenient(decode: (of: string) => Uint8Array): (of: string) => string {
  return (of) => {
    try {
      return byteStringOf(decode(of))
    } catch (error) {
      if (error instanceof FunctionError) return error.message
      throw error
    }
  }
}

const sized = (change: (count: number, of: string, rendering: Rendering) => string) =>
  goFunction('int, string', ([count, of], rendering) =>
    change(Number(count), of as string, rendering),
  )

export const STRING_FUNCTIONS: FunctionTable = functionTable({
  hello: goFunction('', () => 'Hello!'),
  abbrev: sized((width, of) => (width < 4 ? of : abbreviated(of, 0, width))),
  abbrevboth: goFunction('int, int, string', ([left, right, given]) => {
    const [from, width, of] = [Number(left), Number(right), given as string]
    return width < 4 || (from > 0 && width < 7) ? of : abbreviated(of, from, width)
  }),
  trunc: sized(trunc),
  trim: text((of) => trimmed(of, isSpace)),
  upper: text((of) => mapRunes(of, upperRune)),
  lower: text((of) => mapRunes(of, lowerRune)),
  title: text(titleCase),
  untitle: text(uncapitalized),
  substr: goFunction('int, int, string', ([from, to, of]) =>
    substring(Number(from), Number(to), of as string),
  ),
  repeat: sized(repeat),
  trimall: texts((set, of) => trimSet(set, of)),
  trimAll: texts((set, of) => trimSet(set, of)),
  trimSuffix: texts((end, of) => (of.endsWith(end) ? of.slice(0, of.length - end.length) : of)),
  trimPrefix: texts((begin, of) => (of.startsWith(begin) ? of.slice(begin.length) : of)),
  nospace: text(withoutSpace),
  initials: text(initialsOf),
  swapcase: text(swappedCase),
  snakecase: text((of) => connectedCase(of, '_')),
  kebabcase: text((of) => connectedCase(of, '-')),
  camelcase: text(pascalCase),
  wrap: sized((width, of) => wrapped(of, width, '', false)),
  wrapWith: goFunction('int, string, string', ([width, between, of], rendering) =>
    wrapText(of as string, Number(width), between as string, rendering),
  ),
  contains: texts((part, of) => of.includes(part)),
  hasPrefix: texts((part, of) => of.startsWith(part)),
  hasSuffix: texts((part, of) => of.endsWith(part)),
  quote: goFunction('...any', (args, of) =>
    present(args)
      .map((value) => quote(toText(value, of)))
      .join(' '),
  ),
  squote: goFunction('...any', (args, of) =>
    present(args)
      .map((value) => `'${valueText(value, of)}'`)
      .join(' '),
  ),
  cat: goFunction('...any', (args, of) =>
    present(args)
      .map((value) => valueText(value, of))
      .join(' '),
  ),
  indent: sized(indent),
  nindent: sized((spaces, of, rendering) => `\n${indent(spaces, of, rendering)}`),
  replace: goFunction('string, string, string', ([from, to, of], rendering) =>
    replace(of as string, from as string, to as string, rendering),
  ),
  plural: goFunction('string, string, int', ([one, many, count]) => (count === 1n ? one : many)),
  toString: goFunction('any', ([value], of) => toText(value, of)),
  toStrings: goFunction('any', ([value], of) => new GoList(STRINGS, textsOf(value, of))),
  join: goFunction('string, any', ([between, value], of) => {
    const parts = textsOf(value, of)
    of.room(parts.reduce((sum, part) => sum + part.length + (between as string).length, 0))
    return parts.join(between as string)
  }),
  split: texts((between, of) => numbered(splitText(of, between))),
  splitList: texts((between, of) => new GoList(STRINGS, splitText(of, between))),
  splitn: goFunction('string, int, string', ([between, count, of]) =>
    numbered(splitText(of as string, between as string, Number(count))),
  ),
  b64enc: text((of) => bytesOf(of).toString('base64')),
  b64dec: text(lenient(decodeBase64)),
  b32enc: text((of) => encodeBase32(bytesOf(of))),
  b32dec: text(lenient(decodeBase32)),
  fail: text((message) => {
    throw new FunctionError(message)
  }),
})

function trimSet(set: string, of: string): string {
  const runes = new Set(runesOf(set))
  return trimmed(of, (rune) => runes.has(rune))
}

function wrapText(of: string, width: number, between: string, rendering: Rendering): string {
  rendering.room(of.length + (of.length / Math.max(1, width)) * between.length)
  return wrapped(of, width, between, true)
}
