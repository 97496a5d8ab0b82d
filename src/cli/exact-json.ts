// JSON as the server sent it: a number keeps its text (2^53+1, 1.0, 1e400) and an object is a Map, so
// that a key such as __proto__ is a key. Encoding follows Go's encoding/json (sorted keys, escaped
// <, > and &), because scripts compare our output with that of the clients they had before.

import {
  type Json as BaseJson,
  type JsonObject,
  parseJson,
  RawJson,
  RawNumber,
} from '../base/json.ts'
import { compareUtf8 } from '../base/utf8-order.ts'

/** A number, kept as the text it was written in. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Json = null | boolean | string | JsonNumber | Json[] | JsonMap
export type JsonMap = Map<string, Json>

/** A map whose keys are printed in their own order, as Go prints the fields of a struct. */
export class OrderedMap extends Map<string, Json> {}

/** What `toJson` takes; undefined members are left out. */
export type JsonLike =
  | Json
  | number
  | undefined
  | readonly JsonLike[]
  | { readonly [key: string]: JsonLike }

/** Deeper than any answer of the server, whose own limit is lower. */
const DEEPEST = 1000

function exact(value: BaseJson): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return new JsonNumber(String(value))
  if (value instanceof RawNumber || value instanceof RawJson) return new JsonNumber(value.text)
  if (Array.isArray(value)) return value.map(exact)
  const out: JsonMap = new Map()
  for (const [key, member] of Object.entries(value as JsonObject)) out.set(key, exact(member))
  return out
}

/** The value of a JSON text; throws where it is none. */
export function parseExactJson(text: string): Json {
  try {
    return exact(parseJson(text, DEEPEST))
  } catch {
    // The reason would quote the text, which may be a secret.
    throw new SyntaxError('this is not valid JSON')
  }
}

/** Plain values as Json; an object keeps the order of its members. */
export function toJson(value: JsonLike): Json {
  if (value === undefined || value === null) return null
  if (typeof value === 'number') return new JsonNumber(String(value))
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (value instanceof JsonNumber || value instanceof Map) return value
  if (Array.isArray(value)) return value.map(toJson)
  const out = new OrderedMap()
  for (const [key, member] of Object.entries(value as { [key: string]: JsonLike })) {
    if (member !== undefined) out.set(key, toJson(member))
  }
  return out
}

/** The keys of a map in the order they are printed. */
export function printedKeys(map: JsonMap): string[] {
  const keys = [...map.keys()]
  return map instanceof OrderedMap ? keys : keys.sort(compareUtf8)
}

const ESCAPES = /[<>&\u2028\u2029]/g

function quote(text: string): string {
  return JSON.stringify(text).replace(
    ESCAPES,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** JSON text; `indent` of two spaces prints one member a line, '' prints it compact. */
export function printExactJson(value: Json, indent = '', margin = ''): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quote(value)
  if (value instanceof JsonNumber) return value.text
  const inner = margin + indent
  const colon = indent === '' ? ':' : ': '
  const [open, close, members] = Array.isArray(value)
    ? ['[', ']', value.map((item) => printExactJson(item, indent, inner))]
    : [
        '{',
        '}',
        printedKeys(value).map(
          (key) => quote(key) + colon + printExactJson(value.get(key)!, indent, inner),
        ),
      ]
  if (members.length === 0) return open + close
  if (indent === '') return open + members.join(',') + close
  return `${open}\n${inner}${members.join(`,\n${inner}`)}\n${margin}${close}`
}
