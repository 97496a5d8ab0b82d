// From when until when: ttl, explicit ends, the bounds of roles, and issuers that end sooner.
import { describe, expect, it } from 'vitest'
import { goTime, parseTimeText } from './go-time.ts'
import { type ValidityInput, type ValidityRole, validityOf } from './validity.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const HOUR = 3600_000

const role: ValidityRole = {
  max_ttl: 0,
  not_after: '',
  not_after_bound: 'permit',
  not_before: '',
  not_before_bound: 'permit',
  not_before_duration: 30,
  ttl: 0,
}

function valid(of: Partial<ValidityInput> = {}, changes: Partial<ValidityRole> = {}) {
  return validityOf({
    nowMs: NOW,
    role: { ...role, ...changes },
    mount: { defaultSeconds: 3600, maxSeconds: 7200 },
    ttl: 0,
    notBefore: undefined,
    notAfter: undefined,
    issuer: null,
    ...of,
  })
}

describe('validityOf', () => {
  it("takes the request's life, the role's, the mount's, in that order, up to the longest", () => {
    expect(valid().notAfterMs).toBe(NOW + HOUR)
    expect(valid({}, { ttl: 1800 }).notAfterMs).toBe(NOW + HOUR / 2)
    expect(valid({ ttl: 60 }, { ttl: 1800 }).notAfterMs).toBe(NOW + 60_000)
    const capped = valid({ ttl: 36_000 })
    expect(capped.notAfterMs).toBe(NOW + 2 * HOUR)
    expect(capped.warnings).toEqual([
      'TTL "10h0m0s" is longer than permitted maxTTL "2h0m0s", so maxTTL is being used',
    ])
    expect(valid({ ttl: 36_000 }, { max_ttl: 72_000 }).notAfterMs).toBe(NOW + 10 * HOUR)
  })

  it('backdates', () => {
    expect(valid().notBeforeMs).toBe(NOW - 30_000)
    expect(valid({}, { not_before_duration: 3600 }).notBeforeMs).toBe(NOW - HOUR)
    expect(valid({}, { not_before_duration: 0 }).notBeforeMs).toBe(NOW - 30_000)
  })

  it('takes explicit times where the role lets it', () => {
    const until = { notAfter: '2030-01-01T00:00:00Z' }
    expect(valid(until).notAfterMs).toBe(Date.parse(until.notAfter))
    expect(() => valid({ ...until, ttl: 60 })).toThrow(/Either ttl or not_after/)
    expect(() => valid(until, { not_after_bound: 'forbid' })).toThrow(/cannot be provided/)
    expect(() => valid(until, { not_after_bound: 'ttl-limited' })).toThrow(/beyond the TTL/)
    const bound = { not_after_bound: '2029-01-01T00:00:00Z' }
    expect(() => valid(until, bound)).toThrow(/maximum timestamp of 2029/)
    const from = { notBefore: '2025-12-31T00:00:00Z' }
    expect(valid(from).notBeforeMs).toBe(NOW - 24 * HOUR)
    expect(() => valid(from, { not_before_bound: 'forbid' })).toThrow(/cannot be provided/)
    expect(() => valid(from, { not_before_bound: 'duration' })).toThrow(/older than the allowed/)
    expect(() => valid({ notAfter: '2025-01-01T00:00:00Z' })).toThrow(/is later than/)
  })

  it('ends with the issuer as the issuer says', () => {
    const issuer = { notAfterMs: NOW + 60_000, leafNotAfter: 'err' as const }
    expect(() => valid({ issuer })).toThrow(/beyond the expiration of the CA/)
    const cut = valid({ issuer: { ...issuer, leafNotAfter: 'truncate' } })
    expect(cut.notAfterMs).toBe(issuer.notAfterMs)
    expect(valid({ issuer: { ...issuer, leafNotAfter: 'permit' } }).notAfterMs).toBe(NOW + HOUR)
  })
})

describe('times', () => {
  it('print as in Go', () => {
    expect(goTime(NOW)).toBe('2026-01-01T00:00:00Z')
    expect(goTime(NOW + 120)).toBe('2026-01-01T00:00:00.12Z')
  })

  it('are RFC 3339 or nothing', () => {
    expect(parseTimeText('2026-01-01T01:00:00+01:00')).toBe(NOW)
    for (const text of ['2026-02-30T00:00:00Z', '2026-01-01', 'x', '2026-01-01T24:00:00Z'])
      expect(parseTimeText(text), text).toBeNull()
  })
})
