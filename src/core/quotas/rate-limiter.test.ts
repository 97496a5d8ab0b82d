import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { type BusFrame, ChannelBus, HubBus } from '../host-bus-ipc.ts'
import type { RateLimitRule } from './quota-rule.ts'
import { keepRates, RateLimiter } from './rate-limiter.ts'
import { type RateAsk, RateWindows } from './rate-windows.ts'

const ask = (key: string, of: Partial<RateAsk> = {}): RateAsk => ({
  key,
  rate: 3,
  intervalMs: 1000,
  blockMs: 0,
  want: 1,
  ...of,
})

describe('RateWindows', () => {
  it('grants as many as the rate in each interval', () => {
    let now = 0
    const windows = new RateWindows(() => now)
    const take = () => windows.take(ask('a')).granted
    expect([take(), take(), take(), take()]).toEqual([1, 1, 1, 0])
    now = 999
    expect(take()).toBe(0)
    now = 1000
    expect(take()).toBe(1)
    expect(windows.take(ask('a', { want: 10 }))).toMatchObject({ granted: 2, left: 0 })
    expect(windows.take(ask('b', { rate: 0.2 })).granted).toBe(1)
  })

  it('blocks from the first refusal on', () => {
    let now = 0
    const windows = new RateWindows(() => now)
    const take = () => windows.take(ask('a', { rate: 1, blockMs: 5000 }))
    expect(take().granted).toBe(1)
    expect(take()).toMatchObject({ granted: 0, blockedForMs: 5000 })
    now = 4999
    expect(take()).toMatchObject({ granted: 0, blockedForMs: 1 })
    now = 5000
    expect(take().granted).toBe(1)
  })

  it('never keeps more than its bound, and keeps those that are asked for', () => {
    const windows = new RateWindows(() => 0)
    windows.take(ask('busy', { rate: 1 }))
    for (let at = 0; at < 120_000; at++) {
      windows.take(ask(`a${at}`))
      if (at % 1000 === 0) expect(windows.take(ask('busy', { rate: 1 })).granted).toBe(0)
    }
    expect(windows.size).toBeLessThanOrEqual(100_000)
  })
})

describe('RateLimiter', () => {
  const rule = (rate: number): RateLimitRule => ({
    kind: 'rate-limit',
    id: 'r',
    name: 'r',
    path: '',
    scope: {
      namespaceId: 'root',
      namespacePath: '',
      mountId: null,
      suffix: '',
      role: '',
      inheritable: true,
    },
    rate,
    intervalSeconds: 60,
    blockSeconds: 0,
  })

  function host() {
    const clock = manualClock()
    const hub = new HubBus(clock)
    keepRates(hub, clock)
    let asked = 0
    const limiters = [1, 2].map((self) => {
      const port = {
        send: (frame: BusFrame) => {
          asked += 1
          hub.receive(self, frame)
        },
      }
      const bus = new ChannelBus({ self, port, clock })
      hub.attach(self, { send: (frame) => bus.receive(frame) })
      return new RateLimiter({ bus, clock })
    })
    return { clock, limiters, asked: () => asked }
  }

  it('holds over all workers of a host, and asks the supervisor seldom', async () => {
    const { limiters, asked, clock } = host()
    const count = async (rate: number, tries: number): Promise<number> => {
      let granted = 0
      for (let at = 0; at < tries; at++) {
        granted += (await limiters[at % 2]!.take(rule(rate), 'a')).granted
      }
      return granted
    }
    expect(await count(160, 400)).toBe(160)
    expect(asked()).toBeLessThan(40)
    expect(await limiters[0]!.take(rule(160), 'b')).toMatchObject({ granted: 1 })
    clock.advance(60_000)
    expect(await count(5, 20)).toBe(5)
  })

  it('counts by itself while the supervisor is gone', async () => {
    const clock = manualClock()
    const bus = new ChannelBus({
      self: 1,
      port: {
        send: () => {
          throw new Error('the pipe is closed')
        },
      },
      clock,
    })
    const limiter = new RateLimiter({ bus, clock })
    const grants = [await limiter.take(rule(1), 'a'), await limiter.take(rule(1), 'a')]
    expect(grants.map((grant) => grant.granted)).toEqual([1, 0])
  })
})
