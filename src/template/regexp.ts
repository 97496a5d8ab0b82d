// Regular expressions matched by simulating all their threads at once (Pike's machine): time is linear in the text,
// whatever the expression. Of several matches the leftmost is found, by the order of its alternatives, as in Go.
import { runeAt } from './byte-strings.ts'
import { holdsRune, isWord, type RuneSet } from './regexp-classes.ts'
import { type RegexNode, RegexParser, regexError } from './regexp-parse.ts'

type Instruction =
  | { op: 'char'; set: RuneSet }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'save'; slot: number }
  | { op: 'assert'; what: Extract<RegexNode, { kind: 'assert' }>['what'] }
  | { op: 'match' }

/** Byte positions: begin and end of the match, then of each group; -1 where a group took no part. */
export type Found = readonly number[]

/** Who counts the work; it throws when there was too much. */
interface Budget {
  spend(steps: number): void
}

const MOST_INSTRUCTIONS = 20_000

export class GoRegexp {
  /** Names of the groups by index. */
  readonly names: readonly string[]
  private readonly program: Instruction[] = []
  private readonly slots: number

  /** Throws FunctionError with Go's words for what is wrong. */
  constructor(expression: string) {
    const { node, names } = new RegexParser(expression).parse()
    this.names = names
    this.slots = names.length * 2
    this.compile({ kind: 'group', index: 0, node }, expression)
    this.emit({ op: 'match' }, expression)
  }

  private emit(instruction: Instruction, expression: string): number {
    if (this.program.length >= MOST_INSTRUCTIONS)
      throw regexError('expression too large', expression)
    return this.program.push(instruction) - 1
  }

  private compile(node: RegexNode, expression: string): void {
    switch (node.kind) {
      case 'empty':
        return
      case 'char':
        this.emit({ op: 'char', set: node.set }, expression)
        return
      case 'assert':
        this.emit({ op: 'assert', what: node.what }, expression)
        return
      case 'cat':
        for (const part of node.nodes) this.compile(part, expression)
        return
      case 'group':
        this.emit({ op: 'save', slot: node.index * 2 }, expression)
        this.compile(node.node, expression)
        this.emit({ op: 'save', slot: node.index * 2 + 1 }, expression)
        return
      case 'alternate':
        this.alternatives(node.nodes, expression)
        return
      case 'repeat':
        this.repeat(node, expression)
    }
  }

  private alternatives(nodes: readonly RegexNode[], expression: string): void {
    const jumps: { op: 'jump'; to: number }[] = []
    for (const [i, node] of nodes.entries()) {
      if (i === nodes.length - 1) {
        this.compile(node, expression)
        break
      }
      const split = { op: 'split' as const, first: 0, second: 0 }
      split.first = this.emit(split, expression) + 1
      this.compile(node, expression)
      const jump = { op: 'jump' as const, to: 0 }
      jumps.push(jump)
      split.second = this.emit(jump, expression) + 1
    }
    for (const jump of jumps) jump.to = this.program.length
  }

  private repeat(node: Extract<RegexNode, { kind: 'repeat' }>, expression: string): void {
    for (let i = 0; i < node.min; i++) {
      if (node.max === null && i === node.min - 1) {
        const start = this.program.length
        this.compile(node.node, expression)
        const end = this.program.length + 1
        this.emit(this.choice(node.isGreedy, start, end), expression)
        return
      }
      this.compile(node.node, expression)
    }
    if (node.max === null && canBeEmpty(node.node)) {
      // (x+)? instead of a loop: the order of preference is then right for what matches nothing.
      const split = this.choice(node.isGreedy, 0, 0)
      const at = this.emit(split, expression)
      this.repeat({ ...node, min: 1 }, expression)
      this.aim(split, node.isGreedy, at + 1, this.program.length)
      return
    }
    if (node.max === null) {
      const split = this.choice(node.isGreedy, 0, 0)
      const at = this.emit(split, expression)
      this.compile(node.node, expression)
      this.emit({ op: 'jump', to: at }, expression)
      this.aim(split, node.isGreedy, at + 1, this.program.length)
      return
    }
    const splits: { split: ReturnType<GoRegexp['choice']>; at: number }[] = []
    for (let i = node.min; i < node.max; i++) {
      const split = this.choice(node.isGreedy, 0, 0)
      splits.push({ split, at: this.emit(split, expression) })
      this.compile(node.node, expression)
    }
    for (const { split, at } of splits) {
      this.aim(split, node.isGreedy, at + 1, this.program.length)
    }
  }

  private choice(
    isGreedy: boolean,
    body: number,
    after: number,
  ): Extract<Instruction, { op: 'split' }> {
    return { op: 'split', first: isGreedy ? body : after, second: isGreedy ? after : body }
  }

  private aim(
    split: Extract<Instruction, { op: 'split' }>,
    isGreedy: boolean,
    body: number,
    after: number,
  ): void {
    split.first = isGreedy ? body : after
    split.second = isGreedy ? after : body
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

function canBeEmpty(node: RegexNode): boolean {
  switch (node.kind) {
    case 'char':
      return false
    case 'cat':
      return node.nodes.every(canBeEmpty)
    case 'alternate':
      return node.nodes.some(canBeEmpty)
    case 'group':
      return canBeEmpty(node.node)
    case 'repeat':
      return node.min === 0 || canBeEmpty(node.node)
    default:
      return true
  }
}

function holds(
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
