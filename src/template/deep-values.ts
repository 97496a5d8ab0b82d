// Whole values compared and copied: reflect.DeepEqual, deepCopy, and merging of maps.
import {
  GoBytes,
  GoComplex,
  GoInt,
  GoList,
  GoMap,
  GoStruct,
  type GoValue,
  type Rendering,
  typeOf,
} from './go-values.ts'
import { FunctionError } from './template-error.ts'

/** Same type and same contents, all the way down. */
export function deepEqual(a: GoValue, b: GoValue, rendering: Rendering): boolean {
  rendering.spend(1)
  if (a === null || a === undefined) return b === null || b === undefined
  if (typeof a !== 'object') return a === b
  if (typeOf(a) !== typeOf(b)) return false
  if (a instanceof GoList && b instanceof GoList) {
    if (a.isNil !== b.isNil || a.items.length !== b.items.length) return false
    return a.items.every((item, i) => deepEqual(item, b.items[i], rendering))
  }
  if (a instanceof GoMap && b instanceof GoMap) {
    if (a.entries.size !== b.entries.size) return false
    return [...a.entries].every(
      ([key, item]) => b.entries.has(key) && deepEqual(item, b.entries.get(key), rendering),
    )
  }
  if (a instanceof GoInt && b instanceof GoInt) return a.value === b.value
  if (a instanceof GoBytes && b instanceof GoBytes) return a.text === b.text
  if (a instanceof GoComplex && b instanceof GoComplex) return a.re === b.re && a.im === b.im
  return a instanceof GoStruct && b instanceof GoStruct && a.equals(b)
}

export function deepCopy(value: GoValue, rendering: Rendering, depth = 0): GoValue {
  rendering.spend(1)
  if (depth > MOST_NESTING) throw new FunctionError('value is nested too deeply')
  if (value instanceof GoList) {
    const items = value.items.map((item) => deepCopy(item, rendering, depth + 1))
    return new GoList(value.type, items, value.isNil)
  }
  if (value instanceof GoMap) {
    const entries = [...value.entries].map(
      ([key, item]) => [key, deepCopy(item, rendering, depth + 1)] as const,
    )
    return new GoMap(value.type, new Map(entries))
  }
  return value
}

const MOST_NESTING = 200

const isZero = (value: GoValue): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === false ||
  value === 0 ||
  value === 0n ||
  (value instanceof GoInt && value.value === 0n) ||
  (value instanceof GoList && value.items.length === 0) ||
  (value instanceof GoBytes && value.text === '') ||
  (value instanceof GoMap && value.entries.size === 0)

/** mergo: what the destination lacks or has empty comes from the source; with `isOverwriting` also the rest. */
export function mergeInto(
  destination: GoMap,
  source: GoMap,
  isOverwriting: boolean,
  rendering: Rendering,
  depth = 0,
): void {
  if (depth > MOST_NESTING) throw new FunctionError('value is nested too deeply')
  for (const [key, value] of source.entries) {
    rendering.spend(1)
    const known = destination.entries.get(key)
    if (value === null || value === undefined) {
      if (isOverwriting) destination.entries.set(key, value)
      continue
    }
    if (value instanceof GoMap && known instanceof GoMap && known !== value) {
      mergeInto(known, value, isOverwriting, rendering, depth + 1)
      if (!isZero(known)) continue
    }
    if (isOverwriting || isZero(known)) {
      destination.entries.set(key, value)
    }
  }
}
