// Places of the index that are full: a commit stays within what storage takes, what is present is known first,
// and nothing is dropped that would come back.
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { memoryCoreStorage } from '../../../test/support/memory-core-storage.ts'
import { systemRandom } from '../../base/random.ts'
import { type Reading, settlePlaces, type Wanted, wantedOf } from './live-place.ts'
import {
  configKey,
  type LiveConfig,
  type PlacedValue,
  type PlaceRecord,
  placeKey,
  stateKey,
} from './live-records.ts'
import { hasLiveKey } from './live-rule.ts'

const CONFIG: LiveConfig = {
  ...{ generation: 'g', salt: Buffer.alloc(32, 1).toString('base64'), createdAtMs: 0 },
  ...{ minLength: 8, minEntropyBits: 10 },
}
const FULL = 2000
const PLACES = 16

const wantedAt = (place: number, n: number): Wanted => ({
  digest: `${place}-${n}`.padStart(32, '0'),
  ...{ key: `k${n}`, version: 1, state: n % 2 ? 'replaced' : 'live' },
})

async function fullPlaces() {
  const storage = memoryCoreStorage()
  storage.isLate = false
  const parts = { storage, clock: manualClock(), random: systemRandom }
  await storage.put(configKey('ns'), { json: CONFIG })
  const settle = (readings: readonly Reading[]) => settlePlaces(parts, 'ns', CONFIG, readings)
  const readings = Array.from(
    { length: PLACES },
    (_, place): Reading => ({
      ref: { mountId: 'm', place: `s/${place}` },
      wanted: Array.from({ length: FULL }, (_, n) => wantedAt(place, n)),
      dirtyVersion: null,
    }),
  )
  for (const { ref, wanted } of readings) {
    const values = wanted.map((one, n): PlacedValue => {
      const sequence = Number(ref.place.slice(2)) * FULL + n + 1
      return { ...one, id: String(sequence).padStart(16, '0'), sinceMs: 0, sequence }
    })
    await storage.put(placeKey('ns', ref.mountId, ref.place), { json: { values } })
  }
  await storage.put(stateKey('ns'), String(PLACES * FULL))
  const valuesOf = async (place: number) =>
    (await storage.get(placeKey('ns', 'm', `s/${place}`)))!.json<PlaceRecord>().values
  return { storage, settle, readings, valuesOf }
}

describe('full places', () => {
  it('change many at a time within what one commit may write', async () => {
    const { storage, settle, readings, valuesOf } = await fullPlaces()
    const next = readings.map((reading, place): Reading => {
      const fresh: Wanted = { ...wantedAt(place, FULL), version: 2, state: 'live' }
      return { ...reading, wanted: [fresh, ...reading.wanted.slice(0, -1)] }
    })
    // One ends and one comes, of each.
    expect(await settle(next)).toBe(2 * PLACES)
    expect(storage.widest).toBeLessThanOrEqual(100)
    for (let place = 0; place < PLACES; place++) expect(await valuesOf(place)).toHaveLength(FULL)
    expect(await settle(next)).toBe(0)
  })
})

describe('what of a place is to be known', () => {
  it('begins with what it holds now, by names of a bearable length', () => {
    const values = Array.from({ length: FULL + 10 }, (_, n) => ({
      ...{ key: 'k'.repeat(5000) + n, version: n, isCurrent: n === FULL + 9 },
      value: `a-value-of-its-own-${n * 7919}`,
    }))
    const wanted = wantedOf(CONFIG, values)
    expect(wanted).toHaveLength(FULL)
    expect(wanted[0]).toMatchObject({ version: FULL + 9, state: 'live' })
    expect(wanted.at(-1)!.version).toBe(10)
    expect(wanted[0]!.key.length).toBeLessThanOrEqual(100)
  })

  it('is nothing where the index would have no key for it', () => {
    const mount = '7d1c2b6e-6a55-4f0e-9a3c-0a4b5c6d7e8f'
    expect(hasLiveKey('abcdef', mount, `s/${'x'.repeat(960)}`)).toBe(true)
    expect(hasLiveKey('root', mount, `static-role/${'ü'.repeat(480)}`)).toBe(false)
  })
})
