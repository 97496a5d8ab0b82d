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
const FIRST_REBUILD_BYTES = 512 * 1024
const LAST_REBUILD_BYTES = 16 * 1024 * 1024

const hexEscape = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`

interface Word {
  readonly text: string
  /** The rules that it makes run. */
  readonly gates: number[]
  /** Whether its places are asked for, not only whether it stands in a text. */
  isPlaced: boolean
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
  private readonly seen: number[] = []
  /** By word: whether the text looked at last has it. */
  private isSeen: Uint8Array
  /** Words whose places are asked for since the last text was looked at. */
  private readonly late = new Set<number>()
  private wasPlacedAnew = false
  /** By rule, for each of its anchors: the words that are its literals; null: not asked yet, or it has none. */
  private readonly literals: (readonly (readonly number[])[] | null)[]
  private readonly active: Uint8Array
  private readonly always: readonly number[]
  private readonly hasWideKeywords: boolean
  private rebuildBytes = FIRST_REBUILD_BYTES
  private bytesLooked = 0

  /** `placed`: words in lower case whose places `endsOf` is asked for. */
  constructor(config: ScanConfig, placed: readonly string[] = []) {
    this.rules = [...config.rules.values()].map((rule) => new CompiledRule(rule))
    this.numbers = new Map(this.rules.map(({ rule }, number) => [rule.id, number]))
    for (const [number, { rule }] of this.rules.entries()) {
      for (const keyword of rule.keywords) {
        const word = lowerText(toByteString(keyword))
        if (word === '') continue
        const of = this.words[this.wordNumber(word)]!
        of.gates.push(number)
        // Most keywords are the literals of their rule.
        if (rule.regex !== null) of.isPlaced = true
      }
    }
    for (const word of placed) this.words[this.wordNumber(word)]!.isPlaced = true
    this.hasWideKeywords = this.words.some(({ text }) => BEYOND_ASCII.test(text))
    this.literals = this.rules.map(() => null)
    this.always = this.rules.flatMap(({ rule }, i) => (rule.keywords.length === 0 ? [i] : []))
    for (const number of this.always) this.literalsOf(number)
    this.active = new Uint8Array(this.rules.length)
    this.automaton = this.build()
    this.isSeen = new Uint8Array(this.known)
  }

  private wordNumber(text: string): number {
    let number = this.wordNumbers.get(text)
    if (number === undefined) {
      number = this.words.push({ text, gates: [], isPlaced: false, ends: [] }) - 1
      this.wordNumbers.set(text, number)
    }
    return number
  }

  private build(): KeywordAutomaton {
    this.known = this.words.length
    this.isSeen = new Uint8Array(this.known)
    this.wasPlacedAnew = true
    return new KeywordAutomaton(this.words.map(({ text }) => text))
  }

  private readonly isWanted = (word: number): boolean => this.words[word]!.isPlaced

  private prepare(): void {
    if (this.known < this.words.length && this.bytesLooked > this.rebuildBytes) {
      this.automaton = this.build()
      this.bytesLooked = 0
      this.rebuildBytes = Math.min(this.rebuildBytes * 2, LAST_REBUILD_BYTES)
    }
    if (!this.wasPlacedAnew) return
    const { outputs, wanted } = this.automaton
    for (let i = 0; i < outputs.length; i++) wanted[i] = outputs[i]!.some(this.isWanted) ? 1 : 0
    this.wasPlacedAnew = false
  }

  /** Looks at a text, given as bytes, for all words. Answers whether any rule is to run. */
  look(bytes: Uint8Array): boolean {
    for (const word of this.seen) {
      this.words[word]!.ends.length = 0
      this.isSeen[word] = 0
    }
    this.seen.length = 0
    this.late.clear()
    this.bytesLooked += bytes.length
    this.prepare()
    this.active.fill(0)
    for (const rule of this.always) this.active[rule] = 1
    const { hits, length } = this.automaton.scan(bytes)
    const { outputs } = this.automaton
    for (let i = 0; i < length; i += 2) {
      for (const number of outputs[hits[i]!]!) {
        const word = this.words[number]!
        if (this.isSeen[number] === 0) {
          this.isSeen[number] = 1
          this.seen.push(number)
          for (const rule of word.gates) this.active[rule] = 1
        }
        if (word.isPlaced) word.ends.push(hits[i + 1]!)
      }
    }
    return this.active.includes(1)
  }

  /** Where the given words begin in the text looked at last, in ascending order; they are among `placed`. */
  placesOf(words: readonly string[]): Uint32Array {
    return this.begins(words.map((word) => this.wordNumbers.get(word)!))
  }

  private begins(words: readonly number[]): Uint32Array {
    let size = 0
    for (const word of words) size += this.words[word]!.ends.length
    const all = new Uint32Array(size)
    let used = 0
    let lists = 0
    for (const word of words) {
      const { ends, text } = this.words[word]!
      if (ends.length > 0) lists++
      for (const end of ends) all[used++] = end - text.length
    }
    return lists > 1 ? all.sort() : all
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
      for (const word of this.automaton.outputs[hits[i]!]!) {
        for (const rule of this.words[word]!.gates) this.active[rule] = 1
      }
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
  hitsOf(rule: number, text: string): readonly ArrayLike<number>[] | null {
    const literals = this.literalsOf(rule)
    if (!literals) return null
    return literals.map((words) => {
      if (words.some((word) => word >= this.known || this.late.has(word))) {
        return this.searched(words, text)
      }
      return this.begins(words)
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
    for (const number of words.flat()) {
      const word = this.words[number]!
      if (word.isPlaced) continue
      word.isPlaced = this.wasPlacedAnew = true
      this.late.add(number)
    }
    this.literals[rule] = words
    return words
  }
}
