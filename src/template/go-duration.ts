// Durations as Go writes and reads them ("1h2m3.5s"), in nanoseconds. Source: the documentation of package time.
import { quote } from './quoting.ts'
import { FunctionError } from './template-error.ts'

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  '\xc2\xb5s': 1000n,
  '\xce\xbcs': 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const MOST = 2n ** 63n

/** Nanoseconds of a duration's text (a byte string). Throws FunctionError in Go's words. */
export function parseGoDuration(text: string): bigint {
  const invalid = new FunctionError(`time: invalid duration ${quote(text)}`)
  const sign = text[0] === '-' || text[0] === '+' ? text[0] : ''
  let rest = text.slice(sign.length)
  if (rest === '0') return 0n
  if (rest === '') throw invalid
  let total = 0n
  while (rest !== '') {
    const number = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest)!
    const [all, whole = '', fraction = ''] = number
    if (whole === '' && fraction === '') throw invalid
    rest = rest.slice(all.length)
    const name = /^[^0-9.]*/.exec(rest)![0]
    if (name === '') throw new FunctionError(`time: missing unit in duration ${quote(text)}`)
    const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined
    if (unit === undefined) {
      throw new FunctionError(`time: unknown unit ${quote(name)} in duration ${quote(text)}`)
    }
    rest = rest.slice(name.length)
    const digits = fraction.slice(0, 18)
    total += BigInt(whole.slice(0, 30) || '0') * unit
    total += (BigInt(digits || '0') * unit) / 10n ** BigInt(digits.length)
    if (total > MOST || whole.length > 25) throw invalid
  }
  if (sign !== '-' && total === MOST) throw invalid
  return sign === '-' ? -total : total
}

/** Go's text of a duration: "0s", "1.5µs", "72h3m0.5s"; a byte string. */
export function goDurationText(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : ''
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (size === 0n) return '0s'
  if (size < 1000n) return `${sign}${size}ns`
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}\xc2\xb5s`
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`
  const seconds = size / 1_000_000_000n
  const minutes = seconds / 60n
  const rest = decimal(size % 60_000_000_000n, 9)
  const hours = minutes / 60n
  if (hours > 0n) return `${sign}${hours}h${minutes % 60n}m${rest}s`
  return minutes > 0n ? `${sign}${minutes}m${rest}s` : `${sign}${rest}s`
}

function decimal(value: bigint, places: number): string {
  const text = value.toString().padStart(places + 1, '0')
  const fraction = text.slice(-places).replace(/0+$/, '')
  return text.slice(0, -places) + (fraction === '' ? '' : `.${fraction}`)
}
