// Constants as arguments, and which values parameters take. A constant has no type of its own: it takes the parameter's,
// and one that does not fit fails when the call is reached, as in Go.
import type { Evaluate } from './evaluate-field.ts'
import { BYTES, canBeNil, type GoType, isIntKind, isUintKind, UINT64, VALUE } from './go-types.ts'
import {
  GoBytes,
  GoComplex,
  GoInt,
  GoList,
  GoMap,
  type GoValue,
  typeName,
  typeOf,
} from './go-values.ts'
import { type AnyNode, type ArgNode, type NumberNode, nodeText } from './nodes.ts'
import { quote } from './quoting.ts'
import type { RenderState } from './render-state.ts'

/** Dot or a constant as it stands. */
export function literal(node: ArgNode): Evaluate {
  switch (node.kind) {
    case 'dot':
      return (state, dot) => {
        state.node = node
        return dot
      }
    case 'true':
    case 'false':
      return constant(node, node.kind === 'true')
    case 'string':
      return constant(node, node.text)
    case 'number':
      return idealConstant(node)
    default:
      return failing(node, `can't evaluate command ${quote(nodeText(node))}`)
  }
}

/** A constant as an argument of a parameter: it takes the parameter's type, or fails when it is reached. */
export function constantArgument(node: ArgNode, type: GoType): Evaluate {
  const found = nodeText(node)
  const number: NumberNode | null = node.kind === 'number' ? node : null
  if (type.kind === 'interface' || type === VALUE) return literal(node)
  if (type.kind === 'bool') {
    const isBool = node.kind === 'true' || node.kind === 'false'
    return isBool ? literal(node) : failing(node, `expected bool; found ${found}`)
  }
  if (type.kind === 'string') {
    if (node.kind === 'string') return constant(node, node.text)
    return failing(node, `expected string; found ${found}`)
  }
  if (type.kind === 'float64') {
    if (number?.float !== undefined) return constant(node, number.float)
    return failing(node, `expected float; found ${found}`)
  }
  if (isIntKind(type.kind)) {
    if (number?.int === undefined) return failing(node, `expected integer; found ${found}`)
    return constant(node, type.kind === 'int' ? number.int : new GoInt(type, number.int))
  }
  if (isUintKind(type.kind)) {
    if (number?.uint === undefined) {
      return failing(node, `expected unsigned integer; found ${found}`)
    }
    const bits = type === UINT64 ? 64 : 32
    return constant(node, new GoInt(type, BigInt.asUintN(bits, number.uint)))
  }
  return failing(node, `can't handle ${found} for arg of type ${type.name}`)
}

/** Fails when it is reached. */
export function failing(node: AnyNode, message: string): Evaluate {
  return (state) => {
    state.node = node
    return state.fail(message)
  }
}

export function constant(node: AnyNode, value: GoValue): Evaluate {
  return (state) => {
    state.node = node
    return value
  }
}

function idealConstant(node: NumberNode): Evaluate {
  const { text } = node
  if (node.complex) return constant(node, new GoComplex(node.complex.re, node.complex.im))
  const isHex = /^0[xX]/.test(text) && text.length > 2 && !/[pP]/.test(text)
  const isFloat = !isHex && text[0] !== "'" && /[.eEpP]/.test(text)
  if (node.float !== undefined && isFloat) return constant(node, node.float)
  if (node.int !== undefined) return constant(node, node.int)
  if (node.uint !== undefined) return failing(node, `${text} overflows int`)
  return constant(node, undefined)
}

/** nil of a type that has one. */
export function nilOf(type: GoType): GoValue {
  if (type === VALUE) return undefined
  if (type === BYTES) return new GoBytes('')
  if (type.kind === 'map') return new GoMap(type, new Map())
  return type.kind === 'slice' ? new GoList(type, [], true) : null
}

/** The value if a parameter of this type takes it. */
export function fitting(state: RenderState, value: GoValue, type: GoType): GoValue {
  if (type === VALUE) return value
  if (type.kind === 'interface') return value === undefined ? null : value
  const own = typeOf(value)
  if (own === type) return value
  if (value === undefined) {
    if (canBeNil(type)) return nilOf(type)
    return state.fail(`invalid value; expected ${type.name}`)
  }
  const got = value === null ? 'interface {}' : typeName(value)
  return state.fail(`wrong type for value; expected ${type.name}; got ${got}`)
}
