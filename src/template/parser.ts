// Parses a template's text into named trees. The grammar, the order of checks and the messages are those of
// Go's text/template/parse; nesting is bounded, since a tree is walked by recursion.
import { MAX_TEMPLATE_NESTING } from '../base/limits.ts'
import type { Item } from './lexer.ts'
import type {
  ArgNode,
  BranchNode,
  CommandNode,
  ListNode,
  Node,
  PipeNode,
  TemplateNode,
  VariableNode,
} from './nodes.ts'
import { nodeText } from './nodes.ts'
import { parseConstant } from './parse-number.ts'
import { isKeyword, ParserItems, type ParserOptions } from './parser-items.ts'
import { quote, unquote } from './quoting.ts'

/** Trees by the names of their templates, in the order of their definitions. */
export type Trees = Map<string, ListNode>

/** What ends a list: {{end}} or {{else}}, of which "else if" and "else with" are told apart. */
interface EndOfList {
  readonly kind: 'end' | 'else'
  readonly pos: number
}
type Clause = Node | EndOfList

const isEnd = (clause: Clause): clause is EndOfList =>
  clause.kind === 'end' || clause.kind === 'else'

/** Parses the text (a byte string). Throws TemplateError. */
export function parseTrees(text: string, options: ParserOptions): Trees {
  return new Parser(text, options).run()
}

class Parser extends ParserItems {
  private readonly trees: Trees = new Map()
  private rangeDepth = 0
  private nesting = 0
  private variables: string[] = ['$']

  run(): Trees {
    const nodes: Node[] = []
    const { pos } = this.peek()
    while (this.peek().kind !== 'eof') {
      if (this.peek().kind === 'leftDelim') {
        const delim = this.next()
        const item = this.nextNonSpace()
        if (isKeyword(item, 'define')) {
          this.definition()
          continue
        }
        this.ahead.push(item, delim)
      }
      const node = this.textOrAction()
      if (isEnd(node)) this.fail(`unexpected {{${node.kind}}}`)
      nodes.push(node)
    }
    this.add(this.options.name, { kind: 'list', pos, nodes })
    return this.trees
  }

  private add(name: string, tree: ListNode): void {
    const known = this.trees.get(name)
    if (!known || isEmpty(known)) {
      this.trees.set(name, tree)
    } else if (!isEmpty(tree)) {
      this.fail(`template: multiple definition of template ${quote(name)}`)
    }
  }

  /** Variables of the body of a definition or block are its own. */
  private body(context: string): ListNode {
    const outer = this.variables
    const outerRange = this.rangeDepth
    this.variables = ['$']
    this.rangeDepth = 0
    const [list, end] = this.itemList()
    if (end.kind !== 'end') this.fail(`unexpected {{${end.kind}}} in ${context}`)
    this.variables = outer
    this.rangeDepth = outerRange
    return list
  }

  private definition(): void {
    const context = 'define clause'
    const item = this.nextNonSpace()
    const name = this.templateName(item, context)
    this.expect('rightDelim', context)
    this.add(name, this.body(context))
  }

  private templateName(item: Item, context: string): string {
    if (item.kind !== 'string' && item.kind !== 'rawString') this.unexpected(item, context)
    return this.unquoted(item)
  }

  private unquoted(item: Item): string {
    return unquote(item.text) ?? this.fail('invalid syntax')
  }

  private itemList(): [ListNode, EndOfList] {
    const nodes: Node[] = []
    const { pos } = this.peekNonSpace()
    this.deeper()
    while (this.peekNonSpace().kind !== 'eof') {
      const node = this.textOrAction()
      if (isEnd(node)) {
        this.nesting--
        return [{ kind: 'list', pos, nodes }, node]
      }
      nodes.push(node)
    }
    return this.fail('unexpected EOF')
  }

  private deeper(): void {
    if (++this.nesting > MAX_TEMPLATE_NESTING) this.fail('max expression depth exceeded')
  }

  private textOrAction(): Clause {
    const item = this.nextNonSpace()
    if (item.kind === 'text') return { kind: 'text', pos: item.pos, text: item.text }
    if (item.kind !== 'leftDelim') return this.unexpected(item, 'input')
    this.actionLine = item.line
    const clause = this.action()
    this.actionLine = 0
    return clause
  }

  private action(): Clause {
    const item = this.nextNonSpace()
    if (item.kind === 'keyword') {
      switch (item.text) {
        case 'block':
          return this.block()
        case 'break':
        case 'continue':
          return this.jump(item, item.text)
        case 'else':
          return this.elseClause()
        case 'end':
          return { kind: 'end', pos: this.expect('rightDelim', 'end').pos }
        case 'if':
        case 'range':
        case 'with':
          return this.branch(item.text)
        case 'template':
          return this.templateClause()
      }
    }
    this.ahead.push(item)
    const { pos } = this.peek()
    return { kind: 'action', pos, pipe: this.pipeline('command', 'rightDelim') }
  }

  private jump(item: Item, kind: 'break' | 'continue'): Node {
    const next = this.nextNonSpace()
    if (next.kind !== 'rightDelim') this.unexpected(next, `{{${kind}}}`)
    if (this.rangeDepth === 0) this.fail(`{{${kind}}} outside {{range}}`)
    return { kind, pos: item.pos }
  }

  private elseClause(): EndOfList {
    const item = this.peekNonSpace()
    if (isKeyword(item, 'if') || isKeyword(item, 'with')) return { kind: 'else', pos: item.pos }
    return { kind: 'else', pos: this.expect('rightDelim', 'else').pos }
  }

  private block(): TemplateNode {
    const context = 'block clause'
    const item = this.nextNonSpace()
    const name = this.templateName(item, context)
    const pipe = this.pipeline(context, 'rightDelim')
    this.add(name, this.body(context))
    return { kind: 'template', pos: item.pos, name, pipe }
  }

  private templateClause(): TemplateNode {
    const context = 'template clause'
    const item = this.nextNonSpace()
    const name = this.templateName(item, context)
    const next = this.nextNonSpace()
    if (next.kind === 'rightDelim') return { kind: 'template', pos: item.pos, name, pipe: null }
    this.ahead.push(next)
    return {
      kind: 'template',
      pos: item.pos,
      name,
      pipe: this.pipeline(context, 'rightDelim'),
    }
  }

  private branch(kind: 'if' | 'with' | 'range'): BranchNode {
    const known = this.variables.length
    const pipe = this.pipeline(kind, 'rightDelim')
    if (kind === 'range') this.rangeDepth++
    const [list, end] = this.itemList()
    if (kind === 'range') this.rangeDepth--
    let elseList: ListNode | null = null
    if (end.kind === 'else') {
      const next = this.peek()
      if (kind !== 'range' && isKeyword(next, kind)) {
        this.next()
        this.deeper()
        elseList = { kind: 'list', pos: end.pos, nodes: [this.branch(kind)] }
        this.nesting--
      } else {
        const [other, close] = this.itemList()
        if (close.kind !== 'end') this.fail(`expected end; found {{${close.kind}}}`)
        elseList = other
      }
    }
    this.variables.length = known
    return { kind, pos: pipe.pos, pipe, list, elseList }
  }

  private pipeline(context: string, end: 'rightDelim' | 'rightParen'): PipeNode {
    const { pos, line } = this.peekNonSpace()
    const declared: VariableNode[] = []
    const isAssign = this.declarations(context, declared)
    const commands: CommandNode[] = []
    for (;;) {
      const item = this.nextNonSpace()
      if (item.kind === end) break
      if (!STARTS_COMMAND.has(item.kind)) this.unexpected(item, context)
      this.ahead.push(item)
      commands.push(this.command())
    }
    if (commands.length === 0) this.fail(`missing value for ${context}`)
    for (const [i, command] of commands.entries()) {
      if (i > 0 && NOT_EXECUTABLE.has(command.args[0].kind)) {
        this.fail(`non executable command in pipeline stage ${i + 1}`)
      }
    }
    return { kind: 'pipe', pos, line, isAssign, declared, commands }
  }

  /** "$x :=", "$x =" or, for range, "$i, $x :="; answers whether it assigns. */
  private declarations(context: string, declared: VariableNode[]): boolean {
    for (;;) {
      const item = this.peekNonSpace()
      if (item.kind !== 'variable') return false
      this.next()
      const after = this.peek()
      const next = this.peekNonSpace()
      const node: VariableNode = { kind: 'variable', pos: item.pos, ident: [item.text] }
      if (next.kind === 'assign' || next.kind === 'declare') {
        this.nextNonSpace()
        declared.push(node)
        this.variables.push(item.text)
        return next.kind === 'assign'
      }
      if (next.kind === 'char' && next.text === ',') {
        this.nextNonSpace()
        declared.push(node)
        this.variables.push(item.text)
        if (context !== 'range' || declared.length >= 2) {
          this.fail(`too many declarations in ${context}`)
        }
        const { kind } = this.peekNonSpace()
        if (kind === 'variable' || kind === 'rightDelim' || kind === 'rightParen') continue
        this.fail('range can only initialize variables')
      }
      if (after.kind === 'space') this.ahead.push(after)
      this.ahead.push(item)
      return false
    }
  }

  private command(): CommandNode {
    const { pos } = this.peekNonSpace()
    const args: ArgNode[] = []
    for (;;) {
      this.peekNonSpace()
      const operand = this.operand()
      if (operand) args.push(operand)
      const item = this.next()
      if (item.kind === 'space') continue
      if (item.kind === 'rightDelim' || item.kind === 'rightParen') this.ahead.push(item)
      else if (item.kind !== 'pipe') this.unexpected(item, 'operand')
      break
    }
    const [first, ...rest] = args
    if (!first) return this.fail('empty command')
    return { kind: 'command', pos, args: [first, ...rest] }
  }

  private operand(): ArgNode | null {
    const node = this.term()
    if (!node || this.peek().kind !== 'field') return node
    const { pos } = this.peek()
    const fields: string[] = []
    while (this.peek().kind === 'field') {
      const { text } = this.next()
      if (text.length === 1) this.fail('empty field')
      fields.push(text.slice(1))
    }
    switch (node.kind) {
      case 'field':
        return { kind: 'field', pos, ident: [...node.ident, ...fields] }
      case 'variable':
        return { kind: 'variable', pos, ident: [...node.ident, ...fields] }
      case 'true':
      case 'false':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.fail(`unexpected . after term ${quote(nodeText(node))}`)
      default:
        return { kind: 'chain', pos, node, fields }
    }
  }

  private term(): ArgNode | null {
    const item = this.nextNonSpace()
    const { pos, text } = item
    switch (item.kind) {
      case 'identifier':
        if (!this.options.hasFunction(text)) this.fail(`function ${quote(text)} not defined`)
        return { kind: 'identifier', pos, name: text }
      case 'dot':
      case 'nil':
        return { kind: item.kind, pos }
      case 'variable':
        if (!this.variables.includes(text)) this.fail(`undefined variable ${quote(text)}`)
        return { kind: 'variable', pos, ident: [text] }
      case 'field':
        return { kind: 'field', pos, ident: [text.slice(1)] }
      case 'bool':
        return { kind: text === 'true' ? 'true' : 'false', pos }
      case 'charConstant':
      case 'complex':
      case 'number': {
        const number = parseConstant(text, item.kind)
        if (typeof number === 'string') this.fail(number)
        return { kind: 'number', pos, text, ...number }
      }
      case 'leftParen': {
        this.deeper()
        const pipe = this.pipeline('parenthesized pipeline', 'rightParen')
        this.nesting--
        return pipe
      }
      case 'string':
      case 'rawString':
        return { kind: 'string', pos, quoted: text, text: this.unquoted(item) }
      default:
        this.ahead.push(item)
        return null
    }
  }
}

const STARTS_COMMAND: ReadonlySet<Item['kind']> = new Set<Item['kind']>([
  'bool',
  'charConstant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
])
const NOT_EXECUTABLE: ReadonlySet<string> = new Set([
  'true',
  'false',
  'dot',
  'nil',
  'number',
  'string',
])

/** White space alone defines nothing: a later definition of the same name takes its place. */
function isEmpty(node: Node): boolean {
  if (node.kind === 'list') return node.nodes.every(isEmpty)
  return node.kind === 'text' && node.text.trim() === ''
}
