import { expect, it } from 'vitest'
import { CommitGate } from './commit-gate.ts'

it('lets in what fits, in order, and lets failures make room too', async () => {
  const gate = new CommitGate()
  let underWay = 0
  let most = 0
  const order: number[] = []
  const runs = Array.from({ length: 60 }, (_, i) =>
    gate.run(10 + (i % 50), async () => {
      order.push(i)
      underWay += 10 + (i % 50)
      most = Math.max(most, underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay -= 10 + (i % 50)
      if (i % 7 === 0) throw new Error('disk')
      return i
    }),
  )
  const results = await Promise.allSettled(runs)
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(9)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect(most).toBeLessThanOrEqual(256)
  expect(most).toBeGreaterThan(150)
  expect(await gate.run(1000, async () => 'alone')).toBe('alone')
})
