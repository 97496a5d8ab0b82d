// Text in columns and paragraphs of at most 78 characters, laid out as Vault's command does: four
// spaces between columns, n/a for an empty cell, a row of dashes below the head, and paragraphs broken
// where the lines come out most even (Knuth and Plass's squared slack).

/** Between columns. */
const GAP = '    '
const EMPTY = 'n/a'
export const LINE_WIDTH = 78

const visible = (text: string): number => [...text].length

/** Rows of cells as aligned columns, without a head. */
export function formatColumns(rows: readonly (readonly string[])[], gap = GAP): string {
  const cells = rows.map((row) => row.map((cell) => cell.trim() || EMPTY))
  const widths: number[] = []
  for (const row of cells) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, visible(cell))
    })
  }
  return cells
    .map((row) =>
      row
        .map((cell, at) =>
          at === row.length - 1 ? cell : cell + ' '.repeat(widths[at]! - visible(cell)) + gap,
        )
        .join(''),
    )
    .join('\n')
}

/** Rows of cells as aligned columns; the first row is the head and gets underlined. */
export function formatTable(rows: readonly (readonly string[])[], gap = GAP): string {
  const [head, ...body] = rows
  if (!head) return ''
  const line = head.map((cell) => '-'.repeat(Buffer.byteLength(cell.trim())))
  return formatColumns([head, line, ...body], gap)
}

/** The text broken into lines of at most `width` bytes with the least squared slack. */
export function wrapText(text: string, width = LINE_WIDTH): string {
  const words = text.trim().replaceAll('\n', ' ').split(' ')
  const lengths = words.map((word) => Buffer.byteLength(word))
  const count = words.length
  const cost = new Array<number>(count).fill(Number.POSITIVE_INFINITY)
  const breaks = new Array<number>(count).fill(count)
  for (let from = count - 1; from >= 0; from--) {
    let length = lengths[from]!
    const rest = lengths.slice(from).reduce((sum, size) => sum + size + 1, -1)
    if (rest <= width || from === count - 1) {
      cost[from] = 0
      continue
    }
    for (let to = from + 1; to < count; to++) {
      const slack = width - length
      const price = slack * slack + cost[to]! + (slack < 0 ? 1e5 : 0)
      if (price < cost[from]!) {
        cost[from] = price
        breaks[from] = to
      }
      if (length > width) break
      length += 1 + lengths[to]!
    }
  }
  const lines: string[] = []
  for (let from = 0; from < count; from = breaks[from]!) {
    lines.push(words.slice(from, breaks[from]).join(' '))
  }
  return lines.join('\n')
}

/** Wrapped text with every line indented by `margin` spaces. */
export function wrapIndented(text: string, margin: number): string {
  const pad = ' '.repeat(margin)
  return wrapText(text, LINE_WIDTH - margin)
    .split('\n')
    .map((line) => pad + line)
    .join('\n')
}
