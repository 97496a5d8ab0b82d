// One expression of a rule or allowlist, ready to run on byte strings: by V8 where that is safe and means the same, by
// the matcher with a memory otherwise. Translations are made when they are first needed, for start-up counts.
import { runeAt, toByteString } from '../../template/byte-strings.ts'
import type { RegexNode } from '../../template/regexp-nodes.ts'
import { RegexParser } from '../../template/regexp-parse.ts'
import { checkProgramSize, compileRegex } from '../../template/regexp-program.ts'
import { type Alphabet, AT_RUNE, alphabetOf, beyondAscii } from './byte-classes.ts'
import { emitExpression } from './emit-expression.ts'
import { MemoMatcher } from './memo-matcher.ts'
import { differsInV8, firstRunes, isDangerous, isNullable } from './regex-shape.ts'

const BEYOND_ASCII = /[\x80-\xff]/
export const alphabetOfText = (text: string): Alphabet => alphabetOf(text, !BEYOND_ASCII.test(text))

const SHORT_TEXT = 256
/** In longer texts a loop is taken to run over this many runes: more of one class stands in no real file. */
const LONG_RUN = 100_000

/** Where a match begins and ends, in bytes. */
export interface Span {
  readonly start: number
  readonly end: number
}

export class ByteRegexp {
  readonly node: RegexNode
  /** How many groups there are, the whole match not counted. */
  readonly groups: number
  /** True where V8 runs it: then a try costs a bounded number of steps. */
  readonly isNative: boolean
  /** The same for texts of at most SHORT_TEXT bytes, such as secrets and paths. */
  private readonly isNativeForShort: boolean
  private readonly expression: string
  private readonly natives = new Map<string, RegExp>()
  private memo: MemoMatcher | null = null

  /** Throws FunctionError in Go's words where the expression is none of RE2's. */
  constructor(expression: string) {
    this.expression = toByteString(expression)
    const { node, names } = new RegexParser(this.expression).parse()
    this.node = node
    this.groups = names.length - 1
    const isSame = !differsInV8(node)
    this.isNativeForShort = isSame && !isDangerous(node, SHORT_TEXT)
    this.isNative = this.isNativeForShort && !isDangerous(node, LONG_RUN)
    if (!this.isNative) checkProgramSize(node, this.expression)
  }

  /** True where the text holds a match that is not empty or, as Go's MatchString, any. */
  test(text: string): boolean {
    if (!this.isNativeFor(text)) return this.matcher().find(text, 0) !== null
    const regexp = this.native(alphabetOfText(text), 'g', false)
    regexp.lastIndex = 0
    return regexp.test(text)
  }

  /** Groups of the leftmost match, the whole at 0, "" for those that took no part; null: no match. */
  groupsOf(text: string): readonly string[] | null {
    if (!this.isNativeFor(text)) {
      const found = this.matcher().find(text, 0)
      if (!found) return null
      return Array.from({ length: this.groups + 1 }, (_, i) =>
        found[i * 2]! < 0 ? '' : text.slice(found[i * 2], found[i * 2 + 1]),
      )
    }
    const regexp = this.native(alphabetOfText(text), 'g', true)
    regexp.lastIndex = 0
    const found = regexp.exec(text)
    return found && Array.from(found, (group: string | undefined) => group ?? '')
  }

  /** The end of the match that begins at a byte; -1: none does. */
  endAt(text: string, at: number, alphabet: Alphabet): number {
    if (!this.isNative) return this.matcher().findAt(text, at)?.[1] ?? -1
    const regexp = this.native(alphabet, 'y', false)
    regexp.lastIndex = at
    return regexp.test(text) ? regexp.lastIndex : -1
  }

  /** All matches that don't overlap, from the left, as Go finds them. */
  findAll(text: string, alphabet: Alphabet): Span[] {
    if (!this.isNative) return this.findAllSafely(text)
    const all: Span[] = []
    let lastEnd = -1
    for (let at = 0; at <= text.length; ) {
      const found = this.find(text, at, alphabet)
      if (!found) break
      const isAccepted = found.end !== at || found.start !== lastEnd
      at = found.end !== at ? found.end : at < text.length ? at + runeAt(text, at).size : at + 1
      lastEnd = found.end
      if (isAccepted) all.push(found)
    }
    return all
  }

  /** The same by the matcher with a memory: slower, but never more than linear in the text. */
  findAllSafely(text: string): Span[] {
    return this.matcher()
      .findAll(text)
      .map((found) => ({ start: found[0]!, end: found[1]! }))
  }

  private isNativeFor(text: string): boolean {
    return text.length <= SHORT_TEXT ? this.isNativeForShort : this.isNative
  }

  private find(text: string, from: number, alphabet: Alphabet): Span | null {
    const regexp = this.native(alphabet, 'g', false)
    regexp.lastIndex = from
    const found = regexp.exec(text)
    return found && { start: found.index, end: found.index + found[0].length }
  }

  private native(alphabet: Alphabet, flag: 'g' | 'y', captures: boolean): RegExp {
    const key = alphabet + flag + captures
    let made = this.natives.get(key)
    if (!made) {
      made = new RegExp(sourceOf(this.node, alphabet, captures), flag)
      this.natives.set(key, made)
    }
    return made
  }

  private matcher(): MemoMatcher {
    this.memo ??= new MemoMatcher(compileRegex(this.node, this.expression), this.groups)
    return this.memo
  }
}

/** The source for a whole expression: where a match could begin inside a rune, that is ruled out. */
export function sourceOf(node: RegexNode, alphabet: Alphabet, captures: boolean): string {
  const source = emitExpression(node, { alphabet, captures })
  const isGuarded =
    alphabet !== 'ascii' && (isNullable(node) || beyondAscii(firstRunes(node), alphabet).length > 0)
  return isGuarded ? `${AT_RUNE}(?:${source})` : source
}
