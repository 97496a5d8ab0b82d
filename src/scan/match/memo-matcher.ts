// Expressions that V8 must not run, matched by trying one alternative after the other with a memory of what was tried:
// each pair of instruction and position is entered once, so time is bounded by their product, whatever the expression.
// The match is the one that RE2 finds.
import { runeAt } from '../../template/byte-strings.ts'
import { holds } from '../../template/regexp.ts'
import { holdsRune } from '../../template/regexp-classes.ts'
import type { Instruction } from '../../template/regexp-program.ts'

/** Bits of memory for one try; beyond it a text is too long for the expression. */
const MOST_BITS = 2 ** 28

/** Thrown where a text is too long to be searched with so large an expression. */
export class TooCostly extends Error {}

interface Compiled {
  readonly instruction: Instruction
  /** For a class: which bytes below 128 are in it. */
  readonly ascii: Uint8Array | null
}

export class MemoMatcher {
  private readonly program: readonly Compiled[]
  private readonly slots: number
  private seen = new Uint32Array(0)

  constructor(program: readonly Instruction[], groups: number) {
    this.slots = groups * 2 + 2
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

  /** The leftmost match that begins at or after `from`, as byte positions of all groups; null: none. */
  find(text: string, from: number): readonly number[] | null {
    const bits = (text.length - from + 1) * this.program.length
    if (bits > MOST_BITS) throw new TooCostly('the text is too long for so large an expression')
    const words = (bits >>> 5) + 1
    if (this.seen.length < words) this.seen = new Uint32Array(words)
    else this.seen.fill(0, 0, words)
    // What was tried in vain from one position need not be tried again from a later one.
    for (let at = from; at <= text.length; at += at < text.length ? runeAt(text, at).size : 1) {
      const found = this.run(text, at, from)
      if (found) return found
    }
    return null
  }

  /** The match that begins at a byte. */
  findAt(text: string, at: number): readonly number[] | null {
    const bits = (text.length - at + 1) * this.program.length
    if (bits > MOST_BITS) throw new TooCostly('the text is too long for so large an expression')
    const words = (bits >>> 5) + 1
    if (this.seen.length < words) this.seen = new Uint32Array(words)
    else this.seen.fill(0, 0, words)
    return this.run(text, at, at)
  }

  private run(text: string, start: number, origin: number): readonly number[] | null {
    const saved = new Array<number>(this.slots).fill(-1)
    const size = this.program.length
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
        const bit = (at - origin) * size + pc
        const word = bit >>> 5
        const mask = 1 << (bit & 31)
        if ((this.seen[word]! & mask) !== 0) break
        this.seen[word]! |= mask
        const { instruction, ascii } = this.program[pc]!
        if (instruction.op === 'match') return saved
        if (instruction.op === 'char') {
          if (at >= text.length) break
          const byte = text.charCodeAt(at)
          if (byte < 128) {
            if (ascii![byte] === 0) break
            at++
          } else {
            const { rune, size: width } = runeAt(text, at)
            if (!holdsRune(instruction.set, rune)) break
            at += width
          }
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
