// Pipelines, commands, arguments and calls as closures: what the text alone decides (which function, how many
// arguments, which constants fit) is decided once, and what it decides wrongly fails when it is reached, as in Go.
import { type Evaluate, evaluateField, holdsInterfaces, isTrue } from './evaluate-field.ts'
import { BYTES, canBeNil, type GoType, isIntKind, isUintKind, UINT64, VALUE } from './go-types.ts'
import {
  type FunctionTable,
  GoBytes,
  GoComplex,
  GoInt,
  GoList,
  GoMap,
  type GoValue,
  type TemplateFunction,
  typeName,
  typeOf,
} from './go-values.ts'
import {
  type AnyNode,
  type ArgNode,
  type CommandNode,
  type NumberNode,
  nodeText,
  type PipeNode,
} from './nodes.ts'
import { quote } from './quoting.ts'
import type { RenderState } from './render-state.ts'
import { FunctionError } from './template-error.ts'
import type { Variables } from './variables.ts'

/** A value on its way into a command as its last argument. */
type Final = Evaluate | null

/** Compiles the pipelines of one template. */
export class PipelineCompiler {
  private readonly functions: FunctionTable
  private readonly builtins: FunctionTable
  private readonly variables: Variables

  constructor(functions: FunctionTable, builtins: FunctionTable, variables: Variables) {
    this.functions = functions
    this.builtins = builtins
    this.variables = variables
  }

  pipeline(pipe: PipeNode): Evaluate {
    let run: Evaluate | null = null
    for (const command of pipe.commands) run = this.stage(command, run)
    const value = run ?? (() => undefined)
    const stores = pipe.declared.map((variable) => {
      const name = variable.ident[0]!
      return pipe.isAssign ? this.variables.assign(name) : this.variables.declare(name)
    })
    const [store] = stores
    if (!store) {
      return (state, dot) => {
        state.node = pipe
        return value(state, dot)
      }
    }
    return (state, dot) => {
      state.node = pipe
      const made = value(state, dot)
      for (const keep of stores) keep(state, made)
      return made
    }
  }

  /** One command; nil in an interface is no value afterwards. */
  private stage(command: CommandNode, before: Final): Evaluate {
    if (!before) {
      const run = this.command(command, null)
      return (state, dot) => run(state, dot) ?? undefined
    }
    // The value before is evaluated first and handed over by this slot, which nested runs may not see.
    let pending: GoValue
    const run = this.command(command, () => pending)
    return (state, dot) => {
      const value = before(state, dot)
      const outer = pending
      pending = value
      const made = run(state, dot) ?? undefined
      pending = outer
      return made
    }
  }

  private command(command: CommandNode, final: Final): Evaluate {
    const [first, ...args] = command.args
    switch (first.kind) {
      case 'field':
      case 'chain':
      case 'variable':
        return this.chain(first, args, final)
      case 'identifier':
        return this.call(first, command, first.name, args, final)
    }
    const hasArgs = args.length > 0 || final !== null
    const refuse = `can't give argument to non-function ${nodeText(first)}`
    if (first.kind === 'pipe') {
      if (!hasArgs) return this.pipeline(first)
      return (state) => state.fail(refuse)
    }
    if (hasArgs) return failing(first, refuse)
    if (first.kind === 'nil') return failing(first, 'nil is not a command')
    return this.literal(first)
  }

  private literal(node: ArgNode): Evaluate {
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

  /** Fields after dot, a variable or anything in parentheses. */
  private chain(
    node: Extract<ArgNode, { kind: 'field' | 'chain' | 'variable' }>,
    args: readonly ArgNode[],
    final: Final,
  ): Evaluate {
    const hasArgs = args.length > 0 || final !== null
    if (node.kind === 'field') {
      const walk = this.fields(node, node.ident, args, final)
      return (state, dot) => {
        state.node = node
        return walk(state, dot, dot, state.isDotInterface)
      }
    }
    if (node.kind === 'variable') return this.variable(node, args, final)
    if (node.node.kind === 'nil') {
      return failing(node, `indirection through explicit nil in ${nodeText(node)}`)
    }
    const base = this.argument(node.node, null)
    const walk = this.fields(node, node.fields, args, hasArgs ? final : null)
    return (state, dot) => {
      state.node = node
      return walk(state, dot, base(state, dot), false)
    }
  }

  private variable(
    node: Extract<ArgNode, { kind: 'variable' }>,
    args: readonly ArgNode[],
    final: Final,
  ): Evaluate {
    const [name, ...rest] = node.ident
    const load = this.variables.load(name!)
    if (rest.length === 0) {
      if (args.length > 0 || final) {
        return failing(node, `can't give argument to non-function ${nodeText(node)}`)
      }
      return (state) => {
        state.node = node
        return load.value(state)
      }
    }
    const walk = this.fields(node, rest, args, final)
    return (state, dot) => {
      state.node = node
      return walk(state, dot, load.value(state), load.isInterface(state))
    }
  }

  private fields(
    node: AnyNode,
    names: readonly string[],
    args: readonly ArgNode[],
    final: Final,
  ): (state: RenderState, dot: GoValue, receiver: GoValue, isInterface: boolean) => GoValue {
    const last = names.length - 1
    const hasArgs = args.length > 0 || final !== null
    const plainCalls = new WeakMap<TemplateFunction, Evaluate>()
    const call = (
      of: readonly ArgNode[],
      end: Final,
      state: RenderState,
      dot: GoValue,
      method: TemplateFunction,
      name: string,
    ): GoValue => {
      let run = plainCalls.get(method)
      if (!run) plainCalls.set(method, (run = this.invoke(method, node, name, of, end)))
      return run(state, dot)
    }
    const bare: Parameters<typeof evaluateField>[6] = (state, dot, method, name) =>
      call([], null, state, dot, method, name)
    const full: Parameters<typeof evaluateField>[6] = (state, dot, method, name) =>
      call(args, final, state, dot, method, name)
    return (state, dot, receiver, isInterface) => {
      let value = receiver
      let isHeld = isInterface
      for (let i = 0; i < last; i++) {
        const held = holdsInterfaces(value)
        value = evaluateField(state, dot, value, isHeld, names[i]!, false, bare)
        isHeld = held
      }
      return evaluateField(state, dot, value, isHeld, names[last]!, hasArgs, full)
    }
  }

  private call(
    at: AnyNode,
    node: AnyNode,
    name: string,
    args: readonly ArgNode[],
    final: Final,
  ): Evaluate {
    const own = this.functions.get(name)
    const builtin = this.builtins.get(name)
    if (!own && (name === 'and' || name === 'or') && builtin) {
      return this.shortCircuit(at, name, args, final)
    }
    const made = own ?? builtin
    if (!made) return failing(at, `${quote(name)} is not a defined function`)
    const calleeName = args[0] ? nodeText(args[0]) : ''
    const of = !own && name === 'call' ? named(made, calleeName) : made
    const run = this.invoke(of, node, name, args, final)
    return (state, dot) => {
      state.node = at
      return run(state, dot)
    }
  }

  private shortCircuit(
    at: AnyNode,
    name: string,
    args: readonly ArgNode[],
    final: Final,
  ): Evaluate {
    if (args.length === 0 && !final) {
      return failing(at, `wrong number of args for ${name}: want at least 1 got 0`)
    }
    const stopsAt = name === 'or'
    const values = args.map((arg) => this.argument(arg, VALUE))
    return (state, dot) => {
      state.node = at
      // The value of the stage before is read first: arguments may run pipelines of their own.
      const last = final?.(state, dot)
      let value: GoValue
      for (const evaluate of values) {
        value = evaluate(state, dot)
        if (isTrue(value) === stopsAt) return value
      }
      return final ? last : value
    }
  }

  /** The call itself, its arguments checked against the function's parameters. */
  private invoke(
    made: TemplateFunction,
    node: AnyNode,
    name: string,
    args: readonly ArgNode[],
    final: Final,
  ): Evaluate {
    const { params, isVariadic } = made
    const count = args.length + (final ? 1 : 0)
    const fixed = isVariadic ? params.length - 1 : params.length
    if (isVariadic && count < fixed) {
      const text = `wrong number of args for ${name}: want at least ${fixed} got ${args.length}`
      return (state) => state.fail(text)
    }
    if (!isVariadic && count !== fixed) {
      const text = `wrong number of args for ${name}: want ${fixed} got ${count}`
      return (state) => state.fail(text)
    }
    const typeAt = (i: number): GoType => params[Math.min(i, params.length - 1)]!
    const evaluates = args.map((arg, i) => this.argument(arg, typeAt(i)))
    const finalType = final ? typeAt(count - 1) : null
    return (state, dot) => {
      const values: GoValue[] = new Array(count)
      const last = final?.(state, dot)
      for (let i = 0; i < evaluates.length; i++) values[i] = evaluates[i]!(state, dot)
      if (finalType) values[count - 1] = fitting(state, last, finalType)
      state.spend(1)
      try {
        return made.call(values, state)
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error
        state.node = node
        return state.fail(`error calling ${name}: ${error.message}`)
      }
    }
  }

  /** An argument for a parameter of this type; null: any, also no value. */
  argument(node: ArgNode, type: GoType | null): Evaluate {
    const run = this.argumentValue(node)
    if (run) {
      return type === null
        ? run
        : (state, dot) => {
            state.node = node
            return fitting(state, run(state, dot), type)
          }
    }
    if (node.kind === 'nil') {
      if (type === null) return failing(node, 'nil is not a command')
      if (!canBeNil(type)) return failing(node, `cannot assign nil to ${type.name}`)
      return constant(node, nilOf(type))
    }
    return this.constantArgument(node, type ?? VALUE)
  }

  private argumentValue(node: ArgNode): Evaluate | null {
    switch (node.kind) {
      case 'dot':
        return (_, dot) => dot
      case 'field':
      case 'variable':
      case 'chain':
        return this.chain(node, [], null)
      case 'pipe':
        return this.pipeline(node)
      case 'identifier':
        return this.call(node, node, node.name, [], null)
      default:
        return null
    }
  }

  private constantArgument(node: ArgNode, type: GoType): Evaluate {
    const found = nodeText(node)
    const number: NumberNode | null = node.kind === 'number' ? node : null
    if (type.kind === 'interface' || type === VALUE) return this.literal(node)
    if (type.kind === 'bool') {
      const isBool = node.kind === 'true' || node.kind === 'false'
      return isBool ? this.literal(node) : failing(node, `expected bool; found ${found}`)
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
}

/** `call` is told how its function was written. */
function named(made: TemplateFunction, callee: string): TemplateFunction {
  return { ...made, call: (args, rendering) => made.call([callee, ...args], rendering) }
}

function failing(node: AnyNode, message: string): Evaluate {
  return (state) => {
    state.node = node
    return state.fail(message)
  }
}

function constant(node: AnyNode, value: GoValue): Evaluate {
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

function nilOf(type: GoType): GoValue {
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
