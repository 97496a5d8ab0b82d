import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { Pace, SharedRuns } from './crl-builder.ts'

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('building lists again and again', () => {
  it('leaves as much time as the last build took, a while at most', async () => {
    const clock = manualClock()
    const pace = new Pace(clock)
    const begun: number[] = []
    const build = (tookMs: number): Promise<void> =>
      pace.run('list', async () => {
        begun.push(clock.monotonic())
        clock.advance(tookMs)
      })
    await build(800)
    const second = build(60_000)
    await turns()
    expect(begun).toEqual([0])
    await pace.run('another', async () => {})
    clock.advance(800)
    await second
    expect(begun).toEqual([0, 1600])
    const third = build(0)
    clock.advance(5000)
    await third
    expect(begun).toEqual([0, 1600, 66_600])
  })

  it('is not held up where building takes no time, nor by a failure', async () => {
    const pace = new Pace(manualClock())
    await expect(pace.run('list', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await pace.run('list', async () => 'built')).toBe('built')
  })

  it('who comes while a list is built shares the next one', async () => {
    const runs = new SharedRuns<number>()
    let count = 0
    const task = async (): Promise<number> => {
      const own = ++count
      await turns()
      return own
    }
    const asked = Array.from({ length: 50 }, () => runs.run('list', task))
    expect(new Set(await Promise.all(asked))).toEqual(new Set([1, 2]))
  })
})
