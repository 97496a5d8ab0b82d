// The keeper with workers that are simulated: who is let in, who is closed, and what becomes of a worker
// that does not follow.
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { Logs } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import { type BusFrame, ChannelBus, HubBus } from '../host-bus-ipc.ts'
import { SealKeeper, sealTopics } from './seal-keeper.ts'

const share = (text: string): Buffer => Buffer.from(text.padEnd(33, '.'))

function host() {
  const hub = new HubBus(systemClock)
  const ended: number[] = []
  const log = new Logs({ level: 'error', format: 'standard', sink: { write: () => {} } }).of('')
  const keeper = new SealKeeper({
    bus: hub,
    random: systemRandom,
    log,
    endProcess: async (number) => {
      ended.push(number)
      hub.detach(number)
    },
    keepsKeys: true,
  })
  const worker = (self: number): ChannelBus => {
    const later = (run: (frame: BusFrame) => void) => ({
      send: (frame: BusFrame) => {
        const copy = structuredClone(frame)
        queueMicrotask(() => run(copy))
      },
    })
    const port = later((frame) => hub.receive(self, frame))
    const bus = new ChannelBus({ self, port, clock: systemClock })
    const back = later((frame) => bus.receive(frame))
    hub.attach(self, back)
    return bus
  }
  return { keeper, worker, ended }
}

describe('SealKeeper', () => {
  it('counts shares whoever brings them, and hands them to the one that brings the last', async () => {
    const { worker } = host()
    const [a, b] = [worker(1), worker(2)]
    const give = (bus: ChannelBus, text: string) =>
      bus.ask(sealTopics.give, { share: share(text), threshold: 3 })
    const first = await give(a, 'x')
    expect(first).toMatchObject({ progress: 1, shares: null })
    expect(await give(b, 'x')).toEqual(first)
    expect(await b.ask(sealTopics.progress, null)).toEqual({ progress: 1, nonce: first.nonce })
    await give(b, 'y')
    const last = await give(a, 'z')
    expect(last.shares?.map((one) => Buffer.from(one))).toEqual([
      share('x'),
      share('y'),
      share('z'),
    ])
    expect(await b.ask(sealTopics.progress, null)).toEqual({ progress: 0, nonce: '' })
    await give(a, 'x')
    await b.ask(sealTopics.reset, null)
    expect(await a.ask(sealTopics.progress, null)).toEqual({ progress: 0, nonce: '' })
  })

  it('lets all in before the one that opened hears of it, and later ones when they ask', async () => {
    const { worker, keeper } = host()
    const [a, b] = [worker(1), worker(2)]
    const got: string[] = []
    for (const bus of [a, b]) {
      bus.answer(sealTopics.openProcess, async (keys) => {
        await systemClock.sleep(5)
        got.push(`${bus.self} ${Buffer.from(keys)}`)
      })
    }
    expect(await b.ask(sealTopics.keys, null)).toBe(null)
    await a.ask(sealTopics.changed, Buffer.from('too early'))
    await a.ask(sealTopics.opened, Buffer.from('keys'))
    expect(got.sort()).toEqual(['1 keys', '2 keys'])
    await b.ask(sealTopics.changed, Buffer.from('newer'))
    const late = await worker(3).ask(sealTopics.keys, null)
    expect(Buffer.from(late ?? []).toString()).toBe('newer')
    keeper.wipe()
    expect(await b.ask(sealTopics.keys, null)).toBe(null)
  })

  it('closes all, ends those that do not follow, and forgets the keys', async () => {
    const { worker, ended } = host()
    const [a, b, c] = [worker(1), worker(2), worker(3)]
    const closed: number[] = []
    a.answer(sealTopics.closeProcess, () => void closed.push(1))
    b.answer(sealTopics.closeProcess, () => {
      throw new Error('no')
    })
    await a.ask(sealTopics.opened, Buffer.from('keys'))
    await a.ask(sealTopics.close, null)
    expect(closed).toEqual([1])
    expect(ended).toEqual([2])
    expect(await c.ask(sealTopics.keys, null)).toBe(null)
  })
})
