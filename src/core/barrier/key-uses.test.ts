import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import { memoryBackend } from '../../storage/memory/memory-backend.ts'
import { Barrier } from './barrier.ts'

const random = seededRandom(4)
const rootKey = Buffer.alloc(32, 1)
const BLOCK = 32

async function open(backend: StorageBackend, clock: Clock = systemClock): Promise<Barrier> {
  const barrier = new Barrier({ backend, clock, random, usesPerBlock: BLOCK })
  if (!(await barrier.isInitialized())) await barrier.initialize(rootKey)
  await barrier.unseal(rootKey)
  return barrier
}

async function use(barrier: Barrier): Promise<number> {
  for (let wait = barrier.prepare(1); wait; wait = barrier.prepare(1)) await wait
  const value = barrier.encrypt('k', Buffer.alloc(0))
  return value.readUInt32BE(5)
}

describe('uses of a term', () => {
  it('are reserved before they happen', async () => {
    const barrier = await open(memoryBackend({ clock: systemClock, random }))
    expect(() => barrier.encrypt('k', Buffer.alloc(0))).toThrow('without a reserved use')
    await use(barrier)
    expect((await barrier.keyStatus()).encryptions).toBeGreaterThanOrEqual(1)
  })

  it('are counted over processes and crashes, never too low', async () => {
    const backend = memoryBackend({ clock: systemClock, random, conflictRate: 0.1 })
    let spent = 0
    for (let round = 0; round < 6; round++) {
      const rivals = [await open(backend), await open(backend)]
      await Promise.all(
        rivals.map(async (barrier) => {
          for (let i = 0; i < 50; i++) {
            await use(barrier)
            spent += 1
          }
        }),
      )
      const status = await rivals[0]!.keyStatus()
      expect(status.encryptions).toBeGreaterThanOrEqual(spent)
      expect(status.encryptions).toBeLessThan(spent * 3)
    }
  })

  it('never pass the limit: rivals take new terms instead', async () => {
    const backend = memoryBackend({ clock: systemClock, random })
    const first = await open(backend)
    await first.setRotation({ enabled: true, maxOperations: 200, intervalSeconds: 0 })
    const rivals = [first, await open(backend), await open(backend)]
    const uses = new Map<number, number>()
    await Promise.all(
      rivals.map(async (barrier) => {
        for (let i = 0; i < 400; i++) {
          const term = await use(barrier)
          uses.set(term, (uses.get(term) ?? 0) + 1)
        }
      }),
    )
    expect(uses.size).toBeGreaterThan(5)
    for (const count of uses.values()) expect(count).toBeLessThanOrEqual(200)
  })

  it('end with the age of a term', async () => {
    let offset = 0
    const clock = { ...systemClock, now: () => systemClock.now() + offset }
    const barrier = await open(memoryBackend({ clock, random }), clock)
    await barrier.setRotation({ enabled: true, maxOperations: 1000, intervalSeconds: 60 })
    await barrier.rotateIfDue()
    expect(barrier.term).toBe(1)
    offset = 61_000
    await barrier.rotateIfDue()
    expect(barrier.term).toBe(2)
    expect(await use(barrier)).toBe(2)
    await barrier.setRotation({ enabled: false, maxOperations: 1000, intervalSeconds: 60 })
    offset = 200_000
    await barrier.rotateIfDue()
    expect(barrier.term).toBe(2)
  })
})
