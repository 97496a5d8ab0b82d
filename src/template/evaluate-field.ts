// ".name" of a value: a method, a struct's field or a map's key. Only what the data itself holds is found; names such
// as "constructor" are plain missing keys.
import { ANY, type GoType } from './go-types.ts'
import {
  GoBytes,
  GoFunc,
  GoInt,
  GoList,
  GoMap,
  GoStruct,
  type GoValue,
  typeName,
} from './go-values.ts'
import type { AnyNode } from './nodes.ts'
import { quote } from './quoting.ts'
import type { RenderState } from './render-state.ts'

/** Calls a method with the arguments of the last field of a chain; null: the field takes none. */
export type CallMethod = (
  state: RenderState,
  dot: GoValue,
  method: NonNullable<ReturnType<GoStruct['method']>>,
  name: string,
) => GoValue

/** The zero value of an element's type. */
function zeroOf(type: GoType): GoValue {
  switch (type.kind) {
    case 'string':
      return ''
    case 'bool':
      return false
    case 'int':
      return 0n
    case 'float64':
      return 0
    case 'slice':
      return new GoList(type, [], true)
    case 'map':
      return new GoMap(type, new Map())
    default:
      return type.kind.includes('int') && type !== ANY ? new GoInt(type, 0n) : null
  }
}

export { zeroOf }

/** One step of a field chain. `isInterface`: the receiver is held in an interface; `call`: for methods. */
export function evaluateField(
  state: RenderState,
  dot: GoValue,
  receiver: GoValue,
  isInterface: boolean,
  name: string,
  hasArgs: boolean,
  call: CallMethod,
): GoValue {
  if (receiver instanceof GoMap) {
    if (hasArgs) state.fail(`${name} is not a method but has arguments`)
    const value = receiver.entries.get(name)
    if (value !== undefined) return value
    const { missingKey } = state.settings
    if (missingKey === 'error') state.fail(`map has no entry for key ${quote(name)}`)
    return missingKey === 'zero' ? zeroOf(receiver.type.elem ?? ANY) : undefined
  }
  if (receiver === undefined) {
    if (state.settings.missingKey === 'error') {
      state.fail(`nil data; no entry for key ${quote(name)}`)
    }
    return undefined
  }
  if (receiver === null) state.fail(`nil pointer evaluating interface {}.${name}`)
  if (receiver instanceof GoStruct) {
    const method = receiver.method(name)
    if (method) return call(state, dot, method, name)
    const field = receiver.fields.get(name)
    if (field !== undefined) {
      if (hasArgs) state.fail(`${name} has arguments but cannot be invoked as function`)
      return field
    }
  }
  const own = receiver instanceof GoInt ? receiver.named?.methods : undefined
  if (own && Object.hasOwn(own, name)) return call(state, dot, own[name]!, name)
  const type = isInterface ? ANY.name : typeName(receiver)
  return state.fail(`can't evaluate field ${name} in type ${type}`)
}

/** Whether what a field of this value answers is held in an interface. */
export function holdsInterfaces(container: GoValue): boolean {
  return (container instanceof GoMap || container instanceof GoList) && container.type.elem === ANY
}

/** What if, with, and, or and not go by. */
export function isTrue(value: GoValue): boolean {
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      return value.length > 0
    case 'number':
      return value !== 0
    case 'bigint':
      return value !== 0n
    case 'undefined':
      return false
  }
  if (value === null) return false
  if (value instanceof GoMap) return value.entries.size > 0
  if (value instanceof GoList) return value.items.length > 0
  if (value instanceof GoBytes) return value.text.length > 0
  if (value instanceof GoInt) return value.value !== 0n
  if (value instanceof GoStruct || value instanceof GoFunc) return true
  return value.re !== 0 || value.im !== 0
}

export type Evaluate = (state: RenderState, dot: GoValue) => GoValue

/** A step that marks where an error would be. */
export function marked(node: AnyNode, run: Evaluate): Evaluate {
  return (state, dot) => {
    state.node = node
    return run(state, dot)
  }
}
