// Databases that are not there, say nothing, or stop in the middle: a clear error in bounded time, and no user
// is left behind. The proxy between server and database cuts at every byte that matters.
import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { type DatabaseMount, eventually, startDatabaseMount } from '../support/database-mount.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

/** Deadlines pass thirty times as fast; what is waited for is real. */
const HURRY = 30
const hurried: Clock = {
  ...systemClock,
  after: (ms, task) => systemClock.after(ms / HURRY, task),
  sleep: (ms, signal) => systemClock.sleep(ms / HURRY, signal),
}

let pg: RealPostgres
let proxy: TcpProxy
let mount: DatabaseMount
const logged: string[] = []

beforeAll(async () => {
  pg = await startPostgres()
  proxy = await TcpProxy.start(pg.port)
  mount = await startDatabaseMount(
    { ...login(), port: proxy.port },
    {
      clock: hurried,
      log: (line) => logged.push(line),
    },
  )
  expect((await mount.configure()).status).toBe(204)
  await mount.role('app')
})
afterAll(async () => {
  await mount?.server.close()
  await proxy?.close()
  await pg?.remove()
})
beforeEach(() => {
  proxy.watch = () => 'pass'
})

const login = () => ({ username: pg.username, password: pg.password })

const users = async (): Promise<string[]> =>
  (
    await pg.query<{ rolname: string }>(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'`)
  ).map(({ rolname }) => rolname)

const timed = async <T>(body: () => Promise<T>): Promise<[T, number]> => {
  const begun = systemClock.monotonic()
  const result = await body()
  return [result, systemClock.monotonic() - begun]
}

const nothingLeft = (): Promise<void> =>
  eventually(async () => (await users()).length === 0, 'no user is left behind')

describe('a connection that is configured', () => {
  it('to nobody, or to one that cuts or says nothing, is refused in bounded time', async () => {
    const silent = createServer(() => {})
    const cutting = createServer((socket) => socket.end('N'))
    const talking = createServer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const ports: number[] = [1]
    for (const server of [silent, cutting, talking]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      ports.push((server.address() as { port: number }).port)
    }
    for (const port of ports) {
      for (const sslmode of ['disable', 'prefer', 'require']) {
        const connection_url = `postgresql://{{username}}:{{password}}@127.0.0.1:${port}/x?sslmode=${sslmode}`
        const [refused, ms] = await timed(() => mount.configure({ connection_url }, 'bad'))
        expect(refused.status).toBe(400)
        expect(refused.body.errors[0]).toContain('error creating database object: error verifying')
        expect(refused.text).not.toContain(pg.password.repeat(2))
        expect(ms).toBeLessThan(3000)
      }
    }
    expect((await mount.call('GET', 'database/config/bad')).status).toBe(404)
    for (const server of [silent, cutting, talking]) server.close()
  })

  it('ends at any byte of the login: refused', async () => {
    for (const cutAfter of [0, 1, 5, 9, 20]) {
      for (let answer = 1; answer <= 4; answer++) {
        let seen = 0
        proxy.watch = (_, direction) =>
          direction === 'answer' && ++seen === answer ? { cutAfter } : 'pass'
        const [{ status }, ms] = await timed(() => mount.configure({}, 'bad'))
        // The last answers may be whole by then.
        expect([204, 400]).toContain(status)
        if (answer === 1) expect(status).toBe(400)
        expect(ms).toBeLessThan(3000)
      }
    }
  })
})

describe('a user that is being made', () => {
  it('is not left behind, at whatever byte the answer ends', async () => {
    for (const cutAfter of [0, 1, 7, 20, 40, 60, 80, 200]) {
      proxy.watch = (_, direction) => (direction === 'answer' ? { cutAfter } : 'pass')
      const [{ status, text }, ms] = await timed(() => mount.call('GET', 'database/creds/app'))
      if (status === 200) continue
      expect([status, text]).toEqual([500, expect.stringContaining('the database')])
      expect(ms).toBeLessThan(3000)
      proxy.watch = () => 'pass'
      await nothingLeft()
    }
    await mount.ok('POST', 'sys/leases/revoke-prefix/database', { sync: true })
    await nothingLeft()
  })

  it('is not left behind, at whatever byte the request ends', async () => {
    for (const cutAfter of [0, 5, 30, 120, 200, 300]) {
      await mount.ok('GET', 'database/creds/app')
      proxy.watch = (_, direction) => (direction === 'request' ? { cutAfter } : 'pass')
      const { status } = await mount.call('GET', 'database/creds/app')
      expect([200, 500]).toContain(status)
      proxy.watch = () => 'pass'
      await mount.ok('POST', 'sys/leases/revoke-prefix/database', { sync: true })
      await nothingLeft()
    }
  })

  it('is given up when the database says nothing, and ended when it speaks again', async () => {
    await mount.creds('app')
    proxy.watch = (_, direction) => (direction === 'answer' ? 'swallow' : 'pass')
    const [{ status, text }, ms] = await timed(() => mount.call('GET', 'database/creds/app'))
    expect([status, text]).toEqual([500, expect.stringContaining('took more than 30s to answer')])
    expect(ms).toBeLessThan(5000)
    proxy.watch = () => 'pass'
    await eventually(async () => (await users()).length === 1, 'the given up user is ended')
    await mount.ok('POST', 'sys/leases/revoke-prefix/database', { sync: true })
    await nothingLeft()
  })

  it('waits in line for a connection, no longer than its deadline', async () => {
    await mount.configure({ max_open_connections: 1 }, 'narrow')
    await mount.role('narrow', { db_name: 'narrow' })
    let most = 0
    const count = async (): Promise<number> => {
      const [row] = await pg.query<{ n: string }>(
        `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'strongroom'`,
      )
      most = Math.max(most, Number(row!.n))
      return Number(row!.n)
    }
    await mount.ok('POST', 'database/reset/pg')
    const before = await count()
    const all = Array.from({ length: 12 }, () => mount.call('GET', 'database/creds/narrow'))
    const counting = (async () => {
      for (let i = 0; i < 5; i++) await count()
    })()
    const answers = await Promise.all(all)
    await counting
    expect(answers.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([])
    expect(most).toBeLessThanOrEqual(before + 1)
    proxy.watch = (_, direction) => (direction === 'answer' ? 'swallow' : 'pass')
    const stuck = await Promise.all([1, 2, 3].map(() => mount.call('GET', 'database/creds/narrow')))
    for (const { status } of stuck) expect(status).toBe(500)
    expect(stuck.some(({ text }) => text.includes('no connection became free'))).toBe(true)
    proxy.watch = () => 'pass'
    await mount.ok('POST', 'sys/leases/revoke-prefix/database', { sync: true })
    await nothingLeft()
  })
})

describe('a user whose database is away', () => {
  it('is ended when it is back, and no try is spent meanwhile', async () => {
    const { username, leaseId } = await mount.creds('app')
    await proxy.close()
    const away = await mount.revoke(leaseId)
    expect([away.status, away.text]).toEqual([500, expect.stringContaining('the database')])
    await systemClock.sleep(1500)
    const { body } = await mount.ok('POST', 'sys/leases/lookup', { lease_id: leaseId })
    expect(body.data.irrevocable).toBeUndefined()
    await proxy.listen()
    await eventually(
      async () => !(await users()).includes(username),
      'ended once it is back',
      30_000,
    )
  })
})

describe('what is logged', () => {
  it('holds no password and no connection string', () => {
    expect(logged.length).toBeGreaterThan(0)
    for (const line of logged) {
      expect(line).not.toContain('postgresql://')
      expect(line).not.toMatch(/PASSWORD '/i)
    }
  })
})
