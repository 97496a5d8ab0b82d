// Any value as a number or text, the way sprig takes its arguments: what can't be read counts as zero.

import { valueText } from './format-values.ts'
import { isIntKind, isUintKind } from './go-types.ts'
import { GoBytes, GoInt, GoStruct, type GoValue, kindOf, type Rendering } from './go-values.ts'
import { parseFloat64, parseInteger } from './parse-number.ts'

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value)

/** A float as an int64: cut off, and out of range the least there is, as amd64 does it. */
export function truncatedInt(value: number): bigint {
  if (!(Math.abs(value) < 2 ** 63)) return value === -(2 ** 63) ? -(2n ** 63n) : -(2n ** 63n)
  return BigInt(Math.trunc(value))
}

/** "12.000" reads as 12. */
const withoutZeros = (text: string): string => text.replace(/\.0+$/, '')

/** cast.ToInt64 and ToInt. */
export function toInt(value: GoValue): bigint {
  switch (typeof value) {
    case 'bigint':
      return value
    case 'number':
      return truncatedInt(value)
    case 'string':
      return parseInteger(withoutZeros(value), 0) ?? 0n
    case 'boolean':
      return value ? 1n : 0n
  }
  return value instanceof GoInt && isPlainInt(value) ? wrap(value.value) : 0n
}

/** Named types are no numbers to cast, but months and days of the week are. */
const isPlainInt = (value: GoInt): boolean => {
  if (value.named) return value.type.kind === 'int'
  return isIntKind(kindOf(value)) || isUintKind(kindOf(value))
}

/** cast.ToFloat64. */
export function toFloat(value: GoValue): number {
  switch (typeof value) {
    case 'bigint':
      return Number(value)
    case 'number':
      return value
    case 'string':
      return parseFloat64(value) ?? 0
    case 'boolean':
      return value ? 1 : 0
  }
  return value instanceof GoInt && isPlainInt(value) ? Number(value.value) : 0
}

/** sprig's strval: text and bytes as they are, what has a text by it, all else as %v. */
export function toText(value: GoValue, rendering: Rendering): string {
  if (typeof value === 'string') return value
  if (value instanceof GoBytes) return value.text
  if (value instanceof GoStruct) return value.text() ?? valueText(value, rendering)
  return valueText(value, rendering)
}
