// Typed reading of a parsed HCL or JSON tree, with Vault's coercions ("true", "90", "1h"). Every misfit
// is an HclError that names the key and what it takes, never the value, which may be a secret.
import { parseDurationSeconds } from './duration.ts'
import { HclError, type HclItem, type HclObject, type HclValue, type Position } from './hcl.ts'
import { type Json, type JsonObject, RawNumber, setOwn } from './json.ts'
import { didYouMean } from './nearest.ts'

/** `name "label" { }`: a block, its labels, and where it starts. */
export interface HclBlock {
  readonly labels: readonly string[]
  readonly body: HclObject
  readonly at: Position
}

function fault(at: Position, name: string, takes: string): never {
  throw new HclError(at, `"${name}" takes ${takes}`)
}

/** A string; a number or a boolean counts as its text, as in Vault. */
export function readText(value: HclValue, name: string): string {
  if (value.kind === 'string' || value.kind === 'heredoc') return value.value as string
  if (value.kind === 'number' || value.kind === 'bool') return value.text
  return fault(value.at, name, 'a string')
}

export function readBoolean(value: HclValue, name: string): boolean {
  if (value.kind === 'bool') return value.value === true
  const text = value.kind === 'string' || value.kind === 'number' ? String(value.value) : ''
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  return fault(value.at, name, 'true or false')
}

/** A whole number of at least `least`, written as a number or in quotes. */
export function readInteger(value: HclValue, name: string, least = 0): number {
  const takes = `a whole number of at least ${least}`
  if (value.kind !== 'number' && value.kind !== 'string') return fault(value.at, name, takes)
  if (value.kind === 'string' && !/^[+-]?\d+$/.test(value.value as string)) {
    return fault(value.at, name, takes)
  }
  const number = Number(value.value)
  if (!Number.isSafeInteger(number) || number < least) return fault(value.at, name, takes)
  return number
}

/** Whole seconds of a duration ("1h30m", "90" or 90), at least 0. */
export function readSeconds(value: HclValue, name: string): number {
  const takes = 'a duration such as "30m", or a number of seconds'
  if (value.kind !== 'number' && value.kind !== 'string') return fault(value.at, name, takes)
  const seconds = value.value === '' ? 0 : parseDurationSeconds(String(value.value))
  if (seconds === null || seconds < 0) return fault(value.at, name, takes)
  return seconds
}

/** A list of strings. With `commas`, also one string that holds several, parted by commas. */
export function readTexts(value: HclValue, name: string, commas = false): string[] {
  if (value.kind === 'list') return value.items.map((item) => readText(item, name))
  if (!commas) return fault(value.at, name, 'a list of strings, such as ["a", "b"]')
  return readText(value, name)
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
}

export function readList(value: HclValue, name: string): readonly HclValue[] {
  return value.kind === 'list' ? value.items : fault(value.at, name, 'a list, such as ["a", "b"]')
}

export function readObject(value: HclValue, name: string): HclObject {
  return value.kind === 'object' ? value : fault(value.at, name, 'an object: { … }')
}

/** An object of strings. */
export function readPairs(value: HclValue, name: string): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const [key, item] of uniqueItems(readObject(value, name).items, name)) {
    setOwn(pairs, key, readText(item.value, key))
  }
  return pairs
}

/** The plain value; a number that a double would not print the same way stays text. */
export function toJson(value: HclValue): Json {
  if (value.kind === 'list') return value.items.map(toJson)
  if (value.kind === 'object') return objectToJson(value.items)
  if (value.kind !== 'number') return value.value
  const isDecimal = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(value.text)
  const number = value.value as number
  return isDecimal && String(number) !== value.text ? new RawNumber(value.text) : number
}

function objectToJson(items: readonly HclItem[]): JsonObject {
  const object: Record<string, Json> = {}
  for (const [key, item] of uniqueItems(items, '')) setOwn(object, key, toJson(item.value))
  return object
}

/** The items by name. A name that was set before, or that has labels, is a fault. */
export function uniqueItems(items: readonly HclItem[], owner: string): Map<string, HclItem> {
  const found = new Map<string, HclItem>()
  for (const item of items) {
    const key = item.keys[0]!
    if (item.keys.length > 1) {
      const where = owner === '' ? '' : ` in ${owner}`
      throw new HclError(item.at, `expected "=" or "{" after ${key.text}${where}, got a label`)
    }
    const before = found.get(key.value)
    if (before) {
      const { line, column } = before.at
      const reason = `the argument "${key.value}" was already set at ${line}:${column}`
      throw new HclError(item.at, `${reason}; each argument can only be defined once`)
    }
    found.set(key.value, item)
  }
  return found
}

/** Throws for the first name that is not known, with the known one that it is closest to. */
export function refuseUnknown(items: readonly HclItem[], known: readonly string[]): void {
  for (const item of items) {
    const name = item.keys[0]!.value
    if (known.includes(name)) continue
    throw new HclError(
      item.at,
      `invalid key "${name}" on line ${item.at.line}${didYouMean(name, known)}`,
    )
  }
}

/**
 * The blocks called `name`, in order, in every notation: `name "label" { }`, and in JSON
 * `{"name": {"label": {}}}` and `{"name": [{"label": {}}]}`. Each has up to `labels` labels.
 */
export function readBlocks(items: readonly HclItem[], name: string, labels: number): HclBlock[] {
  const blocks: HclBlock[] = []
  const add = (value: HclValue, found: readonly string[], at: Position, written: boolean): void => {
    if (value.kind === 'list') {
      for (const item of value.items) add(item, found, item.at, written)
      return
    }
    const body = readObject(value, name)
    // Only what is written as a value (as all of JSON is) can hold labels as names.
    const holdsLabels = written && body.items.length > 0 && body.items.every(isLabel)
    if (found.length >= labels || !holdsLabels) blocks.push({ labels: found, body, at })
    else {
      for (const { keys, value: inner, at: innerAt } of body.items) {
        add(inner, [...found, ...keys.map((key) => key.value)], innerAt, true)
      }
    }
  }
  for (const { keys, value, at, assigned } of items) {
    if (keys[0]!.value !== name) continue
    add(
      value,
      keys.slice(1).map((key) => key.value),
      at,
      assigned,
    )
  }
  return blocks
}

function isLabel({ assigned, value }: HclItem): boolean {
  if (!assigned) return false
  if (value.kind === 'object') return true
  return (
    value.kind === 'list' &&
    value.items.length > 0 &&
    value.items.every((inner) => inner.kind === 'object')
  )
}

/** What to do with the value of each known name. */
export type HclHandlers = Readonly<Record<string, (value: HclValue, name: string) => void>>

/** Gives each item to the handler of its name; each may be set once, and all must be known. */
export function applyHandlers(
  items: readonly HclItem[],
  handlers: HclHandlers,
  owner: string,
): void {
  refuseUnknown(items, Object.keys(handlers))
  for (const [name, item] of uniqueItems(items, owner)) handlers[name]!(item.value, name)
}
