// Times as Go prints and reads them (RFC 3339), for messages and fields that clients compare.
import { badRequest } from '../../base/errors.ts'

/** 2026-01-02T15:04:05.6Z: no trailing zeros, as time.RFC3339Nano. */
export const goTime = (atMs: number): string => new Date(atMs).toISOString().replace(/\.?0*Z$/, 'Z')

const RFC3339 =
  /^\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970; null for other text. */
export function parseTimeText(text: string): number | null {
  if (!RFC3339.test(text)) return null
  const at = Date.parse(text)
  if (!Number.isFinite(at)) return null
  // Date.parse moves the 31st of February on; Go refuses it.
  const day = Number(text.slice(8, 10))
  const month = Number(text.slice(5, 7))
  const days = new Date(Date.UTC(Number(text.slice(0, 4)), month, 0)).getUTCDate()
  return day >= 1 && day <= days ? at : null
}

/** The same, or 400 in Go's words. */
export function timeOf(text: string): number {
  const at = parseTimeText(text)
  if (at !== null) return at
  const layout = '2006-01-02T15:04:05Z07:00'
  throw badRequest(`parsing time "${text}" as "${layout}": cannot parse "${text}" as "2006"`)
}
