import { beforeAll, describe, expect, it } from 'vitest'
import { type EngineHarness, engineHarness } from '../../../test/support/engine-harness.ts'
import { faultyStorage } from '../../../test/support/faulty-storage.ts'
import { systemClock } from '../../base/clock.ts'
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
import { systemRandom } from '../../base/random.ts'
import { parseCrl, readRevoked } from '../../crypto/x509/crl.ts'
import { parsePem } from '../../crypto/x509/pem.ts'
import { memoryBackend } from '../../storage/memory/memory-backend.ts'
import { readDirectory } from './authority.ts'
import { entryKey } from './crl-entries.ts'
import { groupOf } from './crl-groups.ts'
import { pki } from './pki.ts'
import { MARK } from './revocation-store.ts'

const ENTRIES = 100_000
/** Others wait for no longer than this, in CPU time of the process: the machine may be busy. */
const LONGEST_TURN_MS = 50
let harness: EngineHarness
/** As if the process died before it removed what was replaced. */
let isDying = false

const ok = async (...args: Parameters<EngineHarness['call']>) => {
  const reply = await harness.call(...args)
  expect(reply.status, reply.text).toBe(200)
  return JSON.parse(reply.text).data
}

beforeAll(async () => {
  const inner = memoryBackend({ clock: systemClock, random: systemRandom })
  const backend = faultyStorage(inner, (_, { writes }) =>
    isDying && [...writes].some(([key, value]) => value === null && key.includes('/crl-chunk/'))
      ? 'before'
      : undefined,
  )
  harness = await engineHarness({ engine: pki, backend })
  await ok('write', 'root/generate/internal', { common_name: 'Root', key_type: 'ec' })
  const [issuer] = (await readDirectory(harness.storage)).issuers
  const group = groupOf(issuer!)
  const serial = Buffer.alloc(20, 0x5a)
  for (let at = 0; at < ENTRIES; at += MAX_BATCH_KEYS) {
    await harness.storage.transaction(async (tx) => {
      for (let i = at; i < at + MAX_BATCH_KEYS; i++) {
        serial.writeUInt32BE(i, 8)
        const text = serial.toString('hex').replace(/(..)(?!$)/g, '$1:')
        tx.put(entryKey('crl-entries/', group, text, i * 1000), MARK)
      }
    })
  }
}, 60_000)

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The longest turn of the event loop while the work goes on. */
async function longestTurn(work: Promise<unknown>): Promise<number> {
  let isRunning = true
  const end = (): void => {
    isRunning = false
  }
  work.then(end, end)
  let longest = 0
  while (isRunning) {
    const before = cpuMs()
    await new Promise((resolve) => setImmediate(resolve))
    longest = Math.max(longest, cpuMs() - before)
  }
  await work
  return longest
}

describe('a list of 100,000 entries', () => {
  it('takes less than two seconds of CPU and holds nobody up', async () => {
    await ok('read', 'crl/rotate')
    const before = cpuMs()
    const longest = await longestTurn(ok('read', 'crl/rotate'))
    expect(cpuMs() - before).toBeLessThan(2000)
    expect(longest).toBeLessThan(LONGEST_TURN_MS)
    const { crl } = await ok('read', 'issuer/default/crl')
    const list = parseCrl(parsePem(crl)[0]!.der)
    expect([...readRevoked(list.revoked)]).toHaveLength(ENTRIES)
    const chunks = await harness.storage.list('crl-chunk/', { limit: 100 })
    // One complete list and one delta: what they replaced is gone.
    expect(chunks).toHaveLength(2)
    expect(await harness.storage.range('crl-unnamed/', { limit: 10 })).toEqual([])
    expect(harness.bugs).toEqual([])
  })

  it('what a list that was replaced left behind is swept, too', async () => {
    const { storage } = harness
    const chunks = (): Promise<readonly string[]> => storage.list('crl-chunk/', { limit: 100 })
    isDying = true
    expect((await harness.call('read', 'crl/rotate')).status).toBe(503)
    isDying = false
    // The list before and the one that came.
    expect(await chunks()).toHaveLength(3)
    await harness.clock.advance(11 * 60_000)
    await ok('read', 'crl/rotate')
    expect(await chunks()).toHaveLength(2)
    expect(await storage.range('crl-unnamed/', { limit: 10 })).toEqual([])
  })

  it('what a build that died left behind is swept by a later one', async () => {
    const { storage } = harness
    await storage.put('crl-unnamed/dead', { json: { atMs: harness.clock.now(), chunks: 2 } })
    await storage.put('crl-chunk/dead/0', 'x')
    await ok('read', 'crl/rotate')
    expect(await storage.get('crl-chunk/dead/0')).not.toBeNull()
    await harness.clock.advance(11 * 60_000)
    await ok('read', 'crl/rotate')
    expect(await storage.get('crl-chunk/dead/0')).toBeNull()
    expect(await storage.get('crl-unnamed/dead')).toBeNull()
  })
})
