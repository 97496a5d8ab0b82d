// Regular expressions matched by simulating all their threads at once (Pike's machine): time is linear in the text,
// whatever the expression. Of several matches the leftmost is found, by the order of its alternatives, as in Go.
import { runeAt } from './byte-strings.ts'
import { holdsRune, isWord } from './regexp-classes.ts'
import type { RegexNode } from './regexp-nodes.ts'
import { RegexParser } from './regexp-parse.ts'
import { compileRegex, type Instruction } from './regexp-program.ts'

/** Byte positions: begin and end of the match, then of each group; -1 where a group took no part. */
export type Found = readonly number[]

/** Who counts the work; it throws when there was too much. */
interface Budget {
  spend(steps: number): void
}

export class GoRegexp {
  /** Names of the groups by index. */
  readonly names: readonly string[]
  private readonly program: readonly Instruction[]
  private readonly slots: number

  /** Throws FunctionError with Go's words for what is wrong. */
  constructor(expression: string) {
    const { node, names } = new RegexParser(expression).parse()
    this.names = names
    this.slots = names.length * 2
    this.program = compileRegex(node, expression)
  }

  /** The first match at or after a byte; null: none. Counts its work. */
  find(text: string, from: number, budget: Budget): Found | null {
    let threads = new Threads(this.program.length)
    let next = new Threads(this.program.length)
    let found: Found | null = null
    for (let at = from; ; ) {
      const isEnd = at >= text.length
      const { rune, size } = isEnd ? { rune: -1, size: 1 } : runeAt(text, at)
      if (!found) this.add(threads, 0, text, at, new Array(this.slots).fill(-1))
      else if (threads.list.length === 0) break
      budget.spend(threads.list.length + 1)
      next.clear()
      for (const thread of threads.list) {
        const instruction = this.program[thread.at]!
        if (instruction.op === 'match') {
          found = thread.saved
          break
        }
        if (!isEnd && instruction.op === 'char' && holdsRune(instruction.set, rune)) {
          this.add(next, thread.at + 1, text, at + size, thread.saved)
        }
      }
      if (isEnd) break
      at += size
      ;[threads, next] = [next, threads]
    }
    return found
  }

  /** Follows what takes no character, in order of preference; without recursion, for programs are long. */
  private add(
    threads: Threads,
    start: number,
    text: string,
    at: number,
    saved: readonly number[],
  ): void {
    const stack: { at: number; saved: readonly number[] }[] = [{ at: start, saved }]
    for (let thread = stack.pop(); thread; thread = stack.pop()) {
      if (threads.has(thread.at)) continue
      threads.mark(thread.at)
      const instruction = this.program[thread.at]!
      switch (instruction.op) {
        case 'jump':
          stack.push({ at: instruction.to, saved: thread.saved })
          break
        case 'split':
          stack.push({ at: instruction.second, saved: thread.saved })
          stack.push({ at: instruction.first, saved: thread.saved })
          break
        case 'save':
          stack.push({ at: thread.at + 1, saved: thread.saved.with(instruction.slot, at) })
          break
        case 'assert':
          if (holds(instruction.what, text, at))
            stack.push({ at: thread.at + 1, saved: thread.saved })
          break
        default:
          threads.list.push(thread)
      }
    }
  }

  /** Matches that do not overlap, as Go finds them; a negative `most` means all. */
  findAll(text: string, most: number, budget: Budget): Found[] {
    const all: Found[] = []
    let lastEnd = -1
    for (let at = 0; at <= text.length && (most < 0 || all.length < most); ) {
      const found = this.find(text, at, budget)
      if (!found) break
      const [begin, end] = [found[0]!, found[1]!]
      // An empty match right behind the last one does not count.
      const isAccepted = end !== at || begin !== lastEnd
      at = end !== at ? end : at < text.length ? at + runeAt(text, at).size : at + 1
      lastEnd = end
      if (isAccepted) all.push(found)
    }
    return all
  }
}

class Threads {
  readonly list: { at: number; saved: readonly number[] }[] = []
  private readonly seen: Uint32Array
  private generation = 1

  constructor(size: number) {
    this.seen = new Uint32Array(size)
  }
  clear(): void {
    this.list.length = 0
    this.generation++
  }
  has(at: number): boolean {
    return this.seen[at] === this.generation
  }
  mark(at: number): void {
    this.seen[at] = this.generation
  }
}

/** Whether an assertion holds at a byte. */
export function holds(
  what: Extract<RegexNode, { kind: 'assert' }>['what'],
  text: string,
  at: number,
): boolean {
  switch (what) {
    case 'begin':
      return at === 0
    case 'end':
      return at === text.length
    case 'lineBegin':
      return at === 0 || text[at - 1] === '\n'
    case 'lineEnd':
      return at === text.length || text[at] === '\n'
    default: {
      const isBefore = at > 0 && isWord(text.charCodeAt(at - 1))
      const isAfter = at < text.length && isWord(text.charCodeAt(at))
      return (isBefore !== isAfter) === (what === 'word')
    }
  }
}
