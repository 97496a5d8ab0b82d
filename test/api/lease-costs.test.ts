// What a lease costs in storage: each commit waits for the disk. Two commits hand one out, since it must be
// known before anything outside is made and is undone soon unless it was answered; to end one takes a share
// of two commits.
import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import type { StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { manualClock, passSeconds } from '../support/manual-clock.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'

const counts = { commits: 0, written: 0, reads: 0, read: 0, ranges: 0 }

/** Only what concerns leases; heartbeats of the process are not theirs. */
function counted(inner: StorageBackend): StorageBackend {
  return {
    async commit(batch) {
      const keys = [...batch.writes.keys()].filter((key) => !/^core\/(worker|due-claim)/.test(key))
      if (keys.length > 0) counts.commits += 1
      counts.written += keys.length
      return inner.commit(batch)
    },
    read(keys) {
      const some = keys.filter((key) => !/^core\/(worker|due-claim)/.test(key))
      if (some.length > 0) counts.reads += 1
      counts.read += some.length
      return inner.read(keys)
    },
    list: (prefix, page) => inner.list(prefix, page),
    range(prefix, page) {
      if (!prefix.startsWith('core/worker')) counts.ranges += 1
      return inner.range(prefix, page)
    },
    changes: (onChange) => inner.changes(onChange),
    scan: (prefix) => inner.scan(prefix),
    close: () => inner.close(),
  }
}

const reset = (): void => void Object.assign(counts, { commits: 0, written: 0, reads: 0, read: 0 })

let server: InProcess
afterEach(() => server.close())

describe('the costs of a lease', () => {
  it('are two commits to hand it out, and a share of two to end it', async () => {
    const clock = manualClock()
    const world = new World()
    const backend = counted(memoryBackend({ clock, random: systemRandom }))
    server = await startInProcess({ clock, backend, engines: [outsideEngine(world)] })
    await server.call('POST', 'sys/mounts/out', { type: 'outside' })
    const creds = () => server.call('GET', 'out/creds/app', undefined, { query: { ttl: '60' } })
    // The first one marks the token as a holder of leases.
    await creds()
    reset()
    const many = 200
    for (let made = 0; made < many; made++) await creds()
    // Pending: entry, due mark, mark of the token. Active: entry, due mark moved.
    expect(counts).toMatchObject({ commits: 2 * many, written: 6 * many })
    await passSeconds(clock, 58)
    reset()
    await passSeconds(clock, 30)
    expect(world.accounts.size).toBe(0)
    // Taken from the due index: entry, due mark, queue mark. Gone: entry, queue mark, mark of the token.
    expect(counts.written / many).toBeLessThan(6.2)
    expect(counts.commits / many).toBeLessThan(0.2)
    expect(counts.read / many).toBeLessThan(4)
  })
})
