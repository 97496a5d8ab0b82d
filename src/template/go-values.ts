// Values inside the template machine. What Go has types for and JavaScript has not is told apart so:
//   undefined no value (a missing key)   null nil in an interface   string a byte string   boolean bool
//   number float64   bigint int   everything else one of the classes below.
// Data comes from JSON, whose numbers are float64 in Go: a number is a float64, a bigint is an int.
import { byteStringOf, fromByteString, toByteString } from './byte-strings.ts'
import {
  BOOL,
  BYTES,
  COMPLEX128,
  DICT,
  FLOAT64,
  FUNC,
  type GoType,
  INT,
  LIST,
  mapOf,
  STRING,
} from './go-types.ts'
import { TemplateError } from './template-error.ts'

/** An integer of another type than int; some types have a text and methods (time.Duration). */
export class GoInt {
  readonly type: GoType
  readonly value: bigint
  readonly named: NamedInt | undefined
  constructor(type: GoType, value: bigint, named?: NamedInt) {
    this.type = type
    this.value = value
    this.named = named
  }
}

export interface NamedInt {
  /** A byte string. */
  readonly text: string
  readonly methods: Readonly<Record<string, TemplateFunction>>
}

export class GoComplex {
  readonly type = COMPLEX128
  readonly re: number
  readonly im: number
  constructor(re: number, im: number) {
    this.re = re
    this.im = im
  }
}

/** A slice; a nil one prints and counts as empty but is null in JSON. */
export class GoList {
  readonly type: GoType
  readonly items: readonly GoValue[]
  readonly isNil: boolean
  constructor(type: GoType, items: readonly GoValue[], isNil = false) {
    this.type = type
    this.items = items
    this.isNil = isNil
  }
}

/** A []byte, kept as a byte string. */
export class GoBytes {
  readonly type = BYTES
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A map with string keys. Functions such as `set` change it in place, as in Go. */
export class GoMap {
  readonly type: GoType
  readonly entries: Map<string, GoValue>
  constructor(type: GoType, entries: Map<string, GoValue>) {
    this.type = type
    this.entries = entries
  }
  /** Keys in byte order: the order in which maps are printed and ranged over. */
  sortedKeys(): string[] {
    return [...this.entries.keys()].sort(byCode)
  }
}

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** What has fields and methods. Subclasses give methods and a text (Go's String or Error method). */
export class GoStruct {
  readonly type: GoType
  readonly fields: ReadonlyMap<string, GoValue>
  constructor(type: GoType, fields: ReadonlyMap<string, GoValue>) {
    this.type = type
    this.fields = fields
  }
  /** A method bound to this value; undefined where there is none. */
  method(_name: string): TemplateFunction | undefined {
    return undefined
  }
  /** The text of a Stringer, a byte string; undefined where its fields are printed. */
  text(): string | undefined {
    return undefined
  }
  /** The value under json.Marshal; undefined for an object of its fields. */
  json(): GoValue {
    return undefined
  }
  equals(other: GoStruct): boolean {
    return this === other
  }
}

/** A function as a value, for `call`. */
export class GoFunc {
  readonly type = FUNC
  readonly of: TemplateFunction
  constructor(of: TemplateFunction) {
    this.of = of
  }
}

export type GoValue =
  | undefined
  | null
  | string
  | boolean
  | number
  | bigint
  | GoInt
  | GoComplex
  | GoList
  | GoBytes
  | GoMap
  | GoStruct
  | GoFunc

/** What a function may use of the rendering it runs in: it counts what grows against the limits. */
export interface Rendering {
  /** Counts work; throws TemplateError when the template has done too much. */
  spend(steps: number): void
  /** Refuses a string or list that would grow too long, before it is made. */
  room(bytes: number): void
}

/** A function of a template. `call` gets arguments of exactly the types of `params`. */
export interface TemplateFunction {
  readonly params: readonly GoType[]
  /** The last of `params` may come any number of times. */
  readonly isVariadic: boolean
  readonly call: (args: readonly GoValue[], rendering: Rendering) => GoValue
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>

/** The type of a value; null for none and nil. */
export function typeOf(value: GoValue): GoType | null {
  switch (typeof value) {
    case 'string':
      return STRING
    case 'number':
      return FLOAT64
    case 'bigint':
      return INT
    case 'boolean':
      return BOOL
    case 'undefined':
      return null
    default:
      return value === null ? null : value.type
  }
}

export const typeName = (value: GoValue): string => typeOf(value)?.name ?? '<nil>'
export const kindOf = (value: GoValue): string => typeOf(value)?.kind ?? 'invalid'

export const emptyMap = (): GoMap => new GoMap(DICT, new Map())
export const listOf = (items: readonly GoValue[]): GoList => new GoList(LIST, items)
export const NIL_LIST = new GoList(LIST, [], true)

const MAX_DATA_DEPTH = 200

/** Makes a time of a Date; set by go-time.ts, which builds on this file. */
let timeOfDate: ((date: Date) => GoValue) | undefined
export function registerTime(make: (date: Date) => GoValue): void {
  timeOfDate = make
}

/**
 * A value for templates from plain data: strings, numbers (float64), bigints (int), booleans, null, arrays,
 * Maps, plain objects (own enumerable properties only), Uint8Arrays ([]byte) and Dates (time.Time). What is
 * one already stays as it is. Throws TemplateError for functions, symbols and cyclic data.
 */
export function goValue(data: unknown, depth = 0): GoValue {
  switch (typeof data) {
    case 'string':
      return toByteString(data)
    case 'number':
    case 'boolean':
      return data
    case 'bigint':
      return BigInt.asIntN(64, data)
    case 'undefined':
      return null
    case 'object':
      return data === null ? null : goObject(data, depth)
    default:
      throw new TemplateError(`template: data can't hold a ${typeof data}`)
  }
}

function goObject(data: object, depth: number): GoValue {
  if (isGoObject(data)) return data
  if (depth >= MAX_DATA_DEPTH) throw new TemplateError('template: data is nested too deeply')
  if (Array.isArray(data)) return listOf(data.map((item) => goValue(item, depth + 1)))
  if (data instanceof Uint8Array) return new GoBytes(byteStringOf(data))
  if (data instanceof Date && timeOfDate) return timeOfDate(data)
  const entries = new Map<string, GoValue>()
  for (const [key, value] of data instanceof Map ? data : Object.entries(data)) {
    entries.set(toByteString(String(key)), goValue(value, depth + 1))
  }
  return new GoMap(DICT, entries)
}

function isGoObject(
  data: object,
): data is GoInt | GoComplex | GoList | GoBytes | GoMap | GoStruct | GoFunc {
  return (
    data instanceof GoMap ||
    data instanceof GoList ||
    data instanceof GoStruct ||
    data instanceof GoInt ||
    data instanceof GoBytes ||
    data instanceof GoFunc ||
    data instanceof GoComplex
  )
}

/** Data whose values are all strings, as Go's map[string]string: a missing key is "" under missingKey zero. */
export function goStringMap(
  data: Readonly<Record<string, string>> | ReadonlyMap<string, string>,
): GoMap {
  const entries = new Map<string, GoValue>()
  for (const [key, value] of data instanceof Map ? data : Object.entries(data)) {
    entries.set(toByteString(key), toByteString(value))
  }
  return new GoMap(mapOf(STRING), entries)
}

/** A Go struct with a type name such as "report.Finding"; a field that it lacks is an error, not empty. */
export function goStruct(name: string, fields: Readonly<Record<string, unknown>>): GoStruct {
  const made = Object.entries(fields).map(([key, value]) => [key, goValue(value)] as const)
  return new GoStruct({ name, kind: 'struct' }, new Map(made))
}

/** Plain data again: numbers for ints that are safe, bigints beyond, objects without a prototype for maps. */
export function plainValue(value: GoValue): unknown {
  if (typeof value === 'string') return fromByteString(value)
  if (value === null || typeof value !== 'object') {
    return typeof value === 'bigint' ? plainInt(value) : (value ?? null)
  }
  if (value instanceof GoInt) return plainInt(value.value)
  if (value instanceof GoBytes) return new Uint8Array(Buffer.from(value.text, 'latin1'))
  if (value instanceof GoList) return value.items.map(plainValue)
  if (value instanceof GoMap || (value instanceof GoStruct && value.text() === undefined)) {
    const out = Object.create(null) as Record<string, unknown>
    const entries = value instanceof GoMap ? value.entries : value.fields
    for (const [key, item] of entries) out[fromByteString(key)] = plainValue(item)
    return out
  }
  if (value instanceof GoStruct) return fromByteString(value.text() ?? '')
  return null
}

function plainInt(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
