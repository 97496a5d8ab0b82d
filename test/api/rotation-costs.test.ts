// What rotations cost, by counts: showing a page, finding what is due and rotating it take as much storage
// with many records as with few, and records that wait hold no timer.
import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import type { StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { manualClock, passSeconds } from '../support/manual-clock.ts'
import { AccountWorld, rotatingEngine } from '../support/rotating-engine.ts'

const zero = { commits: 0, written: 0, read: 0, listed: 0, timers: 0 }
let counts = { ...zero }

const isWork = (key: string): boolean => !/^core\/(worker|due-claim)/.test(key)

function counted(inner: StorageBackend): StorageBackend {
  return {
    ...{ changes: (onChange) => inner.changes(onChange), scan: (prefix) => inner.scan(prefix) },
    close: () => inner.close(),
    async commit(batch) {
      const keys = [...batch.writes.keys()].filter(isWork)
      if (keys.length > 0) counts.commits++
      counts.written += keys.length
      return inner.commit(batch)
    },
    read(keys) {
      counts.read += keys.filter(isWork).length
      return inner.read(keys)
    },
    async list(prefix, page) {
      const names = await inner.list(prefix, page)
      counts.listed += names.length
      return names
    },
    async range(prefix, page) {
      const keys = await inner.range(prefix, page)
      if (isWork(prefix)) counts.listed += keys.length
      return keys
    },
  }
}

let server: InProcess
afterEach(() => server.close())

/** Each step of the life of one record, beside `waiting` others. */
async function costsBeside(waiting: number) {
  const manual = manualClock()
  const clock = {
    ...manual,
    after(ms: number, task: () => void) {
      counts.timers++
      return manual.after(ms, task)
    },
  }
  const world = new AccountWorld()
  const backend = counted(memoryBackend({ clock, random: systemRandom }))
  server = await startInProcess({ clock, backend, engines: [rotatingEngine(world)] })
  await server.call('POST', 'sys/mounts/db', { type: 'rotating' })
  const put = (name: string, rotation_period: number) =>
    server.call('POST', `db/accounts/${name}`, { rotation_period, later: true })
  for (let made = 0; made < waiting; made++) await put(`w${made}`, 90 * 86400)
  for (let first = 0; first < 12; first++) await put(`a${first}`, 80 * 86400)
  const list = async (path: string): Promise<void> => {
    const reply = await server.call('LIST', path, undefined, { query: { limit: '10' } })
    expect(reply.body.data.keys).toHaveLength(10)
  }
  const measure = async (step: () => Promise<unknown>) => {
    counts = { ...zero }
    await step()
    return { ...counts }
  }
  await passSeconds(clock, 3)
  const costs = {
    idle: await measure(() => passSeconds(clock, 20)),
    made: await measure(() => put('one', 3600)),
    page: await measure(() => list('sys/rotation/records')),
    next: await measure(() => list('sys/rotation/due')),
    rotated: await measure(async () => {
      clock.advance(3601_000)
      await passSeconds(clock, 6)
      expect(world.calls.filter((call) => call.startsWith('set'))).toHaveLength(1)
    }),
  }
  await server.close()
  return costs
}

describe('the costs of a rotation', () => {
  it('do not depend on how many records there are', async () => {
    const few = await costsBeside(10)
    const many = await costsBeside(1500)
    expect(many).toEqual(few)
    // Claimed and staged, promoted, and the due mark that is cleared away.
    expect(many.rotated.commits).toBeLessThanOrEqual(4)
  })
})
