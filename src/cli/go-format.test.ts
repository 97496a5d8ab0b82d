// Values, durations and times as Go's fmt and time print them.
import { describe, expect, it } from 'vitest'
import { parseExactJson } from './exact-json.ts'
import {
  formatDuration,
  formatTime,
  formatValue,
  humanDuration,
  looksLikeDuration,
  parseDuration,
  quoteList,
} from './go-format.ts'

describe('formatValue', () => {
  it.each([
    ['null', '<nil>'],
    ['true', 'true'],
    ['9007199254740993', '9007199254740993'],
    ['1.0', '1.0'],
    ['1e400', '1e400'],
    ['"a b"', 'a b'],
    ['[1,"a",[null]]', '[1 a [<nil>]]'],
    ['{"b":1,"a":{"c":[]}}', 'map[a:map[c:[]] b:1]'],
    ['{"__proto__":1}', 'map[__proto__:1]'],
  ])('%s is %s', (json, text) => {
    expect(formatValue(parseExactJson(json))).toBe(text)
  })
})

describe('durations', () => {
  it.each([
    [0, '0s'],
    [1.5e9, '1.5s'],
    [90e9, '1m30s'],
    [3600e9, '1h0m0s'],
    [768 * 3600e9, '768h0m0s'],
    [20e6, '20ms'],
    [-1e9, '-1s'],
    [1e3, '1µs'],
  ])('%d ns is %s', (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text)
    if (nanoseconds !== 0) expect(parseDuration(text)).toBe(nanoseconds)
  })

  it('drops zeros where people read them', () => {
    expect(humanDuration(768 * 3600e9)).toBe('768h')
    expect(humanDuration(90 * 60e9)).toBe('1h30m')
    expect(humanDuration(3601e9)).toBe('1h1s')
    expect(humanDuration(60e9)).toBe('1m')
    expect(humanDuration(0)).toBe('0s')
  })

  it('knows which fields hold seconds', () => {
    for (const name of ['ttl', 'max_ttl', 'period', 'lease_duration', 'lease_max', 'ttl_max']) {
      expect(looksLikeDuration(name)).toBe(true)
    }
    for (const name of ['cattl', 'ttls', 'periodic']) expect(looksLikeDuration(name)).toBe(false)
  })

  it.each(['', 'x', '1x', '1.5', 'h', '1h-5m', '1,5h'])('%j is no duration or zero', (text) => {
    expect(parseDuration(text)).toBe(text === '' ? 0 : null)
  })
})

it('prints times and quoted lists as Go does', () => {
  expect(formatTime('2026-11-24T12:00:00.500Z')).toBe('2026-11-24 12:00:00.5 +0000 UTC')
  expect(formatTime('2026-11-24T12:00:00Z')).toBe('2026-11-24 12:00:00 +0000 UTC')
  expect(formatTime('2026-11-24T12:00:00+02:00')).toBe('2026-11-24 12:00:00 +0200 +0200')
  expect(quoteList(['a', 'b"c'])).toBe('["a" "b\\"c"]')
  expect(quoteList(null)).toBe('[]')
})
