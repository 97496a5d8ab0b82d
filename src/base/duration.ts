// Durations as Vault's API takes them: "1h30m", "90", 90, "7d"; printed as Go prints them: "768h0m0s".

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
}
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d)/y

/** Whole seconds (rounded down towards zero), or null where the text is no duration. */
export function parseDurationSeconds(text: string): number | null {
  const trimmed = text.trim()
  const sign = trimmed.startsWith('-') ? -1 : 1
  const body = trimmed.replace(/^[+-]/, '')
  if (/^\d+$/.test(body)) return sign * Number(body)
  if (body === '') return null
  let seconds = 0
  PART.lastIndex = 0
  while (PART.lastIndex < body.length) {
    const match = PART.exec(body)
    if (!match) return null
    seconds += Number(match[1]) * UNIT_SECONDS[match[2]!]!
  }
  return sign * Math.trunc(seconds)
}
