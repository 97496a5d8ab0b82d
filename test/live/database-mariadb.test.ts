// The database engine on a real MariaDB, through the API: users that log in until their lease ends, renewal,
// static users, the engine's own password, TLS, and what becomes of faults.
import { connect as connectTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Called, type InProcess, startInProcess } from '../support/in-process.ts'
import { type RealMariadb, startMariadb } from '../support/real-mariadb.ts'
import { silent, startStalling } from '../support/stalling-server.ts'

let mariadb: RealMariadb
let server: InProcess

const CREATE =
  "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'; GRANT SELECT ON app.* TO '{{name}}'@'%';"

const call = (method: string, path: string, body?: object): Promise<Called> =>
  server.call(method, path, body)
async function ok(method: string, path: string, body?: object): Promise<Called> {
  const called = await call(method, path, body)
  if (called.status >= 300) throw new Error(`${method} ${path}: ${called.status} ${called.text}`)
  return called
}

const configure = (fields: object = {}, name = 'maria'): Promise<Called> =>
  call('POST', `database/config/${name}`, {
    plugin_name: 'mysql-database-plugin',
    connection_url: `{{username}}:{{password}}@tcp(127.0.0.1:${mariadb.port})/`,
    username: mariadb.username,
    password: mariadb.password,
    allowed_roles: '*',
    ...fields,
  })

interface Creds {
  readonly username: string
  readonly password: string
  readonly leaseId: string
}
async function creds(role: string): Promise<Creds> {
  const { body } = await ok('GET', `database/creds/${role}`)
  return { ...body.data, leaseId: body.lease_id }
}
const revoke = (leaseId: string): Promise<Called> =>
  ok('POST', 'sys/leases/revoke', { lease_id: leaseId, sync: true })

const generated = async (): Promise<string[]> =>
  (await mariadb.query("SELECT User FROM mysql.user WHERE User LIKE 'v-%'")).map(({ User }) =>
    String(User),
  )

beforeAll(async () => {
  mariadb = await startMariadb()
  server = await startInProcess()
  await ok('POST', 'sys/mounts/database', { type: 'database' })
  expect((await configure()).status).toBe(204)
  const role = { db_name: 'maria', creation_statements: CREATE, default_ttl: '1h', max_ttl: '24h' }
  await ok('POST', 'database/roles/readonly', role)
}, 90_000)
afterAll(async () => {
  await server?.close()
  await mariadb?.remove()
})

describe('a dynamic user', () => {
  it('has a name as Vault makes it, logs in, and is gone with its sessions when it is revoked', async () => {
    const { username, password, leaseId } = await creds('readonly')
    expect(username).toMatch(/^v-root-readonly-[A-Za-z0-9]+$/)
    expect(username.length).toBeLessThanOrEqual(32)
    const session = await mariadb.connect(username, password)
    expect((await session.query('SELECT * FROM app.things'))[0]).toEqual([])
    await revoke(leaseId)
    await expect(session.query('SELECT 1')).rejects.toThrow()
    expect(await mariadb.login(username, password)).toContain('Access denied')
  })

  it('lives on when its lease is renewed, and ends with it', async () => {
    await ok('POST', 'database/roles/brief', {
      ...{ db_name: 'maria', creation_statements: CREATE, default_ttl: '2s', max_ttl: '5s' },
    })
    const { username, password, leaseId } = await creds('brief')
    const renewed = await ok('POST', 'sys/leases/renew', { lease_id: leaseId, increment: 4 })
    expect(renewed.body.lease_duration).toBeGreaterThan(2)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(await mariadb.login(username, password)).toBe(true)
    await expect
      .poll(() => mariadb.login(username, password), { timeout: 10_000 })
      .toContain('Access denied')
  }, 20_000)

  it.each([
    'mysql-aurora-database-plugin',
    'mysql-rds-database-plugin',
    'mysql-legacy-database-plugin',
  ])('of %s has a short name', async (plugin_name) => {
    expect((await configure({ plugin_name }, 'legacy')).status).toBe(204)
    await ok('POST', 'database/roles/legacy', { db_name: 'legacy', creation_statements: CREATE })
    const { username, password, leaseId } = await creds('legacy')
    expect(username).toMatch(/^v-lega-/)
    expect(username.length).toBe(16)
    expect(await mariadb.login(username, password)).toBe(true)
    await revoke(leaseId)
  })

  it('whose display name is hostile is one user, and no more', async () => {
    await ok('POST', 'sys/policies/acl/creds', {
      policy: 'path "database/creds/*" { capabilities = ["read"] }',
    })
    for (const display_name of ["x'; DROP", 'a\\', '"--', '`/*']) {
      const made = await ok('POST', 'auth/token/create', { display_name, policies: ['creds'] })
      const token = made.body.auth.client_token as string
      const read = await server.call('GET', 'database/creds/readonly', undefined, { token })
      expect(read.status, read.text).toBe(200)
      const { username, password } = read.body.data
      expect(await generated()).toEqual([username])
      expect(await mariadb.login(username, password)).toBe(true)
      await revoke(read.body.lease_id)
      expect(await generated()).toEqual([])
    }
  })

  it('whose making fails midway is taken back', async () => {
    await ok('POST', 'database/roles/broken', {
      db_name: 'maria',
      creation_statements: `${CREATE} GRANT NONSENSE ON app.* TO '{{name}}'@'%'`,
    })
    const failed = await call('GET', 'database/creds/broken')
    expect(failed.status).toBeGreaterThanOrEqual(400)
    expect(failed.text).toContain('Error 1064')
    await expect.poll(generated, { timeout: 10_000 }).toEqual([])
  }, 20_000)

  it('ends by the statements of its role', async () => {
    await ok('POST', 'database/roles/own', {
      db_name: 'maria',
      creation_statements: CREATE,
      revocation_statements: ["DROP USER '{{name}}'@'%'"],
    })
    const { leaseId } = await creds('own')
    expect((await generated()).length).toBe(1)
    await revoke(leaseId)
    expect(await generated()).toEqual([])
  })
})

describe('the configured user', () => {
  it('is checked when it is configured', async () => {
    const wrong = await configure({ password: 'wrong-password-here' }, 'wrong')
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('Error 1045 (28000): Access denied')
    expect(wrong.text).not.toContain('wrong-password-here')
    const url = await configure({ connection_url: 'no-slash' }, 'wrong')
    expect(url.status).toBe(400)
    expect(url.text).toContain('missing the slash separating the database name')
    expect((await call('GET', 'database/config/wrong')).status).toBeGreaterThanOrEqual(400)
  })

  it('is shown without its password', async () => {
    const { body, text } = await ok('GET', 'database/config/maria')
    expect(body.data.connection_details.username).toBe(mariadb.username)
    expect(text).not.toContain(JSON.stringify(mariadb.password).slice(1, -1))
  })
})

describe('a static user', () => {
  it('gets another password when its role is made, when it is rotated, and in its time', async () => {
    await mariadb.query("CREATE USER app IDENTIFIED BY 'first'")
    await ok('POST', 'database/static-roles/app', {
      ...{ db_name: 'maria', username: 'app', rotation_period: '5s' },
    })
    const seen = new Set<string>()
    const read = async (): Promise<string> => {
      const { password } = (await ok('GET', 'database/static-creds/app')).body.data
      expect(await mariadb.login('app', password)).toBe(true)
      seen.add(password)
      return password
    }
    expect(await mariadb.login('app', 'first')).toContain('Access denied')
    const session = await mariadb.connect('app', await read())
    await ok('POST', 'database/rotate-role/app')
    await read()
    // What was logged in stays so: an application drains by itself.
    await session.query('SELECT 1')
    await session.end()
    await expect.poll(async () => seen.add(await read()).size, { timeout: 20_000 }).toBe(3)
  }, 40_000)

  it('is known by the password that was set, also where a later statement fails', async () => {
    await mariadb.query("CREATE USER 'partly'@'%' IDENTIFIED BY 'first'")
    await ok('POST', 'database/static-roles/partly', {
      ...{ db_name: 'maria', username: 'partly', rotation_period: '1h' },
    })
    await ok('POST', 'database/static-roles/partly', {
      rotation_statements:
        "ALTER USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'; GRANT SELECT ON nowhere.nothing TO '{{name}}'@'%'",
    })
    const failed = await call('POST', 'database/rotate-role/partly')
    expect(failed.status).toBe(500)
    const works = async (): Promise<unknown> => {
      const { password } = (await ok('GET', 'database/static-creds/partly')).body.data
      return mariadb.login('partly', password)
    }
    await expect.poll(works, { timeout: 15_000, interval: 200 }).toBe(true)
  }, 30_000)

  it('that is not there is refused', async () => {
    const refused = await call('POST', 'database/static-roles/nobody', {
      ...{ db_name: 'maria', username: 'nobody', rotation_period: '1h' },
    })
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect(refused.text).toContain('Error 1396')
  })
})

describe("the configured user's password", () => {
  it('is replaced, and users are made with the new one', async () => {
    await mariadb.query("CREATE USER rotated IDENTIFIED BY 'first'")
    await mariadb.query('GRANT ALL PRIVILEGES ON *.* TO rotated WITH GRANT OPTION')
    const own = { username: 'rotated', password: 'first' }
    expect((await configure(own, 'rotating')).status).toBe(204)
    await ok('POST', 'database/roles/rotating', {
      db_name: 'rotating',
      creation_statements: CREATE,
    })
    await ok('POST', 'database/rotate-root/rotating')
    expect(await mariadb.login('rotated', 'first')).toContain('Access denied')
    const { username, password, leaseId } = await creds('rotating')
    expect(await mariadb.login(username, password)).toBe(true)
    await revoke(leaseId)
    expect(await generated()).toEqual([])
  })
})

describe('a server that is not there', () => {
  it('is said, and nothing is left', async () => {
    const port = await closedPort()
    const url = `{{username}}:{{password}}@tcp(127.0.0.1:${port})/`
    const failed = await configure({ connection_url: url }, 'away')
    expect(failed.status).toBe(400)
    expect(failed.text).toContain('ECONNREFUSED')
  })

  it('or stalls is given up in the time that the DSN allows', async () => {
    const stalling = await startStalling(silent)
    const url = `{{username}}:{{password}}@tcp(127.0.0.1:${stalling.port})/?timeout=400ms`
    const began = performance.now()
    const failed = await configure({ connection_url: url }, 'stalling')
    expect(failed.status).toBe(400)
    expect(failed.text).toContain('no answer within 0.4 s')
    expect(performance.now() - began).toBeLessThan(5000)
    stalling.close()
  })

  it('for a while gets its revocations when it is back', async () => {
    const { leaseId } = await creds('readonly')
    await mariadb.stop()
    expect((await call('GET', 'database/creds/readonly')).status).toBeGreaterThanOrEqual(400)
    await ok('POST', 'sys/leases/revoke', { lease_id: leaseId })
    await mariadb.start()
    await expect.poll(generated, { timeout: 40_000, interval: 200 }).toEqual([])
  }, 90_000)
})

const closedPort = async (): Promise<number> => {
  const stalling = await startStalling(silent)
  stalling.close()
  await new Promise((resolve) => connectTcp(stalling.port, '127.0.0.1').on('error', resolve))
  return stalling.port
}
