// Durations as Vault's API and configuration take them: "1h30m", "90", "7d"; printed as Go prints them:
// "768h0m0s". Parsed exactly (in whole nanoseconds), so that "0.1s0.2s0.7s" is one second and not less.
// Source: Go's time.ParseDuration and Vault's rule that a bare number means seconds.

const UNIT_NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, the micro sign
  μs: 1_000n, // U+03BC, the Greek letter
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
}
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h|d)/y
/** The largest that Go's int64 of nanoseconds holds, about 292 years. */
const MAX_NANOSECONDS = 2n ** 63n - 1n
/** Longer text is no duration; it keeps the big numbers below small. */
const MAX_TEXT = 64

/** Nanoseconds, or null where the text is no duration or is longer than 292 years. */
export function parseNanoseconds(text: string): bigint | null {
  const trimmed = text.trim()
  if (trimmed.length > MAX_TEXT) return null
  const negative = trimmed.startsWith('-')
  const body = negative || trimmed.startsWith('+') ? trimmed.slice(1) : trimmed
  if (body === '') return null
  let total = 0n
  if (/^\d+$/.test(body)) total = BigInt(body) * 1_000_000_000n
  else {
    PART.lastIndex = 0
    while (PART.lastIndex < body.length) {
      const match = PART.exec(body)
      if (!match) return null
      const [, whole = '', fraction = '', unit] = match
      if (whole === '' && fraction === '') return null
      const scale = UNIT_NANOSECONDS[unit!]!
      total += BigInt(whole || '0') * scale
      // Go, too, drops what is finer than a nanosecond.
      if (fraction) total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
    }
  }
  if (total > MAX_NANOSECONDS) return null
  return negative ? -total : total
}

/** Whole seconds (rounded towards zero), or null where the text is no duration. */
export function parseDurationSeconds(text: string): number | null {
  const nanoseconds = parseNanoseconds(text)
  return nanoseconds === null ? null : Number(nanoseconds / 1_000_000_000n)
}

/** Whole milliseconds (rounded towards zero), or null where the text is no duration. */
export function parseDurationMs(text: string): number | null {
  const nanoseconds = parseNanoseconds(text)
  return nanoseconds === null ? null : Number(nanoseconds / 1_000_000n)
}

/** Whole seconds as Go prints a duration: 0 is "0s", 90 is "1m30s", 3600 is "1h0m0s". */
export function formatDuration(seconds: number): string {
  const sign = seconds < 0 ? '-' : ''
  const whole = Math.trunc(Math.abs(seconds))
  const rest = `${whole % 60}s`
  if (whole < 60) return whole === 0 ? '0s' : sign + rest
  const minutes = `${Math.floor(whole / 60) % 60}m${rest}`
  return whole < 3600 ? sign + minutes : `${sign}${Math.floor(whole / 3600)}h${minutes}`
}

/** "768h", "1h30m", "45s", "0s": Go's notation without its zero parts. */
export function humanDuration(seconds: number): string {
  if (seconds === 0) return '0s'
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = seconds % 60
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${rest > 0 ? `${rest}s` : ''}`
}
