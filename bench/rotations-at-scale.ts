// `npm run bench -- --rotations`: the same work beside a thousand and beside a million rotation records: a page
// of the list, the next that are due, and a rotation from its due mark to its history. In this process, on
// LMDB; counts of storage calls stand beside the times, since they are what must not grow.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../src/base/clock.ts'
import { systemRandom } from '../src/base/random.ts'
import {
  putRecord,
  RECORD_PREFIX,
  type RotationRecord,
} from '../src/core/rotations/rotation-record.ts'
import type { StorageBackend } from '../src/sdk/storage.ts'
import { openLmdb } from '../src/storage/lmdb/open-lmdb.ts'
import { type InProcess, startInProcess } from '../test/support/in-process.ts'
import { AccountWorld, rotatingEngine } from '../test/support/rotating-engine.ts'
import { pause } from './load.ts'
import { machineText, whole } from './report.ts'

const HELP = `npm run bench -- --rotations [options]
  --few N    records beside which it is measured first   (1000)
  --many N   and then                                    (1000000)
`
const DAY_MS = 86_400_000
/** Rotations that are measured. */
const SOME = 200
const PAGES = 200

function optionOf(flag: string, otherwise: number): number {
  const at = process.argv.indexOf(flag)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

const calls = { reads: 0, ranges: 0, commits: 0, timers: 0 }
type Calls = typeof calls

function counted(inner: StorageBackend): StorageBackend {
  return {
    ...{ changes: (onChange) => inner.changes(onChange), scan: (prefix) => inner.scan(prefix) },
    ...{ close: () => inner.close(), stats: () => inner.stats!() },
    read(keys) {
      calls.reads++
      return inner.read(keys)
    },
    list(prefix, page) {
      calls.ranges++
      return inner.list(prefix, page)
    },
    range(prefix, page) {
      calls.ranges++
      return inner.range(prefix, page)
    },
    commit(batch) {
      calls.commits++
      return inner.commit(batch)
    },
  }
}

const countedClock: Clock = {
  ...systemClock,
  after(ms, task) {
    calls.timers++
    return systemClock.after(ms, task)
  },
}

interface Seeded {
  /** Begins their names. */
  readonly name: string
  readonly from: number
  readonly to: number
  readonly dueAtMs: number
}

/** Records like that one, written straight into the store. */
async function seed(server: InProcess, like: RotationRecord, of: Seeded): Promise<void> {
  let next = of.from
  const work = async (): Promise<void> => {
    while (next < of.to) {
      const first = next
      next += 25
      await server.host.core!.storage.transaction(async (tx) => {
        for (let at = first; at < Math.min(first + 25, of.to); at++) {
          const dueAtMs = of.dueAtMs + at
          const id = of.name + at
          const users = { item: { name: id }, usernames: [id], activeUsername: id }
          putRecord(tx, null, { ...like, id, ...users, rotateAfterMs: dueAtMs, dueAtMs })
        }
      })
    }
  }
  await Promise.all(Array.from({ length: 32 }, work))
}

/** Milliseconds and storage calls of each of `times` runs. */
async function perRun(times: number, run: () => Promise<unknown>): Promise<string> {
  const before: Calls = { ...calls }
  const from = performance.now()
  for (let time = 0; time < times; time++) await run()
  const ms = (performance.now() - from) / times
  const reads = (calls.reads - before.reads) / times
  const ranges = (calls.ranges - before.ranges) / times
  return `${ms.toFixed(2)} ms, ${reads.toFixed(1)} reads, ${ranges.toFixed(1)} ranges`
}

async function measure(
  server: InProcess,
  world: AccountWorld,
  like: RotationRecord,
  count: number,
): Promise<void> {
  const list = (path: string) => async () => {
    const reply = await server.call('LIST', path, undefined, { query: { limit: '100' } })
    if (reply.body?.data.keys.length !== 100) throw new Error(`${path}: ${reply.text}`)
  }
  const records = await perRun(PAGES, list('sys/rotation/records'))
  const due = await perRun(PAGES, list('sys/rotation/due'))
  const idle: Calls = { ...calls }
  await pause(10_000)
  const timers = (calls.timers - idle.timers) / 10
  const had = world.calls.length
  const startMs = systemClock.now() + 2000
  await seed(server, like, { name: `due-${count}-`, from: 0, to: SOME, dueAtMs: startMs })
  const before: Calls = { ...calls }
  const cpu = process.cpuUsage()
  // Set and tested.
  while (world.calls.length - had < 2 * SOME) await pause(10)
  await pause(500)
  const lastedMs = systemClock.now() - 500 - startMs
  const { user, system } = process.cpuUsage(cpu)
  process.stdout.write(
    `| ${whole(count)} records | page of 100: ${records} | next 100 due: ${due} | ` +
      `${SOME} due at once: rotated ${(lastedMs / 1000).toFixed(1)} s later, ` +
      `${((user + system) / 1000 / SOME).toFixed(1)} CPU ms, ` +
      `${((calls.commits - before.commits) / SOME).toFixed(1)} commits and ` +
      `${((calls.reads - before.reads) / SOME).toFixed(1)} reads each | ` +
      `idle: ${timers.toFixed(1)} timers a second |\n`,
  )
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  const world = new AccountWorld()
  const path = join(folder, 'data')
  const backend = counted(openLmdb({ path, clock: countedClock, random: systemRandom }))
  const engines = [rotatingEngine(world)]
  const settings = { isStrict: false }
  const server = await startInProcess({ backend, clock: countedClock, engines, settings })
  try {
    await server.call('POST', 'sys/mounts/db', { type: 'rotating' })
    await server.call('POST', 'db/accounts/first', { rotation_period: 90 * 86400, later: true })
    const { storage } = server.host.core!
    const [key] = await storage.range(RECORD_PREFIX)
    const like = (await storage.get(key!))!.json<RotationRecord>()
    let had = 0
    for (const count of [optionOf('--few', 1000), optionOf('--many', 1_000_000)]) {
      const from = performance.now()
      const dueAtMs = systemClock.now() + 90 * DAY_MS
      await seed(server, like, { name: 'w', from: had, to: count, dueAtMs })
      process.stderr.write(`${whole(count)} stored in ${whole(performance.now() - from)} ms\n`)
      had = count
      await measure(server, world, like, count)
    }
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv.includes('--help')) process.stdout.write(HELP)
else {
  process.stdout.write(`${machineText()}; LMDB\n`)
  await main()
  process.exit(0)
}
