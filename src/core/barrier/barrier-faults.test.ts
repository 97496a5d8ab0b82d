// Each commit of the barrier's life fails once, before or after it took effect; then the process is gone.
// Whatever was acknowledged must be readable after the restart, with a root key that was acknowledged last
// or was being set.
import { expect, it } from 'vitest'
import { type Fault, faultyStorage } from '../../../test/support/faulty-storage.ts'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { systemClock as clock } from '../../base/clock.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import { memoryBackend } from '../../storage/memory/memory-backend.ts'
import { Barrier } from './barrier.ts'
import { StorageView } from './storage-view.ts'

const random = seededRandom(6)
const oldRoot = Buffer.alloc(32, 1)
const newRoot = Buffer.alloc(32, 2)

/** What was acknowledged before the fault. */
interface Acknowledged {
  initialized: boolean
  readonly values: string[]
}

async function live(backend: StorageBackend, done: Acknowledged): Promise<void> {
  const barrier = new Barrier({ backend, clock, random, usesPerBlock: 16 })
  await barrier.initialize(oldRoot)
  done.initialized = true
  await barrier.unseal(oldRoot)
  const view = new StorageView({ backend, barrier, clock, random })
  const put = async (key: string): Promise<void> => {
    await view.put(key, key)
    done.values.push(key)
  }
  await put('first')
  await barrier.rotate()
  await put('second')
  await barrier.setRotation({ enabled: true, maxOperations: 40, intervalSeconds: 0 })
  for (let i = 0; i < 20; i++) await put(`many/${i}`)
  await barrier.rotateRootKey(newRoot)
  await put('third')
  await barrier.rotate()
  await put('last')
}

async function checkAfterRestart(backend: StorageBackend, done: Acknowledged): Promise<void> {
  const barrier = new Barrier({ backend, clock, random, usesPerBlock: 16 })
  if (!(await barrier.isInitialized())) {
    expect(done.initialized).toBe(false)
    return
  }
  expect((await barrier.unseal(oldRoot)) || (await barrier.unseal(newRoot))).toBe(true)
  const view = new StorageView({ backend, barrier, clock, random })
  for (const key of done.values) expect((await view.get(key))!.text()).toBe(key)
  await view.put('after', 'x')
  await barrier.rotate()
  expect((await view.get('after'))!.text()).toBe('x')
}

it('loses nothing that was acknowledged, whichever commit fails', async () => {
  const whole = faultyStorage(memoryBackend({ clock, random }), () => undefined)
  await live(whole, { initialized: false, values: [] })
  expect(whole.commits).toBeGreaterThan(30)
  for (const fault of ['before', 'after', 'conflict'] as const)
    for (let failing = 1; failing <= whole.commits; failing++) {
      const inner = memoryBackend({ clock, random })
      const faulty = faultyStorage(inner, (n): Fault | undefined =>
        n === failing ? fault : undefined,
      )
      const done: Acknowledged = { initialized: false, values: [] }
      const outcome = await live(faulty, done).then(
        () => 'lived',
        () => 'failed',
      )
      if (fault === 'conflict') expect(outcome).toBe('lived')
      await checkAfterRestart(inner, done)
    }
})
