// .strongroom-scan.yaml (or .json): the findings that a repository knows and has reasons for. It is committed and read by
// everybody, so it holds no secret, only fingerprints (fingerprint.ts) and what people wrote about them.
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { SCAN_BASELINE_BYTES } from '../../base/limits.ts'
import { FINGERPRINT, SALT_BYTES } from './fingerprint.ts'

export interface BaselineEntry {
  /** sr1:RULE:HASH, or gitleaks' commit:file:rule:line or file:rule:line. */
  readonly fingerprint: string
  readonly reason: string
  readonly owner: string
  /** The last day on which it counts, YYYY-MM-DD in UTC; '' for no end. */
  readonly expires: string
  /** Where it was when it was added; for people only. */
  readonly path: string
  /** The day on which it was added; ''. */
  readonly added: string
}

export interface Baseline {
  readonly salt: Buffer
  readonly entries: readonly BaselineEntry[]
}

/** The file can't be read as a baseline; the message says where and why. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError'
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Whether a text is a day of the calendar. */
export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

const GITLEAKS_FINGERPRINT = /^(?:[0-9a-f]{40}(?:[0-9a-f]{24})?:)?[^\n]+:[^:\n]+:\d+$/

function textOf(entry: Record<string, unknown>, name: string, at: string): string {
  const value = Object.hasOwn(entry, name) ? entry[name] : ''
  if (value === null || value === undefined) return ''
  // YAML reads an unquoted day as a text in our schema, a number where it is none.
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new BaselineError(`${at}: ${name} is no text`)
}

function entryOf(value: unknown, index: number): BaselineEntry {
  const at = `findings, entry ${index + 1}`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BaselineError(`${at}: is no map`)
  }
  const map = value as Record<string, unknown>
  const known = ['fingerprint', 'reason', 'owner', 'expires', 'path', 'added']
  const unknown = Object.keys(map).find((key) => !known.includes(key))
  if (unknown !== undefined) throw new BaselineError(`${at}: "${unknown}" is no field of an entry`)
  const fingerprint = textOf(map, 'fingerprint', at)
  if (!FINGERPRINT.test(fingerprint) && !GITLEAKS_FINGERPRINT.test(fingerprint)) {
    throw new BaselineError(`${at}: "${fingerprint}" is no fingerprint`)
  }
  const expires = textOf(map, 'expires', at)
  if (expires !== '' && !isDay(expires)) {
    throw new BaselineError(`${at}: expires "${expires}" is no day such as 2027-01-31`)
  }
  const [reason, owner, path, added] = ['reason', 'owner', 'path', 'added'].map((name) =>
    textOf(map, name, at),
  ) as [string, string, string, string]
  return { fingerprint, reason, owner, expires, path, added }
}

/** Reads a baseline's text, YAML or JSON. Throws BaselineError. */
export function parseBaseline(text: string): Baseline {
  let data: unknown
  try {
    data = parse(text, { schema: 'core', maxAliasCount: 0, prettyErrors: true, logLevel: 'error' })
  } catch (error) {
    throw new BaselineError((error as Error).message)
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new BaselineError('it is no map with version, salt and findings')
  }
  const { version, salt, findings } = data as Record<string, unknown>
  if (version !== 1) throw new BaselineError(`version ${String(version)} is none that is known (1)`)
  if (typeof salt !== 'string') throw new BaselineError('salt is missing')
  const bytes = Buffer.from(salt, 'base64')
  if (bytes.length < SALT_BYTES) throw new BaselineError('salt is too short')
  if (findings !== null && findings !== undefined && !Array.isArray(findings)) {
    throw new BaselineError('findings is no list')
  }
  return { salt: bytes, entries: ((findings ?? []) as unknown[]).map(entryOf) }
}

/** Reads a file. Throws BaselineError, with the path in front, and what the file system throws. */
export function readBaseline(path: string): Baseline {
  if (statSync(path).size > SCAN_BASELINE_BYTES) throw new BaselineError(`${path}: too large`)
  try {
    return parseBaseline(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof BaselineError) throw new BaselineError(`${path}: ${error.message}`)
    throw error
  }
}

const HEAD = [
  ' Findings of "strongroom scan" that are known and have a reason. Commit this file: it holds no secret.',
  ' A fingerprint is a slow, truncated hash of the secret; lines may move and files be renamed, but another',
  ' secret in the same place is a finding again. After "expires" it is one too.',
].join('\n')

function plainEntry(entry: BaselineEntry): Record<string, string> {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== ''))
}

export function formatBaseline(baseline: Baseline, isJson: boolean): string {
  const sorted = baseline.entries.toSorted((a, b) => {
    const [left, right] = [a, b].map((one) => `${one.path}\0${one.fingerprint}`) as [string, string]
    return left < right ? -1 : left > right ? 1 : 0
  })
  const data = {
    version: 1,
    salt: baseline.salt.toString('base64'),
    findings: sorted.map(plainEntry),
  }
  if (isJson) return `${JSON.stringify(data, null, 2)}\n`
  const body = stringify(data, { schema: 'core', lineWidth: 0 })
  return `${HEAD.split('\n')
    .map((line) => `#${line}`)
    .join('\n')}\n${body}`
}

/** Writes a baseline as a whole or not at all. */
export function writeBaseline(path: string, baseline: Baseline): void {
  const made = `${path}.new`
  writeFileSync(made, formatBaseline(baseline, path.endsWith('.json')))
  renameSync(made, path)
}
