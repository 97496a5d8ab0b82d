// All rules of a configuration behind one automaton: the words that a text holds say which rules are to run, and where
// the literals of their expressions stand. It begins with the keywords. A rule whose literals are no keywords has them
// searched by themselves until the automaton is made again with its literals.
import { toByteString } from '../../template/byte-strings.ts'
import type { ScanConfig } from '../rule.ts'
import { CompiledRule } from './compiled-rule.ts'
import { KeywordAutomaton } from './keyword-automaton.ts'
import { lowerText } from './lower-text.ts'

const BEYOND_ASCII = /[\x80-\xff]/
/** Bytes after which new literals are worth another automaton; doubled each time, up to the second. */
const FIRST_REBUILD_BYTES = 1024 * 1024
const LAST_REBUILD_BYTES = 16 * 1024 * 1024

const hexEscape = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`

interface Word {
  readonly text: string
  /** The rules that it makes run. */
  readonly gates: number[]
  /** Where it ends in the text looked at last. */
  readonly ends: number[]
}

export class RuleIndex {
  readonly rules: readonly CompiledRule[]
  /** The numbers of rules by their id. */
  readonly numbers: ReadonlyMap<string, number>
  private automaton: KeywordAutomaton
  private readonly words: Word[] = []
  private readonly wordNumbers = new Map<string, number>()
  /** Words of the automaton; later ones wait for the next. */
  private known = 0
  private seen: number[] = []
  /** By rule, for each of its anchors: the words that are its literals; null: not asked yet, or it has none. */
  private readonly literals: (readonly (readonly number[])[] | null)[]
  private readonly active: Uint8Array
  private readonly always: readonly number[]
  private readonly hasWideKeywords: boolean
  private rebuildBytes = FIRST_REBUILD_BYTES
  private bytesLooked = 0

  constructor(config: ScanConfig) {
    this.rules = [...config.rules.values()].map((rule) => new CompiledRule(rule))
    this.numbers = new Map(this.rules.map(({ rule }, number) => [rule.id, number]))
    for (const [number, { rule }] of this.rules.entries()) {
      for (const keyword of rule.keywords) {
        const word = lowerText(toByteString(keyword))
        if (word !== '') this.words[this.wordNumber(word)]!.gates.push(number)
      }
    }
    this.hasWideKeywords = this.words.some(({ text }) => BEYOND_ASCII.test(text))
    this.literals = this.rules.map(() => null)
    this.always = this.rules.flatMap(({ rule }, i) => (rule.keywords.length === 0 ? [i] : []))
    for (const number of this.always) this.literalsOf(number)
    this.active = new Uint8Array(this.rules.length)
    this.automaton = this.build()
  }

  private wordNumber(text: string): number {
    let number = this.wordNumbers.get(text)
    if (number === undefined) {
      number = this.words.push({ text, gates: [], ends: [] }) - 1
      this.wordNumbers.set(text, number)
    }
    return number
  }

  private build(): KeywordAutomaton {
    this.known = this.words.length
    return new KeywordAutomaton(this.words.map(({ text }) => text))
  }

  /** Looks at a text, given as bytes, for all words. Answers whether any rule is to run. */
  look(bytes: Uint8Array): boolean {
    this.bytesLooked += bytes.length
    if (this.known < this.words.length && this.bytesLooked > this.rebuildBytes) {
      this.automaton = this.build()
      this.bytesLooked = 0
      this.rebuildBytes = Math.min(this.rebuildBytes * 2, LAST_REBUILD_BYTES)
    }
    for (const word of this.seen) this.words[word]!.ends.length = 0
    this.seen.length = 0
    this.active.fill(0)
    for (const rule of this.always) this.active[rule] = 1
    const { hits, length } = this.automaton.scan(bytes)
    for (let i = 0; i < length; i += 2) {
      const number = hits[i]!
      const word = this.words[number]!
      if (word.ends.length === 0) {
        this.seen.push(number)
        for (const rule of word.gates) this.active[rule] = 1
      }
      word.ends.push(hits[i + 1]!)
    }
    return this.active.includes(1)
  }

  /**
   * Looks once more at a text that is not only ASCII: its words may be written with letters that only Unicode's lower
   * case turns into the keywords'.
   */
  lookFolded(text: string): void {
    const isOdd = text.includes('\xe2\x84\xaa') || text.includes('\xc4\xb0')
    if (!isOdd && !this.hasWideKeywords) return
    const { hits, length } = this.automaton.scan(Buffer.from(lowerText(text), 'latin1'))
    for (let i = 0; i < length; i += 2) {
      for (const rule of this.words[hits[i]!]!.gates) this.active[rule] = 1
    }
  }

  /** Whether the rule, by its number, is to run on the text looked at last. */
  isActive(rule: number): boolean {
    return this.active[rule] === 1
  }

  /**
   * Where the literals of a rule begin in the text looked at last, in ascending order for each of its anchors; null: it
   * has none.
   */
  hitsOf(rule: number, text: string): readonly (readonly number[])[] | null {
    const literals = this.literalsOf(rule)
    if (!literals) return null
    return literals.map((words) => {
      if (words.some((word) => word >= this.known)) return this.searched(words, text)
      const starts: number[] = []
      for (const number of words) {
        const { ends, text: word } = this.words[number]!
        for (const end of ends) starts.push(end - word.length)
      }
      return words.length > 1 ? starts.sort((a, b) => a - b) : starts
    })
  }

  /** Begins of words that the automaton doesn't have yet. */
  private searched(words: readonly number[], text: string): number[] {
    const alternatives = words.map((number) =>
      this.words[number]!.text.replace(/[^\w]/g, (char) => hexEscape(char)),
    )
    const starts: number[] = []
    // Each is looked for by itself: one may begin within another.
    for (const source of alternatives) {
      for (const found of text.matchAll(new RegExp(`(?=${source})`, 'gi'))) starts.push(found.index)
    }
    return starts.sort((a, b) => a - b)
  }

  private literalsOf(rule: number): readonly (readonly number[])[] | null {
    const known = this.literals[rule]
    if (known) return known
    const anchors = this.rules[rule]!.matcher()?.anchors
    if (!anchors) return null
    const words = anchors.map(({ literals }) => literals.map((text) => this.wordNumber(text)))
    this.literals[rule] = words
    return words
  }
}
