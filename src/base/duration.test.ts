// The durations that Vault's tools send and print, and that a printed one reads back the same.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDurationMs, parseDurationSeconds } from './duration.ts'

describe('parseDurationSeconds', () => {
  it.each([
    ['90', 90],
    ['0', 0],
    ['-1', -1],
    ['1h30m', 5400],
    ['1h', 3600],
    ['7d', 604800],
    ['1.5h', 5400],
    ['.5m', 30],
    ['1m0s', 60],
    ['768h0m0s', 2764800],
    ['1500ms', 1],
    ['-1500ms', -1],
    ['0.1s0.2s0.7s', 1],
    ['1000000us', 1],
    ['1000000µs', 1],
    ['1000000μs', 1],
    ['999999999ns', 0],
    [' 5s ', 5],
    ['+5s', 5],
  ])('reads %s', (text, seconds) => expect(parseDurationSeconds(text)).toBe(seconds))

  it.each(
    ['', '-', 's', '.s', '1', '1x', '1h ', 'h1', '1 h', '1.5', '1e3', '0x10', '1h-5m'].slice(0),
  )('takes %j as Go does', (text) => {
    const numbers: Record<string, number> = { '1': 1, '1h ': 3600 }
    expect(parseDurationSeconds(text)).toBe(numbers[text] ?? null)
  })

  it('refuses what Go cannot hold', () => {
    expect(parseDurationSeconds('9223372036')).toBe(9223372036)
    expect(parseDurationSeconds('9223372037')).toBeNull()
    expect(parseDurationSeconds('9'.repeat(100_000))).toBeNull()
    expect(parseDurationSeconds(`1.${'9'.repeat(100_000)}s`)).toBeNull()
  })
})

describe('parseDurationMs', () => {
  it('keeps the milliseconds', () => {
    expect(parseDurationMs('250ms')).toBe(250)
    expect(parseDurationMs('1.25s')).toBe(1250)
    expect(parseDurationMs('2m')).toBe(120_000)
  })
})

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m0s'],
    [90, '1m30s'],
    [3600, '1h0m0s'],
    [2764800, '768h0m0s'],
    [-90, '-1m30s'],
  ])('prints %d as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text))

  it('reads back what it printed', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (seconds) => {
        expect(parseDurationSeconds(formatDuration(seconds))).toBe(seconds)
      }),
    )
  })
})
