// custom_metadata: pairs of strings that a key carries along. Limits and wording are Vault's.
import { badRequest } from '../../base/errors.ts'
import { isJsonObject, type Json, type JsonObject, RawNumber, setOwn } from '../../base/json.ts'
import { mergePatch } from './merge-patch.ts'

export type CustomMetadata = Readonly<Record<string, string>> | null

const PREFIX = 'custom_metadata validation failed'
const MAX_KEYS = 64
const MAX_KEY_BYTES = 128
const MAX_VALUE_BYTES = 512
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u

/** The pairs that were sent, or null for none. Throws 400 naming everything that is wrong. */
export function customMetadataFrom(sent: JsonObject | null): CustomMetadata {
  const pairs: Record<string, string> = {}
  for (const name of Object.keys(sent ?? {})) setOwn(pairs, name, textOf(sent![name] as Json))
  const names = Object.keys(pairs)
  const faults = faultsOf(pairs, names)
  if (faults.length > 0) throw badRequest(errorList(faults))
  return names.length === 0 ? null : pairs
}

/** What stays after a merge patch: null takes a pair away, or all of them. */
export function patchedCustomMetadata(
  before: CustomMetadata,
  change: JsonObject | null,
): CustomMetadata {
  const merged = mergePatch(before ?? {}, change)
  return isJsonObject(merged) ? customMetadataFrom(merged) : null
}

/** A value as text: Vault takes numbers and booleans too, and writes true as "1". */
function textOf(value: Json): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number') return String(value)
  if (value instanceof RawNumber) return value.text
  throw badRequest(`${PREFIX}: values must be strings`)
}

function faultsOf(pairs: Readonly<Record<string, string>>, names: readonly string[]): string[] {
  if (names.length > MAX_KEYS)
    return [`payload must contain at most ${MAX_KEYS} keys, provided ${names.length}`]
  const faults: string[] = []
  for (const name of names) {
    const value = pairs[name]!
    const shown = JSON.stringify(name)
    const nameBytes = Buffer.byteLength(name)
    const valueBytes = Buffer.byteLength(value)
    if (nameBytes === 0 || nameBytes > MAX_KEY_BYTES)
      faults.push(
        `length of key ${shown} is ${nameBytes} but must be 0 < len(key) <= ${MAX_KEY_BYTES}`,
      )
    if (valueBytes === 0 || valueBytes > MAX_VALUE_BYTES)
      faults.push(
        `length of value for key ${shown} is ${valueBytes} but must be 0 < len(value) <= ${MAX_VALUE_BYTES}`,
      )
    if (!PRINTABLE.test(name)) faults.push(`key ${shown} contains unprintable characters`)
    if (!PRINTABLE.test(value))
      faults.push(`value for key ${shown} contains unprintable characters`)
  }
  return faults
}

function errorList(faults: readonly string[]): string {
  const head = faults.length === 1 ? '1 error occurred:' : `${faults.length} errors occurred:`
  return `${head}\n${faults.map((fault) => `\t* ${PREFIX}: ${fault}\n`).join('')}\n`
}
