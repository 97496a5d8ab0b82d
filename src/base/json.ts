// JSON that keeps what was written: a number that a double can't hold exactly as its text (2^53+1, 1.0,
// 1e400) becomes a RawNumber, and names such as __proto__ are ordinary names. RFC 8259.
// Ordinary input takes the engine's own parser; only suspicious text is walked by ours.
import { badRequest } from './errors.ts'
import { MAX_JSON_DEPTH } from './limits.ts'

/** A number kept as the text that was sent. */
export class RawNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

/** A value that already is JSON text, for example a stored secret: written out as it is. */
export class RawJson {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type JsonObject = { readonly [name: string]: Json }
export type Json =
  | null
  | boolean
  | number
  | string
  | RawNumber
  | RawJson
  | readonly Json[]
  | JsonObject

/**
 * Text that may hold a number which a double would not print the same way (or merely looks so): a number
 * follows a bracket, a colon, a comma or white space. Most digits in strings, as in URLs, don't.
 */
const SUSPICIOUS_NUMBER = /(?:^|[[:,\s])(?:-0|-?\d{16}|-?\d+[.eE])/

/**
 * Parses JSON text. Throws 400 where it isn't JSON or is nested deeper than `maxDepth`. Of a name that
 * occurs twice the last value counts, as in Go.
 */
export function parseJson(text: string, maxDepth = MAX_JSON_DEPTH): Json {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (cause) {
    // The engine's message quotes the input, which may be a secret: it must not go on.
    throw badRequest(`failed to parse JSON input: ${positionOf(cause)}`)
  }
  // A level takes at least two characters, so a short text can't be too deep.
  if (text.length > 2 * maxDepth) assertDepth(text, maxDepth)
  return SUSPICIOUS_NUMBER.test(text) ? new LosslessReader(text).read() : value
}

function positionOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : ''
  const match = /position (\d+)/.exec(message)
  if (match) return `invalid JSON at byte ${match[1]}`
  return /end of JSON/.test(message) ? 'unexpected end of JSON input' : 'invalid JSON'
}

function assertDepth(text: string, maxDepth: number): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) at = endOfString(text, at)
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) {
        throw badRequest(`failed to parse JSON input: nested deeper than ${maxDepth} levels`)
      }
    } else if (code === 0x7d || code === 0x5d) depth--
  }
}

/** Index of the closing quote of the string that opens at `at`, in text known to be JSON. */
function endOfString(text: string, at: number): number {
  for (let end = at + 1; ; end++) {
    const code = text.charCodeAt(end)
    if (code === 0x5c) end++
    else if (code === 0x22) return end
  }
}

/** Second pass over text that the engine has already accepted, so syntax needs no checks here. */
class LosslessReader {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  read(): Json {
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      case 't':
        this.#at += 4
        return true
      case 'f':
        this.#at += 5
        return false
      case 'n':
        this.#at += 4
        return null
      default:
        return this.#number()
    }
  }

  #space(): void {
    while (this.#text.charCodeAt(this.#at) <= 0x20) this.#at++
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at)
    const value = JSON.parse(this.#text.slice(this.#at, end + 1)) as string
    this.#at = end + 1
    return value
  }

  #number(): number | RawNumber {
    const start = this.#at
    while (/[-+.\deE]/.test(this.#text[this.#at] ?? '')) this.#at++
    const text = this.#text.slice(start, this.#at)
    const value = Number(text)
    return String(value) === text ? value : new RawNumber(text)
  }

  #array(): Json[] {
    const items: Json[] = []
    this.#at++
    for (;;) {
      this.#space()
      if (this.#text[this.#at] === ']') break
      items.push(this.read())
      this.#space()
      if (this.#text[this.#at] === ',') this.#at++
    }
    this.#at++
    return items
  }

  #object(): JsonObject {
    const object: Record<string, Json> = {}
    this.#at++
    for (;;) {
      this.#space()
      if (this.#text[this.#at] === '}') break
      const name = this.#string()
      this.#space()
      this.#at++
      setOwn(object, name, this.read())
      this.#space()
      if (this.#text[this.#at] === ',') this.#at++
    }
    this.#at++
    return object
  }
}

/** Sets a member as an own property, whatever its name: `object['__proto__'] = x` would not. */
export function setOwn<T>(object: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  } else object[name] = value
}

/** The own member of that name, never one of the prototype's. */
export function getOwn<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Writes a value as JSON text, compact; undefined members are left out, as JSON.stringify does. */
export function stringifyJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return stringifyArray(value)
  if (value instanceof RawNumber || value instanceof RawJson) return value.text
  if (value instanceof Date) return JSON.stringify(value)
  const custom = (value as { toJSON?: unknown }).toJSON
  if (typeof custom === 'function' && !Object.hasOwn(value, 'toJSON')) {
    return stringifyJson(custom.call(value))
  }
  return stringifyObject(value as Record<string, unknown>)
}

function stringifyArray(items: readonly unknown[]): string {
  let out = '['
  for (let at = 0; at < items.length; at++) {
    out += at === 0 ? stringifyJson(items[at]) : `,${stringifyJson(items[at])}`
  }
  return `${out}]`
}

function stringifyObject(object: Record<string, unknown>): string {
  let out = '{'
  for (const name of Object.keys(object)) {
    const member = object[name]
    if (member === undefined) continue
    const text = `${JSON.stringify(name)}:${stringifyJson(member)}`
    out += out.length === 1 ? text : `,${text}`
  }
  return `${out}}`
}

/** True for a JSON object: not null, not an array, not a raw leaf. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RawNumber) &&
    !(value instanceof RawJson)
  )
}
