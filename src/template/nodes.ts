// The parts of a parsed template, and how each is written in an error's "at <...>". Positions are bytes into the
// text. Rules: the documentation of Go's text/template and text/template/parse.
import { quote } from './quoting.ts'

interface At {
  readonly pos: number
}
export interface TextNode extends At {
  readonly kind: 'text'
  readonly text: string
}
export interface VariableNode extends At {
  readonly kind: 'variable'
  /** "$x" first, then fields. */
  readonly ident: readonly string[]
}
export interface FieldNode extends At {
  readonly kind: 'field'
  readonly ident: readonly string[]
}
export interface ChainNode extends At {
  readonly kind: 'chain'
  readonly node: ArgNode
  readonly fields: readonly string[]
}
export interface IdentifierNode extends At {
  readonly kind: 'identifier'
  readonly name: string
}
export interface NumberNode extends At {
  readonly kind: 'number'
  readonly text: string
  readonly int?: bigint
  readonly uint?: bigint
  readonly float?: number
  readonly complex?: { readonly re: number; readonly im: number }
}
export interface StringNode extends At {
  readonly kind: 'string'
  readonly quoted: string
  readonly text: string
}
export interface PlainNode extends At {
  readonly kind: 'dot' | 'nil' | 'true' | 'false'
}
export interface CommandNode extends At {
  readonly kind: 'command'
  readonly args: readonly [ArgNode, ...ArgNode[]]
}
export interface PipeNode extends At {
  readonly kind: 'pipe'
  readonly line: number
  readonly isAssign: boolean
  readonly declared: readonly VariableNode[]
  readonly commands: readonly CommandNode[]
}
export type ArgNode =
  | VariableNode
  | FieldNode
  | ChainNode
  | IdentifierNode
  | NumberNode
  | StringNode
  | PlainNode
  | PipeNode

export interface ListNode extends At {
  readonly kind: 'list'
  readonly nodes: readonly Node[]
}
export interface ActionNode extends At {
  readonly kind: 'action'
  readonly pipe: PipeNode
}
export interface BranchNode extends At {
  readonly kind: 'if' | 'with' | 'range'
  readonly pipe: PipeNode
  readonly list: ListNode
  readonly elseList: ListNode | null
}
export interface TemplateNode extends At {
  readonly kind: 'template'
  readonly name: string
  readonly pipe: PipeNode | null
}
export interface JumpNode extends At {
  readonly kind: 'break' | 'continue'
}
export type Node = TextNode | ActionNode | BranchNode | TemplateNode | JumpNode | ListNode
export type AnyNode = Node | ArgNode | CommandNode

/** A node as source, the way Go's nodes print themselves. */
export function nodeText(node: AnyNode): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'variable':
      return node.ident.join('.')
    case 'field':
      return node.ident.map((name) => `.${name}`).join('')
    case 'chain':
      return `${argText(node.node)}${node.fields.map((name) => `.${name}`).join('')}`
    case 'identifier':
      return node.name
    case 'number':
      return node.text
    case 'string':
      return node.quoted
    case 'dot':
      return '.'
    case 'nil':
    case 'true':
    case 'false':
      return node.kind
    case 'command':
      return node.args.map(argText).join(' ')
    case 'pipe':
      return pipeText(node)
    case 'list':
      return node.nodes.map(nodeText).join('')
    case 'action':
      return `{{${nodeText(node.pipe)}}}`
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`
    case 'template':
      return `{{template ${quote(node.name)}${node.pipe ? ` ${nodeText(node.pipe)}` : ''}}}`
    default: {
      const other = node.elseList ? `{{else}}${nodeText(node.elseList)}` : ''
      return `{{${node.kind} ${nodeText(node.pipe)}}}${nodeText(node.list)}${other}{{end}}`
    }
  }
}

const argText = (node: ArgNode): string =>
  node.kind === 'pipe' ? `(${pipeText(node)})` : nodeText(node)

function pipeText(node: PipeNode): string {
  const names = node.declared.map(nodeText).join(', ')
  const prefix = names === '' ? '' : `${names} ${node.isAssign ? '=' : ':='} `
  return prefix + node.commands.map(nodeText).join(' | ')
}
