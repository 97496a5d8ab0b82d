// Parser of HCL 1 and of JSON, its other notation, into one ordered tree with positions. Repeated blocks
// stay apart and in order; what a name means is the reader's business. Recursion is capped, so no input
// can exhaust the stack. Source: the grammar that HCL 1 documents, and what Vault's parser accepts.
import { HclError, Lexer, type Position, type Token, type TokenKind } from './hcl-lexer.ts'
import { MAX_HCL_DEPTH } from './limits.ts'

export { HclError, type Position } from './hcl-lexer.ts'

/** Comments on lines that follow one another. */
export interface CommentGroup {
  readonly comments: readonly { readonly text: string; readonly at: Position }[]
}

export interface HclKey {
  readonly value: string
  /** As written, with its quotes. */
  readonly text: string
  readonly at: Position
}

/** `name = value`, `name { }` or `name "label" { }`; in JSON a member of an object. */
export interface HclItem {
  /** At least one; more than one only in front of an object. */
  readonly keys: readonly HclKey[]
  /** Written with `=` (JSON: always). */
  readonly assigned: boolean
  readonly value: HclValue
  readonly at: Position
  /** The comments right above, and the one at the end of its line. */
  readonly lead: CommentGroup | null
  readonly trail: CommentGroup | null
}

export interface HclLeaf {
  readonly kind: 'string' | 'heredoc' | 'number' | 'bool' | 'null'
  readonly value: string | number | boolean | null
  readonly at: Position
  /** As written. */
  readonly text: string
  lead: CommentGroup | null
  trail: CommentGroup | null
}
export interface HclList {
  readonly kind: 'list'
  readonly items: readonly HclValue[]
  readonly at: Position
}
export interface HclObject {
  readonly kind: 'object'
  readonly items: readonly HclItem[]
  readonly at: Position
  /** Of its closing brace. */
  readonly end: Position
}
export type HclValue = HclLeaf | HclList | HclObject

export interface HclFile {
  readonly json: boolean
  readonly items: readonly HclItem[]
  /** All comments, in order. */
  readonly comments: readonly CommentGroup[]
}

/** Parses a whole text. Throws HclError, with the place and what was expected there. */
export function parseHcl(text: string): HclFile {
  const parser = new Parser(text)
  return parser.json ? parser.jsonFile() : parser.hclFile()
}

const KIND_WORDS: Readonly<Partial<Record<TokenKind, string>>> = {
  name: 'an unquoted word',
  string: 'a string',
  heredoc: 'a heredoc',
  number: 'a number',
  bool: 'true or false',
  null: 'null',
  end: 'the end of the text',
}
const LEAF_KINDS: ReadonlySet<TokenKind> = new Set(['string', 'heredoc', 'number', 'bool', 'null'])

class Parser {
  readonly json: boolean
  readonly #lexer: Lexer
  readonly #comments: CommentGroup[] = []
  #token: Token
  /** True when #token is to be read again. */
  #kept = false
  /** Comments that wait for the node they belong to. */
  #lead: CommentGroup | null = null
  #trail: CommentGroup | null = null
  #depth = 0

  constructor(text: string) {
    this.#lexer = new Lexer(text)
    this.json = this.#lexer.json
    this.#token = { kind: 'end', at: { line: 0, column: 0, offset: -1 }, text: '', value: '' }
  }

  hclFile(): HclFile {
    const items = this.#items('end')
    return { json: false, items, comments: this.#comments }
  }

  jsonFile(): HclFile {
    this.#read()
    const { items } = this.#jsonObject()
    if (this.#read().kind !== 'end') this.#expected('nothing after the closing brace')
    return { json: true, items, comments: [] }
  }

  /** The next token that is no comment; comments on the way are kept for the node they belong to. */
  #read(): Token {
    if (this.#kept) {
      this.#kept = false
      return this.#token
    }
    const before = this.#token
    let token = this.#lexer.next()
    if (token.kind === 'comment') {
      let group: CommentGroup | null = null
      let endLine = -1
      if (token.at.line === before.at.line) {
        ;[group, token, endLine] = this.#group(token, 0)
        if (token.at.line !== endLine) this.#trail = group
      }
      endLine = -1
      while (token.kind === 'comment') [group, token, endLine] = this.#group(token, 1)
      const above = endLine + 1 === token.at.line
      if (above && token.kind !== '}' && token.kind !== ']') this.#lead = group
    }
    this.#token = token
    return token
  }

  /** Comments from `token` on, at most `gap` lines apart; the token after them; the line they end on. */
  #group(token: Token, gap: number): [CommentGroup, Token, number] {
    const comments: { text: string; at: Position }[] = []
    let endLine = token.at.line
    while (token.kind === 'comment' && token.at.line <= endLine + gap) {
      comments.push({ text: token.text, at: token.at })
      endLine = token.at.line + countLines(token.text) - 1
      token = this.#lexer.next()
    }
    const group = { comments }
    this.#comments.push(group)
    return [group, token, endLine]
  }

  #expected(what: string): never {
    const { kind, at } = this.#token
    throw new HclError(at, `expected ${what}, got ${KIND_WORDS[kind] ?? `"${kind}"`}`)
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_HCL_DEPTH) {
      throw new HclError(this.#token.at, `nested deeper than ${MAX_HCL_DEPTH} levels`)
    }
    const value = read()
    this.#depth--
    return value
  }

  /** Items up to `close`, which is read. */
  #items(close: '}' | 'end'): HclItem[] {
    const items: HclItem[] = []
    for (;;) {
      if (this.#read().kind === close) return items
      items.push(this.#item(close))
      if (this.#read().kind !== ',') this.#kept = true
    }
  }

  #item(close: '}' | 'end'): HclItem {
    const keys: HclKey[] = []
    while (this.#token.kind === 'name' || this.#token.kind === 'string') {
      const { value, text, at } = this.#token
      keys.push({ value, text, at })
      this.#read()
    }
    const first = keys[0]
    if (!first) this.#expected(close === '}' ? 'a name or "}"' : 'a name')
    const lead = this.#lead
    this.#lead = null
    const assigned = this.#token.kind === '='
    if (assigned && keys.length > 1) this.#expected('"{" after the labels of a block')
    if (!assigned && this.#token.kind !== '{') {
      this.#expected(
        keys.length === 1
          ? `"=" or "{" after ${first.text}`
          : `"{" after ${first.text} and its label`,
      )
    }
    if (assigned) this.#read()
    const value = this.#value()
    // The comment after the `=`, or the one after the value, which is looked for one token ahead.
    const within = this.#trail
    this.#trail = null
    this.#read()
    this.#kept = true
    const trail = this.#trail ?? within
    this.#trail = null
    return { keys, assigned, value, at: first.at, lead, trail }
  }

  /** The value that starts at the current token. */
  #value(): HclValue {
    const { kind, at } = this.#token
    if (LEAF_KINDS.has(kind)) return this.#leaf()
    if (kind === '[') return this.#nested(() => this.#list(at))
    if (kind !== '{')
      return this.#expected('a value: a quoted string, a number, true, false, "[" or "{"')
    return this.#nested(() => {
      const items = this.#items('}')
      return { kind: 'object', items, at, end: this.#token.at }
    })
  }

  #leaf(): HclLeaf {
    const { kind, at, text, value } = this.#token
    const leaf = { kind: kind as HclLeaf['kind'], at, text, lead: null, trail: null }
    if (kind === 'bool') return { ...leaf, value: text === 'true' }
    if (kind === 'number') return { ...leaf, value: numberOf(text, this.json) }
    return { ...leaf, value: kind === 'null' ? null : value }
  }

  #list(at: Position): HclList {
    const items: HclValue[] = []
    while (this.#read().kind !== ']') {
      const last = this.#value()
      items.push(last)
      const isLeaf = last.kind !== 'list' && last.kind !== 'object'
      if (isLeaf && this.#lead) {
        last.lead = this.#lead
        this.#lead = null
      }
      const after = this.#read().kind
      if (after === ']') break
      if (after !== ',') this.#expected('"," or "]" in a list')
      this.#read()
      this.#kept = true
      if (isLeaf && this.#trail) {
        last.trail = this.#trail
        this.#trail = null
      }
    }
    return { kind: 'list', items, at }
  }

  /** A JSON value that starts at the current token. */
  #jsonValue(): HclValue {
    const { kind, at } = this.#token
    if (LEAF_KINDS.has(kind)) return this.#leaf()
    if (kind === '{') return this.#nested(() => this.#jsonObject())
    if (kind !== '[') return this.#expected('a value')
    return this.#nested(() => {
      const items: HclValue[] = []
      if (this.#read().kind === ']') return { kind: 'list', items, at }
      for (;;) {
        items.push(this.#jsonValue())
        if (this.#read().kind === ']') return { kind: 'list', items, at }
        if (this.#token.kind !== ',') this.#expected('"," or "]"')
        this.#read()
      }
    })
  }

  #jsonObject(): HclObject {
    const { at } = this.#token
    const items: HclItem[] = []
    const done = (): HclObject => ({ kind: 'object', items, at, end: this.#token.at })
    if (this.#read().kind === '}') return done()
    for (;;) {
      if (this.#token.kind !== 'string') this.#expected('a name in quotes')
      const { value: name, text, at: keyAt } = this.#token
      if (this.#read().kind !== ':') this.#expected('":"')
      this.#read()
      const value = this.#jsonValue()
      const keys = [{ value: name, text, at: keyAt }]
      items.push({ keys, assigned: true, value, at: keyAt, lead: null, trail: null })
      const after = this.#read().kind
      if (after === '}') return done()
      if (after !== ',') this.#expected('"," or "}"')
      this.#read()
    }
  }
}

/** HCL reads 0x1f as hexadecimal and 017 as octal; JSON has neither. */
function numberOf(text: string, json: boolean): number {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = sign < 0 ? text.slice(1) : text
  if (!json && /^0\d+$/.test(digits)) return sign * Number.parseInt(digits, 8)
  return sign * Number(digits)
}

function countLines(text: string): number {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
