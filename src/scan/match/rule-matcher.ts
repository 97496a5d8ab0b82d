// Finds all matches of one rule in a text, exactly those that a search of the whole text from the left gives, but by
// trying only near the literals that the automaton saw.
import type { Alphabet } from './byte-classes.ts'
import { type ByteRegexp, type Span, sourceOf } from './byte-regexp.ts'
import { type Anchor, findAnchors } from './find-anchor.ts'
import { longestRun, loopBytes } from './loop-bytes.ts'

/** Tries of one rule in one text beyond which it is asked how long each may be. */
const MANY_TRIES = 500
/** Bytes that all tries together may run over: beyond it the matcher with a memory is faster. */
const MOST_RUN_BYTES = 20_000_000

export class RuleMatcher {
  readonly regexp: ByteRegexp
  /** Null: matches may be anywhere. */
  readonly anchors: readonly Anchor[] | null
  private readonly rests: Map<Alphabet, RegExp>[]
  private readonly loops: Uint8Array | null

  constructor(regexp: ByteRegexp) {
    this.regexp = regexp
    const anchors = findAnchors(regexp.node)
    this.anchors = anchors?.every((anchor) => isCheap(anchor, regexp)) ? anchors : null
    this.rests = anchors?.map(() => new Map()) ?? []
    this.loops = loopBytes(regexp.node)
  }

  /**
   * Spans of all matches. `hits` has for each anchor the positions at which its literals begin, in ascending order; null
   * where they are not known.
   */
  findAll(text: string, alphabet: Alphabet, hits: readonly ArrayLike<number>[] | null): Span[] {
    // Where a letter may be written as Kelvin's sign, literals say nothing.
    if (!this.anchors || !hits || alphabet === 'any') return this.regexp.findAll(text, alphabet)
    const tries = hits.reduce((sum, list) => sum + list.length, 0)
    if (tries === 0) return []
    if (this.isTooLong(text, tries)) return this.regexp.findAllSafely(text)
    return this.findIn(text, alphabet, this.windows(text, alphabet, hits))
  }

  private isTooLong(text: string, tries: number): boolean {
    if (!this.loops || tries < MANY_TRIES || tries * text.length < MOST_RUN_BYTES) return false
    return tries * longestRun(text, this.loops) > MOST_RUN_BYTES
  }

  /** Where a match may begin, from and to, in ascending order of the begins. */
  private windows(text: string, alphabet: Alphabet, hits: readonly ArrayLike<number>[]): Span[] {
    const windows: Span[] = []
    for (const [i, anchor] of this.anchors!.entries()) {
      const isWide = anchor.isWide && alphabet !== 'ascii'
      const reach = isWide ? anchor.maxPrefix * 4 : anchor.maxPrefix
      const list = hits[i]!
      for (let at = 0; at < list.length; at++) {
        const hit = list[at]!
        const end = hit - anchor.minPrefix
        if (reach > 0 && this.regexp.isNative && !this.isRestAt(text, hit, alphabet, i)) continue
        let start = Math.max(0, hit - reach)
        if (anchor.run) {
          const least = start
          start = hit
          while (start > least && anchor.run[text.charCodeAt(start - 1)] === 1) start--
        }
        if (start <= end) windows.push({ start, end })
      }
    }
    return this.anchors!.length > 1 ? windows.sort((a, b) => a.start - b.start) : windows
  }

  private findIn(text: string, alphabet: Alphabet, windows: readonly Span[]): Span[] {
    const found: Span[] = []
    // No match begins before this position that is not found yet.
    let next = 0
    for (const window of windows) {
      for (let start = Math.max(next, window.start); start <= window.end; start = next) {
        const end = this.regexp.endAt(text, start, alphabet)
        if (end > start) found.push({ start, end })
        next = Math.max(end, start + 1)
      }
    }
    return found
  }

  private isRestAt(text: string, at: number, alphabet: Alphabet, anchor: number): boolean {
    let rest = this.rests[anchor]!.get(alphabet)
    if (!rest) {
      rest = new RegExp(sourceOf(this.anchors![anchor]!.rest, alphabet, false), 'y')
      this.rests[anchor]!.set(alphabet, rest)
    }
    rest.lastIndex = at
    return rest.test(text)
  }
}

/** An expression for the matcher with a memory is tried at few places only. */
const isCheap = (anchor: Anchor, regexp: ByteRegexp): boolean =>
  regexp.isNative || anchor.maxPrefix === 0 || anchor.run !== null
