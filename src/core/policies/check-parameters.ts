// The parameters of a request against a rule. Names count in any case. Values that are allowed must be
// met exactly (strings by glob). Values that are denied are met more widely, since a field takes a
// number also as text, and a list may hold what was denied: 5, "5" and ["5"] are all the denied 5.
import { globMatches } from '../../base/glob.ts'
import { isJsonObject, type Json, type JsonObject, RawNumber } from '../../base/json.ts'
import type { ParameterRules } from './policy.ts'

export interface ParameterLimits {
  readonly requiredParameters: readonly string[]
  readonly deniedParameters: ParameterRules | null
  readonly allowedParameters: ParameterRules | null
}

/** Why the parameters are refused (by name, never by value), or null. */
export function refuseParameters(limits: ParameterLimits, data: JsonObject | null): string | null {
  for (const name of limits.requiredParameters) {
    // Only the name itself or its lower case: a field of another case is none that a handler reads.
    if (!data || !(Object.hasOwn(data, name.toLowerCase()) || Object.hasOwn(data, name))) {
      return `parameter "${name}" is required`
    }
  }
  if (!data) return null
  const names = Object.keys(data)
  if (names.length === 0) return null
  const { deniedParameters: denied, allowedParameters: allowed } = limits
  if (denied?.has('*')) return 'no parameter is allowed'
  if (denied) {
    for (const name of names) {
      const values = denied.get(name.toLowerCase())
      if (values && isDenied(data[name]!, values)) return `parameter "${name}" is denied`
    }
  }
  if (!allowed || (allowed.size === 1 && allowed.has('*'))) return null
  for (const name of names) {
    const values = allowed.get(name.toLowerCase())
    if (values ? !isAllowed(data[name]!, values) : !allowed.has('*')) {
      return `parameter "${name}" is not allowed`
    }
  }
  return null
}

function isAllowed(value: Json, values: readonly Json[]): boolean {
  return values.length === 0 || values.some((rule) => meets(rule, value))
}

function isDenied(value: Json, values: readonly Json[]): boolean {
  if (isAllowed(value, values)) return true
  const parts = Array.isArray(value) ? (value as readonly Json[]) : [value]
  return parts.some((part) => {
    const text = scalarText(part)
    if (text === null) return false
    return values.some((rule) => {
      const ruleText = scalarText(rule)
      return ruleText !== null && globMatches(ruleText, text)
    })
  })
}

/** Same kind and same value; strings by glob, numbers by what they amount to. */
function meets(rule: Json, value: Json): boolean {
  if (typeof rule === 'string') return typeof value === 'string' && globMatches(rule, value)
  return isSame(rule, value)
}

function isSame(a: Json, b: Json): boolean {
  if (isNumber(a) && isNumber(b)) return numberText(a) === numberText(b)
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => isSame(item, b[at]))
  }
  if (isJsonObject(a)) {
    if (!isJsonObject(b)) return false
    const names = Object.keys(a)
    if (names.length !== Object.keys(b).length) return false
    return names.every((name) => Object.hasOwn(b, name) && isSame(a[name]!, b[name]!))
  }
  return a === b
}

function isNumber(value: Json): value is number | RawNumber {
  return typeof value === 'number' || value instanceof RawNumber
}

/** The same for 1, 1.0 and 1e0; digits that a double can't hold are compared as written. */
function numberText(value: number | RawNumber): string {
  if (typeof value === 'number') return String(value)
  if (/^-?\d+$/.test(value.text)) return String(BigInt(value.text))
  const number = Number(value.text)
  const isExact = Number.isSafeInteger(number) || /^[^eE]{1,15}$/.test(value.text)
  return isExact ? String(number) : value.text
}

function scalarText(value: Json): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return isNumber(value) ? numberText(value) : null
}
