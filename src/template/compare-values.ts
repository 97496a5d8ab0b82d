// eq, ne, lt and the rest: basic values by kind, ints with uints by value, all else by identity of contents where Go
// can compare it. Source: the documentation of text/template's functions.
import { isIntKind, isUintKind } from './go-types.ts'
import {
  GoBytes,
  GoComplex,
  GoFunc,
  GoInt,
  GoList,
  GoMap,
  GoStruct,
  type GoValue,
  kindOf,
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

export function equal(first: GoValue, others: readonly GoValue[]): boolean {
  if (others.length === 0) throw new FunctionError('missing argument for comparison')
  return others.some((other) => equalPair(first, other))
}

function equalPair(a: GoValue, b: GoValue): boolean {
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
  const [isNilA, isNilB] = [isNil(a), isNil(b)]
  if (kindOf(a) !== kindOf(b) && kindOf(a) !== 'invalid' && kindOf(b) !== 'invalid') {
    throw new FunctionError(
      `non-comparable types ${shown(a)}: ${typeName(a)}, ${typeName(b)}: ${shown(b)}`,
    )
  }
  if (isNilA || isNilB) return isNilA === isNilB
  if (b instanceof GoStruct && a instanceof GoStruct) return a.equals(b)
  throw new FunctionError(`non-comparable type ${shown(b)}: ${typeName(b)}`)
}

/** reflect.Value's own text inside the messages above: maps and lists by their contents. */
function shown(value: GoValue): string {
  if (
    value instanceof GoList ||
    value instanceof GoMap ||
    value instanceof GoBytes ||
    value instanceof GoFunc
  ) {
    return `<${typeName(value)} Value>`
  }
  return typeName(value)
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

export const lessOrEqual = (a: GoValue, b: GoValue): boolean => less(a, b) || equal(a, [b])
