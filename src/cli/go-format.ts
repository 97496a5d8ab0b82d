// Values as Go's fmt and time packages print them: %v, %q, Duration.String and Time.String. The table
// output of Vault's command is made of these, so scripts that cut fields from it rely on them.
import { compareUtf8 } from '../base/utf8-order.ts'
import { type Json, JsonNumber } from './exact-json.ts'

/** %v of a decoded value. */
export function formatValue(value: Json | undefined): string {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`
  const keys = [...value.keys()].sort(compareUtf8)
  return `map[${keys.map((key) => `${key}:${formatValue(value.get(key))}`).join(' ')}]`
}

/** %q of a string. */
export function quoteText(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1')
}

/** %q of a list of strings; null and absent print as the empty list. */
export function quoteList(value: Json | undefined): string {
  const items = Array.isArray(value) ? value : []
  return `[${items.map((item) => quoteText(formatValue(item))).join(' ')}]`
}

const NANO: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}
export const SECOND = 1e9

/** Nanoseconds of a Go duration such as 1h30m or -1.5s; null where it is none. */
export function parseGoDuration(text: string): number | null {
  const sign = text.startsWith('-') ? -1 : 1
  const rest = text.replace(/^[+-]/, '')
  if (rest === '0') return 0
  if (!/^(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return null
  let total = 0
  for (const [, number, unit] of rest.matchAll(/([0-9.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(number) * NANO[unit!]!
  }
  return sign * total
}

/** Nanoseconds of what a TTL flag takes: a Go duration, days such as 30d, or plain seconds. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim()
  if (trimmed === '') return 0
  const go = parseGoDuration(trimmed)
  if (go !== null) return go
  const days = /^([+-]?[0-9]+)d$/.exec(trimmed)
  if (days) return Number(days[1]) * 24 * 3600e9
  return /^[+-]?[0-9]+$/.test(trimmed) ? Number(trimmed) * 1e9 : null
}

/** Duration.String: 1h0m0s, 1.5s, 20ms, 0s. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s'
  const sign = nanoseconds < 0 ? '-' : ''
  const size = Math.abs(nanoseconds)
  if (size < 1e3) return `${sign}${size}ns`
  if (size < 1e6) return `${sign}${size / 1e3}µs`
  if (size < 1e9) return `${sign}${size / 1e6}ms`
  const whole = Math.floor(size / 1e9)
  const fraction = Math.round(size - whole * 1e9)
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`
  const seconds = `${whole % 60}${digits}s`
  const minutes = Math.floor(whole / 60)
  if (minutes === 0) return sign + seconds
  const hours = Math.floor(minutes / 60)
  return `${sign}${hours > 0 ? `${hours}h` : ''}${minutes % 60}m${seconds}`
}

/** A duration without its trailing zeros: 1h, 90m30s, 768h. */
export function humanDuration(nanoseconds: number): string {
  let text = formatDuration(nanoseconds)
  if (text.endsWith('m0s')) text = text.slice(0, -2)
  const hours = text.indexOf('h0m')
  return hours > 0 ? text.slice(0, hours + 1) + text.slice(hours + 3) : text
}

/** A count of seconds as a human duration; anything else unchanged. */
export function humanSeconds(value: Json | undefined): string {
  if (value instanceof JsonNumber && /^-?[0-9]+$/.test(value.text)) {
    return humanDuration(Number(value.text) * 1e9)
  }
  return formatValue(value)
}

/** Whether a field of this name holds seconds that are shown as a duration. */
export function looksLikeDuration(name: string): boolean {
  return /(?:^|_)(?:period|ttl|duration)$/.test(name) || name === 'lease_max' || name === 'ttl_max'
}

/** Time.String of an RFC 3339 time: 2026-11-24 12:00:00.5 +0000 UTC. */
export function formatTime(text: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(?:(Z)|([+-]\d\d):?(\d\d))$/.exec(text)
  if (!found) return text
  const [, day, clock, fraction = '', utc, hours, minutes] = found
  const digits = fraction.replace(/\.?0+$/, '')
  const zone = utc ? '+0000 UTC' : `${hours}${minutes} ${hours}${minutes}`
  return `${day} ${clock}${digits} ${zone}`
}
