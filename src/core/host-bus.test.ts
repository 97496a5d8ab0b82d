// The bus with one process and over pipes: the same questions, the same answers, and no question hangs.
import { describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { badRequest } from '../base/errors.ts'
import { busTopic, type HostBus, LocalBus } from './host-bus.ts'
import { type BusFrame, ChannelBus, HubBus } from './host-bus-ipc.ts'

const greeting = busTopic<{ name: string }, string>('greeting')
const number = busTopic<null, number>('number')
const news = busTopic<string>('news')

/** A hub and workers whose pipes are microtasks; frames go through structured clone as over a pipe. */
function pipes(count: number): { hub: HubBus; workers: ChannelBus[] } {
  const hub = new HubBus(systemClock)
  const workers: ChannelBus[] = []
  for (let id = 1; id <= count; id++) {
    const later = (run: (frame: BusFrame) => void) => ({
      send: (frame: BusFrame) => {
        const copy = structuredClone(frame)
        queueMicrotask(() => run(copy))
      },
    })
    const worker = new ChannelBus({
      self: id,
      port: later((frame) => hub.receive(id, frame)),
      clock: systemClock,
    })
    hub.attach(
      id,
      later((frame) => worker.receive(frame)),
    )
    workers.push(worker)
  }
  return { hub, workers }
}

async function asks(keeper: HostBus, asker: HostBus): Promise<void> {
  keeper.answer(greeting, ({ name }) => {
    if (name === '') throw badRequest('no name')
    return `hello ${name}`
  })
  expect(await asker.ask(greeting, { name: 'a' })).toBe('hello a')
  await expect(asker.ask(greeting, { name: '' })).rejects.toMatchObject({
    status: 400,
    messages: ['no name'],
  })
  await expect(asker.ask(number, null)).rejects.toThrow(/did not answer|nobody answers/)
}

describe('one process', () => {
  it('asks itself', async () => {
    const bus = new LocalBus()
    await asks(bus, bus)
  })
  it('gathers from itself and hears what it tells', async () => {
    const bus = new LocalBus()
    expect(await bus.gather(number, null)).toEqual({ answers: new Map(), missing: [] })
    bus.answer(number, () => 7)
    expect(await bus.gather(number, null)).toEqual({ answers: new Map([[0, 7]]), missing: [] })
    const heard: string[] = []
    bus.answer(news, (text) => void heard.push(text))
    bus.tell(news, 'a')
    bus.tell(news, 'b', 3)
    await Promise.resolve()
    expect(heard).toEqual(['a'])
  })
  it('refuses a second handler until the first is gone', () => {
    const bus = new LocalBus()
    const end = bus.answer(number, () => 1)
    expect(() => bus.answer(number, () => 2)).toThrow('two handlers')
    end()
    bus.answer(number, () => 2)
  })
})

describe('a supervisor and its workers', () => {
  it('asks the keeper', async () => {
    const { hub, workers } = pipes(2)
    await asks(hub, workers[1]!)
  })
  it('gathers from all workers, asked by one of them or by the keeper', async () => {
    const { hub, workers } = pipes(3)
    workers[0]!.answer(number, (_, from) => 10 + from)
    workers[1]!.answer(number, (_, from) => 20 + from)
    const asked = await workers[1]!.gather(number, null)
    expect(asked).toEqual({
      answers: new Map([
        [1, 12],
        [2, 22],
      ]),
      missing: [],
    })
    expect((await hub.gather(number, null)).answers.get(1)).toBe(10)
  })
  it('names those that failed, were silent or ended', async () => {
    const { hub, workers } = pipes(4)
    workers[0]!.answer(number, () => 1)
    workers[1]!.answer(number, () => {
      throw new Error('no')
    })
    workers[2]!.answer(number, () => new Promise<number>(() => {}))
    workers[3]!.answer(number, () => new Promise<number>(() => {}))
    const gathering = workers[0]!.gather(number, null, 50)
    systemClock.after(5, () => hub.detach(4))
    const { answers, missing } = await gathering
    expect([...answers]).toEqual([[1, 1]])
    expect([...missing].sort()).toEqual([2, 3, 4])
  })
  it('tells all or one', async () => {
    const { workers } = pipes(2)
    const heard: string[] = []
    workers.forEach((worker, at) => {
      worker.answer(news, (text, from) => void heard.push(`${at + 1} hears ${text} of ${from}`))
    })
    workers[0]!.tell(news, 'a')
    workers[0]!.tell(news, 'b', 2)
    await systemClock.sleep(5)
    expect(heard.sort()).toEqual(['1 hears a of 1', '2 hears a of 1', '2 hears b of 1'])
  })
})
