// What the lease workloads share: a real PostgreSQL that syncs to disk, a server with the database engine on
// it, and stored leases by the million, which are written into the store while no server runs.
import { join } from 'node:path'
import pg from 'pg'
import { systemClock } from '../src/base/clock.ts'
import { systemRandom } from '../src/base/random.ts'
import { keyOfLease, putMark } from '../src/core/leases/lease-entries.ts'
import type { LeaseRecord } from '../src/core/leases/lease-record.ts'
import { openLmdb } from '../src/storage/lmdb/open-lmdb.ts'
import { inProcess, openTestHost } from '../test/support/in-process.ts'
import { type RealPostgres, startPostgres } from '../test/support/real-postgres.ts'
import { type ApiClient, textIn } from './api-client.ts'
import { pause } from './load.ts'
import type { OwnData } from './own-server.ts'

/** Vault's default is 4; ten clients of a small database are a common setting. */
export const MAX_OPEN = 10

export const startDatabase = (): Promise<RealPostgres> =>
  startPostgres(['max_connections=60', 'shared_buffers=256MB'])

/** Mounts the engine at `path` with the connection "pg" and a role for each life. */
export async function mountDatabase(
  call: ApiClient['call'],
  path: string,
  postgres: RealPostgres,
): Promise<void> {
  await call('POST', `sys/mounts/${path}`, { type: 'database' })
  await call('POST', `${path}/config/pg`, {
    plugin_name: 'postgresql-database-plugin',
    connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${postgres.port}/postgres?sslmode=disable`,
    username: postgres.username,
    password: postgres.password,
    allowed_roles: '*',
    max_open_connections: MAX_OPEN,
    max_idle_connections: MAX_OPEN,
  })
}

const CREATION =
  "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'; " +
  'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{name}}";'

/** Makes `count` real users whose leases are over at the times that `endsAtMs` gives; at most 20 at once. */
export async function makeUsers(
  call: ApiClient['call'],
  path: string,
  count: number,
  endsAtMs: (made: number) => number,
  now: () => number,
): Promise<void> {
  const wave = 100
  for (let made = 0; made < count; made += wave) {
    const ttl = Math.max(1, Math.round((endsAtMs(made) - now()) / 1000))
    await call('POST', `${path}/roles/app`, {
      ...{ db_name: 'pg', creation_statements: CREATION },
      ...{ default_ttl: `${ttl}s`, max_ttl: '48h' },
    })
    const work = async (): Promise<void> => {
      for (let at = 0; at < wave / 20; at++) await call('GET', `${path}/creds/app`)
    }
    await Promise.all(Array.from({ length: 20 }, work))
  }
}

/**
 * What the database alone costs the others on the machine: real users, made beforehand, are dropped at this
 * rate by bare statements on a few connections. Run in a process of its own; says on standard output when it
 * begins to drop.
 */
export async function dropBare(port: number, perSecond: number, seconds: number): Promise<void> {
  const url = `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`
  const clients = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = new pg.Client(url)
      await client.connect()
      return client
    }),
  )
  const count = perSecond * seconds
  const nameOf = (at: number): string => `"bare-${at}"`
  for (let at = 0; at < count; at++) {
    await clients[0]!.query(
      `CREATE ROLE ${nameOf(at)} WITH LOGIN PASSWORD 'x'; ` +
        `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${nameOf(at)};`,
    )
  }
  process.stdout.write('begun\n')
  const from = performance.now()
  const drop = async (client: pg.Client, first: number): Promise<void> => {
    for (let at = first; at < count; at += clients.length) {
      await pause(Math.max(0, from + (1000 * at) / perSecond - performance.now()))
      await client.query(
        `BEGIN; REASSIGN OWNED BY ${nameOf(at)} TO CURRENT_USER; DROP OWNED BY ${nameOf(at)}; ` +
          `DROP ROLE ${nameOf(at)}; COMMIT`,
      )
    }
    await client.end()
  }
  await Promise.all(clients.map(drop))
}

export const usersIn = async (postgres: RealPostgres): Promise<number> => {
  const [row] = await postgres.query<{ count: string }>(
    "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%'",
  )
  return Number(row!.count)
}

/** Writes leases of users that don't exist into the store; no server may run on it. */
export async function seedLeases(
  data: OwnData,
  of: { readonly path: string; readonly count: number; readonly lifeMs: number },
  onProgress: (done: number) => void,
): Promise<void> {
  const backend = openLmdb({
    path: join(data.folder, 'data'),
    clock: systemClock,
    random: systemRandom,
  })
  const { host } = openTestHost({ backend })
  const server = inProcess(host, backend, [], data.rootToken)
  await server.call('POST', 'sys/unseal', { key: data.unsealKey }, { token: null })
  const mounts = await server.call('GET', 'sys/mounts')
  const mountId = textIn(mounts.body.data[`${of.path}/`], 'uuid')
  const now = systemClock.now()
  const leaseAt = (at: number): LeaseRecord => ({
    id: `${of.path}/creds/far/${systemRandom.bytes(18).toString('base64url')}`,
    ...{ namespaceId: 'root', mountId, kind: 'user', lane: 'pg', state: 'active' },
    tokenAccessor: '',
    internal: { username: `v-none-${at}`, role: 'far', dbName: 'pg', revocation: [] },
    issuedAtMs: now,
    expiresAtMs: now + of.lifeMs + at,
    ...{ maxExpiresAtMs: now + of.lifeMs * 2, renewedAtMs: 0, isRenewable: true },
    ...{ dueAtMs: now + of.lifeMs + at, failures: 0, lastError: '' },
  })
  let next = 0
  const work = async (): Promise<void> => {
    while (next < of.count) {
      const from = next
      next += 45
      await host.core!.storage.transaction(async (tx) => {
        for (let at = from; at < Math.min(from + 45, of.count); at++) {
          const record = leaseAt(at)
          tx.put(keyOfLease(record), { json: record })
          putMark(tx, record)
        }
      })
      if (from % 90_000 === 0) onProgress(from)
    }
  }
  await Promise.all(Array.from({ length: 64 }, work))
  await server.close()
}
