// A field of a request: one value from which come the parser (with Vault's coercions), the static type,
// OpenAPI, path-help, CLI help and the UI's form. Coercions follow Vault's documented field types:
// numbers and booleans may come as strings, durations as "1h" or seconds, lists as "a,b".
import { parseDurationSeconds } from '../base/duration.ts'
import { isJsonObject, type Json, type JsonObject, RawNumber, setOwn } from '../base/json.ts'

export type FieldType =
  | 'string'
  | 'int'
  | 'float'
  | 'bool'
  | 'duration'
  | 'signedDuration'
  | 'time'
  | 'list'
  | 'intList'
  | 'pairs'
  | 'object'
  | 'json'

export interface Field<T> {
  readonly type: FieldType
  readonly about: string
  /** A required field that is absent is a 400. */
  readonly required: boolean
  /** Filled in on every request that leaves the field out. */
  readonly fallback: T | undefined
  /** Filled in only when the thing is created, so that a partial update resets nothing. */
  readonly initial: T | undefined
  /** The value is a secret: never printed, always HMACed in audit. */
  readonly secret: boolean
  readonly deprecated: boolean
  readonly choices: readonly string[] | undefined
  /** True: a null that was sent is a value (it takes a setting back) and not the same as nothing. */
  readonly nullable?: boolean
  /** Turns what was sent into the value; throws FieldFault in words that follow the field's name. */
  parse(input: Json): T
}

/** Why a value doesn't fit; the caller puts the field's name in front. */
export class FieldFault extends Error {}

export interface Options<T> {
  readonly required?: boolean
  readonly default?: T
  readonly initial?: T
  readonly secret?: boolean
  readonly deprecated?: boolean
  readonly choices?: readonly string[]
}
type Present<T> = Options<T> & ({ readonly required: true } | { readonly default: T })

/** A constructor of fields: with `required` or `default` the value is always there. */
interface Maker<T> {
  (about: string, options: Present<T>): Field<T>
  (about: string, options?: Options<T>): Field<T | undefined>
}

function maker<T>(type: FieldType, parse: (input: Json, options: Options<T>) => T): Maker<T> {
  const make = (about: string, options: Options<T> = {}): Field<T> => ({
    type,
    about,
    required: options.required ?? false,
    fallback: options.default,
    initial: options.initial,
    secret: options.secret ?? false,
    deprecated: options.deprecated ?? false,
    choices: options.choices,
    parse: (input) => parse(input, options),
  })
  return make as Maker<T>
}

function scalarText(input: Json): string | null {
  if (typeof input === 'string') return input
  if (typeof input === 'number' || typeof input === 'boolean') return String(input)
  return input instanceof RawNumber ? input.text : null
}

function toText(input: Json): string {
  const text = scalarText(input)
  if (text === null) throw new FieldFault('must be a string')
  return text
}

function toInteger(input: Json): number {
  const text = scalarText(input)?.trim()
  if (text === undefined || !/^[+-]?\d+(\.0+)?$/.test(text)) {
    throw new FieldFault('must be a whole number')
  }
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new FieldFault('is out of range')
  return value
}

function toBoolean(input: Json): boolean {
  if (typeof input === 'boolean') return input
  const text = scalarText(input)?.toLowerCase()
  if (text === 'true' || text === '1' || text === 't') return true
  if (text === 'false' || text === '0' || text === 'f' || text === '') return false
  throw new FieldFault('must be true or false')
}

function toSeconds(input: Json): number {
  const text = scalarText(input)
  const seconds = text === null ? null : text === '' ? 0 : parseDurationSeconds(text)
  if (seconds === null)
    throw new FieldFault('must be a duration such as "30m" or a number of seconds')
  return seconds
}

function toList(input: Json): string[] {
  if (input === null) return []
  if (Array.isArray(input)) return input.map(toText)
  return toText(input as string)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** {"a":"b"}, "a=b" or ["a=b","c=d"]. */
function toPairs(input: Json): Record<string, string> {
  const pairs: Record<string, string> = {}
  if (input === null) return pairs
  if (isJsonObject(input)) {
    for (const name of Object.keys(input)) setOwn(pairs, name, toText(input[name] as Json))
    return pairs
  }
  for (const item of toList(input)) {
    const at = item.indexOf('=')
    if (at < 1) throw new FieldFault('must be an object or pairs of the form name=value')
    setOwn(pairs, item.slice(0, at), item.slice(at + 1))
  }
  return pairs
}

export const string = maker<string>('string', (input, { choices }) => {
  const text = toText(input)
  if (choices && !choices.includes(text)) {
    throw new FieldFault(`must be one of ${choices.map((choice) => `"${choice}"`).join(', ')}`)
  }
  return text
})
export const integer = maker<number>('int', toInteger)
export const float = maker<number>('float', (input) => {
  const text = scalarText(input)?.trim()
  const value = Number(text)
  if (!text || !Number.isFinite(value)) throw new FieldFault('must be a number')
  return value
})
export const boolean = maker<boolean>('bool', toBoolean)
/** Whole seconds, at least 0. */
export const duration = maker<number>('duration', (input) => {
  const seconds = toSeconds(input)
  if (seconds < 0) throw new FieldFault('cannot be negative')
  return seconds
})
/** Whole seconds; negative has a meaning of its own ("-1" turns something off). */
export const signedDuration = maker<number>('signedDuration', toSeconds)
/** Milliseconds since the Unix epoch, from RFC 3339 text or Unix seconds. */
export const time = maker<number>('time', (input) => {
  const text = toText(input)
  const value = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (!Number.isFinite(value)) throw new FieldFault('must be a time as of RFC 3339')
  return value
})
export const list = maker<readonly string[]>('list', toList)
/** Texts as they are, also with commas in them: one, or a list (Vault's TypeStringSlice). */
export const texts = maker<readonly string[]>('list', (input) => {
  if (Array.isArray(input)) return input.map(toText)
  return input === null || input === '' ? [] : [toText(input)]
})
export const integerList = maker<readonly number[]>('intList', (input) =>
  Array.isArray(input) ? input.map(toInteger) : toList(input).map(toInteger),
)
export const pairs = maker<Readonly<Record<string, string>>>('pairs', toPairs)
/** Any JSON object, kept exactly as written. */
export const object = maker<JsonObject>('object', (input) => {
  if (!isJsonObject(input)) throw new FieldFault('must be an object')
  return input
})
/** The field, where null is a value of its own: in a merge patch it takes a setting back. */
export const nullable = <T>(field: Field<T>): Field<T | null> => ({
  ...field,
  nullable: true,
  parse: (input) => (input === null ? null : field.parse(input)),
})
/** Any JSON value, kept exactly as written. */
export const json = maker<Json>('json', (input) => input)
