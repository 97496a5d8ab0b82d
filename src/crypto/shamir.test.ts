import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../base/random.ts'
import { combineShares, splitSecret } from './shamir.ts'

describe('Shamir shares', () => {
  it('give the secret back from any k of n, in any order', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 2, max: 12 }),
        fc.nat(),
        fc.nat(),
        (secret, shares, thresholdSeed, pickSeed) => {
          const threshold = 2 + (thresholdSeed % (shares - 1))
          const parts = splitSecret(secret, shares, threshold, systemRandom)
          expect(parts.every((part) => part.length === secret.length + 1)).toBe(true)
          const rotated = parts.map((_, i) => parts[(i * 7 + pickSeed) % shares]!)
          const picked = [...new Set(rotated)].slice(0, threshold)
          if (picked.length === threshold)
            expect(combineShares(picked)).toEqual(Buffer.from(secret))
          expect(combineShares(parts)).toEqual(Buffer.from(secret))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('give nothing away below the threshold', () => {
    const secret = Buffer.alloc(32, 5)
    const parts = splitSecret(secret, 5, 3, systemRandom)
    expect(combineShares(parts.slice(0, 2))).not.toEqual(secret)
    // The same secret byte everywhere must not show in the shares.
    expect(new Set(parts[0]!.subarray(0, 32)).size).toBeGreaterThan(8)
  })

  it('combine parts worked out by hand over 0x11b', () => {
    // f(x) = 0x2a + 0x03·x: f(1) = 0x29, f(2) = 0x2a ^ 0x06, f(0xff) = 0x2a ^ (0x03·0xff = 0x1a).
    const parts = [Buffer.of(0x29, 1), Buffer.of(0x2c, 2), Buffer.of(0x30, 0xff)]
    expect(combineShares(parts.slice(0, 2))).toEqual(Buffer.of(0x2a))
    expect(combineShares(parts.slice(1))).toEqual(Buffer.of(0x2a))
    expect(combineShares(parts)).toEqual(Buffer.of(0x2a))
  })

  it('of one is the secret itself', () => {
    expect(splitSecret(Buffer.from('root'), 1, 1, systemRandom)).toEqual([Buffer.from('root')])
  })

  it('refuse counts and parts that make no sense', () => {
    const split = (shares: number, threshold: number) => () =>
      splitSecret(Buffer.of(1), shares, threshold, systemRandom)
    expect(split(0, 0)).toThrow()
    expect(split(256, 2)).toThrow()
    expect(split(3, 4)).toThrow()
    expect(split(3, 1)).toThrow()
    expect(() => splitSecret(Buffer.alloc(0), 2, 2, systemRandom)).toThrow()
    expect(splitSecret(Buffer.of(1), 255, 255, systemRandom)).toHaveLength(255)
    expect(() => combineShares([Buffer.of(1, 1)])).toThrow('less than two parts')
    expect(() => combineShares([Buffer.of(1), Buffer.of(2)])).toThrow('at least two bytes')
    expect(() => combineShares([Buffer.of(1, 1), Buffer.of(1, 2, 3)])).toThrow('same length')
    expect(() => combineShares([Buffer.of(1, 7), Buffer.of(2, 7)])).toThrow('duplicate part')
  })
})
