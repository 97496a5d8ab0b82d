// Applies a set of fields to what a request sent: every bad field is named in one 400, unknown ones are
// reported so that the caller can warn (Vault's rule: a warning, never a refusal).
import { ApiError } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import { type Field, FieldFault } from './field.ts'

export type Fields = Readonly<Record<string, Field<unknown>>>
export type Parsed<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never
}
/** Values taken from the path are always there. */
export type ParsedParams<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? NonNullable<T> : never
}

/**
 * Parses `input` into `values` by the fields. `creating` fills `initial` values. Throws 400 naming every
 * bad field.
 */
export function parseFields(
  fields: Fields,
  input: JsonObject,
  creating: boolean,
  values: Record<string, unknown>,
): void {
  let faults: string[] | null = null
  for (const name of Object.keys(fields)) {
    const field = fields[name]!
    const sent = Object.hasOwn(input, name) ? (input[name] as Json) : undefined
    if (sent === undefined || (sent === null && field.type !== 'json' && !field.nullable)) {
      if (field.required) (faults ??= []).push(`missing required field "${name}"`)
      else values[name] = field.fallback ?? (creating ? field.initial : undefined)
      continue
    }
    try {
      values[name] = field.parse(sent)
    } catch (fault) {
      if (!(fault instanceof FieldFault)) throw fault
      ;(faults ??= []).push(`field "${name}" ${fault.message}`)
    }
  }
  if (faults) throw new ApiError(400, faults)
}

/** Names that were sent but belong to no field. */
export function unknownFields(known: Fields, input: JsonObject): string[] {
  return Object.keys(input).filter((name) => !Object.hasOwn(known, name))
}
