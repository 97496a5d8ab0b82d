// The items of a template as the parser takes them: some can be put back, and what is unexpected ends it with a message
// in Go's words, at the line that was read last.
import { fromByteString } from './byte-strings.ts'
import { type Item, itemText, Lexer, type LexerOptions } from './lexer.ts'
import { TemplateError } from './template-error.ts'

export interface ParserOptions extends LexerOptions {
  /** A byte string, as all names here. */
  readonly name: string
  readonly hasFunction: (name: string) => boolean
}

export class ParserItems {
  private readonly lexer: Lexer
  protected readonly options: ParserOptions
  /** Items that were put back, the next one last. */
  protected readonly ahead: Item[] = []
  private lastLine = 1
  /** Line where the action began that is being parsed; 0: none. */
  protected actionLine = 0

  constructor(text: string, options: ParserOptions) {
    this.lexer = new Lexer(text, options)
    this.options = options
  }

  protected next(): Item {
    const item = this.ahead.pop()
    if (item) return item
    const fresh = this.lexer.next()
    this.lastLine = fresh.line
    return fresh
  }

  protected peek(): Item {
    const item = this.next()
    this.ahead.push(item)
    return item
  }

  protected nextNonSpace(): Item {
    let item = this.next()
    while (item.kind === 'space') item = this.next()
    return item
  }

  protected peekNonSpace(): Item {
    const item = this.nextNonSpace()
    this.ahead.push(item)
    return item
  }

  protected fail(message: string): never {
    const { name } = this.options
    throw new TemplateError(fromByteString(`template: ${name}:${this.lastLine}: ${message}`))
  }

  protected unexpected(item: Item, context: string): never {
    if (item.kind !== 'error') this.fail(`unexpected ${itemText(item)} in ${context}`)
    let extra = ''
    if (this.actionLine !== 0 && this.actionLine !== item.line) {
      const started = ` started at ${this.options.name}:${this.actionLine}`
      extra = item.text.endsWith(' action') ? started : ` in action${started}`
    }
    this.fail(item.text + extra)
  }

  protected expect(kind: Item['kind'], context: string): Item {
    const item = this.nextNonSpace()
    if (item.kind !== kind) this.unexpected(item, context)
    return item
  }
}

export const isKeyword = (item: Item, word: string): boolean =>
  item.kind === 'keyword' && item.text === word
