// The nodes of a template as closures that write to the rendering. A closure answers how it ended, so that break
// and continue need no exceptions.

import { PipelineCompiler } from './compile-pipeline.ts'
import { type Evaluate, holdsInterfaces, isTrue } from './evaluate-field.ts'
import { printable } from './format-values.ts'
import { isIntKind, isUintKind, UINT8 } from './go-types.ts'
import {
  type FunctionTable,
  GoBytes,
  GoFunc,
  GoInt,
  GoList,
  GoMap,
  type GoValue,
  typeName,
} from './go-values.ts'
import type { ActionNode, BranchNode, ListNode, Node, TemplateNode } from './nodes.ts'
import { nodeText } from './nodes.ts'
import { quote } from './quoting.ts'
import type { RenderState } from './render-state.ts'
import { Variables } from './variables.ts'

type Ending = 'done' | 'break' | 'continue'
export type Run = (state: RenderState, dot: GoValue) => Ending
export type Compiled = ReadonlyMap<string, Run>

/** Compiles one tree; `all` may still be filled while this runs. */
export function compileTree(
  tree: ListNode,
  tables: { functions: FunctionTable; builtins: FunctionTable },
  all: Compiled,
): Run {
  const variables = new Variables()
  const pipelines = new PipelineCompiler(tables.functions, tables.builtins, variables)
  return new TreeCompiler(pipelines, variables, all).list(tree)
}

class TreeCompiler {
  private readonly pipelines: PipelineCompiler
  private readonly variables: Variables
  private readonly all: Compiled

  constructor(pipelines: PipelineCompiler, variables: Variables, all: Compiled) {
    this.pipelines = pipelines
    this.variables = variables
    this.all = all
  }

  list(list: ListNode): Run {
    const runs = list.nodes.map((node) => this.node(node))
    const [first] = runs
    if (runs.length === 0 || !first) return () => 'done'
    if (runs.length === 1) return first
    return (state, dot) => {
      for (let i = 0; i < runs.length; i++) {
        const ending = runs[i]!(state, dot)
        if (ending !== 'done') return ending
      }
      return 'done'
    }
  }

  private node(node: Node): Run {
    switch (node.kind) {
      case 'text':
        return (state) => {
          state.write(node.text)
          return 'done'
        }
      case 'action':
        return this.action(node)
      case 'if':
      case 'with':
        return this.condition(node)
      case 'range':
        return this.range(node)
      case 'template':
        return this.template(node)
      case 'list':
        return this.list(node)
      default:
        return () => node.kind
    }
  }

  private action(node: ActionNode): Run {
    const evaluate = this.pipelines.pipeline(node.pipe)
    const isPrinted = node.pipe.declared.length === 0
    return (state, dot) => {
      state.spend(1)
      const value = evaluate(state, dot)
      if (!isPrinted) return 'done'
      if (typeof value === 'string') {
        state.write(value)
        return 'done'
      }
      state.node = node
      if (value instanceof GoFunc) {
        state.fail(`can't print ${nodeText(node)} of type ${typeName(value)}`)
      }
      state.write(printable(value, state))
      return 'done'
    }
  }

  private condition(node: BranchNode): Run {
    const mark = this.variables.mark()
    const evaluate = this.pipelines.pipeline(node.pipe)
    const inner = this.variables.mark()
    const body = this.list(node.list)
    // What the body declares can't be seen in its else.
    this.variables.release(inner)
    const other = node.elseList ? this.list(node.elseList) : null
    this.variables.release(mark)
    if (node.kind === 'if') {
      return (state, dot) => {
        state.spend(1)
        if (isTrue(evaluate(state, dot))) return body(state, dot)
        return other ? other(state, dot) : 'done'
      }
    }
    return (state, dot) => {
      state.spend(1)
      const value = evaluate(state, dot)
      if (!isTrue(value)) return other ? other(state, dot) : 'done'
      const outer = state.isDotInterface
      state.isDotInterface = false
      const ending = body(state, value)
      state.isDotInterface = outer
      return ending
    }
  }

  private range(node: BranchNode): Run {
    const mark = this.variables.mark()
    const evaluate = this.pipelines.pipeline(node.pipe)
    const { declared } = node.pipe
    const names = declared.map((variable) => variable.ident[0]!)
    const setters = names.map((name) => this.variables.element(name))
    const [setFirst, setSecond] = setters
    const inner = this.variables.mark()
    const body = this.list(node.list)
    // What the body declares can't be seen in its else.
    this.variables.release(inner)
    const other = node.elseList ? this.list(node.elseList) : null
    this.variables.release(mark)

    const step = (state: RenderState, key: GoValue, value: GoValue, held: boolean): Ending => {
      state.spend(1)
      if (setSecond) {
        setFirst?.(state, key, false)
        setSecond(state, value, held)
      } else setFirst?.(state, value, held)
      state.isDotInterface = held
      return body(state, value)
    }
    return (state, dot) => {
      state.spend(1)
      state.node = node
      const value = evaluate(state, dot)
      const outer = state.isDotInterface
      const isEmpty = each(state, value, setters.length, step)
      state.isDotInterface = outer
      return isEmpty && other ? other(state, dot) : 'done'
    }
  }

  private template(node: TemplateNode): Run {
    const evaluate: Evaluate = node.pipe ? this.pipelines.pipeline(node.pipe) : () => undefined
    return (state, dot) => {
      state.spend(1)
      state.node = node
      const run = this.all.get(node.name)
      if (!run) return state.fail(`template ${quote(node.name)} not defined`)
      const { depth } = state.settings.limits
      if (state.depth >= depth) state.fail(`exceeded maximum template depth (${depth})`)
      const value = evaluate(state, dot)
      const { frame, templateName, isDotInterface, interfaceSlots } = state
      state.frame = [value]
      state.templateName = node.name
      state.isDotInterface = false
      state.interfaceSlots = null
      state.depth++
      run(state, value)
      state.depth--
      state.frame = frame
      state.templateName = templateName
      state.isDotInterface = isDotInterface
      state.interfaceSlots = interfaceSlots
      return 'done'
    }
  }
}

type Step = (state: RenderState, key: GoValue, value: GoValue, isInterface: boolean) => Ending

/** Goes through what range takes; true: there was nothing. */
function each(state: RenderState, value: GoValue, variables: number, step: Step): boolean {
  if (value instanceof GoList) {
    const held = holdsInterfaces(value)
    const { items } = value
    for (let i = 0; i < items.length; i++) {
      if (step(state, BigInt(i), items[i], held) === 'break') break
    }
    return items.length === 0
  }
  if (value instanceof GoMap) {
    const held = holdsInterfaces(value)
    const entries = value.sortedKeys().map((key) => [key, value.entries.get(key)] as const)
    state.spend(entries.length)
    for (const [key, item] of entries) {
      if (step(state, key, item, held) === 'break') break
    }
    return entries.length === 0
  }
  if (value instanceof GoBytes) {
    for (let i = 0; i < value.text.length; i++) {
      const byte = new GoInt(UINT8, BigInt(value.text.charCodeAt(i)))
      if (step(state, BigInt(i), byte, false) === 'break') break
    }
    return value.text.length === 0
  }
  if (value === undefined || value === null) return true
  const isCount =
    typeof value === 'bigint' ||
    (value instanceof GoInt && (isIntKind(value.type.kind) || isUintKind(value.type.kind)))
  if (!isCount) state.fail(`range can't iterate over ${printable(value, state)}`)
  const count = typeof value === 'bigint' ? value : (value as GoInt).value
  if (variables > 1) {
    state.fail(`can't use ${count} to iterate over more than one variable`)
  }
  for (let i = 0n; i < count; i++) {
    const item = typeof value === 'bigint' ? i : new GoInt((value as GoInt).type, i)
    if (step(state, undefined, item, false) === 'break') break
  }
  return count <= 0n
}
