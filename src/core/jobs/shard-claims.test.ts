import { beforeEach, expect, it } from 'vitest'
import { type ManualClock, manualClock } from '../../../test/support/manual-clock.ts'
import {
  type MemoryCoreStorage,
  memoryCoreStorage,
} from '../../../test/support/memory-core-storage.ts'
import { systemRandom } from '../../base/random.ts'
import { DUE_SHARDS } from './due-index.ts'
import { ShardClaims } from './shard-claims.ts'

let clock: ManualClock
let storage: MemoryCoreStorage

beforeEach(() => {
  clock = manualClock()
  storage = memoryCoreStorage()
})

const worker = (): ShardClaims => new ShardClaims(storage, clock, systemRandom)

/** Seconds pass in which these workers make their rounds. */
async function pass(seconds: number, workers: readonly ShardClaims[]): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000)
    for (const one of workers) await one.refresh()
  }
}

it('are shared fairly and taken over from a killed process within 12 seconds', async () => {
  const [one, two] = [worker(), worker()]
  await pass(10, [one, two])
  expect([one.owned().length, two.owned().length]).toEqual([8, 8])
  await pass(7, [one])
  expect(one.owned()).toHaveLength(8)
  expect(await one.lives(two.id)).toBe(true)
  await pass(5, [one])
  expect(one.owned()).toHaveLength(DUE_SHARDS)
  expect(await one.lives(two.id)).toBe(false)
})

it('stay where they are when all stood still, whoever wakes first', async () => {
  const [one, two] = [worker(), worker()]
  await pass(10, [one, two])
  clock.advance(3600_000)
  await one.refresh()
  expect(await one.lives(two.id)).toBe(true)
  await two.refresh()
  await pass(20, [one, two])
  expect([one.owned().length, two.owned().length]).toEqual([8, 8])
})
