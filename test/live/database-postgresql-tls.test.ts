// TLS to a real PostgreSQL as sslmode and the fields of the connection ask for it: what is encrypted, what is
// checked, what is refused; and many users made at once on the same tables.
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DatabaseMount, startDatabaseMount } from '../support/database-mount.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'
import { type TestAuthority, type TestKeyPair, testAuthority } from '../support/test-authority.ts'

const NOBODY = 65534
let folder: string
let authority: TestAuthority
let other: TestAuthority
let client: TestKeyPair
let pg: RealPostgres
let mount: DatabaseMount

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'strongroom-tls-'))
  chmodSync(folder, 0o755)
  authority = await testAuthority()
  other = await testAuthority('Another authority')
  client = await authority.sign('postgres')
  const server = await authority.sign('localhost', { dnsNames: ['localhost'] })
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    // Where tests run as root, PostgreSQL runs as nobody.
    if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY)
    return path
  }
  pg = await startPostgres([
    'fsync=off',
    'ssl=on',
    `ssl_cert_file=${file('server.crt', server.certificate)}`,
    `ssl_key_file=${file('server.key', server.privateKey)}`,
    `ssl_ca_file=${file('ca.crt', authority.certificate)}`,
  ])
  mount = await startDatabaseMount(pg)
})
afterAll(async () => {
  await mount?.server.close()
  await pg?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const url = (host: string, query: string): string =>
  `postgresql://{{username}}:{{password}}@${host}:${pg.port}/postgres?${query}`

describe('a connection with TLS', () => {
  const works: readonly (readonly [string, string, boolean, () => object])[] = [
    ['localhost', 'sslmode=disable', false, () => ({})],
    ['localhost', 'sslmode=allow', false, () => ({})],
    ['localhost', 'sslmode=prefer', true, () => ({})],
    ['localhost', '', true, () => ({})],
    ['localhost', 'sslmode=require', true, () => ({})],
    ['localhost', 'sslmode=verify-ca', true, () => ({ tls_ca: authority.certificate })],
    ['127.0.0.1', 'sslmode=verify-ca', true, () => ({ tls_ca: authority.certificate })],
    ['localhost', 'sslmode=verify-full', true, () => ({ tls_ca: authority.certificate })],
    [
      'localhost',
      'sslmode=verify-full',
      true,
      () => ({
        tls_ca: authority.certificate,
        tls_certificate: client.certificate,
        private_key: client.privateKey,
      }),
    ],
  ]
  it.each(works)('to %s with %s', async (host, query, isEncrypted, fields) => {
    const written = await mount.configure({ connection_url: url(host, query), ...fields() })
    expect(written.text).toBe('')
    await mount.role('tls')
    await mount.creds('tls')
    const sessions = await pg.query<{ ssl: boolean }>(
      `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'strongroom'`,
    )
    expect(sessions.some(({ ssl }) => ssl === isEncrypted)).toBe(true)
    await mount.ok('POST', 'database/reset/pg')
    const { text } = await mount.ok('GET', 'database/config/pg')
    expect(text).not.toContain('PRIVATE KEY')
  })

  const refused: readonly (readonly [string, string, string, () => object])[] = [
    ['localhost', 'sslmode=verify-full', 'certificate', () => ({})],
    ['localhost', 'sslmode=verify-ca', 'certificate', () => ({ tls_ca: other.certificate })],
    ['localhost', 'sslmode=require', 'certificate', () => ({ tls_ca: other.certificate })],
    [
      '127.0.0.1',
      'sslmode=verify-full',
      "not in the cert's list",
      () => ({ tls_ca: authority.certificate }),
    ],
    [
      'localhost',
      'sslmode=require',
      'both tls_certificate and private_key',
      () => ({ tls_certificate: client.certificate }),
    ],
    ['localhost', 'sslmode=require', 'tls_ca is not PEM', () => ({ tls_ca: 'x' })],
    ['localhost', 'sslmode=verify-ca&sslrootcert=/nowhere', "the file can't be read", () => ({})],
  ]
  it.each(refused)('to %s with %s: %s', async (host, query, why, fields) => {
    const { status, text } = await mount.configure(
      { connection_url: url(host, query), ...fields() },
      'refused',
    )
    expect([status, text]).toEqual([400, expect.stringContaining(why)])
    expect((await mount.call('GET', 'database/config/refused')).status).toBe(404)
  })
})

describe('several hosts', () => {
  it('are tried in their order, and by what they are', async () => {
    const hosts = `127.0.0.1:1,localhost:${pg.port}`
    const at = (query: string) =>
      `postgresql://{{username}}:{{password}}@${hosts}/postgres?sslmode=disable${query}`
    for (const attributes of ['any', 'read-write', 'primary', 'prefer-standby']) {
      const connection_url = at(`&target_session_attrs=${attributes}`)
      expect((await mount.configure({ connection_url }, 'several')).text).toBe('')
    }
    for (const attributes of ['read-only', 'standby']) {
      const connection_url = at(`&target_session_attrs=${attributes}`)
      expect((await mount.configure({ connection_url }, 'several')).status).toBe(400)
    }
    const connection_url = `host=127.0.0.1,localhost port=1,${pg.port} user={{username}} password='{{password}}' dbname=postgres`
    expect((await mount.configure({ connection_url }, 'several')).text).toBe('')
  })
})

describe('many users at once', () => {
  it('are made and ended on the same tables without a failure', async () => {
    for (let at = 0; at < 20; at++) await pg.query(`CREATE TABLE shared_${at} (a int)`)
    const connection_url = url('localhost', 'sslmode=disable')
    await mount.configure({ connection_url, max_open_connections: 8 })
    await mount.role('many')
    const made = await Promise.all(
      Array.from({ length: 60 }, () => mount.call('GET', 'database/creds/many')),
    )
    expect(made.map(({ status }) => status)).toEqual(Array(60).fill(200))
    const ended = await Promise.all(made.map(({ body }) => mount.revoke(body.lease_id)))
    expect(ended.map(({ status }) => status)).toEqual(Array(60).fill(204))
    await mount.ok('POST', 'sys/leases/revoke-prefix/database', { sync: true })
    expect(await pg.query(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'`)).toEqual([])
  })
})
