// Values inside a Go MySQL DSN: percent-decoding (net/url), durations (time.ParseDuration), booleans and
// numbers, each refused in Go's words. Source: Go's standard library, through the DSN test's oracle.
import { parseDurationMs } from '../../../base/duration.ts'

/** Why a text is no DSN, in the words of Go's driver; it may quote the database or a parameter. */
export class DsnFault extends Error {}

/** url.PathUnescape, or with `plusIsSpace` url.QueryUnescape. */
export function percentDecoded(text: string, plusIsSpace: boolean): string {
  const bad = /%(?![0-9A-Fa-f]{2})/.exec(text)
  if (bad)
    throw new DsnFault(`invalid URL escape ${JSON.stringify(text.slice(bad.index, bad.index + 3))}`)
  const spaced = plusIsSpace ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  const bytes = spaced.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
  )
  return bytes
}

export function goBoolean(text: string): boolean | null {
  if (['1', 'true', 'TRUE', 'True'].includes(text)) return true
  return ['0', 'false', 'FALSE', 'False'].includes(text) ? false : null
}

const PART = String.raw`(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)`
const DURATION = new RegExp(`^[+-]?(?:0|(?:${PART})+)$`)

/** Milliseconds; a bare number has no unit and is refused, as in Go. */
export function goDurationMs(text: string): number {
  const value = text.length <= 64 && DURATION.test(text) ? parseDurationMs(text) : null
  if (value !== null) return value
  throw new DsnFault(`time: ${durationFault(text)}duration ${JSON.stringify(text)}`)
}

function durationFault(text: string): string {
  const parts =
    /^[+-]?((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*)(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(text)
  if (!parts || (parts[3] !== '' && text.length > 64)) return 'invalid '
  return parts[3] === '' ? 'missing unit in ' : `unknown unit ${JSON.stringify(parts[3])} in `
}

export function goInteger(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value))
    throw new DsnFault(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  return value
}
