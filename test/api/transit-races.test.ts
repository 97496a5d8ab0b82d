// Requests on one transit key that meet: what was decided on an earlier state of the key is decided anew
// with the state that the commit is made on.
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import type { StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { manualClock } from '../support/manual-clock.ts'

/** Makes the second read of the key wait, the one in the transaction; `held` resolves when it is there. */
function holdable(backend: StorageBackend) {
  let waiting: { reads: number; arrived: () => void; released: Promise<void> } | null = null
  const read = backend.read.bind(backend)
  backend.read = async (keys) => {
    if (waiting && keys.some((key) => key.endsWith('/keys/app')) && ++waiting.reads === 2) {
      const { arrived, released } = waiting
      waiting = null
      arrived()
      await released
    }
    return read(keys)
  }
  return () => {
    let go = () => {}
    const released = new Promise<void>((resolve) => {
      go = resolve
    })
    const held = new Promise<void>((arrived) => {
      waiting = { reads: 0, arrived, released }
    })
    return { held, go }
  }
}

const publicKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()

describe('a version that is imported', () => {
  let server: InProcess
  let holdSecond: ReturnType<typeof holdable>

  beforeEach(async () => {
    const clock = manualClock()
    const backend = memoryBackend({ clock, random: systemRandom })
    holdSecond = holdable(backend)
    server = await startInProcess({ backend, clock })
    await server.call('POST', 'sys/mounts/transit', { type: 'transit' })
    const key = await server.call('POST', 'transit/keys/app/import', {
      ...{ type: 'ecdsa-p256', public_key: publicKey(), allow_rotation: true },
    })
    expect(key.status, key.text).toBe(204)
  })
  afterEach(() => server.close())

  it.each([
    ['DELETE', 'transit/keys/app/soft-delete', 'refusing to use soft-deleted key'],
    ['POST', 'transit/keys/app/rotate', 'can only be used with an imported key'],
  ])('is refused where %s %s came first', async (method, path, why) => {
    const { held, go } = holdSecond()
    const importing = server.call('POST', 'transit/keys/app/import_version', {
      public_key: publicKey(),
    })
    await held
    const other = await server.call(method, path)
    expect(other.status, other.text).toBeLessThan(300)
    go()
    const imported = await importing
    expect(imported.status, imported.text).toBe(400)
    expect(imported.text).toContain(why)
  })
})
