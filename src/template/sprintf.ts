// fmt.Sprintf: reads the format, takes arguments in order or by [n], and says in the output what does not fit.
import { runeAt } from './byte-strings.ts'
import { type Flags, noFlags } from './format-flags.ts'
import { formatValue } from './format-values.ts'
import { GoInt, type GoValue, type Rendering, typeName } from './go-values.ts'

/** Widths and precisions beyond this are refused by Go too. */
const MOST = 1e6

export function sprintf(format: string, args: readonly GoValue[], rendering: Rendering): string {
  return new Printer(format, args, rendering).run()
}

class Printer {
  private readonly format: string
  private readonly args: readonly GoValue[]
  private readonly rendering: Rendering
  private out = ''
  private at = 0
  private arg = 0
  private isReordered = false
  private isGoodIndex = true
  private isAfterIndex = false

  constructor(format: string, args: readonly GoValue[], rendering: Rendering) {
    this.format = format
    this.args = args
    this.rendering = rendering
  }

  run(): string {
    const { format } = this
    while (this.at < format.length) {
      const percent = format.indexOf('%', this.at)
      const end = percent < 0 ? format.length : percent
      this.out += format.slice(this.at, end)
      this.at = end
      if (percent < 0) break
      this.at++
      if (!this.verb()) break
      this.rendering.room(this.out.length)
    }
    this.extra()
    return this.out
  }

  private extra(): void {
    if (this.isReordered || this.arg >= this.args.length) return
    const parts = this.args.slice(this.arg).map((value) => {
      const text = formatValue(value, 'v', noFlags(), this.rendering)
      return value === null || value === undefined ? '<nil>' : `${typeName(value)}=${text}`
    })
    this.out += `%!(EXTRA ${parts.join(', ')})`
  }

  private flags(): Flags {
    const flags = noFlags()
    for (; this.at < this.format.length; this.at++) {
      switch (this.format[this.at]) {
        case '#':
          flags.sharp = true
          break
        case '0':
          flags.zero = true
          break
        case '+':
          flags.plus = true
          break
        case '-':
          flags.minus = true
          break
        case ' ':
          flags.space = true
          break
        default:
          return flags
      }
    }
    return flags
  }

  /** One verb; false: the format ends inside it. */
  private verb(): boolean {
    this.isGoodIndex = true
    this.isAfterIndex = false
    const flags = this.flags()
    this.index()
    this.width(flags)
    if (this.at + 1 < this.format.length && this.format[this.at] === '.') this.precision(flags)
    if (!this.isAfterIndex) this.index()
    if (this.at >= this.format.length) {
      this.out += '%!(NOVERB)'
      return false
    }
    const { size } = runeAt(this.format, this.at)
    const verb = this.format.slice(this.at, this.at + size)
    this.at += size
    if (verb === '%') this.out += '%'
    else if (!this.isGoodIndex) this.out += `%!${verb}(BADINDEX)`
    else if (this.arg >= this.args.length) this.out += `%!${verb}(MISSING)`
    else this.print(verb, flags)
    return true
  }

  private print(verb: string, flags: Flags): void {
    const value = this.args[this.arg++]
    if (verb === 'v' || verb === 'w') {
      flags.sharpV = flags.sharp
      flags.plusV = flags.plus
      flags.sharp = false
      flags.plus = false
    }
    this.out += formatValue(value, verb, flags, this.rendering)
  }

  private number(): number | null {
    const digits = /[0-9]*/y
    digits.lastIndex = this.at
    const [text] = digits.exec(this.format) ?? ['']
    if (text === '') return null
    // A number that is too large ends the reading of it, and of the verb with it.
    if (Number(text.slice(0, -1)) > MOST) {
      this.at = this.format.length
      return null
    }
    this.at += text.length
    return Number(text)
  }

  private width(flags: Flags): void {
    if (this.format[this.at] === '*') {
      this.at++
      const width = this.fromArgument()
      if (width === null) this.out += '%!(BADWIDTH)'
      flags.width = width
      if (width !== null && width < 0) {
        flags.width = -width
        flags.minus = true
        flags.zero = false
      }
      this.isAfterIndex = false
      return
    }
    flags.width = this.number()
    if (this.isAfterIndex && flags.width !== null) this.isGoodIndex = false
  }

  private precision(flags: Flags): void {
    this.at++
    if (this.isAfterIndex) this.isGoodIndex = false
    this.index()
    if (this.format[this.at] !== '*') {
      flags.precision = this.number() ?? 0
      return
    }
    this.at++
    const precision = this.fromArgument()
    flags.precision = precision === null || precision < 0 ? null : precision
    if (flags.precision === null) this.out += '%!(BADPREC)'
    this.isAfterIndex = false
  }

  private fromArgument(): number | null {
    if (this.arg >= this.args.length) return null
    const value = this.args[this.arg++]
    const size = value instanceof GoInt ? value.value : value
    if (typeof size !== 'bigint' || size > MOST || size < -MOST) return null
    return Number(size)
  }

  /** "[n]" chooses the next argument. */
  private index(): void {
    this.isAfterIndex = false
    if (this.format[this.at] !== '[') return
    this.isReordered = true
    const close = this.format.indexOf(']', this.at)
    if (close < 0) {
      this.isGoodIndex = false
      this.at++
      return
    }
    const text = this.format.slice(this.at + 1, close)
    this.at = close + 1
    this.isAfterIndex = /^[0-9]{1,7}$/.test(text)
    const index = this.isAfterIndex ? Number(text) : 0
    if (index < 1 || index > this.args.length) {
      this.isGoodIndex = false
      return
    }
    this.arg = index - 1
  }
}
