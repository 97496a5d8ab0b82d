// Values as text: what Go's fmt does for Print, Println and every verb of Printf, for the types that templates have.
import {
  type Flags,
  formatFloatVerb,
  formatInteger,
  formatString,
  noFlags,
  pad,
} from './format-flags.ts'
import { isIntKind } from './go-types.ts'
import {
  GoBytes,
  GoComplex,
  GoFunc,
  GoInt,
  GoList,
  GoMap,
  GoStruct,
  type GoValue,
  type Rendering,
  typeName,
} from './go-values.ts'

/** What an action prints of a value. */
export function printable(value: GoValue, rendering: Rendering): string {
  if (value === undefined) return '<no value>'
  return formatValue(value, 'v', noFlags(), rendering)
}

/** A value under one verb with its flags. */
export function formatValue(
  value: GoValue,
  verb: string,
  flags: Flags,
  rendering: Rendering,
): string {
  if (value === null || value === undefined) {
    return verb === 'v' || verb === 'T' ? pad('<nil>', flags) : `%!${verb}(<nil>)`
  }
  if (verb === 'T') return formatString(typeName(value), 's', flags) ?? ''
  if (verb === 'p') return `%!p(${typeName(value)}=${printable(value, rendering)})`
  return new Formatter(verb, flags, rendering).value(value, 0)
}

class Formatter {
  private readonly verb: string
  private readonly flags: Flags
  private readonly rendering: Rendering
  private isErroring = false

  constructor(verb: string, flags: Flags, rendering: Rendering) {
    this.verb = verb
    this.flags = flags
    this.rendering = rendering
  }

  value(value: GoValue, depth: number): string {
    const { verb, flags } = this
    this.rendering.spend(1)
    switch (typeof value) {
      case 'string':
        return formatString(value, verb, flags) ?? this.bad(value)
      case 'number':
        return formatFloatVerb(value, verb, flags) ?? this.bad(value)
      case 'bigint':
        return formatInteger(value, verb, flags) ?? this.bad(value)
      case 'boolean':
        return verb === 't' || verb === 'v' ? pad(String(value), flags) : this.bad(value)
    }
    if (value === null || value === undefined) return this.nil()
    const isPlain = value instanceof GoInt || value instanceof GoBytes
    if (verb === 'w' && !isPlain && !this.isErroring) return this.bad(value)
    if (value instanceof GoMap) return this.map(value, depth)
    if (value instanceof GoList) return this.list(value, depth)
    if (value instanceof GoBytes) return this.bytes(value)
    if (value instanceof GoInt) {
      const text = value.named?.text
      if (text !== undefined && !this.isErroring && !flags.sharpV && 'vsxXq'.includes(verb)) {
        return formatString(text, verb, flags) ?? ''
      }
      const isSigned = isIntKind(value.type.kind)
      return formatInteger(value.value, verb, flags, isSigned) ?? this.bad(value)
    }
    if (value instanceof GoStruct) return this.struct(value, depth)
    if (value instanceof GoComplex) return this.complex(value)
    return this.bad(value)
  }

  private nil(): string {
    if (this.flags.sharpV) return 'interface {}(nil)'
    return '<nil>'
  }

  private bad(value: GoValue): string {
    if (this.isErroring || value instanceof GoFunc) return `%!${this.verb}(${typeName(value)})`
    const plain = new Formatter('v', this.flags, this.rendering)
    plain.isErroring = true
    return `%!${this.verb}(${typeName(value)}=${plain.value(value, 0)})`
  }

  /** Parts in the brackets of this form, each bounded by what the rendering may still make. */
  private joined(parts: Iterable<string>, open: string, close: string): string {
    const between = this.flags.sharpV ? ', ' : ' '
    let out = open
    let isFirst = true
    for (const part of parts) {
      out += isFirst ? part : between + part
      isFirst = false
      this.rendering.room(out.length)
    }
    return out + close
  }

  private map(map: GoMap, depth: number): string {
    const entries = map.sortedKeys().map((key) => {
      return `${this.value(key, depth + 1)}:${this.value(map.entries.get(key), depth + 1)}`
    })
    if (this.flags.sharpV) return this.joined(entries, `${map.type.name}{`, '}')
    return this.joined(entries, 'map[', ']')
  }

  private list(list: GoList, depth: number): string {
    if (this.flags.sharpV && list.isNil) return `${list.type.name}(nil)`
    const items = list.items.map((item) => this.value(item, depth + 1))
    return this.flags.sharpV
      ? this.joined(items, `${list.type.name}{`, '}')
      : this.joined(items, '[', ']')
  }

  private bytes(of: GoBytes): string {
    const { verb, flags } = this
    const found = verb === 'v' || verb === 'd' ? null : formatString(of.text, verb, flags)
    if (found !== null) return found
    const items = Array.from(of.text, (char) => {
      const byte = BigInt(char.charCodeAt(0))
      return formatInteger(byte, verb, flags, false) ?? this.bad(new GoInt(of.type.elem!, byte))
    })
    return flags.sharpV ? this.joined(items, '[]byte{', '}') : this.joined(items, '[', ']')
  }

  private struct(of: GoStruct, depth: number): string {
    const { verb, flags } = this
    const text = of.text()
    if (text !== undefined && !this.isErroring && !flags.sharpV && 'vsxXq'.includes(verb)) {
      return formatString(text, verb, flags) ?? ''
    }
    const isPointer = of.type.kind === 'ptr'
    const names = flags.plusV || flags.sharpV
    const parts = [...of.fields].map(([name, value]) => {
      return `${names ? `${name}:` : ''}${this.value(value, depth + 1)}`
    })
    const name = flags.sharpV ? of.type.name.replace('*', '') : ''
    return this.joined(parts, `${isPointer ? '&' : ''}${name}{`, '}')
  }

  private complex(of: GoComplex): string {
    const re = formatFloatVerb(of.re, this.verb, this.flags)
    const im = formatFloatVerb(of.im, this.verb, { ...this.flags, plus: true })
    return re === null || im === null ? this.bad(of) : `(${re}${im}i)`
  }
}

/** fmt.Sprint: a space between two neighbours of which neither is a string. */
export function sprint(values: readonly GoValue[], rendering: Rendering): string {
  let out = ''
  let wasString = true
  for (const [i, value] of values.entries()) {
    const isString = typeof value === 'string'
    if (i > 0 && !isString && !wasString) out += ' '
    out += formatValue(value, 'v', noFlags(), rendering)
    wasString = isString
    rendering.room(out.length)
  }
  return out
}

/** fmt.Sprintln. */
export function sprintln(values: readonly GoValue[], rendering: Rendering): string {
  const parts = values.map((value) => formatValue(value, 'v', noFlags(), rendering))
  return `${parts.join(' ')}\n`
}

/** The default text of a value, as %v. */
export const valueText = (value: GoValue, rendering: Rendering): string =>
  formatValue(value, 'v', noFlags(), rendering)
