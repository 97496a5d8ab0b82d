// Users of a real PostgreSQL that stay: their passwords are replaced when they are taken under control, by hand
// and in their time; two users alternate; a user may change its own; and our own user's password, too.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DatabaseMount, eventually, startDatabaseMount } from '../support/database-mount.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'
import { shiftedClock } from '../support/shifted-clock.ts'
import { silent, startStalling } from '../support/stalling-server.ts'

const clock = shiftedClock()
let pg: RealPostgres
let mount: DatabaseMount

beforeAll(async () => {
  pg = await startPostgres()
  mount = await startDatabaseMount(pg, { clock })
  expect((await mount.configure()).status).toBe(204)
})
afterAll(async () => {
  await mount?.server.close()
  await pg?.remove()
})

interface StaticAnswer {
  readonly username: string
  readonly password: string
  readonly ttl: number
  readonly rotation_period: number
  readonly last_vault_rotation: string
}

const staticCreds = async (name: string): Promise<StaticAnswer> =>
  (await mount.ok('GET', `database/static-creds/${name}`)).body.data
const write = (name: string, fields: object) =>
  mount.call('POST', `database/static-roles/${name}`, {
    ...{ db_name: 'pg', username: name, rotation_period: '1h' },
    ...fields,
  })

describe('a static role', () => {
  it('replaces the password when it is written, and by hand', async () => {
    await pg.query(`CREATE ROLE app LOGIN PASSWORD 'before'`)
    expect((await write('app', {})).text).toBe('')
    expect(await pg.login('app', 'before')).toContain('authentication failed')
    const first = await staticCreds('app')
    expect(first).toMatchObject({ username: 'app', rotation_period: 3600 })
    expect(first.ttl).toBeGreaterThan(3590)
    expect(await pg.login('app', first.password)).toBe(true)
    await mount.ok('POST', 'database/rotate-role/app')
    const second = await staticCreds('app')
    expect(second.password).not.toBe(first.password)
    expect(await pg.login('app', second.password)).toBe(true)
    expect(await pg.login('app', first.password)).toContain('authentication failed')
    const { data } = (await mount.ok('GET', 'database/static-roles/app')).body
    expect(data).toEqual({
      credential_type: 'password',
      db_name: 'pg',
      last_vault_rotation: second.last_vault_rotation,
      rotation_period: 3600,
      rotation_statements: [],
      username: 'app',
    })
    expect((await mount.ok('LIST', 'database/static-roles')).body.data).toEqual({ keys: ['app'] })
  })

  it('replaces it in its time', async () => {
    const { password } = await staticCreds('app')
    clock.advance(3_601_000)
    await eventually(async () => (await staticCreds('app')).password !== password, 'rotated')
    expect(await pg.login('app', (await staticCreds('app')).password)).toBe(true)
    const { text } = await mount.ok('LIST', 'sys/rotation/records')
    expect(text).toContain('static-roles')
    expect(text).not.toContain(password)
  })

  it('may leave the credential as it is at first', async () => {
    await pg.query(`CREATE ROLE kept LOGIN PASSWORD 'as-it-was'`)
    const fields = { skip_import_rotation: true, password: 'as-it-was' }
    expect((await write('kept', fields)).text).toBe('')
    expect((await staticCreds('kept')).password).toBe('as-it-was')
    expect(await pg.login('kept', 'as-it-was')).toBe(true)
    await mount.ok('POST', 'database/rotate-role/kept')
    expect(await pg.login('kept', (await staticCreds('kept')).password)).toBe(true)
    expect(await pg.login('kept', 'as-it-was')).toContain('authentication failed')
  })

  it('runs its own statements, with keys too', async () => {
    await pg.query('CREATE ROLE keyed LOGIN; CREATE TABLE public_keys (name text, key text)')
    const rotation_statements = `INSERT INTO public_keys VALUES ('{{name}}', '{{public_key}}')`
    expect(
      (await write('keyed', { credential_type: 'rsa_private_key', rotation_statements })).text,
    ).toBe('')
    const { data } = (await mount.ok('GET', 'database/static-creds/keyed')).body
    expect(data.rsa_private_key).toContain('BEGIN PRIVATE KEY')
    expect(data.password).toBeUndefined()
    expect((await pg.query('SELECT * FROM public_keys')).length).toBe(1)
  })

  it('alternates between two users; the previous one stays valid for its grace', async () => {
    await pg.query('CREATE ROLE blue LOGIN; CREATE ROLE green LOGIN')
    const pair = { username: 'blue', alternate_username: 'green', rotation_grace: '10m' }
    expect((await write('pair', pair)).text).toBe('')
    const first = await staticCreds('pair')
    await mount.ok('POST', 'database/rotate-role/pair')
    const second = await staticCreds('pair')
    expect(new Set([first.username, second.username])).toEqual(new Set(['blue', 'green']))
    expect(await pg.login(first.username, first.password)).toBe(true)
    expect(await pg.login(second.username, second.password)).toBe(true)
    clock.advance(601_000)
    await eventually(
      async () => (await pg.login(first.username, first.password)) !== true,
      'the previous user is locked after its grace',
    )
    expect(await pg.login(second.username, second.password)).toBe(true)
  })

  it('lets a user change its own password where no user of ours may', async () => {
    await pg.query(`CREATE ROLE lonely LOGIN PASSWORD 'own'`)
    const connection_url = `postgresql://{{username}}:{{password}}@127.0.0.1:${pg.port}/postgres?sslmode=disable`
    const config = { self_managed: true, username: '', password: '', connection_url }
    expect((await mount.configure(config, 'rootless')).text).toBe('')
    const without = await write('lonely', { db_name: 'rootless' })
    expect([without.status, without.text]).toEqual([
      400,
      expect.stringContaining('password is required'),
    ])
    expect((await write('lonely', { db_name: 'rootless', password: 'wrong' })).status).toBe(500)
    expect((await write('lonely', { db_name: 'rootless', password: 'own' })).text).toBe('')
    for (let round = 0; round < 2; round++) {
      await mount.ok('POST', 'database/rotate-role/lonely')
      expect(await pg.login('lonely', (await staticCreds('lonely')).password)).toBe(true)
    }
    expect((await mount.configure({ self_managed: true }, 'both')).status).toBe(400)
  })

  it('refuses what makes no sense and stores nothing then', async () => {
    await pg.query('CREATE ROLE other LOGIN')
    await mount.role('dynamic')
    const refusals: readonly (readonly [string, object, number, string])[] = [
      ['a', { db_name: '' }, 400, 'database name is a required field'],
      ['a', { username: '' }, 400, 'username is a required field to create a static account'],
      ['a', { rotation_period: undefined }, 400, 'must be provided to create a static account'],
      ['a', { rotation_period: '1' }, 400, 'rotation_period must be 5 seconds or more'],
      ['a', { rotation_period: '1h', rotation_schedule: '0 0 * * *' }, 400, ''],
      ['a', { rotation_schedule: 'x', rotation_period: undefined }, 400, ''],
      ['a', { credential_type: 'x' }, 400, 'invalid credential_type'],
      ['a', { db_name: 'none' }, 500, 'failed to find entry for connection with name'],
      ['a', { username: 'nobody-there' }, 500, 'error setting credentials: 1 error occurred:'],
      ['dynamic', { username: 'other' }, 400, 'Role and Static Role names must be unique'],
      ['app', { username: 'other' }, 400, 'cannot update static account username'],
    ]
    for (const [name, fields, status, words] of refusals) {
      const refused = await write(name, { username: 'other', ...fields })
      expect([refused.status, refused.body.errors[0]], words).toEqual([
        status,
        expect.stringContaining(words),
      ])
    }
    expect((await mount.call('GET', 'database/static-roles/a')).status).toBe(404)
    expect((await mount.call('POST', 'database/roles/app', { db_name: 'pg' })).status).toBe(400)
    const unknown = await mount.call('GET', 'database/static-creds/a')
    expect([unknown.status, unknown.body.errors]).toEqual([400, ['unknown role: a']])
    const notThere = await mount.call('POST', 'database/rotate-role/a')
    expect([notThere.status, notThere.body.errors]).toEqual([
      400,
      ['no static role found for role name'],
    ])
  })

  it('that was not rotated yet is due at once, whoever is there to do it', async () => {
    const stalling = await startStalling(silent)
    const connection_url = `postgresql://{{username}}:{{password}}@127.0.0.1:${stalling.port}/x?sslmode=disable&connect_timeout=2`
    await mount.configure({ connection_url, verify_connection: false }, 'stalling')
    const writing = write('early', { db_name: 'stalling' })
    const record = async () =>
      (await mount.call('GET', 'sys/rotation/records/database/static-roles/early')).body?.data
    await eventually(async () => (await record())?.step === 'set', 'it is being set')
    expect((await mount.ok('GET', 'database/static-roles/early')).body.data).not.toHaveProperty(
      'last_vault_rotation',
    )
    expect((await writing).status).toBe(500)
    stalling.close()
  }, 20_000)

  it('says what failed, and tries again by itself', async () => {
    await pg.query('CREATE ROLE away LOGIN')
    await write('away', {})
    const { password } = await staticCreds('away')
    await pg.query('DROP ROLE away')
    const failed = await mount.call('POST', 'database/rotate-role/away')
    expect(failed.status).toBe(500)
    expect(failed.text).toContain('unable to finish rotating credentials; retries will continue')
    expect(failed.text).toContain('role \\"away\\" does not exist')
    expect((await staticCreds('away')).password).toBe(password)
    await pg.query('CREATE ROLE away LOGIN')
    await eventually(async () => {
      clock.advance(60_000)
      return (await staticCreds('away')).password !== password
    }, 'rotated once it can be')
    expect(await pg.login('away', (await staticCreds('away')).password)).toBe(true)
    await mount.ok('DELETE', 'database/static-roles/away')
    expect((await mount.call('GET', 'database/static-creds/away')).status).toBe(400)
  })
})

describe("our own user's password", () => {
  it('is replaced by one that nobody learns, and connections go on with it', async () => {
    await pg.query(`CREATE ROLE admin LOGIN SUPERUSER PASSWORD 'known'`)
    await mount.configure({ username: 'admin', password: 'known' }, 'rooted')
    await mount.role('by-admin', { db_name: 'rooted' })
    await mount.creds('by-admin')
    await mount.ok('POST', 'database/rotate-root/rooted')
    expect(await pg.login('admin', 'known')).toContain('authentication failed')
    const { username, password, leaseId } = await mount.creds('by-admin')
    expect(await pg.login(username, password)).toBe(true)
    await mount.revoke(leaseId)
    const shown = await mount.ok('GET', 'database/config/rooted')
    expect(shown.body.data.connection_details.password).toBeUndefined()
    expect(shown.text).not.toContain('known')
  })

  it('is replaced in its time where the configuration says so', async () => {
    await pg.query(`CREATE ROLE clerk LOGIN SUPERUSER PASSWORD 'known'`)
    const fields = { username: 'clerk', password: 'known', rotation_period: '1h' }
    await mount.configure(fields, 'timed')
    const { data } = (await mount.ok('GET', 'database/config/timed')).body
    expect(data).toMatchObject({ rotation_period: 3600, disable_automated_rotation: false })
    expect(await pg.login('clerk', 'known')).toBe(true)
    clock.advance(3_601_000)
    await eventually(async () => (await pg.login('clerk', 'known')) !== true, 'rotated')
    await mount.role('by-clerk', { db_name: 'timed' })
    await mount.creds('by-clerk')
  })

  it('is not rotated where there is none, or no such connection', async () => {
    await mount.configure({ username: '', password: '', verify_connection: false }, 'rootless-too')
    for (const [name, words] of [
      ['rootless-too', 'unable to rotate root credentials: no username in configuration'],
      ['none', 'failed to find entry for connection with name: \\"none\\"'],
    ] as const) {
      const { status, text } = await mount.call('POST', `database/rotate-root/${name}`)
      expect([status, text]).toEqual([500, expect.stringContaining(words)])
    }
  })

  it('is not rotated where the connection string would go on with another login', async () => {
    await pg.query(`CREATE ROLE fixed_one SUPERUSER LOGIN PASSWORD 'known'`)
    const login = { username: 'fixed_one', password: 'known' }
    const place = `127.0.0.1:${pg.port}/postgres?sslmode=disable`
    for (const [who, words] of [
      ['fixed_one:known', 'connection_url does not hold {{password}}'],
      ['postgres:{{password}}', 'connection_url logs in as another user than username'],
    ] as const) {
      const connection_url = `postgresql://${who}@${place}`
      const fields = { ...login, connection_url, verify_connection: false }
      expect((await mount.configure(fields, 'literal')).status).toBeLessThan(300)
      const { status, text } = await mount.call('POST', 'database/rotate-root/literal')
      expect([status, text]).toEqual([500, expect.stringContaining(words)])
      const timed = await mount.configure({ ...fields, rotation_period: '1h' }, 'literal')
      expect([timed.status, timed.text]).toEqual([400, expect.stringContaining(words)])
    }
    expect(await pg.login('fixed_one', 'known')).toBe(true)
    const connection_url = `postgresql://fixed_one:{{password}}@${place}`
    expect((await mount.configure({ ...login, connection_url }, 'literal')).text).toBe('')
    await mount.ok('POST', 'database/rotate-root/literal')
    expect(await pg.login('fixed_one', 'known')).toContain('authentication failed')
    await mount.ok('POST', 'database/reset/literal')
    await mount.role('of-literal', { db_name: 'literal' })
    await mount.creds('of-literal')
  })
})
