// Constraints on versions: "^1.2 || >=2.0, <3", wildcards and ranges, with the rules of Masterminds' semver, whose
// results sprig gives: a release constraint never takes a pre-release version.
import { comparePre, compareVersions, parseVersion, type Version } from './semver.ts'
import { FunctionError } from './template-error.ts'

const NUMBER = '[0-9|xX*]+'
const TAIL = '(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?'
const VERSION = `v?${NUMBER}(?:\\.${NUMBER})?(?:\\.${NUMBER})?${TAIL}`
const OPERATOR = '(?:!=|>=|=>|<=|=<|~>|=|>|<|~|\\^)?'
const ONE = new RegExp(
  `^\\s*(${OPERATOR})\\s*(v?(${NUMBER})(?:\\.(${NUMBER}))?(?:\\.(${NUMBER}))?(${TAIL}))\\s*$`,
)
const NEXT = new RegExp(`(${OPERATOR})\\s*(${VERSION})`, 'y')
const RANGE = new RegExp(`\\s*(${VERSION})\\s+-\\s+(${VERSION})\\s*`, 'g')
const MOST_CHARACTERS = 1024

interface Constraint {
  readonly operator: string
  readonly version: Version
  /** Which parts were left open. */
  readonly isOpen: boolean
  readonly isMinorOpen: boolean
  readonly isPatchOpen: boolean
}

const isWild = (part: string | undefined): boolean =>
  part === undefined || part === '' || ['x', 'X', '*'].includes(part)

function parseOne(text: string): Constraint {
  const found = ONE.exec(text)
  if (!found) throw new FunctionError(`improper constraint: ${text}`)
  const [, operator = '', full = '', major, minor, patch, tail = ''] = found
  const pre = /^(-[^+]*)?/.exec(tail)?.[0] ?? ''
  let isMinorOpen = false
  let isPatchOpen = false
  let version = full
  let isOpen = true
  if (isWild(major)) version = `0.0.0${pre}`
  else if (isWild(minor)) {
    version = `${major}.0.0${pre}`
    isMinorOpen = true
  } else if (isWild(patch)) {
    version = `${major}.${minor}.0${pre}`
    isPatchOpen = true
  } else isOpen = false
  try {
    return { operator, version: parseVersion(version), isOpen, isMinorOpen, isPatchOpen }
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    throw new FunctionError('constraint Parser Error')
  }
}

/** The constraints of one alternative, which all must hold. The whole is checked before any part is read. */
function parseAll(text: string): Constraint[] {
  const improper = new FunctionError(`improper constraint: ${text}`)
  const parts: string[] = []
  let rest = text.trim()
  if (rest === '') throw improper
  while (rest !== '') {
    NEXT.lastIndex = 0
    const found = NEXT.exec(rest)
    if (!found) throw improper
    parts.push(found[0])
    const after = rest.slice(found[0].length)
    const between = /^(?:,\s*|\s+)/.exec(after)?.[0] ?? ''
    if (after !== '' && between === '') throw improper
    rest = after.slice(between.length)
    if (between.includes(',') && rest === '') throw improper
  }
  return parts.map(parseOne)
}

function isTilde(v: Version, of: Constraint): boolean {
  const { version: c } = of
  if (compareVersions(v, c) < 0) return false
  const isZero = c.major === 0n && c.minor === 0n && c.patch === 0n
  if (isZero && !of.isMinorOpen && !of.isPatchOpen) return true
  return v.major === c.major && (v.minor === c.minor || of.isMinorOpen)
}

function isCaret(v: Version, of: Constraint): boolean {
  const { version: c } = of
  if (compareVersions(v, c) < 0) return false
  if (c.major > 0n || of.isMinorOpen) return v.major === c.major
  if (v.major > 0n) return false
  if (c.minor > 0n || of.isPatchOpen) return v.minor === c.minor
  return v.minor === 0n && v.patch === c.patch
}

function isAbove(v: Version, of: Constraint): boolean {
  const { version: c } = of
  if (!of.isOpen) return compareVersions(v, c) > 0
  if (v.major !== c.major) return v.major > c.major
  if (of.isMinorOpen) return false
  return of.isPatchOpen ? v.minor > c.minor : compareVersions(v, c) > 0
}

function isAtMost(v: Version, of: Constraint): boolean {
  const { version: c } = of
  if (!of.isOpen) return compareVersions(v, c) <= 0
  if (v.major > c.major) return false
  return !(v.major === c.major && v.minor > c.minor && !of.isMinorOpen)
}

function isOther(v: Version, of: Constraint): boolean {
  const { version: c } = of
  if (!of.isOpen) return compareVersions(v, c) !== 0
  if (v.pre !== '' && c.pre === '') return false
  if (v.major !== c.major) return true
  if (v.minor !== c.minor && !of.isMinorOpen) return true
  if (of.isMinorOpen) return false
  if (v.patch !== c.patch && !of.isPatchOpen) return true
  if (of.isPatchOpen) return (v.pre !== '' || c.pre !== '') && comparePre(v.pre, c.pre) !== 0
  return compareVersions(v, c) !== 0
}

function holds(v: Version, of: Constraint): boolean {
  if (of.operator === '!=') return isOther(v, of)
  if (v.pre !== '' && of.version.pre === '') return false
  switch (of.operator) {
    case '>':
      return isAbove(v, of)
    case '<':
      return compareVersions(v, of.version) < 0
    case '>=':
    case '=>':
      return compareVersions(v, of.version) >= 0
    case '<=':
    case '=<':
      return isAtMost(v, of)
    case '~':
    case '~>':
      return isTilde(v, of)
    case '^':
      return isCaret(v, of)
    default:
      return of.isOpen ? isTilde(v, of) : compareVersions(v, of.version) === 0
  }
}

/** Whether the version satisfies the constraint. Throws FunctionError where either can't be read. */
export function satisfies(constraint: string, version: string): boolean {
  if (constraint.length > MOST_CHARACTERS) throw new FunctionError('improper constraint: too long')
  const text = constraint.replace(RANGE, '>= $1, <= $2 ')
  const alternatives = text.split('||').map(parseAll)
  const parsed = parseVersion(version)
  return alternatives.some((all) => all.every((one) => holds(parsed, one)))
}
