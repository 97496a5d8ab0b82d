// Background work yields to requests, shown by counts: what is worked off behind a disabled mount, a revoked
// prefix or a due minute never has more than one batch in storage at a time, so a request's commit finds at
// most that before it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { MAX_BATCH_KEYS } from '../../src/base/limits.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { Batch, StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'
import { type ShiftedClock, shiftedClock } from '../support/shifted-clock.ts'

const LEASES = 260

/** Writes of background commits under way, and the most that a request's commit ever found. */
const seen = { underWay: 0, most: 0, found: 0, commits: 0, largest: 0 }

const isOfLeases = (batch: Batch): boolean =>
  [...batch.writes.keys()].some((key) =>
    /^(ns\/root\/lease|core\/lease-queue|due\/.*lease)/.test(key),
  )

/** Each commit takes a while, as one that is synced to disk does. */
function slow(inner: StorageBackend): StorageBackend {
  return {
    ...{ read: (keys) => inner.read(keys), list: (prefix, page) => inner.list(prefix, page) },
    ...{ range: (prefix, page) => inner.range(prefix, page), scan: (prefix) => inner.scan(prefix) },
    ...{ changes: (onChange) => inner.changes(onChange), close: () => inner.close() },
    async commit(batch) {
      const isBackground = isOfLeases(batch)
      const { size } = batch.writes
      if ([...batch.writes.keys()].some((key) => key.includes('/probe'))) {
        seen.found = Math.max(seen.found, seen.underWay)
      }
      if (isBackground) {
        seen.commits++
        seen.underWay += size
        seen.most = Math.max(seen.most, seen.underWay)
        seen.largest = Math.max(seen.largest, size)
      }
      await systemClock.sleep(2)
      const outcome = await inner.commit(batch)
      if (isBackground) seen.underWay -= size
      return outcome
    },
  }
}

let clock: ShiftedClock
let world: World
let server: InProcess

beforeEach(async () => {
  clock = shiftedClock()
  world = new World()
  const backend = slow(memoryBackend({ clock, random: systemRandom }))
  server = await startInProcess({ clock, backend, engines: [outsideEngine(world)] })
  await server.call('POST', 'sys/mounts/out', { type: 'outside' })
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  const query = { ttl: '3600' }
  const make = () => server.call('GET', 'out/creds/app', undefined, { query })
  for (let made = 0; made < LEASES; made += 20) await Promise.all(Array.from({ length: 20 }, make))
  Object.assign(seen, { underWay: 0, most: 0, found: 0, commits: 0, largest: 0 })
})
afterEach(() => server.close())

/** Writes and reads beside it until everything is gone. */
async function workedOff(): Promise<void> {
  const until = systemClock.monotonic() + 25_000
  while (world.accounts.size > 0) {
    if (systemClock.monotonic() > until) throw new Error('it was not worked off')
    const wrote = await server.call('POST', 'kv/probe', { v: 1 })
    expect(wrote.status).toBe(204)
    await systemClock.sleep(1)
  }
}

describe('background commits', () => {
  it.each([
    ['a disabled mount', () => server.call('DELETE', 'sys/mounts/out')],
    ['a revoked prefix', () => server.call('PUT', 'sys/leases/revoke-prefix/out', { sync: false })],
    ['leases that fall due together', async () => clock.advance(3601_000)],
  ])('of %s are one batch at a time', async (_what, begin) => {
    await begin()
    await workedOff()
    expect(world.revoked.length).toBeGreaterThanOrEqual(LEASES)
    expect(seen.most).toBeLessThanOrEqual(MAX_BATCH_KEYS)
    expect(seen.found).toBeLessThanOrEqual(MAX_BATCH_KEYS)
    expect(seen.largest).toBeLessThanOrEqual(MAX_BATCH_KEYS)
    // Requests came all the time: outcomes are gathered all the same, not written one by one.
    expect(seen.commits).toBeLessThan(LEASES / 3)
  })
})
