// All rules of a configuration behind one automaton: which words a text holds says which rules are to run, and where
// their literals stand. A rule's expression is parsed at once, for its literals; the rest is made when it first runs.
import { toByteString } from '../../template/byte-strings.ts'
import type { Rule, ScanConfig } from '../rule.ts'
import { ByteRegexp } from './byte-regexp.ts'
import { CompiledAllowlist } from './compiled-allowlist.ts'
import { KeywordAutomaton } from './keyword-automaton.ts'
import { lowerText } from './lower-text.ts'
import { RuleMatcher } from './rule-matcher.ts'

export interface CompiledRule {
  readonly rule: Rule
  /** The texts of the rule as byte strings, as findings carry them. */
  readonly id: string
  readonly description: string
  readonly tags: readonly string[]
  readonly matcher: RuleMatcher | null
  readonly path: ByteRegexp | null
  readonly allowlists: readonly CompiledAllowlist[]
  readonly isGeneric: boolean
}

/** What a text's words say. Valid until the next text is looked at. */
export interface SeenWords {
  /** Whether the rule, by its number, is to run. */
  isActive(rule: number): boolean
  /** Where the literals of the rule begin, in ascending order; null: it has none. */
  hitsOf(rule: number): readonly number[] | null
}

interface AnchorUse {
  readonly rule: number
  readonly length: number
}

export class RuleIndex implements SeenWords {
  readonly rules: readonly CompiledRule[]
  /** The numbers of rules by their id. */
  readonly numbers: ReadonlyMap<string, number>
  private readonly automaton: KeywordAutomaton
  /** By word: the rules that it makes run, and those whose matches hold it. */
  private readonly gates: number[][] = []
  private readonly anchors: AnchorUse[][] = []
  private readonly hasWideKeywords: boolean
  private readonly active: Uint8Array
  private readonly always: readonly number[]
  private readonly hits: number[][]

  constructor(config: ScanConfig) {
    this.rules = [...config.rules.values()].map(compileRule)
    this.numbers = new Map(this.rules.map(({ rule }, number) => [rule.id, number]))
    const words = new Map<string, number>()
    const wordNumber = (word: string): number => {
      let number = words.get(word)
      if (number === undefined) {
        number = words.size
        words.set(word, number)
        this.gates.push([])
        this.anchors.push([])
      }
      return number
    }
    for (const [number, { rule, matcher }] of this.rules.entries()) {
      for (const keyword of rule.keywords) {
        const word = lowerText(toByteString(keyword))
        if (word !== '') this.gates[wordNumber(word)]!.push(number)
      }
      for (const literal of matcher?.anchor?.literals ?? []) {
        this.anchors[wordNumber(literal)]!.push({ rule: number, length: literal.length })
      }
    }
    this.hasWideKeywords = [...words.keys()].some((word) => BEYOND_ASCII.test(word))
    this.automaton = new KeywordAutomaton([...words.keys()])
    this.active = new Uint8Array(this.rules.length)
    this.always = this.rules.flatMap(({ rule }, i) => (rule.keywords.length === 0 ? [i] : []))
    this.hits = this.rules.map(() => [])
  }

  /** Looks at a text, given as bytes, for all words. Answers whether any rule is to run. */
  look(bytes: Uint8Array): boolean {
    const { hits, length } = this.automaton.scan(bytes)
    this.active.fill(0)
    for (const rule of this.always) this.active[rule] = 1
    for (const list of this.hits) if (list.length > 0) list.length = 0
    let isAny = this.always.length > 0
    for (let i = 0; i < length; i += 2) {
      for (const rule of this.gates[hits[i]!]!) {
        this.active[rule] = 1
        isAny = true
      }
      for (const { rule, length: size } of this.anchors[hits[i]!]!) {
        this.hits[rule]!.push(hits[i + 1]! - size)
      }
    }
    return isAny
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
      for (const rule of this.gates[hits[i]!]!) this.active[rule] = 1
    }
  }

  isActive(rule: number): boolean {
    return this.active[rule] === 1
  }

  hitsOf(rule: number): readonly number[] | null {
    if (!this.rules[rule]!.matcher?.anchor) return null
    const list = this.hits[rule]!
    // Words end in ascending order; where they differ in length, they may begin in another.
    for (let i = 1; i < list.length; i++) {
      if (list[i]! < list[i - 1]!) return list.sort((a, b) => a - b)
    }
    return list
  }
}

const BEYOND_ASCII = /[\x80-\xff]/

function compileRule(rule: Rule): CompiledRule {
  return {
    rule,
    id: toByteString(rule.id),
    description: toByteString(rule.description),
    tags: rule.tags.map(toByteString),
    matcher: rule.regex === null ? null : new RuleMatcher(new ByteRegexp(rule.regex)),
    path: rule.path === null ? null : new ByteRegexp(rule.path),
    allowlists: rule.allowlists.map((list) => new CompiledAllowlist(list)),
    isGeneric: rule.id.toLowerCase().includes('generic'),
  }
}
