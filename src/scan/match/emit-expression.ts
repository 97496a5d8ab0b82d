// An expression of RE2's syntax, already parsed, as the source of a JavaScript expression over byte strings that finds
// the same matches (leftmost, alternatives in their order). Flags are worked into the classes, so none are needed.
import type { RegexNode } from '../../template/regexp-nodes.ts'
import { type Alphabet, classSource } from './byte-classes.ts'
import { isNullable } from './regex-shape.ts'

const ASSERTS: Readonly<Record<Extract<RegexNode, { kind: 'assert' }>['what'], string>> = {
  begin: '^',
  end: '$',
  lineBegin: '(?<![^\\n])',
  lineEnd: '(?![^\\n])',
  word: '\\b',
  noWord: '\\B',
}

export interface EmitOptions {
  readonly alphabet: Alphabet
  /** Whether groups capture. */
  readonly captures: boolean
}

/** The source; without flags, "." and "$" mean what the parsed expression says. */
export function emitExpression(node: RegexNode, options: EmitOptions): string {
  switch (node.kind) {
    case 'empty':
      return ''
    case 'char':
      return classSource(node.set, options.alphabet)
    case 'assert':
      return ASSERTS[node.what]
    case 'cat':
      return node.nodes
        .map((part) => {
          const source = emitExpression(part, options)
          return part.kind === 'alternate' ? `(?:${source})` : source
        })
        .join('')
    case 'alternate':
      return node.nodes.map((part) => emitExpression(part, options)).join('|')
    case 'group':
      return `(${options.captures ? '' : '?:'}${emitExpression(node.node, options)})`
    case 'repeat':
      return emitRepeat(node, options)
  }
}

function emitRepeat(node: Extract<RegexNode, { kind: 'repeat' }>, options: EmitOptions): string {
  if (node.max === 0) return ''
  const inner = emitExpression(node.node, options)
  if (node.min === 1 && node.max === 1) return `(?:${inner})`
  // An optional part that matched nothing would be given up by JavaScript, not by RE2.
  if (isNullable(node.node)) return node.isGreedy ? `(?:${inner}|)` : `(?:|${inner})`
  const body = node.node.kind === 'char' || node.node.kind === 'group' ? inner : `(?:${inner})`
  return body + quantifier(node.min, node.max) + (node.isGreedy ? '' : '?')
}

function quantifier(min: number, max: number | null): string {
  if (max === null) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  if (min === max) return `{${min}}`
  return min === 0 && max === 1 ? '?' : `{${min},${max}}`
}
