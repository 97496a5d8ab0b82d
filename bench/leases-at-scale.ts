// `npm run bench -- --leases`: leases of real PostgreSQL users at scale. (a) many stored leases of which some
// fall due within a minute; (b) leases that fell due while the database was down for an hour; (c) a mount
// with many leases that is disabled. -- --leases --help lists the options.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemRandom } from '../src/base/random.ts'
import { openLmdb } from '../src/storage/lmdb/open-lmdb.ts'
import { startInProcess } from '../test/support/in-process.ts'
import { shiftedClock } from '../test/support/shifted-clock.ts'
import { type ApiClient, apiClient, objectIn } from './api-client.ts'
import {
  dropBare,
  MAX_OPEN,
  makeUsers,
  mountDatabase,
  seedLeases,
  startDatabase,
  usersIn,
} from './lease-scene.ts'
import { pause } from './load.ts'
import { makeOwnData, type OwnServer, removeOwnData, startOwnServer } from './own-server.ts'
import { costOf, treeOf } from './process-tree.ts'
import { machineText, whole } from './report.ts'
import { type Steady, type SteadyLoad, steadyLoad } from './steady-load.ts'

const helpText = `npm run bench -- --leases [options]
  --stored N    stored leases beside those that fall due   (1000000)
  --due N       leases that fall due, real users            (10000)
  --disable N   leases of the mount that is disabled        (100000)
  --only X      a, b or c alone
`
const say = (line: string): void => void process.stderr.write(`${line}\n`)
const COMMAND = resolve('bin/strongroom')
const HOUR_MS = 3600_000
/** Over this time the leases of (a) fall due. */
const WINDOW_MS = 60_000

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

function optionOf(flag: string, otherwise: number): number {
  const at = process.argv.indexOf(flag)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

/** Asked while latencies are taken here: looking for the processes anew each time would show in them. */
function rssOf(server: OwnServer): () => number {
  const pids = treeOf([server.pid])
  return () => costOf(pids).rssAnonBytes
}

/** The upper bound of the bucket in which the share of the revocations lies, in seconds. */
async function lagOf(base: string, token: string, share: number): Promise<string> {
  const answer = await fetch(`${base}/v1/sys/metrics?format=prometheus`, {
    headers: { 'X-Vault-Token': token },
  })
  const buckets = [...(await answer.text()).matchAll(/lag_seconds_bucket\{.*le="(.*)"\} (\d+)/g)]
  const all = Number(buckets.at(-1)?.[2] ?? 0)
  const found = buckets.find(([, , count]) => Number(count) >= all * share)
  return all === 0 ? 'none' : `<= ${found?.[1]} s (of ${whole(all)})`
}

interface Kv {
  readonly base: string
  readonly token: string
  readonly path: string
  readonly perSecond: number
}
const kvOf = (server: OwnServer, token: string): Kv => ({
  ...{ base: server.base, token, path: 'kv/a', perSecond: 200 },
})

const p99 = ({ p99Ms, windowP99Ms }: Steady): string =>
  `${p99Ms.toFixed(1)} (${windowP99Ms.toFixed(1)})`

async function measured(of: Kv, ms: number): Promise<Steady> {
  const load = await steadyLoad(of)
  await pause(ms)
  return load.end()
}

/** The latency of others while bare statements drop as many users a second, and right before and after. */
async function bareControl(of: Kv, port: number, perSecond: number): Promise<string> {
  const seconds = 15
  const before = await measured(of, 10_000)
  const child = spawn(
    process.execPath,
    [process.argv[1]!, '--bare', String(port), String(perSecond), String(seconds)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const during = await measured(of, seconds * 1000)
  await ended
  const after = await measured(of, 10_000)
  return (
    `KV read p99 ${p99(before)} ms before, ${p99(during)} ms while bare ` +
    `statements drop ${perSecond} users a second, ${p99(after)} ms after`
  )
}

async function fallDue(stored: number, due: number): Promise<void> {
  const postgres = await startDatabase()
  const data = makeOwnData()
  try {
    const started = { command: COMMAND, workers: 1, hasAudit: true }
    let server = await startOwnServer(data, started)
    let api = apiClient(server.base, data.rootToken)
    await mountDatabase(api.call, 'db', postgres)
    await api.call('POST', 'sys/mounts/kv', { type: 'kv' })
    await api.call('POST', 'kv/a', { v: 1 })
    await server.stop()
    const from = performance.now()
    const life = 400 * HOUR_MS
    await seedLeases(data, { path: 'db', count: stored, lifeMs: life }, (done) =>
      say(`(a) ${whole(done)} of ${whole(stored)} leases stored`),
    )
    say(`(a) ${whole(stored)} leases stored in ${seconds(performance.now() - from)}`)
    server = await startOwnServer(data, started)
    try {
      api = apiClient(server.base, data.rootToken)
      const makingAt = performance.now()
      // They are all made before the first falls due: how long that takes, some tell.
      const some = 200
      await makeUsers(api.call, 'db', some, () => Date.now() + HOUR_MS, Date.now)
      const perUserMs = (performance.now() - makingAt) / some
      await api.call('PUT', 'sys/leases/revoke-prefix/db/creds/app', {})
      const startMs = Date.now() + 20_000 + 1.5 * due * perUserMs
      await makeUsers(api.call, 'db', due, (at) => startMs + (WINDOW_MS * at) / due, Date.now)
      const madeMs = performance.now() - makingAt
      if (Date.now() > startMs) throw new Error('making the users took too long: try again')
      say(`(a) ${whole(due)} users made in ${seconds(madeMs)}: ${whole((due * 1000) / madeMs)}/s`)
      const of = kvOf(server, data.rootToken)
      const idle = await steadyLoad(of)
      await pause(Math.max(10_000, startMs - Date.now() - 2000))
      const quiet = await idle.end()
      const rss = rssOf(server)
      const before = rss()
      const cpuBefore = costOf(treeOf([server.pid])).cpuSeconds
      await pause(Math.max(0, startMs - Date.now()))
      const busy = await steadyLoad(of)
      let most = before
      while (Date.now() < startMs + WINDOW_MS || (await usersIn(postgres)) > 0) {
        most = Math.max(most, rss())
        await pause(1000)
        if (Date.now() > startMs + 6 * WINDOW_MS) throw new Error('not worked off')
      }
      const drainedMs = Date.now() - startMs
      const loaded = await busy.end()
      const afterwards = await measured(of, 15_000)
      const cpu = costOf(treeOf([server.pid])).cpuSeconds - cpuBefore
      const lag = await lagOf(server.base, data.rootToken, 0.99)
      say(`(a) the last user gone ${seconds(drainedMs)} after the first fell due`)
      process.stdout.write(
        `| ${whole(stored)} stored leases, ${whole(due)} real users due within a minute | ` +
          `lag p99 ${lag}; memory ${megabytes(before)}, at most ${megabytes(most)}; ` +
          `KV read p99 ${p99(quiet)} ms before, ${p99(loaded)} ms ` +
          `meanwhile, ${p99(afterwards)} ms after ` +
          `(p50 ${quiet.p50Ms.toFixed(2)}, ${loaded.p50Ms.toFixed(2)}); ` +
          `server ${cpu.toFixed(1)} CPU s; ${await usersIn(postgres)} users left |\n`,
      )
      const perSecond = Math.round((due * 1000) / WINDOW_MS)
      process.stdout.write(
        `| the database alone | ${await bareControl(of, postgres.port, perSecond)} |\n`,
      )
    } finally {
      await server.stop()
    }
  } finally {
    removeOwnData(data)
    await postgres.remove()
  }
}

/** In this process, since the hour is a shifted clock's. */
async function afterOutage(due: number): Promise<void> {
  const postgres = await startDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  const clock = shiftedClock()
  const backend = openLmdb({ path: join(folder, 'data'), clock, random: systemRandom })
  const server = await startInProcess({ backend, clock, settings: { isStrict: false } })
  try {
    const call: ApiClient['call'] = async (method, path, body) => {
      const reply = await server.call(method, path, body)
      if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${reply.text}`)
      return { status: reply.status, body: reply.body ?? {} }
    }
    await mountDatabase(call, 'db', postgres)
    const endsAtMs = clock.now() + HOUR_MS
    await makeUsers(call, 'db', due, () => endsAtMs, clock.now)
    say(`(b) ${whole(due)} users made`)
    await postgres.stop()
    // They fall due one after the other within the hour that it is down.
    for (let minute = 0; minute < 120; minute++) {
      clock.advance(60_000)
      await pause(250)
    }
    const queued = Number(objectIn((await call('GET', 'sys/leases/queues')).body, 'data').queued)
    say(`(b) after the hour ${whole(queued)} are queued; the database is back`)
    await postgres.start()
    const watcher = await postgres.connect(postgres.username, postgres.password)
    const from = performance.now()
    let most = 0
    let begunMs = 0
    for (;;) {
      const { rows } = await watcher.query(
        `SELECT (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%')::int AS users,
          (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'
            AND pid <> pg_backend_pid())::int AS connections`,
      )
      most = Math.max(most, rows[0].connections)
      if (begunMs === 0 && rows[0].users < due) begunMs = performance.now() - from
      if (rows[0].users === 0) break
      if (performance.now() - from > 600_000) throw new Error('not worked off')
      await pause(100)
    }
    const drainedMs = performance.now() - from
    await watcher.end()
    const lost = await server.call('GET', 'sys/leases/count', undefined, {
      query: { type: 'irrevocable' },
    })
    process.stdout.write(
      `| ${whole(due)} leases that fell due while the database was down for an hour | ` +
        `gone ${seconds(drainedMs)} after it was back (begun after ${seconds(begunMs)}); ` +
        `at most ${most} connections of ${MAX_OPEN}; ` +
        `${lost.body.data.lease_count} irrevocable; ${await usersIn(postgres)} users left |\n`,
    )
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
    await postgres.remove()
  }
}

async function disable(count: number): Promise<void> {
  const postgres = await startDatabase()
  const data = makeOwnData()
  try {
    const started = { command: COMMAND, workers: 1, hasAudit: true }
    let server = await startOwnServer(data, started)
    await mountDatabase(apiClient(server.base, data.rootToken).call, 'db', postgres)
    await apiClient(server.base, data.rootToken).call('POST', 'sys/mounts/kv', { type: 'kv' })
    await apiClient(server.base, data.rootToken).call('POST', 'kv/a', { v: 1 })
    await server.stop()
    await seedLeases(data, { path: 'db', count, lifeMs: 400 * HOUR_MS }, () => {})
    server = await startOwnServer(data, started)
    try {
      const api = apiClient(server.base, data.rootToken)
      const of = kvOf(server, data.rootToken)
      const quiet = await measured(of, 10_000)
      const rss = rssOf(server)
      const before = rss()
      const busy = await steadyLoad(of)
      let working: SteadyLoad | null = null
      let queueing: Steady | null = null
      const from = performance.now()
      await api.call('DELETE', 'sys/mounts/db')
      const answeredMs = performance.now() - from
      let most = 0
      let queuedMs = 0
      for (;;) {
        await pause(500)
        most = Math.max(most, rss())
        const { body } = await api.call('GET', 'sys/leases/queues')
        const { disabled_mounts: left } = body.data as { disabled_mounts: { phase: string }[] }
        if (queuedMs === 0 && left[0]?.phase !== 'leases') {
          queuedMs = performance.now() - from
          queueing = await busy.end()
          working = await steadyLoad(of)
        }
        if (left.length === 0) break
        if (performance.now() - from > 900_000) throw new Error('not worked off')
      }
      const goneMs = performance.now() - from
      const loaded = await working!.end()
      const afterwards = await measured(of, 10_000)
      process.stdout.write(
        `| a mount with ${whole(count)} leases is disabled | answered in ` +
          `${answeredMs.toFixed(1)} ms; all queued after ${seconds(queuedMs)}, gone after ` +
          `${seconds(goneMs)}: ${whole((count * 1000) / goneMs)}/s; memory ${megabytes(before)}, ` +
          `at most ${megabytes(most)}; KV read p99 ${p99(quiet)} ms before, ` +
          `${p99(queueing!)} ms while they are ` +
          `queued, ${p99(loaded)} ms while they are revoked, ` +
          `${p99(afterwards)} ms after (p50 ${quiet.p50Ms.toFixed(2)}, ` +
          `${queueing!.p50Ms.toFixed(2)}, ${loaded.p50Ms.toFixed(2)}) |\n`,
      )
      const perSecond = Math.round((count * 1000) / goneMs)
      process.stdout.write(
        `| the database alone | ${await bareControl(of, postgres.port, perSecond)} |\n`,
      )
    } finally {
      await server.stop()
    }
  } finally {
    removeOwnData(data)
    await postgres.remove()
  }
}

const bareAt = process.argv.indexOf('--bare')
if (bareAt > 0) {
  const [port, perSecond, duration] = process.argv.slice(bareAt + 1).map(Number)
  await dropBare(port!, perSecond!, duration!)
} else if (process.argv.includes('--help')) process.stdout.write(helpText)
else {
  const at = process.argv.indexOf('--only')
  const only = at < 0 ? 'abc' : process.argv[at + 1]!
  process.stdout.write(`${machineText()}; PostgreSQL with fsync; ${MAX_OPEN} connections\n`)
  const due = optionOf('--due', 10_000)
  if (only.includes('a')) await fallDue(optionOf('--stored', 1_000_000), due)
  if (only.includes('b')) await afterOutage(due)
  if (only.includes('c')) await disable(optionOf('--disable', 100_000))
  process.exit(0)
}
