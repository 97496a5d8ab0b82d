// Semantic versions, read leniently ("v1.2" is 1.2.0), and their order (semver.org, 2.0.0).
import { FunctionError } from './template-error.ts'

export interface Version {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  readonly pre: string
  readonly metadata: string
  readonly original: string
}

const PATTERN =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/
const MOST = 2n ** 64n - 1n

/** Throws FunctionError. */
export function parseVersion(text: string): Version {
  const found = text.length > 256 ? null : PATTERN.exec(text)
  if (!found) throw new FunctionError('Invalid Semantic Version')
  const [major, minor, patch] = [found[1], found[2], found[3]].map((part = '0') => {
    const value = BigInt(part)
    if (value <= MOST) return value
    throw new FunctionError(
      `Error parsing version segment: strconv.ParseUint: parsing "${part}": value out of range`,
    )
  })
  const pre = found[4] ?? ''
  if (pre.split('.').some((part) => /^0[0-9]+$/.test(part))) {
    throw new FunctionError('Version segment starts with 0')
  }
  return {
    major: major!,
    minor: minor!,
    patch: patch!,
    pre,
    metadata: found[5] ?? '',
    original: text,
  }
}

export function versionText(of: Version): string {
  const pre = of.pre === '' ? '' : `-${of.pre}`
  return `${of.major}.${of.minor}.${of.patch}${pre}${of.metadata === '' ? '' : `+${of.metadata}`}`
}

const compared = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** Numbers before words, numbers by size, words by bytes; fewer parts first. */
function comparePreParts(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  const [isNumberA, isNumberB] = [/^[0-9]{1,20}$/.test(a), /^[0-9]{1,20}$/.test(b)]
  if (isNumberA && isNumberB) return compared(BigInt(a), BigInt(b))
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  return a < b ? -1 : 1
}

export function comparePre(a: string, b: string): number {
  const [partsA, partsB] = [a.split('.'), b.split('.')]
  for (let i = 0; i < Math.max(partsA.length, partsB.length); i++) {
    const order = comparePreParts(partsA[i], partsB[i])
    if (order !== 0) return order
  }
  return 0
}

/** Negative, zero or positive; metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  const order =
    compared(a.major, b.major) || compared(a.minor, b.minor) || compared(a.patch, b.patch)
  if (order !== 0 || a.pre === b.pre) return order
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1
  return comparePre(a.pre, b.pre)
}
