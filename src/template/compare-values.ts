// eq, ne, lt and the rest: basic values by kind, ints with uints by value, all else by identity of contents where Go
// can compare it. Source: the documentation of text/template's functions.
import { noFlags } from './format-flags.ts'
import { formatValue } from './format-values.ts'
import { isIntKind, isUintKind } from './go-types.ts'
import {
  GoComplex,
  GoInt,
  GoList,
  GoStruct,
  type GoValue,
  kindOf,
  type Rendering,
  typeName,
} from './go-values.ts'
import { FunctionError } from './template-error.ts'

type Kind = 'bool' | 'complex' | 'int' | 'float' | 'string' | 'uint' | 'other'

function basicKind(value: GoValue): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float'
    case 'string':
      return 'string'
  }
  if (value instanceof GoComplex) return 'complex'
  const kind = kindOf(value)
  return isIntKind(kind) ? 'int' : isUintKind(kind) ? 'uint' : 'other'
}

const whole = (value: GoValue): bigint => (value instanceof GoInt ? value.value : (value as bigint))

const isNil = (value: GoValue): boolean =>
  value === null || value === undefined || (value instanceof GoList && value.isNil)

/** Whether the first equals any of the others. Throws FunctionError for what can't be compared. */
export function equal(first: GoValue, others: readonly GoValue[], rendering: Rendering): boolean {
  if (others.length === 0) throw new FunctionError('missing argument for comparison')
  return others.some((other) => equalPair(first, other, rendering))
}

function equalPair(a: GoValue, b: GoValue, rendering: Rendering): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)]
  if (kindA !== kindB) {
    if ((kindA === 'int' && kindB === 'uint') || (kindA === 'uint' && kindB === 'int')) {
      return whole(a) === whole(b)
    }
    if (a !== undefined && a !== null && b !== undefined && b !== null) {
      throw incompatible(a, b)
    }
    return false
  }
  if (kindA === 'int' || kindA === 'uint') return whole(a) === whole(b)
  if (kindA === 'complex') {
    return (
      (a as GoComplex).re === (b as GoComplex).re && (a as GoComplex).im === (b as GoComplex).im
    )
  }
  if (kindA !== 'other') return a === b
  const show = (value: GoValue, verb: string): string =>
    formatValue(value, verb, noFlags(), rendering)
  const [isNilA, isNilB] = [isNil(a), isNil(b)]
  if (kindOf(a) !== kindOf(b) && kindOf(a) !== 'invalid' && kindOf(b) !== 'invalid') {
    throw new FunctionError(
      `non-comparable types ${show(a, 's')}: ${typeName(a)}, ${typeName(b)}: ${show(b, 'v')}`,
    )
  }
  if (isNilA || isNilB) return isNilA === isNilB
  if (b instanceof GoStruct && a instanceof GoStruct) return a.equals(b)
  throw new FunctionError(`non-comparable type ${show(b, 's')}: ${typeName(b)}`)
}

const incompatible = (a: GoValue, b: GoValue): FunctionError =>
  new FunctionError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`)

export function less(a: GoValue, b: GoValue): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)]
  if (kindA === 'other' || kindB === 'other') throw badType()
  if (kindA !== kindB) {
    const mixed = ['int', 'uint'].includes(kindA) && ['int', 'uint'].includes(kindB)
    if (!mixed) throw incompatible(a, b)
    return whole(a) < whole(b)
  }
  switch (kindA) {
    case 'bool':
    case 'complex':
      throw badType()
    case 'int':
    case 'uint':
      return whole(a) < whole(b)
    default:
      return (a as string | number) < (b as string | number)
  }
}

const badType = (): FunctionError => new FunctionError('invalid type for comparison')

export const lessOrEqual = (a: GoValue, b: GoValue, rendering: Rendering): boolean =>
  less(a, b) || equal(a, [b], rendering)
