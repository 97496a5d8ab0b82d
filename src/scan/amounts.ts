// Sizes and times as gitleaks prints them.
import { formatFloat } from '../template/format-numbers.ts'
import { goDurationText } from '../template/go-duration.ts'

const UNITS: readonly (readonly [size: number, name: string])[] = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'KB'],
  [1, 'bytes'],
]

/** "1.23 MB", counted in thousands and in single precision. */
export function sizeText(bytes: number): string {
  if (bytes === 0) return '0'
  const [size, name] = UNITS.find(([least]) => bytes >= least)!
  const value = Math.fround(Math.fround(bytes) / size)
  return `${formatFloat(value, 'f', 2).replace(/\.00$/, '')} ${name}`
}

/** A time as Go prints it, to three digits. */
export function shortDuration(ms: number): string {
  const nanoseconds = BigInt(Math.max(1, Math.round(ms * 1e6)))
  let scale = 100_000_000_000n
  while (scale > nanoseconds) scale /= 10n
  const unit = scale / 100n
  if (unit <= 0n) return goDurationText(nanoseconds)
  return goDurationText(((nanoseconds + unit / 2n) / unit) * unit)
}
