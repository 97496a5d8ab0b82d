// Expressions that V8 must not run, matched by trying one alternative after the other with a memory of what was tried:
// each pair of instruction and position is entered once, so time is bounded by their product, whatever the expression.
// The match is the one that RE2 finds.
import { runeAt } from '../../template/byte-strings.ts'
import { holds } from '../../template/regexp.ts'
import { holdsRune } from '../../template/regexp-classes.ts'
import type { Instruction } from '../../template/regexp-program.ts'

/** Positions on a page of the memory: pages are made and wiped as they are reached. */
const PAGE_BITS = 9
const PAGE = 1 << PAGE_BITS
/** 32-bit words of memory for one text, 64 MB: beyond it the text is too long for the expression. */
const MOST_WORDS = 16 * 1024 * 1024

/** Thrown where a text is too long to be searched with so large an expression. */
export class TooCostly extends Error {}

interface Compiled {
  readonly instruction: Instruction
  /** For a class: which bytes below 128 are in it. */
  readonly ascii: Uint8Array | null
}

/** Byte positions of the match and its groups; -1 where a group took no part. */
export type Slots = readonly number[]

export class MemoMatcher {
  private readonly program: readonly Compiled[]
  private readonly slots: number
  private readonly pageWords: number
  private pages: (Uint32Array | undefined)[] = []
  private pageTurns: number[] = []
  private turn = 0

  constructor(program: readonly Instruction[], groups: number) {
    this.slots = groups * 2 + 2
    this.pageWords = ((program.length * PAGE) >>> 5) + 1
    this.program = program.map((instruction) => ({
      instruction,
      ascii:
        instruction.op === 'char'
          ? Uint8Array.from({ length: 128 }, (_, byte) =>
              holdsRune(instruction.set, byte) ? 1 : 0,
            )
          : null,
    }))
  }

  /** The leftmost match that begins at or after `from`. */
  find(text: string, from: number): Slots | null {
    this.forget()
    return this.search(text, from, from)
  }

  /** The match that begins at a byte. */
  findAt(text: string, at: number): Slots | null {
    this.forget()
    return this.run(text, at, at)
  }

  /** All matches that don't overlap, as Go finds them; together they cost no more than one. */
  findAll(text: string): Slots[] {
    const all: Slots[] = []
    let lastEnd = -1
    this.forget()
    for (let at = 0; at <= text.length; ) {
      const found = this.search(text, at, 0)
      if (!found) break
      const [begin, end] = [found[0]!, found[1]!]
      const isAccepted = end !== at || begin !== lastEnd
      at = end !== at ? end : at < text.length ? at + runeAt(text, at).size : at + 1
      lastEnd = end
      if (isAccepted) all.push(found)
      // What failed beyond the end will fail again; what led to the match lies before or on it.
      if (at <= text.length) this.forgetPosition(at)
    }
    return all
  }

  private search(text: string, from: number, origin: number): Slots | null {
    // What was tried in vain from one position need not be tried again from a later one.
    for (let at = from; at <= text.length; at += at < text.length ? runeAt(text, at).size : 1) {
      const found = this.run(text, at, origin)
      if (found) return found
    }
    return null
  }

  private forget(): void {
    this.turn++
    if (this.pages.length * this.pageWords > MOST_WORDS / 4) this.pages = []
  }

  private forgetPosition(position: number): void {
    const page = this.pageAt(position >>> PAGE_BITS)
    const first = (position & (PAGE - 1)) * this.program.length
    for (let bit = first; bit < first + this.program.length; bit++) {
      page[bit >>> 5]! &= ~(1 << (bit & 31))
    }
  }

  private pageAt(number: number): Uint32Array {
    let page = this.pages[number]
    if (!page) {
      if ((number + 1) * this.pageWords > MOST_WORDS) {
        throw new TooCostly('the text is too long for so large an expression')
      }
      page = new Uint32Array(this.pageWords)
      this.pages[number] = page
    } else if (this.pageTurns[number] !== this.turn) page.fill(0)
    this.pageTurns[number] = this.turn
    return page
  }

  private run(text: string, start: number, origin: number): Slots | null {
    const saved = new Array<number>(this.slots).fill(-1)
    const size = this.program.length
    let pageNumber = -1
    let page: Uint32Array = EMPTY
    // Pairs of instruction and position; a negative instruction gives a slot its former value back.
    const stack: number[] = [0, start]
    while (stack.length > 0) {
      let at = stack.pop()!
      let pc = stack.pop()!
      if (pc < 0) {
        saved[-pc - 1] = at
        continue
      }
      for (;;) {
        const position = at - origin
        if (position >>> PAGE_BITS !== pageNumber) {
          pageNumber = position >>> PAGE_BITS
          page = this.pageAt(pageNumber)
        }
        const bit = (position & (PAGE - 1)) * size + pc
        const mask = 1 << (bit & 31)
        if ((page[bit >>> 5]! & mask) !== 0) break
        page[bit >>> 5]! |= mask
        const { instruction, ascii } = this.program[pc]!
        if (instruction.op === 'match') return saved
        if (instruction.op === 'char') {
          const width = takes(instruction.set, ascii!, text, at)
          if (width === 0) break
          at += width
          pc++
        } else if (instruction.op === 'jump') pc = instruction.to
        else if (instruction.op === 'split') {
          stack.push(instruction.second, at)
          pc = instruction.first
        } else if (instruction.op === 'save') {
          stack.push(-instruction.slot - 1, saved[instruction.slot]!)
          saved[instruction.slot] = at
          pc++
        } else if (holds(instruction.what, text, at)) pc++
        else break
      }
    }
    return null
  }
}

const EMPTY = new Uint32Array(0)

/** The bytes of the rune at a position, if the class has it; 0: it hasn't. */
function takes(set: readonly number[], ascii: Uint8Array, text: string, at: number): number {
  if (at >= text.length) return 0
  const byte = text.charCodeAt(at)
  if (byte < 128) return ascii[byte]!
  const { rune, size } = runeAt(text, at)
  return holdsRune(set, rune) ? size : 0
}
