// Finds all matches of one rule in a text, exactly those that a search of the whole text from the left gives, but by
// trying only near the literals that the automaton saw.
import { runeAt } from '../../template/byte-strings.ts'
import type { Alphabet } from './byte-classes.ts'
import { type ByteRegexp, type Span, sourceOf } from './byte-regexp.ts'
import { type Anchor, findAnchor } from './find-anchor.ts'

export class RuleMatcher {
  readonly regexp: ByteRegexp
  readonly anchor: Anchor | null
  private readonly rests = new Map<Alphabet, RegExp>()

  constructor(regexp: ByteRegexp) {
    this.regexp = regexp
    const anchor = findAnchor(regexp.node)
    this.anchor = anchor && !isSlowAnchor(anchor, regexp) ? anchor : null
  }

  /**
   * Spans of all matches. `hits` are the positions at which the anchor's literals begin, in ascending order; null where
   * they are not known.
   */
  findAll(text: string, alphabet: Alphabet, hits: readonly number[] | null): Span[] {
    // Where a letter may be written as Kelvin's sign, literals say nothing.
    if (!this.anchor || !hits || alphabet === 'any') return this.regexp.findAll(text, alphabet)
    return this.findNear(text, alphabet, hits, this.anchor)
  }

  private findNear(
    text: string,
    alphabet: Alphabet,
    hits: readonly number[],
    anchor: Anchor,
  ): Span[] {
    const found: Span[] = []
    const reach = anchor.isWide && alphabet !== 'ascii' ? anchor.maxPrefix * 4 : anchor.maxPrefix
    // Nothing before this position begins a match that was not found.
    let tried = 0
    for (const hit of hits) {
      const last = hit - anchor.minPrefix
      if (last < tried) continue
      if (reach > 0 && this.regexp.isNative && !this.isRestAt(text, hit, alphabet, anchor)) continue
      let start = Math.max(tried, hit - reach)
      if (anchor.run) {
        let begin = hit
        while (begin > start && anchor.run[text.charCodeAt(begin - 1)] === 1) begin--
        start = begin
      }
      for (; start <= last; start++) {
        const end = this.regexp.endAt(text, start, alphabet)
        tried = start + 1
        if (end < 0) continue
        if (end > start) found.push({ start, end })
        tried = Math.max(end, start + 1)
        // The rest of the prefixes of this hit lies before the end, or may begin a further match.
        start = tried - 1
      }
    }
    return found
  }

  private isRestAt(text: string, at: number, alphabet: Alphabet, anchor: Anchor): boolean {
    let rest = this.rests.get(alphabet)
    if (!rest) {
      rest = new RegExp(sourceOf(anchor.rest, alphabet, false), 'y')
      this.rests.set(alphabet, rest)
    }
    rest.lastIndex = at
    return rest.test(text)
  }
}

/** An expression for the matcher with a memory is tried at few places only. */
function isSlowAnchor(anchor: Anchor, regexp: ByteRegexp): boolean {
  return !regexp.isNative && anchor.maxPrefix > 0 && anchor.run === null
}

/** The bytes of the rune at a position, for those who step through a text. */
export const runeSize = (text: string, at: number): number => runeAt(text, at).size
