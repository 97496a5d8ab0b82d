// The types of values in a template, as Go's reflect names them: they show in messages, in %T and typeOf, and
// they decide which arguments a function takes. Each type is one object, compared by identity.

export interface GoType {
  /** As printed by %T: "string", "[]interface {}", "map[string]interface {}", "time.Time". */
  readonly name: string
  /** As printed by kindOf. */
  readonly kind: string
  /** Of slices and maps. */
  readonly elem?: GoType
}

const basic = (name: string): GoType => ({ name, kind: name })

export const ANY: GoType = { name: 'interface {}', kind: 'interface' }
/** A parameter that takes values as they stand, also none at all (reflect.Value). */
export const VALUE: GoType = { name: 'reflect.Value', kind: 'struct' }
export const STRING = basic('string')
export const BOOL = basic('bool')
export const INT = basic('int')
export const INT64 = basic('int64')
export const INT32 = basic('int32')
export const UINT8 = basic('uint8')
export const UINT32 = basic('uint32')
export const UINT64 = basic('uint64')
export const FLOAT64 = basic('float64')
export const COMPLEX128 = basic('complex128')
export const TIME: GoType = { name: 'time.Time', kind: 'struct' }
export const FUNC: GoType = { name: 'func()', kind: 'func' }

const slices = new Map<GoType, GoType>()
const maps = new Map<GoType, GoType>()

export function sliceOf(elem: GoType): GoType {
  let type = slices.get(elem)
  if (!type) slices.set(elem, (type = { name: `[]${elem.name}`, kind: 'slice', elem }))
  return type
}

export function mapOf(elem: GoType): GoType {
  let type = maps.get(elem)
  if (!type) maps.set(elem, (type = { name: `map[string]${elem.name}`, kind: 'map', elem }))
  return type
}

export const LIST = sliceOf(ANY)
export const STRINGS = sliceOf(STRING)
export const INTS = sliceOf(INT)
export const BYTES = sliceOf(UINT8)
export const LISTS = sliceOf(LIST)
export const DICT = mapOf(ANY)
export const STRING_MAP = mapOf(STRING)

const INT_KINDS = new Set(['int', 'int8', 'int16', 'int32', 'int64'])
const UINT_KINDS = new Set(['uint', 'uint8', 'uint16', 'uint32', 'uint64', 'uintptr'])
export const isIntKind = (kind: string): boolean => INT_KINDS.has(kind)
export const isUintKind = (kind: string): boolean => UINT_KINDS.has(kind)

/** Whether a parameter of this type can be given nil. */
export function canBeNil(type: GoType): boolean {
  if (type === VALUE) return true
  return ['interface', 'map', 'slice', 'func', 'ptr'].includes(type.kind)
}
