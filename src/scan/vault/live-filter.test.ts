// The filter: what it finds in texts, how it grows with later exports, and that it is exact over many values.
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type FilterHeader,
  LiveFilter,
  type LiveState,
  mergeRows,
  readFilterFile,
  writeFilterFile,
} from './live-filter.ts'
import { DEAD_RULE, idOfTags, LIVE_RULE, liveFindings, withLiveFilter } from './live-findings.ts'

const salt = randomBytes(32)
const key = randomBytes(32)
const header: FilterHeader = {
  scanner: 'ci',
  address: 'http://127.0.0.1:8200',
  namespace: '',
  generation: '00',
  salt: salt.toString('base64'),
  key: key.toString('base64'),
  minLength: 12,
  minEntropyBits: 40,
  cursor: '00.3',
  fetchedTime: '2026-01-01T00:00:00Z',
}

/** A row as the server sends it. */
function sent(value: string, id: string, state: LiveState): Buffer {
  const common = createHmac('sha256', salt).update(value).digest().subarray(0, 16)
  const digest = createHmac('sha256', key).update(common).digest().subarray(0, 8)
  const states = ['live', 'replaced', 'gone']
  return Buffer.concat([Buffer.from([states.indexOf(state)]), Buffer.from(id, 'hex'), digest])
}
const ID = (n: number): string => n.toString(16).padStart(16, '0')
const EMPTY = Buffer.alloc(0)
const filterOf = (...rows: Buffer[]): LiveFilter =>
  new LiveFilter({ header, rows: mergeRows(EMPTY, Buffer.concat(rows)) })

const fragment = (text: string) => ({
  bytes: Buffer.from(text),
  path: 'a.txt',
  symlink: '',
  startLine: 10,
  commit: null,
  kind: 'dir' as const,
})

const SECRET = ['kP9x', 'Lq2v', 'Zm7R', 'tY4w'].join('')

describe('LiveFilter', () => {
  it('finds every value of many and no other', () => {
    const values = Array.from(
      { length: 5000 },
      (_, n) => `value-${n}-${randomBytes(9).toString('hex')}`,
    )
    const filter = filterOf(...values.map((value, n) => sent(value, ID(n), 'live')))
    expect(filter.size).toBe(5000)
    values.forEach((value, n) => {
      expect(filter.find(value)).toEqual({ id: ID(n), state: 'live' })
      expect(filter.find(`${value}x`)).toBeNull()
    })
  })

  it('follows the state of an id, and prefers a live one of the same value', () => {
    const first = mergeRows(EMPTY, Buffer.concat([sent(SECRET, ID(1), 'live')]))
    const later = mergeRows(first, sent(SECRET, ID(1), 'replaced'))
    expect(new LiveFilter({ header, rows: later }).find(SECRET)).toEqual({
      id: ID(1),
      state: 'replaced',
    })
    const copied = mergeRows(later, sent(SECRET, ID(2), 'live'))
    expect(new LiveFilter({ header, rows: copied }).find(SECRET)?.id).toBe(ID(2))
  })

  it('is written for its owner alone, and says what is wrong with a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'live-filter-'))
    const path = join(folder, 'deep', 'ci.filter')
    writeFilterFile(path, { header, rows: mergeRows(EMPTY, sent(SECRET, ID(1), 'live')) })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(new LiveFilter(readFilterFile(path)).find(SECRET)?.id).toBe(ID(1))
    for (const [text, words] of [
      ['', 'no filter'],
      ['hello\nworld\n', 'no filter'],
      ['strongroom-live-filter-1\n{}\nabc', 'cut off'],
      ['strongroom-live-filter-1\n{\n', 'damaged'],
    ] as const) {
      writeFileSync(path, text)
      expect(() => readFilterFile(path)).toThrow(words)
    }
    rmSync(folder, { recursive: true })
  })
})

describe('liveFindings', () => {
  const filter = filterOf(sent(SECRET, ID(7), 'live'), sent(`old-${SECRET}`, ID(8), 'gone'))

  it.each([
    ['a quoted value', `const x = "${SECRET}"`],
    ['a value in env form', `TOKEN=${SECRET}`],
    ['a value in YAML', `  token: ${SECRET}`],
    ['a word of a sentence', `use ${SECRET}.`],
    ['an address', `postgres://app:${SECRET}@db:5432/x`],
    ['base64', `data: ${Buffer.from(SECRET).toString('base64')}`],
    ['base64 with a newline', `data: ${Buffer.from(`${SECRET}\n`).toString('base64')}`],
    ['JSON', `{"a":{"b":"${SECRET}"}}`],
    ['a query', `https://x/?a=1&token=y,${SECRET}`],
  ])('finds it as %s', (_, text) => {
    const [found] = liveFindings(fragment(`first line\n${text}\n`), filter)
    expect(found).toMatchObject({ ruleId: LIVE_RULE, startLine: 11, file: 'a.txt', tier: 'high' })
    expect(idOfTags(found!.tags)).toBe(ID(7))
    const line = text.slice(found!.startColumn - 1, found!.endColumn)
    expect(found!.secret).toBe(line)
  })

  it('tells a dead one', () => {
    const [found] = liveFindings(fragment(`x: old-${SECRET}`), filter)
    expect(found).toMatchObject({ ruleId: DEAD_RULE, tags: ['dead', `id:${ID(8)}`] })
  })

  it('finds passwords with spaces and beyond ASCII', () => {
    const odd = ['correct "horse"; battéry, staple ünd mehr']
    const own = filterOf(sent(odd[0]!, ID(9), 'live'))
    expect(liveFindings(fragment(`password: ${odd[0]}\n`), own)).toHaveLength(1)
    expect(liveFindings(fragment(`${odd[0]}\n`), own)).toHaveLength(1)
    const quoted = JSON.stringify(odd[0])
    expect(liveFindings(fragment(`{"p": ${quoted}}`), own)).toHaveLength(1)
  })

  it('takes the place of what a rule found', () => {
    const rule = { ...liveFindings(fragment(SECRET), filter)[0]!, ruleId: 'generic', tags: [] }
    const detector = withLiveFilter(
      {
        detect: () => [rule, { ...rule, startLine: 99, endLine: 99 }],
        takeSkipped: () => [],
      },
      filter,
    )
    const all = detector.detect(fragment(SECRET))
    expect(all.map(({ ruleId, startLine }) => [ruleId, startLine])).toEqual([
      [LIVE_RULE, 10],
      ['generic', 99],
    ])
  })

  it('finds any value that a line may hold, in time that grows with the text alone', () => {
    const word = fc.string({ minLength: 16, maxLength: 40, unit: 'grapheme-ascii' })
    fc.assert(
      fc.property(word, (value) => {
        fc.pre(value.trim() === value && !/[\\\r\n]/.test(value))
        const own = new LiveFilter({
          header: { ...header, minEntropyBits: 0 },
          rows: mergeRows(EMPTY, sent(value, ID(1), 'live')),
        })
        expect(liveFindings(fragment(`key: ${value}\n`), own).length).toBeGreaterThan(0)
      }),
    )
    const long = 'a=:"\'`'.repeat(200_000)
    expect(liveFindings(fragment(long), filter)).toEqual([])
  })
})
