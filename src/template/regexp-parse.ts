// Regular expressions in RE2's syntax, parsed. What RE2 leaves out (back references, look-around) is refused, so every
// expression can be matched in time linear in the text. Source: RE2's syntax page.
import { encodeRune, runeAt } from './byte-strings.ts'
import {
  between,
  folded,
  isWord,
  LAST_RUNE,
  NAMED,
  not,
  PERL,
  POSIX,
  type RuneSet,
  unicodeClass,
  union,
} from './regexp-classes.ts'
import { type ParsedRegex, type RegexNode, regexError, runeSet } from './regexp-nodes.ts'

const ANY = between(0, LAST_RUNE)
const ANY_ON_LINE = not(between(10, 10))
const MOST_REPEATS = 1000
const MOST_NESTING = 1000

/** Classes by their text and flags: the rules of a scanner have the same few a thousand times. */
const knownSets = new Map<string, RuneSet>()
const MOST_KNOWN_SETS = 1000

const COUNTED = /\{([0-9]+)(?:(,)([0-9]*))?\}/y
const MOST_COUNT_CHARS = 40
const NAMED_GROUP = /\?P?<([^>]*)>/y
const GROUP_FLAGS = /\?([imsU]*)(?:-([imsU]+))?([:)])/y
const OCTAL = /\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/y
const HEX = /\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})/y
const POSIX_CLASS = /\[:(\^?)([a-z]+):\]/y

interface FlagSet {
  i: boolean
  m: boolean
  s: boolean
  U: boolean
}

export class RegexParser {
  private readonly text: string
  private at = 0
  private flags: FlagSet = { i: false, m: false, s: false, U: false }
  private readonly names: string[] = ['']
  private nesting = 0

  constructor(text: string) {
    this.text = text
  }

  parse(): ParsedRegex {
    const node = this.alternation()
    if (this.at < this.text.length) throw regexError('unexpected )', this.text)
    return { node, names: this.names }
  }

  private lookingAt(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    return pattern.exec(this.text)
  }

  private next(): number {
    const { rune, size } = runeAt(this.text, this.at)
    this.at += size
    return rune
  }

  private alternation(): RegexNode {
    if (++this.nesting > MOST_NESTING) throw regexError('expression nests too deeply', this.text)
    const nodes = [this.concatenation()]
    while (this.text[this.at] === '|') {
      this.at++
      nodes.push(this.concatenation())
    }
    this.nesting--
    return nodes.length === 1 ? nodes[0]! : { kind: 'alternate', nodes }
  }

  private concatenation(): RegexNode {
    const nodes: RegexNode[] = []
    while (this.at < this.text.length && this.text[this.at] !== '|' && this.text[this.at] !== ')') {
      if (this.text.startsWith('\\Q', this.at)) {
        const run = this.literalRun()
        const last = run.length === 0 ? nodes.pop() : undefined
        nodes.push(...run)
        if (last) nodes.push(this.repeated(last, this.at))
        continue
      }
      const start = this.at
      const atom = this.atom()
      // Flags are no atom: what repeats behind them repeats the one before.
      const repeated = atom ?? nodes.pop()
      if (repeated) nodes.push(this.repeated(repeated, start))
    }
    return nodes.length === 1 ? nodes[0]! : { kind: nodes.length === 0 ? 'empty' : 'cat', nodes }
  }

  private literalRun(): RegexNode[] {
    const close = this.text.indexOf('\\E', this.at + 2)
    const end = close < 0 ? this.text.length : close
    const nodes: RegexNode[] = []
    for (this.at += 2; this.at < end; ) {
      const start = this.at
      const node = this.literal(this.next())
      nodes.push(this.at === end && close < 0 ? this.repeated(node, start) : node)
    }
    this.at = close < 0 ? end : close + 2
    const last = nodes.pop()
    if (last) nodes.push(this.repeated(last, end))
    return nodes
  }

  private literal(rune: number): RegexNode {
    return { kind: 'char', set: runeSet(rune, this.flags.i) }
  }

  private repeated(atom: RegexNode, start: number): RegexNode {
    let node = atom
    let before = ''
    for (;;) {
      const from = this.at
      const range = this.repetition()
      if (!range) return node
      const isLazy = this.text[this.at] === '?'
      if (isLazy) this.at++
      const operator = this.text.slice(from, this.at)
      if (before !== '') throw regexError('invalid nested repetition operator', before + operator)
      before = operator
      node = { kind: 'repeat', node, ...range, isGreedy: isLazy === this.flags.U }
      this.checkSize(node, this.text.slice(start, this.at))
    }
  }

  /** Repeats within repeats multiply: together they may not pass a thousand. */
  private checkSize(node: RegexNode, part: string): void {
    const weight = (of: RegexNode): number => {
      if (of.kind === 'repeat') return Math.max(1, of.max ?? of.min) * weight(of.node)
      if (of.kind === 'group') return weight(of.node)
      if (of.kind === 'cat' || of.kind === 'alternate') return Math.max(1, ...of.nodes.map(weight))
      return 1
    }
    if (weight(node) > MOST_REPEATS) {
      const operator = /\{[^{}]*\}\??$/.exec(part)?.[0] ?? part
      throw regexError('invalid repeat count', operator)
    }
  }

  private repetition(): { min: number; max: number | null } | null {
    switch (this.text[this.at]) {
      case '*':
        this.at++
        return { min: 0, max: null }
      case '+':
        this.at++
        return { min: 1, max: null }
      case '?':
        this.at++
        return { min: 0, max: 1 }
      case '{':
        return this.counted()
      default:
        return null
    }
  }

  private counted(): { min: number; max: number | null } | null {
    const found = this.lookingAt(COUNTED)
    if (!found || found[0].length > MOST_COUNT_CHARS) return null
    const isPlain = (text: string): boolean => text === '0' || !text.startsWith('0')
    if (!isPlain(found[1]!) || (found[3] && !isPlain(found[3]))) return null
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === '' ? null : Number(found[3])
    if (min > MOST_REPEATS || (max !== null && (max > MOST_REPEATS || max < min))) {
      throw regexError('invalid repeat count', found[0])
    }
    this.at += found[0].length
    return { min, max }
  }

  private atom(): RegexNode | null {
    const start = this.at
    const char = this.text[start]
    switch (char) {
      case '(':
        return this.group()
      case '[':
        return { kind: 'char', set: this.charClass() }
      case '.': {
        this.at++
        return { kind: 'char', set: this.flags.s ? ANY : ANY_ON_LINE }
      }
      case '^':
        this.at++
        return { kind: 'assert', what: this.flags.m ? 'lineBegin' : 'begin' }
      case '$':
        this.at++
        return { kind: 'assert', what: this.flags.m ? 'lineEnd' : 'end' }
      case '*':
      case '+':
      case '?':
        this.at++
        if (this.text[this.at] === '?') this.at++
        throw regexError('missing argument to repetition operator', this.text.slice(start, this.at))
      case '{':
        if (this.counted()) {
          if (this.text[this.at] === '?') this.at++
          throw regexError(
            'missing argument to repetition operator',
            this.text.slice(start, this.at),
          )
        }
        return this.literal(this.next())
      case '\\':
        return this.escape()
      default:
        return this.literal(this.next())
    }
  }

  private group(): RegexNode | null {
    const start = this.at
    const outer = { ...this.flags }
    this.at++
    let index = 0
    if (this.text[this.at] === '?') {
      const named = this.lookingAt(NAMED_GROUP)
      if (named) {
        const name = named[1]!
        if (!/^[A-Za-z0-9_]+$/.test(name)) {
          throw regexError('invalid named capture', `(${named[0]}`)
        }
        index = this.names.push(name) - 1
        this.at += named[0].length
      } else if (!this.groupFlags(start)) {
        return null
      }
    } else {
      index = this.names.push('') - 1
    }
    const node = this.alternation()
    if (this.text[this.at] !== ')') throw regexError('missing closing )', this.text)
    this.at++
    this.flags = outer
    return index > 0 ? { kind: 'group', index, node } : { kind: 'cat', nodes: [node] }
  }

  /** "(?flags)" changes the flags of what follows (false), "(?flags:" those of a group (true). */
  private groupFlags(start: number): boolean {
    const found = this.lookingAt(GROUP_FLAGS)
    if (!found || (found[1] === '' && found[2] === undefined && found[3] === ')')) {
      if (/^\?P?<[^>]*$/.test(this.text.slice(this.at))) {
        throw regexError('invalid named capture', this.text.slice(start))
      }
      const isShort = /^\?[imsU-]*$/.test(this.text.slice(this.at))
      if (isShort) throw regexError('missing closing )', this.text)
      const bad = /^\?[imsU-]*./.exec(this.text.slice(this.at))?.[0] ?? '?'
      throw regexError('invalid or unsupported Perl syntax', `(${bad}`)
    }
    const flags = { ...this.flags }
    for (const flag of found[1]!) flags[flag as keyof FlagSet] = true
    for (const flag of found[2] ?? '') flags[flag as keyof FlagSet] = false
    this.flags = flags
    this.at += found[0].length
    return found[3] === ':'
  }

  private escape(): RegexNode {
    const start = this.at
    const kind = this.text[start + 1]
    if (kind === undefined) throw regexError('trailing backslash at end of expression', '')
    const asserts = { A: 'begin', z: 'end', b: 'word', B: 'noWord' } as const
    if (Object.hasOwn(asserts, kind)) {
      this.at += 2
      return { kind: 'assert', what: asserts[kind as keyof typeof asserts] }
    }
    const known = this.knownClass()
    if (known) return { kind: 'char', set: known }
    return this.literal(this.escapedRune())
  }

  /** \d and the like, and \pN, \p{Greek}; null: no class. */
  private knownClass(): RuneSet | null {
    const kind = this.text[this.at + 1]
    const lower = kind?.toLowerCase()
    if (kind !== undefined && lower !== undefined && Object.hasOwn(PERL, lower)) {
      this.at += 2
      return this.sided(PERL[lower]!, kind !== lower)
    }
    if (kind !== 'p' && kind !== 'P') return null
    const found = /^\\[pP](?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))/.exec(this.text.slice(this.at))
    const name = found?.[2] ?? found?.[3]
    if (!found || name === undefined) {
      throw regexError('invalid character class range', this.text.slice(this.at, this.at + 2))
    }
    const match = unicodeClass(name)
    if (!match) throw regexError('invalid character class range', found[0])
    this.at += found[0].length
    return this.sided(match, (kind === 'P') !== (found[1] === '^'))
  }

  /** A class under the flags: the other cases come in before it is turned round. */
  private sided(set: RuneSet, isNegated: boolean): RuneSet {
    const whole = this.flags.i ? folded(set) : set
    return isNegated ? not(whole) : whole
  }

  private escapedRune(): number {
    const octal = this.lookingAt(OCTAL)
    if (octal) {
      this.at += octal[0].length
      return Number.parseInt(octal[1]!, 8)
    }
    const hex = this.lookingAt(HEX)
    if (hex) {
      const rune = Number.parseInt(hex[1] ?? hex[2]!, 16)
      if (rune <= 0x10ffff) {
        this.at += hex[0].length
        return rune
      }
    }
    const { rune, size } = runeAt(this.text, this.at + 1)
    const name = encodeRune(rune)
    if (Object.hasOwn(NAMED, name)) {
      this.at += 2
      return NAMED[name]!
    }
    if (rune < 128 && !isWord(rune)) {
      this.at += 1 + size
      return rune
    }
    throw regexError('invalid escape sequence', this.text.slice(this.at, this.at + 1 + size))
  }

  private charClass(): RuneSet {
    const key = this.flags.i ? 'i' : ' '
    const known = this.knownSet(key)
    if (known) return known
    const start = this.at
    this.at++
    const isNegated = this.text[this.at] === '^'
    if (isNegated) this.at++
    const parts: RuneSet[] = []
    for (let isFirst = true; this.text[this.at] !== ']' || isFirst; isFirst = false) {
      if (this.at >= this.text.length) {
        throw regexError('missing closing ]', this.text.slice(start))
      }
      parts.push(this.classPart())
    }
    this.at++
    const set = isNegated ? not(union(parts)) : union(parts)
    if (knownSets.size < MOST_KNOWN_SETS) knownSets.set(key + this.text.slice(start, this.at), set)
    return set
  }

  /** A class that ends before the first "]" and was seen before. */
  private knownSet(key: string): RuneSet | null {
    const end = this.text.indexOf(']', this.at + 2)
    const set = end < 0 ? undefined : knownSets.get(key + this.text.slice(this.at, end + 1))
    if (!set) return null
    this.at = end + 1
    return set
  }

  private classPart(): RuneSet {
    const posix = this.text[this.at] === '[' ? this.lookingAt(POSIX_CLASS) : null
    if (posix) {
      if (!Object.hasOwn(POSIX, posix[2]!)) {
        throw regexError('invalid character class range', posix[0])
      }
      this.at += posix[0].length
      return this.sided(POSIX[posix[2]!]!, posix[1] === '^')
    }
    const start = this.at
    if (this.text[start] === '\\') {
      const known = this.knownClass()
      if (known) return known
    }
    const from = this.classRune()
    if (this.text[this.at] !== '-' || [']', undefined].includes(this.text[this.at + 1])) {
      return this.sided(between(from, from), false)
    }
    this.at++
    const to = this.classRune()
    if (to < from) {
      throw regexError('invalid character class range', this.text.slice(start, this.at))
    }
    return this.sided(between(from, to), false)
  }

  private classRune(): number {
    if (this.at >= this.text.length) throw regexError('missing closing ]', this.text)
    return this.text[this.at] === '\\' ? this.escapedRune() : this.next()
  }
}
