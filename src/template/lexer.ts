// Splits a template's text (a byte string) into items: text, delimiters and what stands between them. Trim markers
// and comments are gone afterwards. Follows the lexical rules of Go's text/template; an item of kind 'error' ends it.
import { encodeRune, runeAt } from './byte-strings.ts'
import { quote } from './quoting.ts'
import { isDigit, isLetter, isPrint } from './runes.ts'

export type ItemKind =
  | 'error'
  | 'bool'
  | 'char'
  | 'charConstant'
  | 'complex'
  | 'assign'
  | 'declare'
  | 'eof'
  | 'field'
  | 'identifier'
  | 'leftDelim'
  | 'leftParen'
  | 'number'
  | 'pipe'
  | 'rawString'
  | 'rightDelim'
  | 'rightParen'
  | 'space'
  | 'string'
  | 'text'
  | 'variable'
  | 'dot'
  | 'nil'
  | 'keyword'

export interface Item {
  readonly kind: ItemKind
  readonly pos: number
  readonly text: string
  readonly line: number
}

const KEYWORDS = new Set('block break continue define else end if range template with'.split(' '))
const SPACE = new Set([' ', '\t', '\r', '\n'])
const isSpace = (char: string | undefined): boolean => char !== undefined && SPACE.has(char)

/** An item in messages. */
export function itemText(item: Item): string {
  if (item.kind === 'eof') return 'EOF'
  if (item.kind === 'error') return item.text
  if (item.kind === 'keyword' || item.kind === 'nil' || item.kind === 'dot') return `<${item.text}>`
  if (item.text.length > 10) return `${quote(firstRunes(item.text, 10))}...`
  return quote(item.text)
}

function firstRunes(text: string, count: number): string {
  let at = 0
  for (let left = count; left > 0 && at < text.length; left--) at += runeAt(text, at).size
  return text.slice(0, at)
}

export interface LexerOptions {
  readonly left: string
  readonly right: string
  /** Names of functions that take the place of break and continue. */
  readonly shadowed: ReadonlySet<string>
}

/** Gives one item per call of `next`; after the end and after an error, the end again. */
export class Lexer {
  private readonly input: string
  private readonly options: LexerOptions
  private pos = 0
  private line = 1
  private isInside = false
  private isOver = false
  private depth = 0

  constructor(input: string, options: LexerOptions) {
    this.input = input
    this.options = options
  }

  next(): Item {
    if (this.isOver) return { kind: 'eof', pos: this.pos, text: 'EOF', line: this.line }
    if (this.isInside) return this.inside()
    return this.outside()
  }

  private emit(kind: ItemKind, start: number, end: number): Item {
    const text = this.input.slice(start, end)
    const item = { kind, pos: start, text, line: this.line }
    this.move(start, end)
    return item
  }

  private move(start: number, end: number): void {
    for (let at = this.input.indexOf('\n', start); at >= 0 && at < end; ) {
      this.line++
      at = this.input.indexOf('\n', at + 1)
    }
    this.pos = end
  }

  private fail(message: string, start = this.pos): Item {
    this.isOver = true
    return { kind: 'error', pos: start, text: message, line: this.line }
  }

  /** Text up to the next delimiter, the delimiter, or the end; comments are passed over. */
  private outside(): Item {
    const { input } = this
    const { left } = this.options
    for (;;) {
      const start = this.pos
      const found = input.indexOf(left, start)
      if (found < 0) {
        if (start < input.length) return this.emit('text', start, input.length)
        this.isOver = true
        return { kind: 'eof', pos: start, text: 'EOF', line: this.line }
      }
      const afterDelim = found + left.length
      const isTrimmed = input[afterDelim] === '-' && isSpace(input[afterDelim + 1])
      let end = found
      if (isTrimmed) while (end > start && isSpace(input[end - 1])) end--
      if (end > start) {
        const item = this.emit('text', start, end)
        this.move(end, found)
        return item
      }
      this.move(start, found)
      const after = afterDelim + (isTrimmed ? 2 : 0)
      if (!input.startsWith('/*', after)) {
        const item = this.emit('leftDelim', found, afterDelim)
        this.move(afterDelim, after)
        this.isInside = true
        this.depth = 0
        return item
      }
      const failed = this.comment(after)
      if (failed) return failed
    }
  }

  private comment(start: number): Item | null {
    const { input } = this
    this.move(this.pos, start)
    const close = input.indexOf('*/', start + 2)
    if (close < 0) return this.fail('unclosed comment', start)
    const end = close + 2
    const delim = this.rightDelimAt(end)
    if (delim === null) return this.fail('comment ends before closing delimiter', start)
    let next = end + delim.length
    if (delim.isTrimmed) while (isSpace(input[next])) next++
    this.move(start, next)
    return null
  }

  private rightDelimAt(at: number): { length: number; isTrimmed: boolean } | null {
    const { input } = this
    const { right } = this.options
    if (isSpace(input[at]) && input[at + 1] === '-' && input.startsWith(right, at + 2)) {
      return { length: right.length + 2, isTrimmed: true }
    }
    return input.startsWith(right, at) ? { length: right.length, isTrimmed: false } : null
  }

  private inside(): Item {
    const { input, pos } = this
    const delim = this.rightDelimAt(pos)
    if (delim) {
      if (this.depth > 0) return this.fail('unclosed left paren')
      return this.rightDelim(delim)
    }
    const char = input[pos]
    if (char === undefined) return this.fail('unclosed action')
    if (isSpace(char)) return this.space()
    switch (char) {
      case '=':
        return this.emit('assign', pos, pos + 1)
      case ':':
        if (input[pos + 1] !== '=') return this.fail('expected :=')
        return this.emit('declare', pos, pos + 2)
      case '|':
        return this.emit('pipe', pos, pos + 1)
      case '"':
        return this.quoted('"', 'string', 'unterminated quoted string')
      case "'":
        return this.quoted("'", 'charConstant', 'unterminated character constant')
      case '`': {
        const end = input.indexOf('`', pos + 1)
        if (end < 0) return this.fail('unterminated raw quoted string')
        return this.emit('rawString', pos, end + 1)
      }
      case '$':
        return this.fieldOrVariable('variable')
      case '(':
        this.depth++
        return this.emit('leftParen', pos, pos + 1)
      case ')':
        if (--this.depth < 0) return this.fail('unexpected right paren')
        return this.emit('rightParen', pos, pos + 1)
    }
    return this.word(char)
  }

  private word(char: string): Item {
    const { input, pos } = this
    if (char === '.') {
      const next = input[pos + 1]
      if (next !== undefined && (next < '0' || next > '9')) return this.fieldOrVariable('field')
      return this.number()
    }
    if (char === '+' || char === '-' || (char >= '0' && char <= '9')) return this.number()
    const { rune } = runeAt(input, pos)
    if (isAlphaNumeric(rune)) return this.identifier()
    if (rune < 0x80 && isPrint(rune)) return this.emit('char', pos, pos + 1)
    return this.fail(`unrecognized character in action: ${unicodeName(rune)}`)
  }

  private rightDelim(delim: { length: number; isTrimmed: boolean }): Item {
    const { right } = this.options
    if (delim.isTrimmed) this.move(this.pos, this.pos + 2)
    const item = this.emit('rightDelim', this.pos, this.pos + right.length)
    if (delim.isTrimmed) {
      let end = this.pos
      while (isSpace(this.input[end])) end++
      this.move(this.pos, end)
    }
    this.isInside = false
    return item
  }

  /** Spaces; the last one belongs to a trim marker that follows. */
  private space(): Item {
    const start = this.pos
    let end = start
    while (isSpace(this.input[end])) end++
    if (this.rightDelimAt(end - 1)?.isTrimmed) {
      end--
      const delim = this.rightDelimAt(end)
      if (end === start && delim) return this.rightDelim(delim)
    }
    return this.emit('space', start, end)
  }

  private wordEnd(start: number): number {
    let at = start
    while (at < this.input.length) {
      const { rune, size } = runeAt(this.input, at)
      if (!isAlphaNumeric(rune)) break
      at += size
    }
    return at
  }

  private isTerminator(at: number): boolean {
    const char = this.input[at]
    if (char === undefined || isSpace(char) || '.,|:)('.includes(char)) return true
    return this.input.startsWith(this.options.right, at)
  }

  private badCharacter(at: number, start: number): Item {
    return this.fail(`bad character ${unicodeName(runeAt(this.input, at).rune)}`, start)
  }

  private identifier(): Item {
    const start = this.pos
    const end = this.wordEnd(start)
    if (!this.isTerminator(end)) return this.badCharacter(end, start)
    const word = this.input.slice(start, end)
    if (KEYWORDS.has(word) && !this.options.shadowed.has(word)) {
      return this.emit('keyword', start, end)
    }
    if (word === 'nil') return this.emit('nil', start, end)
    if (word === 'true' || word === 'false') return this.emit('bool', start, end)
    return this.emit('identifier', start, end)
  }

  private fieldOrVariable(kind: 'field' | 'variable'): Item {
    const start = this.pos
    if (this.isTerminator(start + 1)) {
      return this.emit(kind === 'field' ? 'dot' : kind, start, start + 1)
    }
    const end = this.wordEnd(start + 1)
    if (!this.isTerminator(end)) return this.badCharacter(end, start)
    return this.emit(kind, start, end)
  }

  private quoted(mark: string, kind: 'string' | 'charConstant', message: string): Item {
    const { input, pos } = this
    for (let at = pos + 1; at < input.length; at++) {
      const char = input[at]
      if (char === mark) return this.emit(kind, pos, at + 1)
      if (char === '\n') break
      if (char === '\\') {
        at++
        if (input[at] === '\n') break
      }
    }
    return this.fail(message)
  }

  private number(): Item {
    const start = this.pos
    let end = this.scanNumber(start)
    if (end < 0) return this.fail(`bad number syntax: ${quote(this.input.slice(start, -end))}`)
    const sign = this.input[end]
    if (sign !== '+' && sign !== '-') return this.emit('number', start, end)
    end = this.scanNumber(end)
    if (end < 0 || this.input[end - 1] !== 'i') {
      return this.fail(`bad number syntax: ${quote(this.input.slice(start, Math.abs(end)))}`)
    }
    return this.emit('complex', start, end)
  }

  /** Where the number ends; negative: it is bad, up to there. */
  private scanNumber(start: number): number {
    const pattern =
      /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y
    pattern.lastIndex = start
    pattern.exec(this.input)
    const end = pattern.lastIndex
    if (end >= this.input.length) return end
    const { rune, size } = runeAt(this.input, end)
    return isAlphaNumeric(rune) ? -(end + size) : end
  }
}

const isAlphaNumeric = (rune: number): boolean => rune === 95 || isLetter(rune) || isDigit(rune)

function unicodeName(rune: number): string {
  const code = `U+${rune.toString(16).toUpperCase().padStart(4, '0')}`
  return isPrint(rune) ? `${code} '${encodeRune(rune)}'` : code
}
