// An expression compiled to the instructions of a machine with threads, in order of preference, as Go's own compiler
// orders them. Whoever runs them (all threads at once, or one after the other with a memory) finds the same match.
import type { RuneSet } from './regexp-classes.ts'
import { type RegexNode, regexError } from './regexp-nodes.ts'

export type Instruction =
  | { op: 'char'; set: RuneSet }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'save'; slot: number }
  | { op: 'assert'; what: Extract<RegexNode, { kind: 'assert' }>['what'] }
  | { op: 'match' }

const MOST_INSTRUCTIONS = 20_000

/** The program of a parsed expression, which saves its own bounds in slots 0 and 1. Throws FunctionError if it is too large. */
export function compileRegex(node: RegexNode, expression: string): readonly Instruction[] {
  const compiler = new RegexCompiler(expression)
  compiler.compile({ kind: 'group', index: 0, node })
  compiler.emit({ op: 'match' })
  return compiler.program
}

/** About how many instructions a node takes, without making them. */
export function programSize(node: RegexNode): number {
  switch (node.kind) {
    case 'cat':
    case 'alternate':
      return node.nodes.reduce((sum, part) => sum + programSize(part) + 2, 0)
    case 'group':
      return programSize(node.node) + 2
    case 'repeat':
      return (programSize(node.node) + 1) * Math.max(1, node.max ?? node.min + 1)
    default:
      return 1
  }
}

/** Throws FunctionError where a program would be too large to be made. */
export function checkProgramSize(node: RegexNode, expression: string): void {
  if (programSize(node) > MOST_INSTRUCTIONS) throw regexError('expression too large', expression)
}

class RegexCompiler {
  readonly program: Instruction[] = []
  private readonly expression: string

  constructor(expression: string) {
    this.expression = expression
  }

  emit(instruction: Instruction): number {
    if (this.program.length >= MOST_INSTRUCTIONS)
      throw regexError('expression too large', this.expression)
    return this.program.push(instruction) - 1
  }

  compile(node: RegexNode): void {
    switch (node.kind) {
      case 'empty':
        return
      case 'char':
        this.emit({ op: 'char', set: node.set })
        return
      case 'assert':
        this.emit({ op: 'assert', what: node.what })
        return
      case 'cat':
        for (const part of node.nodes) this.compile(part)
        return
      case 'group':
        this.emit({ op: 'save', slot: node.index * 2 })
        this.compile(node.node)
        this.emit({ op: 'save', slot: node.index * 2 + 1 })
        return
      case 'alternate':
        this.alternatives(node.nodes)
        return
      case 'repeat':
        this.repeat(node)
    }
  }

  private alternatives(nodes: readonly RegexNode[]): void {
    const jumps: { op: 'jump'; to: number }[] = []
    for (const [i, node] of nodes.entries()) {
      if (i === nodes.length - 1) {
        this.compile(node)
        break
      }
      const split = { op: 'split' as const, first: 0, second: 0 }
      split.first = this.emit(split) + 1
      this.compile(node)
      const jump = { op: 'jump' as const, to: 0 }
      jumps.push(jump)
      split.second = this.emit(jump) + 1
    }
    for (const jump of jumps) jump.to = this.program.length
  }

  private repeat(node: Extract<RegexNode, { kind: 'repeat' }>): void {
    for (let i = 0; i < node.min; i++) {
      if (node.max === null && i === node.min - 1) {
        const start = this.program.length
        this.compile(node.node)
        const end = this.program.length + 1
        this.emit(this.choice(node.isGreedy, start, end))
        return
      }
      this.compile(node.node)
    }
    if (node.max === null && canBeEmpty(node.node)) {
      // (x+)? instead of a loop: the order of preference is then right for what matches nothing.
      const split = this.choice(node.isGreedy, 0, 0)
      const at = this.emit(split)
      this.repeat({ ...node, min: 1 })
      this.aim(split, node.isGreedy, at + 1, this.program.length)
      return
    }
    if (node.max === null) {
      const split = this.choice(node.isGreedy, 0, 0)
      const at = this.emit(split)
      this.compile(node.node)
      this.emit({ op: 'jump', to: at })
      this.aim(split, node.isGreedy, at + 1, this.program.length)
      return
    }
    const splits: { split: ReturnType<RegexCompiler['choice']>; at: number }[] = []
    for (let i = node.min; i < node.max; i++) {
      const split = this.choice(node.isGreedy, 0, 0)
      splits.push({ split, at: this.emit(split) })
      this.compile(node.node)
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
