// Fingerprints and the baseline file: what stays known, what does not, and files that are none.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Finding } from '../finding.ts'
import {
  BaselineError,
  formatBaseline,
  isDay,
  parseBaseline,
  readBaseline,
  writeBaseline,
} from './baseline-file.ts'
import { FINGERPRINT, Fingerprints } from './fingerprint.ts'
import { KnownFindings } from './known-findings.ts'

const SALT = Buffer.alloc(16, 7)
const COMMIT = { sha: 'a'.repeat(40), author: 'a', email: 'e', date: 'd', message: 'm' }

const finding = (change: Partial<Finding> = {}): Finding => ({
  ruleId: 'some-rule',
  description: '',
  tier: 'high',
  ...{ startLine: 3, endLine: 3, startColumn: 1, endColumn: 9 },
  line: 'x',
  match: 'key = one',
  secret: 'one',
  entropy: 1,
  file: 'a.txt',
  symlink: '',
  commit: COMMIT,
  tags: [],
  required: [],
  ...change,
})

describe('fingerprints', () => {
  it('know a secret by its rule and itself alone', async () => {
    const prints = new Fingerprints(SALT)
    const first = await prints.of(finding())
    expect(first).toMatch(FINGERPRINT)
    const moved = finding({
      startLine: 99,
      endLine: 99,
      file: 'b/c.txt',
      commit: null,
      match: 'one',
    })
    expect(await prints.of(moved)).toBe(first)
    expect(await prints.of(finding({ secret: 'two' }))).not.toBe(first)
    expect(await prints.of(finding({ ruleId: 'other' }))).not.toBe(first)
    expect(await new Fingerprints(Buffer.alloc(16, 8)).of(finding())).not.toBe(first)
    expect(await new Fingerprints(SALT).of(finding())).toBe(first)
  })

  it('know a finding without a secret by its path', async () => {
    const prints = new Fingerprints(SALT)
    const one = await prints.of(finding({ secret: '', file: 'key.pem' }))
    expect(await prints.of(finding({ secret: '', file: 'other.pem' }))).not.toBe(one)
    expect(await prints.of(finding({ secret: 'key.pem' }))).not.toBe(one)
  })

  it('cost little where no list of guesses can hold the secret', async () => {
    const prints = new Fingerprints(SALT)
    const keys = Array.from(
      { length: 2000 },
      (_, i) => `${i}${'0Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2Mm3Nn'}`,
    )
    const all = await Promise.all(keys.map((secret) => prints.of(finding({ secret }))))
    expect(new Set(all).size).toBe(2000)
  })

  it('are made for many findings of few secrets in no time', async () => {
    const prints = new Fingerprints(SALT)
    const all = Array.from({ length: 20_000 }, (_, i) =>
      prints.of(finding({ secret: `s${i % 10}` })),
    )
    expect(new Set(await Promise.all(all)).size).toBe(10)
  })
})

const entry = (fingerprint: string, change: object = {}) => ({
  ...{ fingerprint, reason: 'r', owner: 'o', expires: '', path: 'p', added: '2026-01-01' },
  ...change,
})
const NOW = Date.parse('2026-06-15T12:00:00Z')

describe('known findings', () => {
  it('are known until the end of their last day', () => {
    const judge = (expires: string) =>
      new KnownFindings([entry('sr1:r:0123456789', { expires })], NOW).judge(
        finding(),
        'sr1:r:0123456789',
      ).is
    expect([judge(''), judge('2026-06-15'), judge('2026-06-14')]).toEqual([
      'known',
      'known',
      'expired',
    ])
  })

  it('are known by the fingerprints of gitleaks too, in their commit and place only', () => {
    const is = (fingerprint: string, change: Partial<Finding> = {}) =>
      new KnownFindings([entry(fingerprint)], NOW).judge(finding(change), 'sr1:x:0000000000').is
    expect(is(`${COMMIT.sha}:a.txt:some-rule:3`)).toBe('known')
    expect(is('a.txt:some-rule:3')).toBe('known')
    expect(is('a.txt:some-rule:3', { startLine: 4 })).toBe('new')
    expect(is(`${'b'.repeat(40)}:a.txt:some-rule:3`)).toBe('new')
    expect(is('\u00e9.txt:some-rule:3', { file: '\xc3\xa9.txt' })).toBe('known')
  })

  it('tell which entries nothing needs', () => {
    const [used, unused] = [entry('sr1:r:0123456789'), entry('sr1:r:aaaaaaaaaa')]
    const known = new KnownFindings([used, unused], NOW)
    known.judge(finding(), 'sr1:r:0123456789')
    expect([known.wasUsed(used), known.wasUsed(unused)]).toEqual([true, false])
  })
})

describe('the file', () => {
  const baseline = { salt: SALT, entries: [entry('sr1:r:0123456789', { reason: 'a: "b" # c' })] }

  it('is read as it was written, YAML and JSON', () => {
    for (const isJson of [false, true]) {
      expect(parseBaseline(formatBaseline(baseline, isJson))).toEqual(baseline)
    }
    const folder = mkdtempSync(join(tmpdir(), 'baseline-'))
    const path = join(folder, '.strongroom-scan.yaml')
    writeBaseline(path, baseline)
    expect(readBaseline(path)).toEqual(baseline)
    expect(readFileSync(path, 'utf8')).toMatch(/^# Findings/)
    writeFileSync(path, '- 1')
    expect(() => readBaseline(path)).toThrow(`${path}: it is no map`)
    rmSync(folder, { recursive: true })
  })

  const head = `version: 1\nsalt: ${SALT.toString('base64')}\nfindings:\n`
  it.each([
    ['no: [', /./],
    ['version: 2', /version 2 is none/],
    ['version: 1', /salt is missing/],
    ['version: 1\nsalt: abc', /salt is too short/],
    [`${head}  a: 1`, /findings is no list/],
    [`${head}- 1`, /entry 1: is no map/],
    [`${head}- fingerprint: nonsense`, /"nonsense" is no fingerprint/],
    [`${head}- {fingerprint: "sr1:r:0123456789", expires: tomorrow}`, /no day such as/],
    [`${head}- {fingerprint: "sr1:r:0123456789", expires: 2026-02-31}`, /no day such as/],
    [`${head}- {fingerprint: "sr1:r:0123456789", reasn: x}`, /"reasn" is no field/],
    [`${head}- {fingerprint: "sr1:r:0123456789", reason: [x]}`, /reason is no text/],
    [`${head}- {fingerprint: "sr1:r:0123456789", constructor: x}`, /"constructor" is no field/],
    [`a: &a [x]\nb: &b [*a, *a]\nversion: 1`, /./],
  ])('refuses %j in words', (text, words) => {
    expect(() => parseBaseline(text)).toThrow(BaselineError)
    expect(() => parseBaseline(text)).toThrow(words)
  })

  it('knows days of the calendar', () => {
    expect(['2026-02-28', '2028-02-29'].every(isDay)).toBe(true)
    expect(['2026-02-29', '2026-13-01', '26-01-01', 'never', ''].some(isDay)).toBe(false)
  })
})
