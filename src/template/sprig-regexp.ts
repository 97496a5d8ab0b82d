// sprig's functions on regular expressions, in RE2's syntax and linear time.
import { runeAt } from './byte-strings.ts'
import { STRINGS } from './go-types.ts'
import { type FunctionTable, GoList, type GoValue, type Rendering } from './go-values.ts'
import { type Found, GoRegexp } from './regexp.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

const MOST_KEPT = 100
const MOST_EXPRESSION = 64 * 1024
const kept = new Map<string, GoRegexp>()

function compiled(expression: string): GoRegexp {
  const known = kept.get(expression)
  if (known) return known
  if (expression.length > MOST_EXPRESSION) throw new FunctionError('regexp: expression is too long')
  const made = new GoRegexp(expression)
  // Only a saving of work: an expression always compiles to the same.
  if (kept.size >= MOST_KEPT) kept.clear()
  kept.set(expression, made)
  return made
}

/** Functions without "must" panic on a bad expression, with the expression in the words. */
function panicking(expression: string): GoRegexp {
  try {
    return compiled(expression)
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    const shown = /[`\n]/.test(expression) ? JSON.stringify(expression) : `\`${expression}\``
    throw new FunctionError(`regexp: Compile(${shown}): ${error.message}`)
  }
}

type Compile = (expression: string) => GoRegexp
const strings = (items: readonly string[], isNil = false): GoList =>
  new GoList(STRINGS, items, isNil)
const cut = (text: string, found: Found): string => text.slice(found[0], found[1])

function matches(args: readonly GoValue[], rendering: Rendering, isStrict: boolean): boolean {
  try {
    return compiled(args[0] as string).find(args[1] as string, 0, rendering) !== null
  } catch (error) {
    if (isStrict || !(error instanceof FunctionError)) throw error
    return false
  }
}

const findAll = (compile: Compile) =>
  goFunction('string, string, int', ([expression, text, most], rendering) => {
    const all = compile(expression as string).findAll(text as string, Number(most), rendering)
    return strings(
      all.map((found) => cut(text as string, found)),
      all.length === 0,
    )
  })

const find = (compile: Compile) =>
  goFunction('string, string', ([expression, text], rendering) => {
    const found = compile(expression as string).find(text as string, 0, rendering)
    return found ? cut(text as string, found) : ''
  })

function replaceAll(
  regexp: GoRegexp,
  text: string,
  write: (found: Found) => string,
  rendering: Rendering,
): string {
  let out = ''
  let lastEnd = 0
  for (let at = 0; at <= text.length; ) {
    const found = regexp.find(text, at, rendering)
    if (!found) break
    const [begin, end] = [found[0]!, found[1]!]
    out += text.slice(lastEnd, begin)
    if (end > lastEnd || begin === 0) out += write(found)
    lastEnd = end
    rendering.room(out.length)
    const width = at < text.length ? runeAt(text, at).size : 1
    at = Math.max(at + width, end)
  }
  return out + text.slice(lastEnd)
}

/** "$1", "${name}" and "$$" of a replacement; a name is as long as it can be. */
function expanded(template: string, text: string, found: Found, names: readonly string[]): string {
  return template.replace(
    /\$(?:\$|\{([0-9A-Za-z_]+)\}|([0-9A-Za-z_]+))/g,
    (all: string, braced?: string, bare?: string) => {
      if (all === '$$') return '$'
      const name = braced ?? bare ?? ''
      const isNumber = /^(?:0|[1-9][0-9]{0,7})$/.test(name)
      const group = isNumber
        ? Number(name)
        : names.findIndex((known, i) => known === name && found[i * 2]! >= 0)
      if (group < 0 || group >= names.length) return ''
      const [begin, end] = [found[group * 2]!, found[group * 2 + 1]!]
      return begin < 0 ? '' : text.slice(begin, end)
    },
  )
}

const replace = (compile: Compile, isLiteral: boolean) =>
  goFunction('string, string, string', ([expression, text, put], rendering) => {
    const regexp = compile(expression as string)
    const write = (found: Found): string =>
      isLiteral ? (put as string) : expanded(put as string, text as string, found, regexp.names)
    return replaceAll(regexp, text as string, write, rendering)
  })

const split = (compile: Compile) =>
  goFunction('string, string, int', ([expression, given, count], rendering) => {
    const text = given as string
    const most = Number(count)
    const regexp = compile(expression as string)
    if (most === 0) return strings([], true)
    if (expression !== '' && text === '') return strings([''])
    const parts: string[] = []
    let begin = 0
    let end = 0
    for (const found of regexp.findAll(text, most, rendering)) {
      if (most > 0 && parts.length === most - 1) break
      end = found[0]!
      if (found[1] !== 0) parts.push(text.slice(begin, end))
      begin = found[1]!
    }
    if (end !== text.length) parts.push(text.slice(begin))
    return strings(parts)
  })

export const REGEXP_FUNCTIONS: FunctionTable = functionTable({
  regexMatch: goFunction('string, string', (args, of) => matches(args, of, false)),
  mustRegexMatch: goFunction('string, string', (args, of) => matches(args, of, true)),
  regexFindAll: findAll(panicking),
  mustRegexFindAll: findAll(compiled),
  regexFind: find(panicking),
  mustRegexFind: find(compiled),
  regexReplaceAll: replace(panicking, false),
  mustRegexReplaceAll: replace(compiled, false),
  regexReplaceAllLiteral: replace(panicking, true),
  mustRegexReplaceAllLiteral: replace(compiled, true),
  regexSplit: split(panicking),
  mustRegexSplit: split(compiled),
  regexQuoteMeta: goFunction('string', ([text]) =>
    (text as string).replace(/[\\.+*?()|[\]{}^$]/g, '\\$&'),
  ),
})
