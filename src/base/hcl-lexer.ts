// Tokens of HCL 1 (the language of Vault's policies and configuration) and of JSON, which HCL takes as
// its other notation. Linear in the text; every token knows its line and column (in characters, from 1).
// What it throws is HclError and nothing else. Error text never quotes a value, which may be a secret.

export interface Position {
  readonly line: number
  readonly column: number
  /** In UTF-16 units, counted in the text after line ends were made "\n". */
  readonly offset: number
}

/** Text that is no HCL: where, and what was expected there. Its message starts "At line:column: ". */
export class HclError extends Error {
  override readonly name = 'HclError'
  readonly line: number
  readonly column: number
  readonly reason: string
  constructor(at: { readonly line: number; readonly column: number }, reason: string) {
    super(`At ${at.line}:${at.column}: ${reason}`)
    this.line = at.line
    this.column = at.column
    this.reason = reason
  }
}

export type TokenKind =
  | 'name'
  | 'string'
  | 'heredoc'
  | 'number'
  | 'bool'
  | 'null'
  | 'comment'
  | 'end'
  | '{'
  | '}'
  | '['
  | ']'
  | ','
  | '='
  | ':'

export interface Token {
  readonly kind: TokenKind
  readonly at: Position
  /** As written. */
  readonly text: string
  /** What a name, string, heredoc or comment says; a number's digits. */
  readonly value: string
}

const NAME = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy
const NUMBER = /-?(?:0[xX][\da-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y
const JSON_NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const HEREDOC = /<<(-?)([\p{L}\p{Nd}_]+)\n/uy
const SPACE = /[ \t\r\n]+/y
const WORD_FOLLOWS = /[\p{L}\p{Nd}_.]/uy
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}
const NUMERIC_ESCAPE = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3})/y

export class Lexer {
  readonly text: string
  readonly json: boolean
  #at = 0
  #line = 1
  #column = 1

  /** Reads JSON where the first thing in the text is a brace, as Vault does. */
  constructor(source: string) {
    const text = source.replaceAll('\r\n', '\n')
    this.text = text.startsWith('\ufeff') ? text.slice(1) : text
    this.json = /^\s*\{/.test(this.text)
    const zero = this.text.indexOf('\0')
    if (zero >= 0) this.#fail(zero, 'unexpected null character (0x00)')
  }

  next(): Token {
    this.#moveTo(this.#match(SPACE)?.end ?? this.#at)
    const at = this.#position()
    const start = this.#at
    const first = this.text[start]
    if (first === undefined) return { kind: 'end', at, text: '', value: '' }
    if (first === '"') return this.#string(at)
    if (first === '{' || first === '}' || first === '[' || first === ']' || first === ',') {
      return this.#token(first, at, start + 1)
    }
    return this.json ? this.#jsonToken(at, first) : this.#hclToken(at, first)
  }

  #hclToken(at: Position, first: string): Token {
    if (first === '=') return this.#token('=', at, at.offset + 1)
    if (first === '#' || first === '/') return this.#comment(at)
    if (first === '<') return this.#heredoc(at)
    const name = this.#match(NAME)
    if (name) {
      const isBool = name.text === 'true' || name.text === 'false'
      return this.#token(isBool ? 'bool' : 'name', at, name.end)
    }
    const number = this.#match(NUMBER)
    if (!number) {
      const hint = first === "'" ? '; strings take double quotes' : ''
      return this.#fail(at.offset, `unexpected character ${JSON.stringify(first)}${hint}`)
    }
    WORD_FOLLOWS.lastIndex = number.end
    if (WORD_FOLLOWS.test(this.text)) {
      const reason = 'expected a space after the number; put a value with a unit in quotes ("10m")'
      return this.#fail(number.end, reason)
    }
    if (/^-?0\d*[89]/.test(number.text) && /^-?\d+$/.test(number.text)) {
      return this.#fail(at.offset, 'a number that starts with 0 is octal: expected digits 0 to 7')
    }
    return this.#token('number', at, number.end)
  }

  #jsonToken(at: Position, first: string): Token {
    if (first === ':') return this.#token(':', at, at.offset + 1)
    const number = this.#match(JSON_NUMBER)
    if (number) return this.#token('number', at, number.end)
    const word = this.#match(NAME)
    if (word?.text === 'true' || word?.text === 'false') return this.#token('bool', at, word.end)
    if (word?.text === 'null') return this.#token('null', at, word.end)
    const got = word ? 'an unquoted word' : JSON.stringify(first)
    return this.#fail(at.offset, `expected JSON (the text starts with "{"), got ${got}`)
  }

  #comment(at: Position): Token {
    const start = at.offset
    if (this.text.startsWith('/*', start)) {
      const close = this.text.indexOf('*/', start + 2)
      if (close < 0) return this.#fail(start, 'comment not terminated: expected "*/"')
      return this.#token('comment', at, close + 2)
    }
    if (this.text[start] === '/' && this.text[start + 1] !== '/') {
      return this.#fail(start, 'expected "//" or "/*" for a comment')
    }
    return this.#token('comment', at, this.#endOfLine(start))
  }

  /** <<MARK or <<-MARK to the line that holds the mark alone; its text includes that line's end. */
  #heredoc(at: Position): Token {
    const open = this.#match(HEREDOC)
    if (!open) return this.#fail(at.offset, 'expected a heredoc: "<<NAME" and the end of the line')
    const mark = open.groups[1]!
    for (let line = open.end; line < this.text.length; ) {
      const end = this.#endOfLine(line)
      // A quick look at the length first: every line is looked at.
      if (end - line >= mark.length && this.text.slice(line, end).trim() === mark) {
        const body = this.text.slice(open.end, line)
        const margin = /^\s*/.exec(this.text.slice(line, end))![0]
        const value = open.groups[0] === '-' ? withoutMargin(body, margin) : body
        return this.#token('heredoc', at, Math.min(end + 1, this.text.length), value)
      }
      line = end + 1
    }
    return this.#fail(at.offset, `heredoc not terminated: expected a line with ${mark} alone`)
  }

  #string(at: Position): Token {
    if (this.json) return this.#jsonString(at)
    let value = ''
    let plain = at.offset + 1
    let braces = 0
    for (let here = plain; ; here++) {
      const char = this.text[here]
      if (char === undefined || (char === '\n' && braces === 0)) {
        return this.#fail(here, 'string not terminated: expected a closing quote')
      }
      if (char === '"' && braces === 0) {
        value += this.text.slice(plain, here)
        return this.#token('string', at, here + 1, value.replace(/\p{Cs}/gu, '\ufffd'))
      }
      if (braces > 0) {
        // What stands in ${} belongs to somebody else's language and is kept as it is.
        if (char === '{') braces++
        else if (char === '}') braces--
        else if (char === '\\') here++
      } else if (char === '$' && this.text[here + 1] === '{') {
        braces = 1
        here++
      } else if (char === '\\') {
        const escaped = this.#escape(here)
        value += this.text.slice(plain, here) + escaped.value
        plain = escaped.end
        here = plain - 1
      }
    }
  }

  #escape(start: number): { value: string; end: number } {
    const simple = ESCAPES[this.text[start + 1] ?? '']
    if (simple !== undefined) return { value: simple, end: start + 2 }
    NUMERIC_ESCAPE.lastIndex = start
    const text = NUMERIC_ESCAPE.exec(this.text)?.[0]
    const kind = text?.[1] ?? ''
    const octal = kind >= '0' && kind <= '7'
    const code = Number.parseInt(text?.slice(octal ? 1 : 2) ?? '', octal ? 8 : 16)
    // \xff and \377 would be single bytes, which are no text.
    if (text === undefined || code > (kind === 'x' || octal ? 0x7f : 0x10ffff)) {
      const known = '\\n \\t \\r \\a \\b \\f \\v \\" \\\\ \\xHH \\uHHHH \\UHHHHHHHH'
      return this.#fail(start, `illegal char escape: expected one of ${known}`)
    }
    return { value: String.fromCodePoint(code), end: start + text.length }
  }

  #jsonString(at: Position): Token {
    let end = at.offset + 1
    for (; this.text[end] !== '"'; end++) {
      const code = this.text.charCodeAt(end)
      if (!(code >= 0x20)) return this.#fail(end, 'string not terminated: expected a closing quote')
      if (code === 0x5c) {
        if (!/["\\/bfnrtu]/.test(this.text[end + 1] ?? '')) {
          return this.#fail(
            end,
            'illegal char escape: expected one of \\" \\\\ \\/ \\n \\t \\uHHHH',
          )
        }
        end++
      }
    }
    try {
      const value = JSON.parse(this.text.slice(at.offset, end + 1)) as string
      return this.#token('string', at, end + 1, value)
    } catch {
      return this.#fail(
        at.offset,
        'illegal char escape: expected four hexadecimal digits after \\u',
      )
    }
  }

  #endOfLine(from: number): number {
    const end = this.text.indexOf('\n', from)
    return end < 0 ? this.text.length : end
  }

  #match(pattern: RegExp): { text: string; end: number; groups: string[] } | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.text)
    return match && { text: match[0], end: pattern.lastIndex, groups: match.slice(1) }
  }

  #token(kind: TokenKind, at: Position, end: number, value?: string): Token {
    const text = this.text.slice(at.offset, end)
    this.#moveTo(end)
    return { kind, at, text, value: value ?? text }
  }

  #position(): Position {
    return { line: this.#line, column: this.#column, offset: this.#at }
  }

  /** Moves on, counting lines and characters; never back, so that all moves together are linear. */
  #moveTo(end: number): void {
    for (; this.#at < end; this.#at++) {
      const code = this.text.charCodeAt(this.#at)
      if (code === 0x0a) {
        this.#line++
        this.#column = 1
      } else if (code < 0xdc00 || code > 0xdfff) this.#column++
    }
  }

  #fail(offset: number, reason: string): never {
    this.#moveTo(Math.min(offset, this.text.length))
    throw new HclError(this.#position(), reason)
  }
}

/** A "<<-" heredoc without the margin of its closing mark; as it is where a line is less indented. */
function withoutMargin(body: string, margin: string): string {
  const lines = body.split('\n')
  lines.pop()
  if (!lines.every((line) => line.startsWith(margin))) return body
  return lines.map((line) => `${line.slice(margin.length)}\n`).join('')
}
