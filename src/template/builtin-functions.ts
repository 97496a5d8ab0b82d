// The functions that every template has: Go's text/template defines them, their arguments and their errors.
// `and` and `or` are only names here: they choose which arguments are evaluated, so compile-pipeline.ts runs them.
import { equal, less, lessOrEqual } from './compare-values.ts'
import { escapeHtml, escapeJs, escapeQuery } from './escape-text.ts'
import { isTrue, zeroOf } from './evaluate-field.ts'
import { printable, sprint, sprintln } from './format-values.ts'
import { ANY, type GoType, isIntKind, isUintKind, UINT8, VALUE } from './go-types.ts'
import {
  type FunctionTable,
  GoBytes,
  GoFunc,
  GoInt,
  GoList,
  GoMap,
  type GoValue,
  kindOf,
  type Rendering,
  typeName,
  typeOf,
} from './go-values.ts'
import { sprintf } from './sprintf.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

const fail = (message: string): never => {
  throw new FunctionError(message)
}

const isNone = (value: GoValue): value is null | undefined => value === undefined || value === null

function lengthOf(value: GoValue): bigint {
  if (typeof value === 'string') return BigInt(value.length)
  if (value instanceof GoList) return BigInt(value.items.length)
  if (value instanceof GoMap) return BigInt(value.entries.size)
  if (value instanceof GoBytes) return BigInt(value.text.length)
  if (value === null) return fail('len of nil pointer')
  if (value === undefined) return fail('reflect: call of reflect.Value.Type on zero Value')
  return fail(`len of type ${typeName(value)}`)
}

function position(index: GoValue, limit: number): number {
  if (isNone(index)) return fail('cannot index slice/array with nil')
  const whole = index instanceof GoInt ? index.value : index
  const kind = kindOf(index)
  if (typeof whole !== 'bigint' || !(isIntKind(kind) || isUintKind(kind))) {
    return fail(`cannot index slice/array with type ${typeName(index)}`)
  }
  if (whole < 0n || whole > BigInt(limit)) fail(`index out of range: ${whole}`)
  return Number(whole)
}

function indexed(item: GoValue, key: GoValue): GoValue {
  if (isNone(item)) return fail('index of nil pointer')
  if (item instanceof GoMap) {
    if (typeof key !== 'string') {
      return isNone(key)
        ? fail('value is nil; should be of type string')
        : fail(`value has type ${typeName(key)}; should be string`)
    }
    return item.entries.get(key) ?? zeroOf(item.type.elem ?? ANY)
  }
  const length =
    item instanceof GoList ? item.items.length : item instanceof GoBytes ? item.text.length : -1
  const size = typeof item === 'string' ? item.length : length
  if (size < 0) return fail(`can't index item of type ${typeName(item)}`)
  const at = position(key, size)
  if (at >= size) return fail(outOfRange(item))
  if (item instanceof GoList) return item.items[at]
  const text = typeof item === 'string' ? item : (item as GoBytes).text
  return new GoInt(UINT8, BigInt(text.charCodeAt(at)))
}

const outOfRange = (item: GoValue): string =>
  typeof item === 'string'
    ? 'reflect: string index out of range'
    : 'reflect: slice index out of range'

function index(args: readonly GoValue[]): GoValue {
  const [item, ...keys] = args
  if (isNone(item)) return fail('index of untyped nil')
  return keys.reduce((inner: GoValue, key) => indexed(inner, key), item)
}

function slice(args: readonly GoValue[]): GoValue {
  const [item, ...keys] = args
  if (isNone(item)) return fail('slice of untyped nil')
  if (keys.length > 3) return fail(`too many slice indexes: ${keys.length}`)
  if (typeof item === 'string' && keys.length === 3) fail('cannot 3-index slice a string')
  const isSlice = typeof item === 'string' || item instanceof GoList || item instanceof GoBytes
  if (!isSlice) return fail(`can't slice item of type ${typeName(item)}`)
  const text = typeof item === 'string' ? item : item instanceof GoBytes ? item.text : null
  const length = text === null ? (item as GoList).items.length : text.length
  const places = keys.map((key) => position(key, length))
  const [from = 0, to = length, most] = places
  if (from > to) return fail(`invalid slice index: ${from} > ${to}`)
  if (most !== undefined && to > most) return fail(`invalid slice index: ${to} > ${most}`)
  if (item instanceof GoList) return new GoList(item.type, item.items.slice(from, to))
  const cut = text!.slice(from, to)
  return typeof item === 'string' ? cut : new GoBytes(cut)
}

/** A value as an argument of a called function: integers fit each other. */
function prepared(value: GoValue, type: GoType, at: number): GoValue {
  if (type === VALUE || type.kind === 'interface') return value ?? null
  if (typeOf(value) === type) return value
  if (isNone(value)) return fail(`arg ${at}: value is nil; should be of type ${type.name}`)
  const kind = kindOf(value)
  const size = value instanceof GoInt ? value.value : value
  const isWhole = isIntKind(kind) || isUintKind(kind)
  if (typeof size === 'bigint' && isWhole && (isIntKind(type.kind) || isUintKind(type.kind))) {
    return type.kind === 'int' ? size : new GoInt(type, size)
  }
  return fail(`arg ${at}: value has type ${typeName(value)}; should be ${type.name}`)
}

function call(args: readonly GoValue[], rendering: Rendering): GoValue {
  const [name, made, ...rest] = args
  if (isNone(made)) return fail('call of nil')
  if (!(made instanceof GoFunc)) return fail(`non-function ${name} of type ${typeName(made)}`)
  const { params, isVariadic } = made.of
  const fixed = isVariadic ? params.length - 1 : params.length
  if (isVariadic ? rest.length < fixed : rest.length !== fixed) {
    const want = isVariadic ? `want at least ${fixed}` : `want ${fixed}`
    return fail(`wrong number of args for ${name}: got ${rest.length} ${want}`)
  }
  const values = rest.map((value, i) => prepared(value, params[Math.min(i, params.length - 1)]!, i))
  return made.of.call(values, rendering)
}

/** The arguments of html, js and urlquery as one text. */
function joined(args: readonly GoValue[], rendering: Rendering): string {
  const [only] = args
  if (args.length === 1 && typeof only === 'string') return only
  return sprint(
    args.map((value) => (isNone(value) ? printable(undefined, rendering) : value)),
    rendering,
  )
}

const comparing = (compare: (a: GoValue, b: GoValue, of: Rendering) => boolean) =>
  goFunction('value, value', ([a, b], of) => compare(a, b, of))

const refused = goFunction('value, ...value', () => fail('evaluated out of place'))

const TABLE: FunctionTable = functionTable({
  and: refused,
  or: refused,
  not: goFunction('value', ([value]) => !isTrue(value)),
  call: goFunction('value, ...value', call),
  html: goFunction('...any', (args, of) => escapeHtml(joined(args, of))),
  js: goFunction('...any', (args, of) => escapeJs(joined(args, of))),
  urlquery: goFunction('...any', (args, of) => escapeQuery(joined(args, of))),
  index: goFunction('value, ...value', index),
  slice: goFunction('value, ...value', slice),
  len: goFunction('value', ([value]) => lengthOf(value)),
  print: goFunction('...any', sprint),
  printf: goFunction('string, ...any', ([format, ...args], of) =>
    sprintf(format as string, args, of),
  ),
  println: goFunction('...any', sprintln),
  eq: goFunction('value, ...value', ([first, ...others], of) => equal(first, others, of)),
  ne: comparing((a, b, of) => !equal(a, [b], of)),
  lt: comparing(less),
  le: comparing(lessOrEqual),
  gt: comparing((a, b, of) => !lessOrEqual(a, b, of)),
  ge: comparing((a, b) => !less(a, b)),
})

/** Go's own functions by name. */
export const builtinFunctions = (): FunctionTable => TABLE
