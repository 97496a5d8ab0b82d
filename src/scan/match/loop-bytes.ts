// How far the loops of an expression can run in a text: what makes each try long, where there are many tries.
import type { RegexNode } from '../../template/regexp-nodes.ts'

/** A loop with a smaller maximum counts as bounded. */
const LONG_LOOP = 2000

/** The bytes that loops without a bound take, by byte; null where there is no such loop. */
export function loopBytes(node: RegexNode): Uint8Array | null {
  const table = new Uint8Array(256)
  return mark(node, table, false) ? table : null
}

/** Marks what `node` takes if it stands in a loop, and what loops in it take. Answers whether there is one. */
function mark(node: RegexNode, table: Uint8Array, isLooped: boolean): boolean {
  switch (node.kind) {
    case 'char':
      if (isLooped) markSet(node.set, table)
      return isLooped
    case 'cat':
    case 'alternate': {
      let isAny = false
      for (const part of node.nodes) isAny = mark(part, table, isLooped) || isAny
      return isAny
    }
    case 'group':
      return mark(node.node, table, isLooped)
    case 'repeat':
      return mark(node.node, table, isLooped || node.max === null || node.max > LONG_LOOP)
    default:
      return false
  }
}

function markSet(set: readonly number[], table: Uint8Array): void {
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! < 128) table.fill(1, set[i]!, Math.min(set[i + 1]!, 127) + 1)
    if (set[i + 1]! > 127) table.fill(1, 128)
  }
}

/** The longest run of such bytes in a text. */
export function longestRun(text: string, table: Uint8Array): number {
  let longest = 0
  let run = 0
  for (let i = 0; i < text.length; i++) {
    if (table[text.charCodeAt(i)] === 1) run++
    else {
      if (run > longest) longest = run
      run = 0
    }
  }
  return Math.max(longest, run)
}
