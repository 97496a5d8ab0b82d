// Pipelines, commands, arguments and calls as closures: what the text alone decides (which function, how many
// arguments, which constants fit) is decided once, and what it decides wrongly fails when it is reached, as in Go.
import { constant, constantArgument, failing, fitting, literal, nilOf } from './compile-constant.ts'
import { type Evaluate, evaluateField, holdsInterfaces, isTrue } from './evaluate-field.ts'
import { canBeNil, type GoType, VALUE } from './go-types.ts'
import type { FunctionTable, GoValue, TemplateFunction } from './go-values.ts'
import { type AnyNode, type ArgNode, type CommandNode, nodeText, type PipeNode } from './nodes.ts'
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
    return literal(first)
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
    return constantArgument(node, type ?? VALUE)
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
}

/** `call` is told how its function was written. */
function named(made: TemplateFunction, callee: string): TemplateFunction {
  return { ...made, call: (args, rendering) => made.call([callee, ...args], rendering) }
}
