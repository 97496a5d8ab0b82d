import { describe, expect, it } from 'vitest'
import { LanePace } from './lane-pace.ts'

describe('the pace of a lane', () => {
  it('begins with one and grows with the answers up to the bound', () => {
    const pace = new LanePace()
    pace.setBound(6)
    const allowed: number[] = []
    for (let round = 0; round < 4; round++) {
      const now = pace.allowed(0)
      allowed.push(now)
      for (let answers = 0; answers < now; answers++) expect(pace.answered()).toBe(false)
    }
    expect(allowed).toEqual([1, 2, 4, 6])
    pace.setBound(3)
    expect(pace.allowed(0)).toBe(3)
    pace.setBound(0)
    expect(pace.allowed(0)).toBe(1)
    pace.setBound(Number.NaN)
    expect(pace.allowed(0)).toBe(1)
  })

  it('pauses longer and longer while nothing answers, and tries with one', () => {
    const pace = new LanePace()
    pace.setBound(8)
    for (let answers = 0; answers < 10; answers++) pace.answered()
    let now = 1000
    const pauses: number[] = []
    for (let tries = 0; tries < 10; tries++) {
      const pause = pace.unanswered(now, 0.5)!
      pauses.push(pause)
      // Those that ran beside it tell nothing new.
      expect(pace.unanswered(now, 0.5)).toBe(null)
      expect(pace.allowed(now + pause - 1)).toBe(0)
      now += pause
      expect(pace.allowed(now)).toBe(1)
    }
    expect(pauses.slice(0, 4)).toEqual([250, 500, 1000, 2000])
    expect(pauses.at(-1)).toBe(15_000)
    expect(pace.answered()).toBe(true)
    expect(pace.allowed(now)).toBe(1)
    pace.answered()
    expect(pace.allowed(now)).toBe(2)
    // A silence that begins anew begins with a short pause.
    expect(pace.unanswered(now, 0)).toBe(125)
  })

  it('takes over a silence that another process has seen', () => {
    const pace = new LanePace()
    pace.resume(7, 100, 4000)
    expect(pace.allowed(4099)).toBe(0)
    expect(pace.allowed(4100)).toBe(1)
    // A clock that stood far ahead holds nobody up for long.
    pace.resume(7, 100, 3_600_000)
    expect(pace.allowed(100 + 22_500)).toBe(1)
    expect(pace.failures).toBe(7)
  })
})
