// How a dynamic user of PostgreSQL ends without revocation statements: with its sessions, its grants and what
// it owns, in several schemas and databases, also by a user that is no superuser; or it is said why not.
// And names that try to break out of the statements they stand in.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillSql } from '../../src/engines/database/postgresql/fill-sql.ts'
import { type DatabaseMount, eventually, startDatabaseMount } from '../support/database-mount.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'

let pg: RealPostgres
let mount: DatabaseMount
const LOGIN = `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'`

beforeAll(async () => {
  pg = await startPostgres()
  await pg.query('CREATE DATABASE other')
  await pg.query('CREATE TABLE colours (name text)')
  await pg.query('CREATE TABLE colours (name text)', [], 'other')
  mount = await startDatabaseMount(pg)
  expect((await mount.configure()).status).toBe(204)
})
afterAll(async () => {
  await mount?.server.close()
  await pg?.remove()
})

const exists = async (name: string): Promise<boolean> =>
  (await pg.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])).length === 1
const sessions = async (name: string): Promise<number> =>
  (await pg.query('SELECT 1 FROM pg_stat_activity WHERE usename = $1', [name])).length

describe('the default revocation', () => {
  it('ends the sessions, also one that holds a lock', async () => {
    await mount.role('busy', {
      creation_statements: `${LOGIN}; GRANT ALL ON colours TO "{{name}}"`,
    })
    const { username, password, leaseId } = await mount.creds('busy')
    const idle = await pg.connect(username, password, 'other')
    const locking = await pg.connect(username, password)
    await locking.query('BEGIN; LOCK TABLE colours IN ROW EXCLUSIVE MODE')
    expect((await mount.revoke(leaseId)).text).toBe('')
    expect(await exists(username)).toBe(false)
    await expect(idle.query('SELECT 1')).rejects.toThrow()
    await expect(locking.query('SELECT 1')).rejects.toThrow()
    expect(
      await pg.query('SELECT 1 FROM pg_stat_activity WHERE usename IS NULL AND usesysid > 10'),
    ).toEqual([])
  })

  it('ends the user where it was made, also when its role has another connection now', async () => {
    await mount.role('moved')
    const { username, password, leaseId } = await mount.creds('moved')
    const nowhere = 'postgresql://a:b@127.0.0.1:1/x'
    const gone = { connection_url: nowhere, verify_connection: false }
    expect((await mount.configure(gone, 'gone')).status).toBeLessThan(300)
    await mount.role('moved', { db_name: 'gone', revocation_statements: 'SELECT 1' })
    await mount.ok('POST', 'sys/leases/renew', { lease_id: leaseId, increment: 7200 })
    expect(await pg.login(username, password)).toBe(true)
    expect((await mount.revoke(leaseId)).text).toBe('')
    expect(await exists(username)).toBe(false)
  })

  it('keeps what the user made and takes away what it was granted', async () => {
    await pg.query('CREATE SCHEMA first; CREATE SCHEMA second; CREATE TABLE first.t (a int)')
    await mount.role('owner', {
      creation_statements: [
        LOGIN,
        'GRANT ALL ON SCHEMA first, second TO "{{name}}"',
        'GRANT SELECT ON ALL TABLES IN SCHEMA first TO "{{name}}"',
        'GRANT CONNECT, CREATE ON DATABASE postgres, other TO "{{name}}"',
        'ALTER DEFAULT PRIVILEGES IN SCHEMA first GRANT SELECT ON TABLES TO "{{name}}"',
        'GRANT pg_monitor TO "{{name}}" WITH ADMIN OPTION',
      ],
    })
    const { username, password, leaseId } = await mount.creds('owner')
    const here = await pg.connect(username, password)
    await here.query('CREATE TABLE second.made (a int); INSERT INTO second.made VALUES (7)')
    await here.query('CREATE FUNCTION second.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$')
    const there = await pg.connect(username, password, 'other')
    await there.query(
      'CREATE SCHEMA mine; CREATE TABLE mine.t (a int); INSERT INTO mine.t VALUES (8)',
    )
    expect((await mount.revoke(leaseId)).text).toBe('')
    expect(await exists(username)).toBe(false)
    expect(await sessions(username)).toBe(0)
    const [made] = await pg.query(
      `SELECT a, pg_get_userbyid(relowner) AS owner FROM second.made, pg_class WHERE relname = 'made'`,
    )
    expect(made).toEqual({ a: 7, owner: 'postgres' })
    expect(await pg.query('SELECT a FROM mine.t', [], 'other')).toEqual([{ a: 8 }])
  })

  it('works for a user that may make roles and is no superuser', async () => {
    await pg.query(`CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'maker'`)
    await pg.query('GRANT CREATE ON DATABASE postgres, other TO maker WITH GRANT OPTION')
    await pg.query(
      'CREATE SCHEMA shop AUTHORIZATION maker; GRANT USAGE, CREATE ON SCHEMA shop TO maker',
    )
    await mount.configure({ username: 'maker', password: 'maker' }, 'by-maker')
    await mount.role('made', {
      db_name: 'by-maker',
      creation_statements: [
        LOGIN,
        'GRANT ALL ON SCHEMA shop TO "{{name}}"',
        'GRANT CREATE ON DATABASE other TO "{{name}}"',
      ],
    })
    for (let round = 0; round < 2; round++) {
      const { username, password, leaseId } = await mount.creds('made')
      const here = await pg.connect(username, password)
      await here.query(`CREATE TABLE shop.t${round} (a int)`)
      const there = await pg.connect(username, password, 'other')
      await there.query(`CREATE SCHEMA s${round}`)
      expect((await mount.revoke(leaseId)).text).toBe('')
      expect(await exists(username)).toBe(false)
      await expect(here.query('SELECT 1')).rejects.toThrow()
    }
  })

  it('says why it could not end a user, whose access is cut all the same', async () => {
    await pg.query('CREATE DATABASE closed')
    await mount.role('stuck', {
      creation_statements: [LOGIN, 'GRANT CREATE ON DATABASE closed TO "{{name}}"'],
    })
    const { username, password, leaseId } = await mount.creds('stuck')
    const there = await pg.connect(username, password, 'closed')
    await there.query('CREATE SCHEMA kept')
    await pg.query('ALTER DATABASE closed ALLOW_CONNECTIONS false')
    const { status, text } = await mount.revoke(leaseId)
    expect(status).toBe(500)
    expect(text).toContain('could not clear what the role has in database')
    expect(text).toContain('closed')
    expect(await pg.login(username, password)).toContain('not permitted to log in')
    await expect(there.query('SELECT 1')).rejects.toThrow()
    await pg.query('ALTER DATABASE closed ALLOW_CONNECTIONS true')
    await eventually(async () => {
      await mount.revoke(leaseId)
      return !(await exists(username))
    }, 'the user is gone once its database can be reached')
  })
})

describe('names that try to break out', () => {
  const HOSTILE = [
    `x"; DROP TABLE colours; --`,
    `x'; DROP TABLE colours; --`,
    `x\\'; DROP TABLE colours; --`,
    '{{password}}',
    '$$; DROP TABLE colours; $$',
    '*/ DROP TABLE colours; /*',
    'ünïcödé "quoted" \\ name',
  ]

  it.each(HOSTILE)('%s', async (text) => {
    const name = text.replaceAll('{', '').replaceAll('}', '')
    const username_template = `{{ print ${JSON.stringify(text)} }}{{ random 6 }}`
    await mount.configure({ username_template }, 'hostile')
    await mount.role('hostile', {
      db_name: 'hostile',
      creation_statements: [LOGIN, `COMMENT ON ROLE "{{name}}" IS E'made for {{name}}'`],
    })
    const { username, password, leaseId } = await mount.creds('hostile')
    if (name === text) expect(username.startsWith(text)).toBe(true)
    expect(await exists(username)).toBe(true)
    expect(await pg.login(username, password)).toBe(true)
    const [row] = await pg.query<{ comment: string }>(
      `SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1`,
      [username],
    )
    expect(row!.comment).toBe(`made for ${username}`)
    await mount.ok('POST', 'sys/leases/renew', { lease_id: leaseId })
    expect((await mount.revoke(leaseId)).text).toBe('')
    expect(await exists(username)).toBe(false)
    expect(await pg.query('SELECT * FROM colours')).toEqual([])
  })

  it('are refused where no quotes hold them, and nothing is made', async () => {
    for (const statement of ['CREATE ROLE {{name}}', 'DO $$ BEGIN CREATE ROLE {{name}}; END $$']) {
      const username_template = '{{ print "a; DROP TABLE colours" }}'
      await mount.configure({ username_template }, 'bare')
      await mount.role('bare', { db_name: 'bare', creation_statements: statement })
      const { status, text } = await mount.call('GET', 'database/creds/bare')
      expect(status).toBe(400)
      expect(text).toContain('put it in quotes')
    }
    expect(await pg.query('SELECT * FROM colours')).toEqual([])
  })

  it('stay within their place, whatever they are (as the server itself reads it)', async () => {
    const client = await pg.connect('postgres', 'postgres')
    const char = fc.constantFrom(...`'"\\$;-*/{}()eE \tabné€`)
    const value = fc.string({ unit: char, minLength: 1, maxLength: 12 })
    const check = async (name: string) => {
      const text = fillSql(
        `SELECT '{{name}}' AS "{{name}}", E'{{name}}' AS "e" -- '\n, $a$ ' $a$ AS "d", '{{name}}' AS l`,
        { name },
      )
      const { rows, fields } = await client.query({ text, rowMode: 'array' })
      expect(fields[0]!.name).toBe(name)
      expect(rows).toEqual([[name, name, " ' ", name]])
    }
    try {
      await fc.assert(
        fc.asyncProperty(
          value.filter((text) => !text.includes('\t')),
          check,
        ),
        { numRuns: 400 },
      )
    } finally {
      await client.end()
    }
  })
})
