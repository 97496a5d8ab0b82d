// A server with the database engine at "database/" and a connection "pg" to a real PostgreSQL: what the live
// tests of the engine begin with.
import { systemClock } from '../../src/base/clock.ts'
import { type Called, type InProcess, type InProcessOptions, startInProcess } from './in-process.ts'
import type { RealPostgres } from './real-postgres.ts'

export const CREATE_USER =
  `CREATE USER "{{name}}" WITH PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'; ` +
  `GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{name}}";`

export interface Creds {
  readonly username: string
  readonly password: string
  readonly leaseId: string
  readonly body: Called['body']
}

export interface DatabaseMount {
  readonly server: InProcess
  /** Throws unless the status is one of success. */
  ok(method: string, path: string, body?: object): Promise<Called>
  call(method: string, path: string, body?: object): Promise<Called>
  /** Writes the connection "pg" (or another), changed by `fields`. */
  configure(fields?: object, name?: string): Promise<Called>
  /** A role of "pg" that makes users with CREATE_USER, changed by `fields`. */
  role(name: string, fields?: object): Promise<void>
  creds(role: string): Promise<Creds>
  revoke(leaseId: string): Promise<Called>
}

export async function startDatabaseMount(
  pg: Pick<RealPostgres, 'port' | 'username' | 'password'>,
  options: InProcessOptions = {},
): Promise<DatabaseMount> {
  const server = await startInProcess(options)
  const call = (method: string, path: string, body?: object): Promise<Called> =>
    server.call(method, path, body)
  const ok = async (method: string, path: string, body?: object): Promise<Called> => {
    const called = await call(method, path, body)
    if (called.status >= 300) throw new Error(`${method} ${path}: ${called.status} ${called.text}`)
    return called
  }
  const mount: DatabaseMount = {
    server,
    ok,
    call,
    configure: (fields = {}, name = 'pg') =>
      call('POST', `database/config/${name}`, {
        plugin_name: 'postgresql-database-plugin',
        connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${pg.port}/postgres?sslmode=disable`,
        username: pg.username,
        password: pg.password,
        allowed_roles: '*',
        ...fields,
      }),
    role: async (name, fields = {}) => {
      await ok('POST', `database/roles/${name}`, {
        db_name: 'pg',
        creation_statements: CREATE_USER,
        default_ttl: '1h',
        max_ttl: '24h',
        ...fields,
      })
    },
    creds: async (role) => {
      const { body } = await ok('GET', `database/creds/${role}`)
      const { username, password } = body.data as { username: string; password: string }
      return { username, password, leaseId: body.lease_id as string, body }
    },
    revoke: (leaseId) => call('POST', 'sys/leases/revoke', { lease_id: leaseId, sync: true }),
  }
  await ok('POST', 'sys/mounts/database', { type: 'database' })
  return mount
}

/** Waits until it holds, for what happens in the background. */
export async function eventually(
  holds: () => Promise<boolean>,
  what: string,
  withinMs = 15_000,
): Promise<void> {
  const until = systemClock.monotonic() + withinMs
  while (!(await holds())) {
    if (systemClock.monotonic() > until) throw new Error(`not within ${withinMs} ms: ${what}`)
    await systemClock.sleep(50)
  }
}
