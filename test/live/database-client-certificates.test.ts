// Users that log in with a certificate or a key instead of a password: PostgreSQL with `cert` authentication lets
// the certificate in that the role makes, and nobody else; the other plugins refuse such roles in words.
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pgDriver from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DatabaseMount, startDatabaseMount } from '../support/database-mount.ts'
import { type RealMariadb, startMariadb } from '../support/real-mariadb.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'
import { type RealRedis, startRedis } from '../support/real-redis.ts'
import { type TestAuthority, testAuthority } from '../support/test-authority.ts'

const NOBODY = 65534
let folder: string
let authority: TestAuthority
let pg: RealPostgres
let mariadb: RealMariadb
let redis: RealRedis
let mount: DatabaseMount

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'strongroom-certs-'))
  chmodSync(folder, 0o755)
  authority = await testAuthority()
  const server = await authority.sign('localhost', { dnsNames: ['localhost'] })
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    // Where tests run as root, PostgreSQL runs as nobody.
    if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY)
    return path
  }
  const rules = 'host all postgres 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 cert\n'
  ;[pg, mariadb, redis] = await Promise.all([
    startPostgres([
      'fsync=off',
      'ssl=on',
      `ssl_cert_file=${file('server.crt', server.certificate)}`,
      `ssl_key_file=${file('server.key', server.privateKey)}`,
      `ssl_ca_file=${file('ca.crt', authority.certificate)}`,
      `hba_file=${file('pg_hba.conf', rules)}`,
    ]),
    startMariadb(),
    startRedis(),
  ])
  mount = await startDatabaseMount(pg)
  expect((await mount.configure()).text).toBe('')
}, 120_000)
afterAll(async () => {
  await mount?.server.close()
  await Promise.all([pg?.remove(), mariadb?.remove(), redis?.remove()])
  rmSync(folder, { recursive: true, force: true })
})

interface Shown {
  readonly client_certificate: string
  readonly private_key: string
  readonly private_key_type: string
}

/** Who the server says that this is, or what it says otherwise. */
async function login(user: string, shown: Partial<Shown>): Promise<string> {
  const client = new pgDriver.Client({
    ...{ host: 'localhost', port: pg.port, user, database: 'postgres' },
    ssl: {
      ca: authority.certificate,
      ...(shown.client_certificate && { cert: shown.client_certificate, key: shown.private_key }),
    },
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query('SELECT current_user AS name')
    await client.end()
    return rows[0].name
  } catch (error) {
    return (error as Error).message
  }
}

const certificateRole = (key_type: string, signer: TestAuthority = authority) => ({
  credential_type: 'client_certificate',
  credential_config: {
    ca_cert: signer.certificate,
    ca_private_key: signer.privateKey,
    key_type,
    common_name_template: '{{.Username}}',
  },
  creation_statements: `CREATE ROLE "{{name}}" LOGIN VALID UNTIL '{{expiration}}'`,
})

describe('a user of PostgreSQL with a certificate', () => {
  it.each(['rsa', 'ec', 'ed25519'])('of an %s key logs in until its lease ends', async (type) => {
    await mount.role(type, certificateRole(type))
    const { username, leaseId, body } = await mount.creds(type)
    const shown = body.data as Shown
    expect(shown.private_key_type).toBe(type)
    expect(body.data.password).toBeUndefined()
    expect(await login(username, shown)).toBe(username)
    // Nobody comes in without it, nor as somebody else with it.
    expect(await login(username, {})).toContain('connection requires a valid client certificate')
    const other = await mount.creds(type)
    expect(await login(other.username, shown)).toContain('certificate authentication failed')
    expect((await mount.revoke(leaseId)).status).toBe(204)
    expect(await login(username, shown)).toMatch(/does not exist|authentication failed/)
  })

  it('of an authority that the server does not know stays outside', async () => {
    await mount.role('stranger', certificateRole('ec', await testAuthority('Stranger')))
    const { username, body } = await mount.creds('stranger')
    const shown = body.data as Shown
    expect(await login(username, shown)).not.toBe(username)
    // Our own connection says so at once, too.
    const began = performance.now()
    const refused = await mount.configure(
      {
        connection_url: `postgresql://{{username}}:{{password}}@localhost:${pg.port}/postgres?sslmode=verify-full`,
        tls_ca: authority.certificate,
        tls_certificate: shown.client_certificate,
        private_key: shown.private_key,
      },
      'stranger',
    )
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringContaining('alert unknown ca'),
    ])
    expect(performance.now() - began).toBeLessThan(5000)
  })
})

describe('a plugin that knows passwords only', () => {
  it.each([
    [
      'mysql',
      () => ({ connection_url: `{{username}}:{{password}}@tcp(127.0.0.1:${mariadb.port})/` }),
    ],
    ['redis', () => ({ connection_url: '', host: '127.0.0.1', port: redis.port })],
  ] as const)('refuses other credentials in words and makes nothing: %s', async (kind, of) => {
    const login = kind === 'mysql' ? mariadb : redis
    const { username, password } = login
    const plugin_name = `${kind}-database-plugin`
    const config = { plugin_name, username, password, ...of() }
    expect((await mount.configure(config, kind)).text).toBe('')
    const key = { credential_type: 'rsa_private_key', creation_statements: 'x {{public_key}}' }
    for (const fields of [key, certificateRole('ec')]) {
      const body = { db_name: kind, ...fields }
      const role = await mount.call('POST', `database/roles/of-${kind}`, body)
      const creds = await mount.call('GET', `database/creds/of-${kind}`)
      const words = `unsupported credential_type: \\"${fields.credential_type}\\"`
      expect([role.status, role.text, creds.status, creds.text]).toEqual([
        ...[204, ''],
        ...[400, expect.stringContaining(words)],
      ])
    }
  })
})
