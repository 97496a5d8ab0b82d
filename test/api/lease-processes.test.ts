// Leases worked off by real processes that are killed: what was disabled or fell due is finished by whoever
// is alive, nothing is forgotten, and little is done twice.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import { openLmdb } from '../../src/storage/lmdb/open-lmdb.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'
import { AskableChild, bundleForTest } from '../support/run-bundled.ts'

const LEASES = 600
let script = ''
let folder = ''
let children: AskableChild[] = []

beforeAll(async () => {
  script = await bundleForTest('lease-process-main.ts')
})
afterAll(() => rmSync(script, { force: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strongroom-leases-'))
  writeFileSync(join(folder, 'world'), '')
})
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill('SIGKILL')))
  children = []
  rmSync(folder, { recursive: true, force: true })
})

const openStore = () =>
  openLmdb({ path: join(folder, 'data'), clock: systemClock, random: systemRandom })

/** Revocations of each account so far. */
function gone(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of readFileSync(join(folder, 'world'), 'utf8').split('\n')) {
    const name = line.slice('gone '.length)
    if (line.startsWith('gone ')) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** A process on the store; answers when it is unsealed. */
async function startProcess(key: string): Promise<AskableChild> {
  const args = [join(folder, 'data'), key, join(folder, 'world'), '5']
  const child = new AskableChild(script, args)
  children.push(child)
  expect(await child.ask('open')).toBe(200)
  return child
}

async function until(isSo: () => boolean | Promise<boolean>, ms: number): Promise<void> {
  const end = systemClock.monotonic() + ms
  while (!(await isSo())) {
    if (systemClock.monotonic() > end) throw new Error(`not so within ${ms} ms`)
    await systemClock.sleep(20)
  }
}

/** A store with leases, closed by a process that ends before it has worked anything off. */
async function prepare(
  ttl: number,
  last: (server: InProcess) => Promise<unknown>,
): Promise<{ key: string; names: string[] }> {
  const world = new World()
  // Until it is closed, this process must get no answer.
  world.silent.add('')
  const server = await startInProcess({ backend: openStore(), engines: [outsideEngine(world)] })
  await server.call('POST', 'sys/mounts/out', { type: 'outside' })
  const role = (at: number): string => (at % 3 === 0 ? 'few' : 'many')
  for (let made = 0; made < LEASES; made += 20) {
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        server.call('GET', `out/creds/${role(at)}`, undefined, { query: { ttl: String(ttl) } }),
      ),
    )
  }
  await last(server)
  const names = [...world.accounts.keys()]
  expect(names).toHaveLength(LEASES)
  await server.close()
  return { key: server.keys[0]!, names }
}

/** Nothing of the mount's leases is left in the store. */
async function expectNothingLeft(prefixes: readonly string[]): Promise<void> {
  const store = openStore()
  const isClean = async (): Promise<boolean> => {
    for (const prefix of prefixes) {
      if ((await store.range(prefix, { limit: 1 })).length > 0) return false
    }
    return true
  }
  await until(isClean, 20_000)
  await store.close()
}

const LEASE_KEYS = ['ns/root/lease/', 'lease-queue/', 'ns/root/token-lease/', 'core/lease-lane/']

describe('leases worked off by processes that are killed', { timeout: 90_000 }, () => {
  it.each([
    ['a disabled mount', 'DELETE', 'sys/mounts/out'],
    ['all below a prefix', 'PUT', 'sys/leases/revoke-prefix/out'],
  ])('%s is finished by the next process', async (_, method, path) => {
    const { key, names } = await prepare(3600, (server) =>
      server.call(method, path, { sync: false }),
    )
    const child = await startProcess(key)
    await until(() => gone().size >= LEASES * 0.3, 30_000)
    await child.kill('SIGKILL')
    await startProcess(key)
    await until(() => gone().size === LEASES, 40_000)
    expect([...gone().keys()].sort()).toEqual(names.sort())
    // A kill repeats at most what had ended and was not recorded yet.
    const repeated = [...gone().values()].reduce((sum, count) => sum + count - 1, 0)
    expect(repeated).toBeLessThanOrEqual(100)
    await expectNothingLeft([...LEASE_KEYS, 'core/mount-dying/', 'core/job/'])
  })

  it('what fell due is shared by two, and one that is killed is replaced by the other', async () => {
    const { key } = await prepare(3, () => systemClock.sleep(4000))
    const first = await startProcess(key)
    await startProcess(key)
    await until(() => gone().size >= LEASES * 0.2, 30_000)
    await first.kill('SIGKILL')
    await until(() => gone().size === LEASES, 60_000)
    const repeated = [...gone().values()].reduce((sum, count) => sum + count - 1, 0)
    expect(repeated).toBeLessThanOrEqual(100)
    await expectNothingLeft(LEASE_KEYS)
  })
})
