// The histogram against plain sorting: a percentile is never below the true one, and within 1.6 %.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.ts'

describe('Histogram', () => {
  it('reads percentiles within its bucket width', () => {
    const micros = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1 })
    fc.assert(
      fc.property(micros, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const histogram = new Histogram()
        for (const value of values) histogram.record(value / 1000)
        const sorted = [...values].sort((a, b) => a - b)
        const exact = sorted[Math.ceil(sorted.length * share) - 1]!
        const read = histogram.percentile(share) * 1000
        // Recording cuts to whole microseconds, and value / 1000 * 1000 may fall just below one.
        expect(read).toBeGreaterThanOrEqual(exact - 1.5)
        expect(read).toBeLessThanOrEqual(exact * 1.016 + 1.5)
      }),
    )
  })

  it('forgets what it counted', () => {
    const histogram = new Histogram()
    histogram.record(5)
    histogram.clear()
    expect(histogram.count).toBe(0)
    expect(histogram.percentile(0.99)).toBe(0)
  })
})
