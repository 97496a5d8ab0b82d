// The items of batch_input, read by name and never through a prototype, with the errors of the original:
// what is no list, no object or no string is a 400 that names the item.
import { badRequest } from '../../base/errors.ts'
import { getOwn, isJsonObject, type Json, type JsonObject, RawNumber } from '../../base/json.ts'
import { MAX_TRANSIT_BATCH } from '../../base/limits.ts'
import { json } from '../../schema/field.ts'

export const batchField = json(
  'Several items at once, each an object with the fields of a single call; results keep their order.',
  { secret: true },
)

/** A value that is one of the item's texts: undefined where it was not sent. */
export type ItemTexts<K extends string> = { readonly [name in K]?: string }

export interface ItemFields<T extends string> {
  readonly texts: readonly T[]
  /** Must be sent; what is said where it isn't: "missing plaintext to encrypt". */
  readonly required?: { readonly name: T; readonly fault: string }
  readonly hasVersion?: true
}

export type Item<T extends string> = ItemTexts<T> & { readonly key_version: number }

/** The parsed items; null where no batch was sent. Throws 400. */
export function parseBatch<T extends string>(
  sent: Json | undefined,
  fields: ItemFields<T>,
): readonly Item<T>[] | null {
  if (sent === undefined || sent === null) return null
  if (!Array.isArray(sent))
    throw unparsed(`source data must be an array or slice, got ${goType(sent)}`)
  const list = sent as readonly Json[]
  if (list.length === 0) throw badRequest('missing batch input to process')
  if (list.length > MAX_TRANSIT_BATCH)
    throw badRequest(`batch_input has more than ${MAX_TRANSIT_BATCH} items`)
  const faults: string[] = []
  const items = list.map((item, at) => {
    if (!isJsonObject(item)) throw unparsed(`[${at}] expected a map, got '${goType(item)}'`)
    return parseItem(item, at, fields, faults)
  })
  if (faults.length > 0) throw unparsed(faults.join('\n'))
  return items
}

const unparsed = (fault: string): Error => badRequest(`failed to parse batch input: ${fault}`)

function parseItem<T extends string>(
  item: JsonObject,
  at: number,
  fields: ItemFields<T>,
  faults: string[],
): Item<T> {
  const parsed: Record<string, string | number> = { key_version: 0 }
  const { required } = fields
  for (const name of fields.texts) {
    const value = getOwn(item, name)
    if (typeof value === 'string') parsed[name] = value
    else if (value === undefined) {
      if (required?.name === name) faults.push(`'[${at}].${name}' ${required.fault}`)
    } else if (value !== null || required?.name === name)
      faults.push(
        `'[${at}].${name}' expected type 'string', got unconvertible type '${goType(value)}'`,
      )
  }
  if (fields.hasVersion) parsed.key_version = versionIn(item, at, faults)
  return parsed as Item<T>
}

function versionIn(item: JsonObject, at: number, faults: string[]): number {
  const value = getOwn(item, 'key_version')
  if (value === undefined || value === null) return 0
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (typeof value === 'number' || value instanceof RawNumber)
    faults.push(
      `error decoding json.Number into [${at}].key_version: strconv.ParseInt: parsing "${value}": invalid syntax`,
    )
  else
    faults.push(
      `'[${at}].key_version' expected type 'int', got unconvertible type '${goType(value)}'`,
    )
  return 0
}

/** What a client of the original is told about a JSON value's type. */
function goType(value: Json): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  return isJsonObject(value) ? 'map[string]interface {}' : 'json.Number'
}

/** The rule of encrypt, decrypt and rewrap about contexts. Whether one is set. */
export function checkContexts(items: readonly { readonly context?: string }[]): boolean {
  const isSet = Boolean(items[0]?.context)
  for (const item of items) {
    if (Boolean(item.context) !== isSet)
      throw badRequest('context should be set either in all the request blocks or in none')
  }
  return isSet
}
