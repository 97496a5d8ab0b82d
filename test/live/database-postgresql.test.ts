// Dynamic users of a real PostgreSQL, as Vault's documentation shows them: the user logs in, its life can be
// renewed, and it is gone with its lease. Statements in every form, credentials of every type.
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CREATE_USER,
  type DatabaseMount,
  eventually,
  startDatabaseMount,
} from '../support/database-mount.ts'
import { type HttpServer, startHttp } from '../support/http-server.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'
import { runCli } from '../support/run-cli.ts'
import { shiftedClock } from '../support/shifted-clock.ts'
import { testAuthority } from '../support/test-authority.ts'

const clock = shiftedClock()
let pg: RealPostgres
let mount: DatabaseMount

beforeAll(async () => {
  pg = await startPostgres()
  await pg.query('CREATE TABLE colours (name text); INSERT INTO colours VALUES ($$blue$$)')
  mount = await startDatabaseMount(pg, { clock })
  expect((await mount.configure()).status).toBe(204)
})
afterAll(async () => {
  await mount?.server.close()
  await pg?.remove()
})

const exists = async (name: string): Promise<boolean> =>
  (await pg.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])).length === 1

const validUntil = async (name: string): Promise<number> => {
  const [row] = await pg.query<{ until: Date }>(
    'SELECT rolvaliduntil AS until FROM pg_roles WHERE rolname = $1',
    [name],
  )
  return row!.until.getTime()
}

describe('the first lines, through the command line', () => {
  let http: HttpServer
  beforeAll(async () => {
    http = await startHttp()
  })
  afterAll(() => http.close())

  it('make a user that logs in and is gone when its lease is revoked', async () => {
    const cli = (...args: string[]) => runCli(args, http.address, http.rootToken)
    await cli('secrets', 'enable', 'database')
    const written = await cli(
      ...['write', 'database/config/postgres-prod', 'plugin_name=postgresql-database-plugin'],
      `connection_url=postgresql://{{username}}:{{password}}@127.0.0.1:${pg.port}/`,
      ...['allowed_roles=readonly', 'username=postgres', `password=${pg.password}`],
    )
    expect(written).toContain('Success!')
    await cli(
      ...['write', 'database/roles/readonly', 'db_name=postgres-prod'],
      `creation_statements=${CREATE_USER}`,
      ...['default_ttl=1h', 'max_ttl=24h'],
    )
    const creds = JSON.parse(await cli('read', '-format=json', 'database/creds/readonly'))
    const { username, password } = creds.data
    expect(username).toMatch(/^v-root-readonly-[0-9a-zA-Z]{20}-\d{10}$/)
    expect(password).toMatch(/^[0-9a-zA-Z-]{20}$/)
    expect(creds.lease_duration).toBe(3600)
    const client = await pg.connect(username, password)
    expect((await client.query('SELECT name FROM colours')).rows).toEqual([{ name: 'blue' }])
    await client.end()
    await cli('lease', 'revoke', '-sync', creds.lease_id)
    expect(await pg.login(username, password)).toContain('password authentication failed')
    expect(await exists(username)).toBe(false)
  })
})

describe('a dynamic user', () => {
  it('lives as long as its lease, and five seconds', async () => {
    await mount.role('short', { default_ttl: '30s' })
    const { username, password } = await mount.creds('short')
    expect(await pg.login(username, password)).toBe(true)
    expect(Math.abs((await validUntil(username)) - clock.now() - 35_000)).toBeLessThan(2000)
    clock.advance(31_000)
    await eventually(async () => !(await exists(username)), 'the user is gone after its lease')
  })

  it('lives longer when its lease is renewed', async () => {
    await mount.role('renewed')
    const { username, leaseId } = await mount.creds('renewed')
    const renew = (increment?: string) =>
      mount.ok('POST', 'sys/leases/renew', { lease_id: leaseId, increment })
    const long = await renew('2h')
    expect(long.body.lease_duration).toBe(7200)
    expect(Math.abs((await validUntil(username)) - clock.now() - 7_205_000)).toBeLessThan(2000)
    expect((await renew()).body.lease_duration).toBe(3600)
    const capped = await renew('100h')
    expect(capped.body.lease_duration).toBe(86_400)
    expect(capped.body.warnings).toEqual([
      'TTL of "100h" exceeded the effective max_ttl of "24h"; TTL value is capped accordingly',
    ])
  })

  it('is renewed and revoked by the statements of its role', async () => {
    await pg.query('CREATE TABLE journal (entry text)')
    await mount.role('own', {
      renew_statements: `INSERT INTO journal VALUES ('renewed {{name}}')`,
      revocation_statements: [
        `INSERT INTO journal VALUES ('revoked {{username}}')`,
        'DROP OWNED BY "{{name}}"; DROP ROLE "{{name}}"',
      ],
    })
    const { username, leaseId } = await mount.creds('own')
    await mount.ok('POST', 'sys/leases/renew', { lease_id: leaseId })
    expect((await mount.revoke(leaseId)).text).toBe('')
    const entries = await pg.query<{ entry: string }>('SELECT entry FROM journal')
    expect(entries.map(({ entry }) => entry)).toEqual([
      `renewed ${username}`,
      `revoked ${username}`,
    ])
    expect(await exists(username)).toBe(false)
  })

  it('is revoked by what its lease holds when the role is gone', async () => {
    await mount.role('gone')
    const { username, leaseId } = await mount.creds('gone')
    await mount.ok('DELETE', 'database/roles/gone')
    const renewed = await mount.call('POST', 'sys/leases/renew', { lease_id: leaseId })
    expect(renewed.text).toContain('could not find role with name')
    await mount.revoke(leaseId)
    expect(await exists(username)).toBe(false)
  })

  it('is gone with its lease also where it was dropped before', async () => {
    for (const revocation_statements of [[], ['DROP ROLE "{{name}}"']]) {
      await mount.role('twice', { revocation_statements })
      const { username, leaseId } = await mount.creds('twice')
      await pg.query(`DROP OWNED BY "${username}"; DROP ROLE "${username}"`)
      expect((await mount.revoke(leaseId)).status).toBe(204)
      expect((await mount.call('POST', 'sys/leases/lookup', { lease_id: leaseId })).status).toBe(
        400,
      )
    }
  })

  it('has a password of the policy that role or connection name', async () => {
    const policy = (charset: string) => ({
      policy: `length = 12\nrule "charset" { charset = "${charset}" }`,
    })
    await mount.ok('POST', 'sys/policies/password/ones', policy('1'))
    await mount.ok('POST', 'sys/policies/password/quotes', policy(`'\\"\\\\`))
    await mount.configure({ password_policy: 'ones' }, 'policed')
    await mount.role('by-connection', { db_name: 'policed' })
    expect((await mount.creds('by-connection')).password).toBe('1'.repeat(12))
    await mount.role('by-role', {
      db_name: 'policed',
      credential_config: { password_policy: 'quotes' },
    })
    const { username, password } = await mount.creds('by-role')
    expect(password).toMatch(/^['"\\]{12}$/)
    expect(await pg.login(username, password)).toBe(true)
    await mount.role('by-none', { credential_config: 'password_policy=none' })
    const refused = await mount.call('GET', 'database/creds/by-none')
    expect(refused.status).toBe(500)
    expect(refused.text).toContain('failed to generate password')
  })

  it('has a name of the template', async () => {
    const username_template =
      '{{ printf "%s.%s" (.RoleName | uppercase) (random 4) | truncate 20 }}'
    await mount.configure({ username_template }, 'named')
    await mount.role('templated', { db_name: 'named' })
    expect((await mount.creds('templated')).username).toMatch(/^TEMPLATED\.[0-9a-zA-Z]{4}$/)
    for (const [bad, why] of [
      ['{{.Foo', 'unable to initialize username template: unable to parse template'],
      ['{{.Foo}}', "can't evaluate field Foo in type dbplugin.UsernameMetadata"],
    ]) {
      const refused = await mount.configure({ username_template: bad }, 'misnamed')
      expect(refused.status).toBe(400)
      expect(refused.body.errors[0]).toContain(why)
    }
    expect((await mount.call('GET', 'database/config/misnamed')).status).toBe(404)
  })

  it('is made with a hash that the server never sees the password of', async () => {
    await mount.configure({ password_authentication: 'scram-sha-256' }, 'scram')
    await mount.role('hashed', {
      db_name: 'scram',
      creation_statements: `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}'`,
    })
    const { username, password } = await mount.creds('hashed')
    expect(await pg.login(username, password)).toBe(true)
    const [row] = await pg.query<{ rolpassword: string }>(
      'SELECT rolpassword FROM pg_authid WHERE rolname = $1',
      [username],
    )
    expect(row!.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/)
  })
})

describe('creation statements', () => {
  const create = `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}'`
  const forms: Record<string, unknown> = {
    'a text': `${create}; GRANT pg_monitor TO "{{name}}"`,
    'a list': [create, 'GRANT pg_monitor TO "{{name}}"'],
    'JSON in a text': JSON.stringify([create, 'GRANT pg_monitor TO "{{name}}"']),
    'base64 of a text': Buffer.from(`${create}; GRANT pg_monitor TO "{{name}}";`).toString(
      'base64',
    ),
    'base64 of JSON': Buffer.from(
      JSON.stringify([`${create}; GRANT pg_monitor TO "{{name}}"`]),
    ).toString('base64'),
    'a block with semicolons': [
      create,
      `DO $$ BEGIN EXECUTE 'GRANT pg_monitor TO "{{name}}"'; PERFORM 1; END $$`,
    ],
  }

  it.each(Object.entries(forms))('may be %s', async (_, creation_statements) => {
    await mount.role('forms', { creation_statements })
    const { username, password } = await mount.creds('forms')
    expect(await pg.login(username, password)).toBe(true)
    const groups = await pg.query('SELECT 1 FROM pg_auth_members WHERE member = $1::regrole', [
      `"${username}"`,
    ])
    expect(groups.length).toBe(1)
  })

  it('are one transaction: one that fails leaves nothing', async () => {
    await mount.role('broken', { creation_statements: [create, 'SELEC 1'] })
    const { status, body } = await mount.call('GET', 'database/creds/broken')
    expect(status).toBe(500)
    expect(body.errors).toEqual([
      '1 error occurred:\n\t* failed to execute query: ERROR: syntax error at or near "SELEC" (SQLSTATE 42601)\n\n',
    ])
    const left = await pg.query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-root-broken%'")
    expect(left).toEqual([])
  })
})

describe('credentials that are no passwords', () => {
  it('an RSA key: the server gets its public half', async () => {
    await pg.query('CREATE TABLE keys (name text, key text)')
    await mount.role('rsa', {
      credential_type: 'rsa_private_key',
      creation_statements: [
        'CREATE ROLE "{{name}}" LOGIN',
        `INSERT INTO keys VALUES ('{{name}}', '{{public_key}}')`,
      ],
    })
    const { body, username } = await mount.creds('rsa')
    expect(body.data.password).toBeUndefined()
    const key = createPrivateKey(body.data.rsa_private_key)
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048)
    const [row] = await pg.query<{ key: string }>('SELECT key FROM keys WHERE name = $1', [
      username,
    ])
    expect(createPublicKey(row!.key).equals(createPublicKey(key))).toBe(true)
  })

  it('a certificate of the authority that the role names', async () => {
    const authority = await testAuthority()
    const credential_config = {
      ca_cert: authority.certificate,
      ca_private_key: authority.privateKey,
      key_type: 'ec',
      common_name_template: '{{.Username}}',
    }
    await mount.role('certificate', {
      credential_type: 'client_certificate',
      credential_config,
      creation_statements: 'CREATE ROLE "{{name}}" LOGIN',
    })
    const { body, username } = await mount.creds('certificate')
    const certificate = new X509Certificate(body.data.client_certificate)
    expect(certificate.subject).toBe(`CN=${username}`)
    expect(certificate.checkPrivateKey(createPrivateKey(body.data.private_key))).toBe(true)
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
    const shown = await mount.ok('GET', 'database/roles/certificate')
    expect(shown.body.data.credential_config.key_bits).toBe(256)
    expect(shown.text).not.toContain('PRIVATE KEY')
    for (const [field, value, why] of [
      ['key_type', 'dsa', 'invalid key_type'],
      ['key_bits', '100', 'invalid key_bits'],
      ['common_name_template', '', 'missing required common_name_template'],
      ['ca_cert', '', 'missing required ca_cert'],
      [
        'ca_private_key',
        body.data.private_key,
        'public key of certificate does not match private key',
      ],
      ['ca_cert', body.data.client_certificate, 'not marked for CA use'],
    ] as const) {
      const refused = await mount.call('POST', 'database/roles/certificate', {
        credential_config: { ...credential_config, [field]: value },
      })
      expect(refused.status).toBe(400)
      expect(refused.body.errors[0]).toContain(`credential_config validation failed: `)
      expect(refused.body.errors[0]).toContain(why)
    }
  })
})

describe('connections', () => {
  it('are reset one by one, and all of a plugin', async () => {
    await mount.ok('POST', 'database/reset/pg')
    const { body } = await mount.ok('POST', 'database/reload/postgresql-database-plugin')
    expect(body.data.connections).toContain('pg')
    expect(body.data.count).toBe(body.data.connections.length)
    const unknown = await mount.call('POST', 'database/reload/none')
    expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('not found')])
    expect((await mount.creds('short')).username).toBeTruthy()
  })

  it('are forgotten, and then make no users', async () => {
    await mount.configure({}, 'forgotten')
    await mount.role('orphan', { db_name: 'forgotten' })
    await mount.ok('DELETE', 'database/config/forgotten')
    const { status, body } = await mount.call('GET', 'database/creds/orphan')
    expect([status, body.errors]).toEqual([
      500,
      ['1 error occurred:\n\t* failed to find entry for connection with name: "forgotten"\n\n'],
    ])
  })

  it('serve the roles that they allow', async () => {
    await mount.configure({ allowed_roles: 'fits-*' }, 'strict')
    await mount.role('fits-well', { db_name: 'strict' })
    await mount.role('misfit', { db_name: 'strict' })
    expect((await mount.creds('fits-well')).username).toMatch(/^v-root-fits-wel-/)
    const { status, body } = await mount.call('GET', 'database/creds/misfit')
    expect([status, body.errors]).toEqual([
      500,
      ['1 error occurred:\n\t* "misfit" is not an allowed role\n\n'],
    ])
  })

  it('change for the requests that follow, and nothing changes where they are refused', async () => {
    await mount.configure({ max_open_connections: '2' }, 'changed')
    const wrong = await mount.call('POST', 'database/config/changed', { password: 'wrong' })
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('SQLSTATE 28P01')])
    const { data } = (await mount.ok('GET', 'database/config/changed')).body
    expect(data.connection_details.max_open_connections).toBe('2')
    await mount.role('on-changed', { db_name: 'changed' })
    await mount.creds('on-changed')
    for (const [fields, words] of [
      [{ plugin_name: 'none' }, 'plugin not found in the catalog: none'],
      [{ plugin_version: 'x' }, 'is not a valid semantic version'],
      [{ password_authentication: 'x' }, 'is not a valid password authentication type'],
      [{ connection_url: '' }, 'connection_url cannot be empty'],
      [{ username: 'a{{password}}' }, 'cannot contain the template variables'],
      [{ max_open_connections: 'x' }, 'max_open_connections'],
      [{ max_connection_lifetime: 'x' }, 'max_connection_lifetime'],
    ] as const) {
      const refused = await mount.call('POST', 'database/config/changed', fields)
      expect([refused.status, refused.text]).toEqual([400, expect.stringContaining(words)])
    }
  })

  it('cap the life of a role by the mount, with a warning', async () => {
    await mount.role('eternal', { default_ttl: '9000h', max_ttl: '9000h' })
    const { body } = await mount.creds('eternal')
    expect(body.lease_duration).toBe(2_764_800)
    expect(body.warnings).toEqual([
      'TTL of "9000h" exceeded the effective max_ttl of "768h"; TTL value is capped accordingly',
    ])
  })
})
