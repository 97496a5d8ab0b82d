// HCL in its canonical layout, as `vault policy fmt` writes it: two spaces, one item a line, `=` of
// neighbouring one-line items aligned, comments kept. The meaning never changes and no comment is lost.
// Each item is rendered once, so that it is linear in the text.
import { type CommentGroup, type HclFile, type HclItem, type HclValue, parseHcl } from './hcl.ts'
import { HclError } from './hcl-lexer.ts'

/** Stands before a line that must not be indented (heredocs); the parser refuses it in input. */
const FIXED = '\0'

/** Formats HCL text; throws HclError where it doesn't parse, or is JSON, which has no comments to keep. */
export function formatHcl(text: string): string {
  const file = parseHcl(text)
  if (file.json) {
    throw new HclError({ line: 1, column: 1 }, 'expected HCL, got JSON, which is left as it is')
  }
  return `${new Printer(file).top(file.items).replace(/^.*\0/gm, '')}\n`
}

interface Loose {
  readonly text: string
  readonly line: number
  readonly offset: number
  readonly group: CommentGroup
}

class Printer {
  /** Comments that belong to no item, in order, and how many of them are printed. */
  readonly #loose: Loose[]
  #printed = 0

  constructor(file: HclFile) {
    const owned = new Set<CommentGroup>()
    for (const item of file.items) collectOwned(item, owned)
    this.#loose = file.comments
      .filter((group) => !owned.has(group))
      .flatMap((group) =>
        group.comments.map(({ text, at }) => ({ text, line: at.line, offset: at.offset, group })),
      )
  }

  /** The loose comments before `offset` that are not printed yet, by group. */
  #takeBefore(offset: number): Loose[][] {
    const groups: Loose[][] = []
    for (; this.#printed < this.#loose.length; this.#printed++) {
      const comment = this.#loose[this.#printed]!
      if (comment.offset >= offset) break
      const last = groups.at(-1)
      if (last && last[0]?.group === comment.group) last.push(comment)
      else groups.push([comment])
    }
    return groups
  }

  top(items: readonly HclItem[]): string {
    let out = ''
    items.forEach((item, at) => {
      for (const group of this.#takeBefore(item.at.offset)) {
        out += `${group.map(({ text }) => `${text}\n`).join('')}\n`
      }
      out += this.#item(item)
      const next = items[at + 1]
      if (!next) return
      const close = next.at.line === item.at.line + 1
      out += close && isEmptyBlock(item) && isEmptyBlock(next) ? '\n' : '\n\n'
    })
    const tail = this.#takeBefore(Number.POSITIVE_INFINITY).map((group) =>
      group.map(({ text }) => text).join('\n'),
    )
    if (tail.length === 0) return out
    return out + (items.length > 0 ? '\n\n' : '') + tail.join('\n\n')
  }

  #item(item: HclItem): string {
    const keys = item.keys.map(({ text }) => text).join(' ')
    const head = `${commentLines(item.lead)}${isTrailAbove(item) ? commentLines(item.trail) : ''}`
    const line = `${head}${keys} ${item.assigned ? '= ' : ''}${this.#value(item.value)}`
    return item.trail && !isTrailAbove(item) ? `${line} ${inline(item.trail)}` : line
  }

  #value(value: HclValue): string {
    if (value.kind === 'object') return this.#object(value.items, value.end.offset)
    if (value.kind === 'list') return this.#list(value.items, value.at.line)
    if (value.kind === 'heredoc') return fixed(value.text.replace(/\n$/, ''))
    return value.text.includes('\n') ? fixed(value.text) : value.text
  }

  #object(items: readonly HclItem[], end: number): string {
    let body = ''
    let commented = false
    let at = 0
    while (at < items.length) {
      const item = items[at]!
      const groups = this.#takeBefore(item.at.offset)
      for (const group of groups) {
        if (at > 0) {
          commented = true
          body += '\n'
        }
        body += looseLines(group)
        if (item.at.line !== group.at(-1)!.line + 1) body += '\n'
      }
      const count = items.length === 1 ? 0 : this.#alignedFrom(items, at)
      if (!commented && at > 0) body += '\n'
      const text = count > 0 ? this.#aligned(items.slice(at, at + count)) : this.#item(items[at]!)
      body += `${indent(text)}\n`
      at += Math.max(1, count)
    }
    const tail = this.#takeBefore(end)
    tail.forEach((group, first) => {
      body += (items.length > 0 || first > 0 ? '\n' : '') + looseLines(group)
    })
    return body === '' ? '{}' : `{\n${body}}`
  }

  /** How many items from `at` on stand on lines that follow one another and take one line each. */
  #alignedFrom(items: readonly HclItem[], at: number): number {
    let count = 0
    for (let here = at; here < items.length; here++) {
      const item = items[here]!
      if (countLines(item) > 2 || this.#hasLooseBefore(item)) break
      const line = item.at.line
      const next = items[here + 1]?.at.line
      if (line + 1 === next) {
        count++
        continue
      }
      if (items[here - 1]?.at.line === line - 1) count++
      break
    }
    return count
  }

  #hasLooseBefore(item: HclItem): boolean {
    const next = this.#loose[this.#printed]
    return next !== undefined && next.offset < item.at.offset
  }

  #aligned(items: readonly HclItem[]): string {
    const rows = items.map((item) => ({ item, value: this.#value(item.value) }))
    const keyWidth = Math.max(...items.map((item) => item.keys[0]!.text.length))
    const valueWidth = Math.max(...rows.map(({ value }) => value.length))
    const lines = rows.map(({ item, value }) => {
      const above = isTrailAbove(item)
      const head = commentLines(item.lead) + (above ? commentLines(item.trail) : '')
      const keys = item.keys.map(({ text }) => text.padEnd(keyWidth)).join(' ')
      const line = `${head}${keys} ${item.keys.length === 1 ? '= ' : ''}${value}`
      if (!item.trail || above) return line
      return `${line}${' '.repeat(valueWidth - value.length + 1)}${inline(item.trail)}`
    })
    return lines.join('\n')
  }

  #list(items: readonly HclValue[], line: number): string {
    const onOneLine = items.every(
      (item) =>
        item.at.line === line &&
        item.kind !== 'list' &&
        item.kind !== 'object' &&
        !item.trail &&
        !item.lead &&
        (item.kind !== 'heredoc' || items.length === 1),
    )
    if (onOneLine) {
      const close = items[0]?.kind === 'heredoc' ? '\n]' : ']'
      return `[${items.map((item) => this.#value(item)).join(', ')}${close}`
    }
    const width = Math.max(...items.map((item) => ('text' in item ? item.text.length : 0)))
    let out = '[\n'
    let spaced = false
    items.forEach((item, at) => {
      const { lead, trail } = 'text' in item ? item : { lead: null, trail: null }
      if (lead) out += (spaced || at === 0 ? '' : '\n') + indent(commentLines(lead))
      const value = this.#value(item)
      out += indent(value) + (item.kind === 'heredoc' ? '\n  ,' : ',')
      if (trail) out += ` ${' '.repeat(Math.max(0, width - value.length))}${inline(trail)}`
      out += '\n'
      spaced = lead !== null && at < items.length - 1
      if (spaced) out += '\n'
    })
    return `${out}]`
  }
}

function collectOwned(item: HclItem, owned: Set<CommentGroup>): void {
  if (item.lead) owned.add(item.lead)
  if (item.trail) owned.add(item.trail)
  collectOwnedOfValue(item.value, owned)
}

function collectOwnedOfValue(value: HclValue, owned: Set<CommentGroup>): void {
  if (value.kind === 'object') for (const item of value.items) collectOwned(item, owned)
  else if (value.kind === 'list') for (const item of value.items) collectOwnedOfValue(item, owned)
  else {
    if (value.lead) owned.add(value.lead)
    if (value.trail) owned.add(value.trail)
  }
}

/** A comment goes above where the value starts on another line, or where nothing may follow the value. */
function isTrailAbove({ trail, value, keys }: HclItem): boolean {
  return trail !== null && (value.at.line !== keys[0]!.at.line || value.kind === 'heredoc')
}

function isEmptyBlock(item: HclItem): boolean {
  const { value } = item
  return !item.lead && !item.assigned && value.kind === 'object' && value.items.length === 0
}

function commentLines(group: CommentGroup | null): string {
  return group ? group.comments.map(({ text }) => `${text}\n`).join('') : ''
}

/** Only the last comment of a line can run to its end, so they may share one. */
function inline(group: CommentGroup): string {
  return group.comments.map(({ text }) => fixed(text)).join(' ')
}

function looseLines(group: readonly Loose[]): string {
  return group.map(({ text }) => `${indent(fixed(text))}\n`).join('')
}

/** Lines that the item will take: exact up to two, else some number above. */
function countLines(item: HclItem): number {
  const { value } = item
  const above = (item.lead?.comments.length ?? 0) + (isTrailAbove(item) ? 1 : 0)
  const comments = item.lead?.comments.some(({ text }) => text.includes('\n')) ? 3 : above
  if (value.kind === 'object') {
    return value.items.length > 0 || value.end.line !== value.at.line ? 3 : comments + 1
  }
  if (value.kind !== 'list') return comments + (value.text.includes('\n') ? 3 : 1)
  const flat = value.items.every(
    (part) => 'text' in part && part.at.line === value.at.line && !part.text.includes('\n'),
  )
  return flat ? comments + 1 : 3
}

function indent(text: string): string {
  return text.replace(/^(?=[^\n])/gm, '  ')
}

/** Keeps the lines after the first where they are, whatever is indented around them. */
function fixed(text: string): string {
  return text.replace(/\n(?=[^\n])/g, `\n${FIXED}`)
}
