// Answers list their fields by name, as Go prints its maps: scripts compare the text.
import type { Data } from '../../sdk/answer.ts'

/** The same fields in the order of their names; those that are undefined are left out. */
export function sortedData(fields: Readonly<Record<string, unknown>>): Data {
  const sorted: Record<string, unknown> = {}
  for (const name of Object.keys(fields).sort()) {
    if (fields[name] !== undefined) sorted[name] = fields[name]
  }
  return sorted
}
