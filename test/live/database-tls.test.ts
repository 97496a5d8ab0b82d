// TLS of the MySQL and Redis plugins on real servers: who is trusted, by which name, and who shows a
// certificate of its own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { DatabaseConnection } from '../../src/engines/database/database-plugin.ts'
import { mysql } from '../../src/engines/database/mysql/mysql.ts'
import { redis } from '../../src/engines/database/redis/redis.ts'
import { silentLog } from '../support/engine-harness.ts'
import { type RealMariadb, startMariadb } from '../support/real-mariadb.ts'
import { type RealRedis, startRedis } from '../support/real-redis.ts'
import { testAuthority } from '../support/test-authority.ts'
import { type TlsFolder, tlsFolder } from '../support/tls-folder.ts'

const signal = new AbortController().signal
const tools = { clock: systemClock, random: systemRandom, log: silentLog }
let tls: TlsFolder
let other: string
let mariadb: RealMariadb
let plain: RealMariadb
let server: RealRedis

beforeAll(async () => {
  tls = await tlsFolder()
  other = (await testAuthority('Another')).certificate
  ;[mariadb, plain, server] = await Promise.all([
    startMariadb([
      `ssl-ca=${tls.caFile}`,
      `ssl-cert=${tls.certificateFile}`,
      `ssl-key=${tls.keyFile}`,
    ]),
    startMariadb(['skip-ssl']),
    startRedis({
      settings: [
        `tls-ca-cert-file ${tls.caFile}`,
        `tls-cert-file ${tls.certificateFile}`,
        `tls-key-file ${tls.keyFile}`,
        'tls-auth-clients no',
      ],
    }),
  ])
}, 120_000)
afterAll(async () => {
  await Promise.all([mariadb?.remove(), plain?.remove(), server?.remove()])
  tls?.remove()
})

async function outcome(connection: DatabaseConnection): Promise<string> {
  try {
    await connection.verify(signal)
    return 'ok'
  } catch (error) {
    return (error as Error).message
  } finally {
    await connection.close()
  }
}

describe('MySQL', () => {
  const verify = (params: string, details: object = {}, of = mariadb): Promise<string> =>
    outcome(
      mysql.open(
        'mysql-database-plugin',
        {
          connection_url: `{{username}}:{{password}}@tcp(127.0.0.1:${of.port})/${params}`,
          username: of.username,
          password: of.password,
          ...details,
        },
        tools,
      ),
    )

  it('trusts what tls_ca signed, with or without tls in the DSN', async () => {
    const tls_ca = tls.authority.certificate
    expect(await verify('', { tls_ca })).toBe('ok')
    expect(await verify('?tls=true', { tls_ca })).toBe('ok')
    expect(await verify('', { tls_ca, tls_server_name: 'db.test' })).toBe('ok')
  })

  it('trusts nobody else', async () => {
    expect(await verify('?tls=true')).toMatch(/certificate/)
    expect(await verify('', { tls_ca: other })).toMatch(/certificate/)
    const tls_ca = tls.authority.certificate
    expect(await verify('', { tls_ca, tls_server_name: 'other.test' })).toMatch(/altnames/)
  })

  it('is told not to look', async () => {
    expect(await verify('?tls=skip-verify')).toBe('ok')
    expect(await verify('', { tls_ca: other, tls_skip_verify: 'true' })).toBe('ok')
    expect(await verify('?tls=preferred')).toBe('ok')
  })

  it('goes on without TLS only where that is allowed', async () => {
    expect(await verify('?tls=preferred', {}, plain)).toBe('ok')
    expect(await verify('?tls=skip-verify', {}, plain)).toContain('does not support secure')
  })

  it('shows its own certificate where the user must have one', async () => {
    await mariadb.query("CREATE USER strict IDENTIFIED BY 'pw' REQUIRE SUBJECT '/CN=strongroom'")
    await mariadb.query('GRANT ALL ON *.* TO strict')
    const login = { username: 'strict', password: 'pw', tls_ca: tls.authority.certificate }
    expect(await verify('', login)).toContain('Access denied')
    const { certificate, privateKey } = await tls.authority.sign('strongroom')
    expect(
      await verify('', { ...login, tls_certificate_key: `${certificate}\n${privateKey}` }),
    ).toBe('ok')
    // Without tls_ca the authorities that Node knows count, and ours is none of them.
    const tls_certificate_key = `${certificate}\n${privateKey}`
    const alone = { username: 'strict', password: 'pw', tls_certificate_key }
    expect(await verify('', alone)).toMatch(/certificate/)
    expect(() =>
      mysql.open('mysql-database-plugin', { connection_url: '/', tls_certificate_key: 'x' }, tools),
    ).toThrow('unable to load tls_certificate_key_data')
  })
})

describe('Redis', () => {
  const verify = (details: object): Promise<string> => {
    const { port, username, password } = server
    const login = { host: '127.0.0.1', port, username, password }
    return outcome(redis.open('redis-database-plugin', { ...login, ...details }, tools))
  }

  it('trusts what ca_cert signed, and nobody else', async () => {
    expect(await verify({ tls: true, ca_cert: tls.authority.certificate })).toBe('ok')
    expect(await verify({ tls: true, ca_cert: other })).toMatch(/certificate/)
    expect(await verify({ tls: true, ca_cert: other, insecure_tls: true })).toBe('ok')
  })

  it('speaks TLS where the URL says so', async () => {
    const login = `${server.username}:${encodeURIComponent(server.password)}`
    const connection_url = `rediss://${login}@127.0.0.1:${server.port}`
    const details = { connection_url, ca_cert: tls.authority.certificate }
    expect(await outcome(redis.open('redis-database-plugin', details, tools))).toBe('ok')
  })
})
