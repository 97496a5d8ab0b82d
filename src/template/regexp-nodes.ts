// What an expression is parsed to, and how what is wrong with one is said.
import { between, folded, type RuneSet } from './regexp-classes.ts'
import { FunctionError } from './template-error.ts'

export type RegexNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'char'; readonly set: RuneSet }
  | {
      readonly kind: 'assert'
      readonly what: 'begin' | 'end' | 'lineBegin' | 'lineEnd' | 'word' | 'noWord'
    }
  | { readonly kind: 'cat' | 'alternate'; readonly nodes: readonly RegexNode[] }
  | { readonly kind: 'group'; readonly index: number; readonly node: RegexNode }
  | {
      readonly kind: 'repeat'
      readonly node: RegexNode
      readonly min: number
      readonly max: number | null
      readonly isGreedy: boolean
    }

export interface ParsedRegex {
  readonly node: RegexNode
  /** Names of the groups by index; "" for those without, and for the whole at 0. */
  readonly names: readonly string[]
}

export function regexError(message: string, part?: string): FunctionError {
  return new FunctionError(
    `error parsing regexp: ${message}${part === undefined ? '' : `: \`${part}\``}`,
  )
}

/** The sets of single ASCII runes, for most of an expression is that: by rune, and 128 on with the other case. */
const asciiSets: RuneSet[] = []

/** One rune, or with its other cases. */
export function runeSet(rune: number, isFolded: boolean): RuneSet {
  if (rune > 127) return isFolded ? folded(between(rune, rune)) : between(rune, rune)
  const at = isFolded ? rune + 128 : rune
  let set = asciiSets[at]
  if (!set) {
    set = between(rune, rune)
    if (isFolded) set = folded(set)
    asciiSets[at] = set
  }
  return set
}
