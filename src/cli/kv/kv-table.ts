// The headings between which kv commands print their tables.
// Widths are counted in bytes, as Vault's command does.
import type { JsonMap } from '../exact-json.ts'
import type { Ui } from '../ui.ts'

const COLUMN_GAP = 4

function padded(title: string, width: number): string {
  let signs = width - (Buffer.byteLength(title) + 2)
  if (signs <= 0) signs = 4
  if (signs % 2 !== 0) signs++
  const side = '='.repeat(signs / 2)
  return `${side} ${title} ${side}`
}

/** A heading as wide as the table below it. */
export function tableHeading(title: string, data: JsonMap): string {
  let longest = 0
  for (const key of data.keys()) longest = Math.max(longest, Buffer.byteLength(key))
  return padded(title, longest + COLUMN_GAP + 'Value'.length)
}

/** The path that a command is about, below its heading. */
export function printPath(ui: Ui, path: string, title: string): void {
  ui.out(padded(title, Buffer.byteLength(path)))
  ui.out(path)
  ui.out('')
}
