// `strongroom/database` under load: pools of pg, mysql2 and ioredis whose credentials change without a failed
// query, against the real servers.
import { type AddressInfo, connect, createServer as createProxy, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mysqlPool, pgPool, type RotationOptions, redisClient } from '../../src/client/database.ts'
import { type HttpServer, startHttp } from '../support/http-server.ts'
import { type RealMariadb, startMariadb } from '../support/real-mariadb.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'
import { type RealRedis, startRedis } from '../support/real-redis.ts'

let server: HttpServer
let postgres: RealPostgres
let mariadb: RealMariadb
let redis: RealRedis

async function write(path: string, body: Record<string, unknown>): Promise<void> {
  const { status, text } = await server.call('POST', path, body)
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`)
}

const role = (name: string, connection: string, creation: string, more = {}): Promise<void> =>
  write(`database/roles/${name}`, {
    ...{ db_name: connection, creation_statements: creation, default_ttl: '1h', max_ttl: '24h' },
    ...more,
  })

const PG_USER =
  "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'; " +
  'GRANT SELECT, INSERT ON events TO "{{name}}"'

beforeAll(async () => {
  ;[server, postgres, mariadb, redis] = await Promise.all([
    startHttp(),
    startPostgres(),
    startMariadb(),
    startRedis(),
  ])
  await postgres.query('CREATE TABLE events (id SERIAL PRIMARY KEY, at TIMESTAMPTZ DEFAULT now())')
  await postgres.query('GRANT USAGE ON SEQUENCE events_id_seq TO PUBLIC')
  await write('sys/mounts/database', { type: 'database' })
  await write('database/config/pg', {
    plugin_name: 'postgresql-database-plugin',
    connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${postgres.port}/postgres`,
    allowed_roles: '*',
    username: postgres.username,
    password: postgres.password,
  })
  await write('database/config/maria', {
    plugin_name: 'mysql-database-plugin',
    connection_url: `{{username}}:{{password}}@tcp(127.0.0.1:${mariadb.port})/`,
    allowed_roles: '*',
    username: mariadb.username,
    password: mariadb.password,
  })
  await write('database/config/redis', {
    plugin_name: 'redis-database-plugin',
    host: '127.0.0.1',
    port: redis.port,
    allowed_roles: '*',
    username: redis.username,
    password: redis.password,
  })
  await role('app', 'pg', PG_USER)
  await role('left', 'pg', PG_USER)
  await role('brief', 'pg', PG_USER, { default_ttl: '2s', max_ttl: '4s' })
  await role('short', 'pg', PG_USER, { default_ttl: '6s', max_ttl: '12s' })
  await role(
    'maria',
    'maria',
    "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'; " +
      "GRANT SELECT, INSERT ON app.* TO '{{name}}'@'%'",
  )
  await role('redis', 'redis', '["~app:*", "+@read", "+@write", "+@connection", "+@transaction"]')
}, 120_000)
afterAll(async () => {
  await Promise.all([server?.close(), postgres?.remove(), mariadb?.remove(), redis?.remove()])
})

const options = (path: string, more: Partial<RotationOptions> = {}): RotationOptions => ({
  address: server.address,
  token: server.rootToken,
  path,
  ...more,
})

const pgConfig = (): pg.PoolConfig => ({
  ...{ host: '127.0.0.1', port: postgres.port, database: 'postgres', max: 6 },
})

/** Runs `work` again and again by so many at once until `isOver`; counts, and throws the first failure. */
async function load(workers: number, isOver: () => boolean, work: () => Promise<unknown>) {
  let count = 0
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (!isOver()) {
        await work()
        count++
      }
    }),
  )
  return count
}

/** The load, while `change` is done so many times. */
async function whileChanging(
  times: number,
  work: () => Promise<unknown>,
  change: () => Promise<unknown>,
): Promise<number> {
  let isOver = false
  const running = load(8, () => isOver, work)
  try {
    for (let round = 0; round < times; round++) {
      await change()
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  } finally {
    isOver = true
  }
  return await running
}

const pgUsers = async (): Promise<number> =>
  (await postgres.query("SELECT 1 FROM pg_roles WHERE rolname LIKE 'v-%'")).length

describe('a pool of pg', () => {
  it('changes its user 20 times under load without a failed query, and leaves no user', async () => {
    const drained: string[] = []
    const pool = await pgPool(
      pg.Pool,
      pgConfig(),
      options('database/creds/app', {
        on: { drained: ({ username }) => drained.push(username) },
      }),
    )
    const names = new Set<string>()
    const work = async (): Promise<void> => {
      const { rows } = await pool.query<{ name: string }>('SELECT current_user AS name')
      names.add(rows[0]!.name)
    }
    expect(await whileChanging(20, work, () => pool.rotate())).toBeGreaterThan(200)
    expect(names.size).toBe(21)
    await pool.end()
    expect(drained.length).toBe(21)
    await expect.poll(pgUsers, { timeout: 20_000 }).toBe(0)
    await expect(pool.query('SELECT 1')).rejects.toThrow('ended')
  }, 60_000)

  it('lets a transaction finish that began before the change', async () => {
    const pool = await pgPool(pg.Pool, pgConfig(), options('database/creds/app'))
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('INSERT INTO events DEFAULT VALUES')
    const before = pool.username
    await pool.rotate()
    await pool.rotate()
    expect(pool.username).not.toBe(before)
    const { rows } = await client.query('SELECT current_user AS name')
    expect(rows).toEqual([{ name: before }])
    await client.query('COMMIT')
    client.release()
    await pool.end()
    expect((await postgres.query('SELECT 1 FROM events')).length).toBe(1)
    await expect.poll(pgUsers, { timeout: 20_000 }).toBe(0)
  }, 30_000)

  it('renews its lease, and replaces it before its longest life is over', async () => {
    const seen: string[] = []
    const pool = await pgPool(
      pg.Pool,
      pgConfig(),
      options('database/creds/brief', {
        on: {
          rotated: () => seen.push('rotated'),
          renewed: () => seen.push('renewed'),
          failed: ({ error }) => seen.push(error.message),
        },
      }),
    )
    const until = performance.now() + 7000
    await load(
      4,
      () => performance.now() > until,
      () => pool.query('SELECT pg_sleep(0.005)'),
    )
    await pool.end()
    expect(seen.slice(0, 3)).toEqual(['rotated', 'renewed', 'rotated'])
    expect(new Set(seen)).toEqual(new Set(['rotated', 'renewed']))
  }, 30_000)

  it('takes another user at once where its own was dropped', async () => {
    const pool = await pgPool(
      pg.Pool,
      { ...pgConfig(), idleTimeoutMillis: 1 },
      options('database/creds/app'),
    )
    const before = pool.username
    await write('sys/leases/revoke-prefix/database/creds/app', {})
    await new Promise((resolve) => setTimeout(resolve, 50))
    const { rows } = await pool.query('SELECT current_user AS name')
    expect(rows).not.toEqual([{ name: before }])
    await pool.end()
  })

  it('learns at once that a static password was replaced, by whomever', async () => {
    await postgres.query("CREATE ROLE fixed LOGIN PASSWORD 'first'")
    await write('database/static-roles/fixed', {
      ...{ db_name: 'pg', username: 'fixed', rotation_period: '1h' },
    })
    // Connections are closed as soon as nobody uses them, so that each query logs in.
    const config = { ...pgConfig(), idleTimeoutMillis: 1, maxUses: 1 }
    let changes = 0
    const pool = await pgPool(
      pg.Pool,
      config,
      options('database/static-creds/fixed', { on: { rotated: () => void changes++ } }),
    )
    const rotate = (): Promise<void> => write('database/rotate-role/fixed', {})
    // The next login is refused, learns the new password, and is made again: once for each replacement.
    for (let count = 1; count <= 3; count++) {
      expect(changes).toBe(count)
      await rotate()
      expect((await pool.query('SELECT current_user AS name')).rows).toEqual([{ name: 'fixed' }])
    }
    expect(changes).toBe(4)
    // Under load none fails; those that follow at once may be taken for one.
    const query = (): Promise<unknown> => pool.query('SELECT 1')
    expect(await whileChanging(6, query, rotate)).toBeGreaterThan(0)
    await query()
    await pool.end()
    expect(changes).toBeGreaterThan(4)
    expect(changes).toBeLessThanOrEqual(10)
  }, 60_000)

  it('goes on while Strongroom is away, and finds it again', async () => {
    let isAway = false
    const sockets = new Set<Socket>()
    const proxy = createProxy((socket) => {
      if (isAway) return void socket.destroy()
      sockets.add(socket)
      const real = connect(server.port, '127.0.0.1')
      socket.on('close', () => real.destroy()).on('error', () => {})
      real.on('close', () => socket.destroy()).on('error', () => {})
      socket.pipe(real).pipe(socket)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', () => resolve()))
    const { port } = proxy.address() as AddressInfo
    const seen: string[] = []
    const pool = await pgPool(
      pg.Pool,
      pgConfig(),
      options('database/creds/short', {
        address: `http://127.0.0.1:${port}`,
        on: { rotated: () => seen.push('rotated'), failed: () => seen.push('failed') },
      }),
    )
    isAway = true
    for (const socket of sockets) socket.destroy()
    const began = performance.now()
    const query = (): Promise<unknown> => pool.query('SELECT pg_sleep(0.005)')
    const isLate = (): boolean => performance.now() > began + 20_000
    await load(4, () => seen.includes('failed') || isLate(), query)
    isAway = false
    await load(4, () => seen.lastIndexOf('rotated') > 1 || isLate(), query)
    await pool.end()
    proxy.close()
    expect(seen[0]).toBe('rotated')
    expect(seen[1]).toBe('failed')
    expect(seen.lastIndexOf('rotated')).toBeGreaterThan(1)
  }, 40_000)

  it('says what is wrong at the start', async () => {
    const start = (more: Partial<RotationOptions>) =>
      pgPool(pg.Pool, pgConfig(), options('database/creds/app', { patienceMs: 500, ...more }))
    await expect(start({ token: 'wrong' })).rejects.toThrow('permission denied')
    await expect(start({ path: 'database/creds/nothing' })).rejects.toThrow('unknown role')
    await expect(start({ path: 'kv/data/x' })).rejects.toThrow('`path` must be')
    await expect(start({ address: 'ftp://x' })).rejects.toThrow('must begin with http')
    await expect(start({ address: 'http://127.0.0.1:1' })).rejects.toThrow('ECONNREFUSED')
    await expect(start({ token: { file: '/nowhere/token' } })).rejects.toThrow('no token')
  })

  it('leaves no user behind when it can not start', async () => {
    const away = { ...pgConfig(), port: 1 }
    await expect(pgPool(pg.Pool, away, options('database/creds/left'))).rejects.toThrow()
    const users = () => postgres.query("SELECT 1 FROM pg_roles WHERE rolname LIKE 'v-root-left-%'")
    await expect.poll(users, { timeout: 10_000 }).toEqual([])
  })

  it('asks the function for a token again where one was refused', async () => {
    const asked: boolean[] = []
    const token = (wasRefused: boolean): string => {
      asked.push(wasRefused)
      return wasRefused ? server.rootToken : 'stale'
    }
    const pool = await pgPool(pg.Pool, pgConfig(), options('database/creds/app', { token }))
    await pool.query('SELECT 1')
    await pool.end()
    expect(asked.slice(0, 2)).toEqual([false, true])
  })
})

describe('a pool of mysql2', () => {
  it('changes its user under load without a failed query; transactions finish', async () => {
    const config = { host: '127.0.0.1', port: mariadb.port, connectionLimit: 5 }
    const pool = await mysqlPool(mysql.createPool, config, options('database/creds/maria'))
    const own = await pool.getConnection()
    await own.beginTransaction()
    await own.query('INSERT INTO app.things VALUES (1)')
    const work = async (): Promise<void> => {
      const [rows] = await pool.execute('SELECT ? + 1 AS n', [1])
      expect(rows).toEqual([{ n: 2 }])
    }
    expect(await whileChanging(8, work, () => pool.rotate())).toBeGreaterThan(50)
    await own.commit()
    own.release()
    // One that is thrown away is done, too: the pool's end doesn't wait for it.
    ;(await pool.getConnection()).destroy()
    await pool.end()
    expect(await mariadb.query('SELECT id FROM app.things')).toEqual([{ id: 1 }])
    const left = "SELECT User FROM mysql.user WHERE User LIKE 'v-%'"
    await expect.poll(() => mariadb.query(left), { timeout: 20_000 }).toEqual([])
  }, 60_000)
})

describe('a client of ioredis', () => {
  it('changes its user under load without a failed command; pipelines finish', async () => {
    const config = { host: '127.0.0.1', port: redis.port, enableReadyCheck: false }
    const client = await redisClient(Redis, config, options('database/creds/redis'))
    const pipeline = client.pipeline()
    pipeline.set('app:pipe', '1').get('app:pipe')
    const work = async (): Promise<void> => {
      await client.set('app:n', '1')
      expect(await client.get('app:n')).toBe('1')
    }
    expect(await whileChanging(8, work, () => client.rotate())).toBeGreaterThan(50)
    expect(await pipeline.exec()).toEqual([
      [null, 'OK'],
      [null, '1'],
    ])
    const results = await client.multi().incr('app:count').incr('app:count').exec()
    expect(results).toEqual([
      [null, 1],
      [null, 2],
    ])
    await client.end()
    const left = async (): Promise<string[]> =>
      ((await redis.run('ACL', 'USERS')) as string[]).filter((name) => name.startsWith('V_'))
    await expect.poll(left, { timeout: 20_000 }).toEqual([])
  }, 60_000)

  it('logs in again where a static password was replaced and the connection was lost', async () => {
    await redis.run('ACL', 'SETUSER', 'fixed', 'on', '>first', '~*', '+@all')
    await write('database/static-roles/redis-fixed', {
      ...{ db_name: 'redis', username: 'fixed', rotation_period: '1h' },
    })
    const config = { host: '127.0.0.1', port: redis.port }
    const client = await redisClient(Redis, config, options('database/static-creds/redis-fixed'))
    const work = async (): Promise<void> => {
      await client.set('app:n', '1')
      expect(await client.get('app:n')).toBe('1')
    }
    const change = async (): Promise<void> => {
      await write('database/rotate-role/redis-fixed', {})
      await redis.run('CLIENT', 'KILL', 'USER', 'fixed')
    }
    expect(await whileChanging(4, work, change)).toBeGreaterThan(10)
    await client.end()
  }, 60_000)
})
