import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { humanDuration } from '../../base/duration.ts'
import { generationCache } from './token-cache.ts'
import { tokenHasher } from './token-hash.ts'
import { matchesStars, sanitizePolicies } from './token-policies.ts'
import { parseAccessor, parseTokenText } from './token-text.ts'
import { calculateTtl, type TtlRequest } from './token-ttl.ts'

describe('sanitizePolicies', () => {
  it.each([
    [[' B', 'a', 'b', ''], false, ['a', 'b']],
    [['a'], true, ['a', 'default']],
    [['a', 'ROOT'], true, ['root']],
    [[], true, ['default']],
  ])('%j, %j: %j', (policies, addDefault, expected) =>
    expect(sanitizePolicies(policies, addDefault)).toEqual(expected),
  )
})

describe('matchesStars', () => {
  it('agrees with the regular expression that it stands for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    fc.assert(
      fc.property(text, text, (pattern, value) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '[^]*')}$`)
        expect(matchesStars(pattern, value)).toBe(expression.test(value))
      }),
    )
  })
})

describe('calculateTtl', () => {
  const base: TtlRequest = {
    mount: { defaultSeconds: 100, maxSeconds: 1000 },
    incrementSeconds: 0,
    ttlSeconds: 0,
    periodSeconds: 0,
    maxTtlSeconds: 0,
    explicitMaxTtlSeconds: 0,
    createdAtMs: 0,
    nowMs: 0,
  }
  it.each<[Partial<TtlRequest>, number, number]>([
    [{}, 100, 0],
    [{ ttlSeconds: 50 }, 50, 0],
    [{ ttlSeconds: 50, incrementSeconds: 70 }, 70, 0],
    [{ ttlSeconds: 5000 }, 1000, 1],
    [{ ttlSeconds: 500, maxTtlSeconds: 300 }, 300, 1],
    [{ ttlSeconds: 500, explicitMaxTtlSeconds: 200 }, 200, 1],
    [{ ttlSeconds: 500, nowMs: 700_000 }, 300, 1],
    [{ periodSeconds: 60, nowMs: 5_000_000 }, 60, 0],
    [{ periodSeconds: 2000 }, 1000, 1],
    [{ periodSeconds: 60, explicitMaxTtlSeconds: 90, nowMs: 50_000 }, 40, 1],
  ])('%j: %d s', (of, seconds, warnings) => {
    const life = calculateTtl({ ...base, ...of })
    expect([life.seconds, life.warnings.length]).toEqual([seconds, warnings])
  })

  it('ends at the maximum', () => {
    expect(() => calculateTtl({ ...base, nowMs: 1000_000 })).toThrow('past the max TTL')
  })
})

describe('humanDuration', () => {
  it.each([
    [0, '0s'],
    [45, '45s'],
    [5400, '1h30m'],
    [3605, '1h5s'],
    [2764800, '768h'],
  ])('%d is %s', (seconds, text) => expect(humanDuration(seconds)).toBe(text))
})

describe('the hash', () => {
  it('is HMAC-SHA256, cut, whatever the text', () => {
    const salt = Buffer.alloc(32, 7)
    const { hash } = tokenHasher(salt)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        const whole = createHmac('sha256', salt).update(text).digest('base64url')
        expect(hash(text)).toBe(whole.slice(0, 24))
      }),
    )
  })
})

describe('texts', () => {
  it('never put anything but letters and digits into a key', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('', 'hvs.', 'hvb.'), (text, prefix) => {
        const id = parseTokenText(prefix + text)?.namespaceId ?? 'root'
        expect(id).toMatch(/^[A-Za-z0-9]{1,16}$/)
        const ref = parseAccessor(text)
        if (ref) expect(ref.hash + ref.namespaceId).toMatch(/^[\w-]+$/)
      }),
    )
  })
})

describe('the cache', () => {
  it('keeps what is used, and never more than its bounds', () => {
    const cache = generationCache<number>({ maxCount: 20, maxBytes: 1000 })
    cache.set('used', 0, 10)
    for (let at = 0; at < 500; at++) {
      cache.set(`k${at}`, at, 10)
      expect(cache.get('used')).toBe(0)
    }
    let kept = 0
    for (let at = 0; at < 500; at++) if (cache.get(`k${at}`) !== undefined) kept++
    expect(kept).toBeLessThanOrEqual(20)
    cache.set('large', 1, 600)
    expect(cache.get('large')).toBeUndefined()
    cache.set('used', 2, 10)
    cache.delete('used')
    expect(cache.get('used')).toBeUndefined()
  })
})
