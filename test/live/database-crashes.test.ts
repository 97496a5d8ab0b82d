// kill -9 of a real server at each step between what a request does in the database and its answer: making a
// user, ending one, replacing a password. The proxy sees the statements pass, so it knows the moment. After a
// restart no user is left that no lease knows, and store and database agree on every password.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CREATE_USER, eventually } from '../support/database-mount.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { removeTestBundle, startTestServer, type TestServer } from '../support/test-server.ts'

let pg: RealPostgres
let proxy: TcpProxy
let server: TestServer
/** How far the server's clock is ahead; it never goes back. */
let shiftMinutes = 0

beforeAll(async () => {
  pg = await startPostgres()
  proxy = await TcpProxy.start(pg.port)
  server = await startTestServer()
  await ok('POST', 'sys/mounts/database', { type: 'database' })
  await ok('POST', 'database/config/pg', {
    plugin_name: 'postgresql-database-plugin',
    connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${proxy.port}/postgres?sslmode=disable`,
    ...{ username: 'postgres', password: pg.password, allowed_roles: '*' },
  })
  await ok('POST', 'database/roles/app', { db_name: 'pg', creation_statements: CREATE_USER })
}, 90_000)
afterAll(async () => {
  await server?.remove()
  await removeTestBundle()
  await proxy?.close()
  await pg?.remove()
})

async function ok(method: string, path: string, body?: object) {
  const called = await server.call(method, path, body)
  if (called.status >= 300) throw new Error(`${method} ${path}: ${called.status} ${called.text}`)
  return called
}

/**
 * Restarts the server as if so many minutes had passed, and with a clock that finds others dead sooner: what a
 * dead request left is due then, and is taken over at once.
 */
async function restartLater(minutes: number): Promise<void> {
  shiftMinutes += minutes
  const shift =
    `const n=Date.now.bind(Date);Date.now=()=>n()+${shiftMinutes * 60_000};` +
    'const p=performance.now.bind(performance);performance.now=()=>p()*20'
  const before = process.env.NODE_OPTIONS
  process.env.NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(shift)}`
  try {
    await server.start()
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = before
  }
  await server.unseal()
}

const users = async (): Promise<string[]> =>
  (
    await pg.query<{ rolname: string }>(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'`)
  ).map(({ rolname }) => rolname)
const leases = async (): Promise<number> => {
  const { body } = await server.call('LIST', 'sys/leases/lookup/database/creds/app')
  return (body?.data?.keys ?? []).length
}

/** The moments at which the server dies, seen from the line to the database. */
const MOMENTS = [
  'before the statements',
  'before the answer',
  'with the answer',
  'after the answer',
] as const
type Moment = (typeof MOMENTS)[number]

/** Kills the server when a statement with this text passes; resolves when it is dead. */
function killAt(moment: Moment, statement: string): Promise<void> {
  return new Promise((resolve) => {
    let isSeen = false
    let isOver = false
    const kill = (): void => {
      isOver = true
      void server.kill().then(resolve)
    }
    proxy.watch = (chunk, direction) => {
      if (isOver) return 'swallow'
      if (direction === 'request') {
        if (!chunk.includes(statement)) return 'pass'
        isSeen = true
        if (moment !== 'before the statements') return 'pass'
        kill()
        return 'swallow'
      }
      // Each statement is answered on its own; what counts is the last answer.
      if (!isSeen || !chunk.includes('COMMIT')) return 'pass'
      if (moment === 'before the answer') {
        kill()
        return 'swallow'
      }
      if (moment === 'with the answer') kill()
      else setTimeout(kill, 3)
      return 'pass'
    }
  })
}

const answered = (call: Promise<{ status: number }>): Promise<number | null> =>
  call.then(
    ({ status }) => status,
    () => null,
  )

describe('a server that is killed while it makes a user', () => {
  it.each(MOMENTS)(
    '%s',
    async (moment) => {
      const isDead = killAt(moment, 'CREATE USER')
      await answered(server.call('GET', 'database/creds/app'))
      await isDead
      const made = await users()
      if (moment === 'before the statements') expect(made).toEqual([])
      if (moment === 'before the answer') expect(made.length).toBe(1)
      proxy.watch = () => 'pass'
      await restartLater(6)
      // Once the database has answered, the lease may be in force and live out its life.
      if (moment === 'before the statements' || moment === 'before the answer') {
        await eventually(async () => (await users()).length === 0, 'it is ended', 30_000)
      }
      await eventually(
        async () => (await users()).length === (await leases()),
        'each user has a lease',
      )
      await ok('POST', 'sys/leases/revoke-prefix/database', { sync: true })
      await eventually(async () => (await users()).length === 0, 'all are ended', 30_000)
    },
    60_000,
  )
})

describe('a server that is killed while it ends a user', () => {
  it.each(MOMENTS)(
    '%s',
    async (moment) => {
      const { body } = await ok('GET', 'database/creds/app')
      const isDead = killAt(moment, 'DROP ROLE')
      await answered(
        server.call('POST', 'sys/leases/revoke', { lease_id: body.lease_id, sync: true }),
      )
      await isDead
      proxy.watch = () => 'pass'
      await restartLater(6)
      await eventually(async () => (await users()).length === 0, 'the user is ended', 30_000)
      await eventually(async () => (await leases()) === 0, 'so is its lease', 30_000)
    },
    60_000,
  )
})

describe('a server that is killed while it replaces a password', () => {
  it.each(MOMENTS)(
    '%s',
    async (moment) => {
      const name = `static-${MOMENTS.indexOf(moment)}`
      await pg.query(`CREATE ROLE "${name}" LOGIN`)
      await ok('POST', `database/static-roles/${name}`, {
        ...{ db_name: 'pg', username: name, rotation_period: '24h' },
      })
      const isDead = killAt(moment, 'ALTER ROLE')
      await answered(server.call('POST', `database/rotate-role/${name}`))
      await isDead
      proxy.watch = () => 'pass'
      await restartLater(12)
      await eventually(
        async () => {
          const { body } = await server.call('GET', `database/static-creds/${name}`)
          return (await pg.login(name, body.data.password)) === true
        },
        'the stored password works',
        30_000,
      )
      await ok('POST', `database/rotate-role/${name}`)
      const { body } = await ok('GET', `database/static-creds/${name}`)
      expect(await pg.login(name, body.data.password)).toBe(true)
    },
    60_000,
  )

  it.each(MOMENTS)(
    'of its own user, %s',
    async (moment) => {
      const name = `root-${MOMENTS.indexOf(moment)}`
      await pg.query(`CREATE ROLE "${name}" LOGIN SUPERUSER PASSWORD 'known'`)
      await ok('POST', `database/config/${name}`, {
        plugin_name: 'postgresql-database-plugin',
        connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${proxy.port}/postgres?sslmode=disable`,
        ...{ username: name, password: 'known', allowed_roles: '*' },
      })
      const isDead = killAt(moment, 'ALTER ROLE')
      await answered(server.call('POST', `database/rotate-root/${name}`))
      await isDead
      proxy.watch = () => 'pass'
      await restartLater(12)
      await ok('POST', 'database/roles/by-root', {
        ...{ db_name: name, creation_statements: CREATE_USER },
      })
      await eventually(
        async () => (await server.call('GET', 'database/creds/by-root')).status === 200,
        'the stored password works',
        30_000,
      )
      await ok('POST', `database/rotate-root/${name}`)
      await ok('POST', 'sys/leases/revoke-prefix/database', { sync: true })
      expect(await users()).toEqual([])
    },
    60_000,
  )
})
