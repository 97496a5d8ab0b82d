// Several processes on one LMDB store: what one acknowledged every other sees at once, and a process that
// is killed loses nothing that it had acknowledged.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import { verifyStoreFile } from '../../src/storage/lmdb/check-store-file.ts'
import { openLmdb } from '../../src/storage/lmdb/open-lmdb.ts'
import { AskableChild, bundleForTest, type ChildLimits } from '../support/run-bundled.ts'

let script: string
const folders: string[] = []
const children: AskableChild[] = []

beforeAll(async () => {
  script = await bundleForTest('lmdb-worker.ts')
})
afterAll(async () => {
  await Promise.all(children.map((child) => child.kill('SIGKILL')))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  rmSync(script, { force: true })
})

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-processes-'))
  folders.push(folder)
  return join(folder, 'store')
}

function startWorker(folder: string, limits?: ChildLimits): AskableChild {
  const child = new AskableChild(script, [folder], limits)
  children.push(child)
  return child
}

it('shows what one process acknowledged to every other at once', async () => {
  const folder = freshFolder()
  // All at once, also the making of the store.
  const workers = [startWorker(folder), startWorker(folder), startWorker(folder)]
  await Promise.all(workers.map((worker) => worker.ask({ busy: 'k' })))
  for (let round = 0; round < 90; round++) {
    const writer = workers[round % 3]!
    expect(await writer.ask({ put: 'k', text: `${round}` })).toBe(true)
    const seen = await Promise.all(workers.map((worker) => worker.ask({ read: 'k' })))
    expect(seen).toEqual([`${round}`, `${round}`, `${round}`])
  }
  await Promise.all(workers.map((worker) => worker.ask({ increment: 'n', times: 30 })))
  expect(await workers[0]!.ask({ read: 'n' })).toBe('90')
})

it('keeps every acknowledged commit whole through kill -9', async () => {
  const folder = freshFolder()
  const acknowledged: string[] = []
  for (let round = 0; round < 5; round++) {
    const workers = [startWorker(folder), startWorker(folder)]
    workers.forEach((worker, i) => {
      worker.onNotice = (notice) => acknowledged.push(notice as string)
      void worker.ask({ hammer: `${round}-${i}` }).catch(() => {})
    })
    const target = acknowledged.length + 40
    while (acknowledged.length < target) await systemClock.sleep(10)
    await workers[0]!.kill('SIGKILL')
    // The other goes on, whatever locks the first one held.
    const further = acknowledged.length + 20
    while (acknowledged.length < further) await systemClock.sleep(10)
    await workers[1]!.kill('SIGKILL')
  }
  verifyStoreFile(join(folder, 'data.mdb'))
  const backend = openLmdb({ path: folder, random: systemRandom, clock: systemClock })
  for (const pair of acknowledged) {
    const keys = [`pair/${pair}/a`, `pair/${pair}/b`]
    const found = await backend.read(keys)
    expect(found.size, pair).toBe(2)
    const expected = Buffer.from(pair.replace('/', ''))
    for (const { value } of found.values())
      expect(Buffer.from(value).subarray(0, expected.length)).toEqual(expected)
  }
  const halves = new Map<string, number>()
  for await (const [key] of backend.scan('pair/')) {
    const pair = key.slice(0, -2)
    if (key !== 'pair/latest') halves.set(pair, (halves.get(pair) ?? 0) + 1)
  }
  expect(new Set(halves.values())).toEqual(new Set([2]))
  expect(
    await backend.commit({ expect: new Map(), writes: new Map([['after', Buffer.of(1)]]) }),
  ).toBe('committed')
  await backend.close()
})

it('says in words that the disk is full, loses nothing and goes on when there is room', async () => {
  const folder = freshFolder()
  const worker = startWorker(folder, { fileBlocks: 1000 })
  const text = 'x'.repeat(20_000)
  const stored: string[] = []
  let answer: unknown = true
  for (let i = 0; answer === true && i < 200; i++) {
    answer = await worker.ask({ put: `k${i}`, text })
    if (answer === true) stored.push(`k${i}`)
  }
  expect(answer).toMatch(/^failed: storage refused the write: (File too large|.*is the disk full)/)
  expect(stored.length).toBeGreaterThan(5)
  for (const key of stored) expect(await worker.ask({ read: key })).toBe(text)
  expect(await worker.ask({ read: `k${stored.length}` })).toBe(null)
  expect(await worker.ask({ put: 'k0', text: 'small' })).toBe(true)
  const other = startWorker(folder)
  expect(await other.ask({ put: 'more', text })).toBe(true)
  expect(await worker.ask({ read: 'more' })).toBe(text)
  expect(await worker.ask({ read: 'k0' })).toBe('small')
})
