import { expect, it } from 'vitest'
import type { Clock } from '../../base/clock.ts'
import { CommitWatch } from './commit-watch.ts'

/** A clock that stands until it is moved. */
function handClock(): Clock & { advance(ms: number): void } {
  let now = 0
  const waiting: { at: number; task: () => void }[] = []
  return {
    now: () => now,
    monotonic: () => now,
    after(ms, task) {
      const entry = { at: now + ms, task }
      waiting.push(entry)
      return () => void waiting.splice(waiting.indexOf(entry), 1)
    },
    sleep: () => Promise.reject(new Error('not needed here')),
    advance(ms) {
      now += ms
      for (const entry of waiting.splice(0))
        if (entry.at <= now) entry.task()
        else waiting.push(entry)
    },
  }
}

const never = new Promise<boolean>(() => {})

it('gives up commits that are not answered in time, and only those', async () => {
  const clock = handClock()
  const watch = new CommitWatch(clock, 100)
  const first = watch.settle(never)
  clock.advance(60)
  const second = watch.settle(never)
  expect(await watch.settle(Promise.resolve(false))).toBe(false)
  clock.advance(50)
  await expect(first).rejects.toThrow('storage did not answer in time')
  const outcome = await Promise.race([second, Promise.resolve('waiting')])
  expect(outcome).toBe('waiting')
  clock.advance(50)
  await expect(second).rejects.toMatchObject({ status: 503 })
  const third = watch.settle(never)
  clock.advance(100)
  await expect(third).rejects.toThrow('not known whether it wrote')
})

it('hands on a failure at once', async () => {
  const watch = new CommitWatch(handClock(), 100)
  await expect(watch.settle(Promise.reject(new Error('disk')))).rejects.toThrow('disk')
})
