// No password, private key, access key or connection URL in the operator's log, in answers that are errors, or
// in plain in the audit log: every engine is taken through success and failure, and all that was secret on
// the way is looked for afterwards.
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Called, type InProcess, startInProcess } from '../support/in-process.ts'
import { AuditMemory } from '../support/memory-audit.ts'
import { MOTO_INSTALL_MS, type RealMoto, startMoto } from '../support/real-moto.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'

/** Long enough to be found by no accident. */
const SHORTEST = 8

let pg: RealPostgres
let moto: RealMoto
let server: InProcess
const audit = new AuditMemory()
const logged: string[] = []
const errors: string[] = []
const secrets = new Map<string, string>()

beforeAll(async () => {
  pg = await startPostgres()
  moto = await startMoto()
  server = await startInProcess({
    log: (line) => logged.push(line),
    auditPlugins: [audit.plugin],
  })
  await server.call('POST', 'sys/audit/memory', { type: 'memory' })
  for (const type of ['database', 'transit', 'pki', 'aws'])
    await server.call('POST', `sys/mounts/${type}`, { type })
}, MOTO_INSTALL_MS)
afterAll(async () => {
  await server?.close()
  await moto?.stop()
  await pg?.remove()
})

/** Remembers a value that must be seen nowhere; of a PEM, every line of it. */
function isSecret(what: string, value: unknown): void {
  if (typeof value === 'number' || value === null || value === undefined) return
  if (typeof value === 'object') {
    for (const each of Object.values(value)) isSecret(what, each)
    return
  }
  for (const line of String(value).split('\n'))
    if (line.length >= SHORTEST && !line.startsWith('-----')) secrets.set(line, what)
}

async function call(
  path: string,
  body: object | undefined,
  hidden: string[] = [],
): Promise<Called> {
  const answer = await server.call(body ? 'POST' : 'GET', path, body)
  for (const name of hidden) isSecret(`${path} ${name}`, answer.body?.data?.[name])
  if (answer.status >= 400) errors.push(answer.text)
  return answer
}

async function expectDone(answer: Promise<Called>): Promise<Called> {
  const done = await answer
  expect(done.status, done.text).toBeLessThan(300)
  return done
}

describe('what is secret is seen nowhere', () => {
  it('of databases', async () => {
    const config = {
      plugin_name: 'postgresql-database-plugin',
      connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${pg.port}/postgres`,
      allowed_roles: '*',
      username: 'vaultadmin',
      password: 'the-root-password-of-vaultadmin',
    }
    isSecret('root password', config.password)
    await pg.query(`CREATE USER vaultadmin SUPERUSER PASSWORD '${config.password}'`)
    await pg.query('CREATE USER fixed LOGIN')
    await expectDone(call('database/config/main', config))
    const creation_statements = `CREATE USER "{{name}}" PASSWORD '{{password}}'`
    await expectDone(call('database/roles/app', { db_name: 'main', creation_statements }))
    await expectDone(call('database/creds/app', undefined, ['password']))
    const broken = `CREATE USER "{{name}}" PASSWORD '{{password}}' NONSENSE`
    await expectDone(
      call('database/roles/broken', { db_name: 'main', creation_statements: broken }),
    )
    expect((await call('database/creds/broken', undefined)).status).toBeGreaterThanOrEqual(400)
    await expectDone(
      call('database/static-roles/fixed', {
        ...{ db_name: 'main', username: 'fixed', rotation_period: '1h' },
      }),
    )
    await expectDone(call('database/static-creds/fixed', undefined, ['password']))
    await expectDone(call('database/rotate-role/fixed', {}))
    await expectDone(call('database/static-creds/fixed', undefined, ['password']))
    await expectDone(call('database/rotate-root/main', {}))
    await expectDone(call('database/config/main', undefined))

    const wrong = 'a-password-that-is-wrong'
    const inUrl = 'a-password-within-the-url'
    isSecret('wrong password', wrong)
    isSecret('password in the URL', inUrl)
    const connection_url = `postgresql://vaultadmin:${inUrl}@127.0.0.1:${pg.port}/postgres`
    for (const bad of [
      { ...config, password: wrong },
      { ...config, connection_url },
      { ...config, connection_url: `${connection_url}?sslmode=nonsense` },
      { ...config, connection_url: `${connection_url} garbage%zz` },
      { ...config, connection_url: connection_url.replace(String(pg.port), '1') },
    ])
      expect((await call('database/config/bad', bad)).status).toBeGreaterThanOrEqual(400)
    await call('database/config/unverified', {
      ...config,
      connection_url,
      verify_connection: false,
    })
    const shown = await expectDone(call('database/config/unverified', undefined))
    expect(shown.text).not.toContain(inUrl)
    await pg.stop()
    expect((await call('database/creds/app', undefined)).status).toBeGreaterThanOrEqual(400)
    await pg.start()
  })

  it('of transit', async () => {
    const plaintext = Buffer.from('a plaintext that nobody else may see').toString('base64')
    isSecret('plaintext', plaintext)
    await expectDone(call('transit/keys/app', { exportable: true, allow_plaintext_backup: true }))
    const made = await expectDone(call('transit/encrypt/app', { plaintext }))
    const { ciphertext } = made.body.data
    await expectDone(call('transit/decrypt/app', { ciphertext }, ['plaintext']))
    await expectDone(call('transit/encrypt/app', { batch_input: [{ plaintext }, { plaintext }] }))
    await expectDone(call('transit/datakey/plaintext/app', {}, ['plaintext']))
    await expectDone(call('transit/export/encryption-key/app', undefined, ['keys']))
    const backup = await expectDone(call('transit/backup/app', undefined, ['backup']))
    expect(
      (await call('transit/restore/app', { backup: backup.body.data.backup })).status,
    ).toBeGreaterThanOrEqual(400)
    await call('transit/restore/other', { backup: `${backup.body.data.backup.slice(0, -9)}` })
    await call('transit/decrypt/app', { ciphertext: `${ciphertext}x` })
    await call('transit/encrypt/app', { plaintext: `${plaintext}!` })
  })

  it('of PKI', async () => {
    const root = { common_name: 'root.example', key_type: 'ec' }
    await expectDone(call('pki/root/generate/exported', root, ['private_key']))
    await expectDone(call('pki/roles/web', { allow_any_name: true, key_type: 'ec' }))
    await expectDone(
      call('pki/issue/web', { common_name: 'a.example', ttl: '1h' }, ['private_key']),
    )
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    isSecret('imported key', pem)
    await call('pki/keys/import', { pem_bundle: pem })
    await call('pki/keys/import', { pem_bundle: `${pem.slice(0, 100)}\n-----END PRIVATE KEY-----` })
    await call('pki/config/ca', { pem_bundle: `${pem}garbage` })
    await call('pki/revoke-with-key', { serial_number: '01:02', private_key: pem })
  })

  it('of AWS', async () => {
    isSecret('root key', moto.secretKey)
    const at = { iam_endpoint: moto.endpoint, sts_endpoint: moto.endpoint, max_retries: 0 }
    const keys = { access_key: moto.accessKey, secret_key: moto.secretKey }
    await expectDone(call('aws/config/root', { ...keys, ...at }))
    const policy_document = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }],
    })
    await expectDone(call('aws/roles/app', { credential_type: 'iam_user', policy_document }))
    await expectDone(call('aws/creds/app', undefined, ['secret_key']))
    await expectDone(call('aws/config/rotate-root', {}))
    await expectDone(call('aws/creds/app', undefined, ['secret_key']))
    await call('aws/config/root', { ...keys, iam_endpoint: 'nonsense' })
    await expectDone(call('aws/config/root', { ...keys, ...at }))
    expect((await call('aws/creds/app', undefined)).status).toBe(400)
  })

  it('neither in the log nor in errors nor in the audit log', async () => {
    await server.call('PUT', 'sys/leases/revoke-prefix/database/creds')
    expect(secrets.size).toBeGreaterThan(20)
    expect(audit.texts.length).toBeGreaterThan(60)
    const places = {
      log: logged.join('\n'),
      errors: errors.join('\n'),
      audit: audit.texts.join(''),
    }
    const found = [...secrets].flatMap(([secret, what]) =>
      Object.entries(places)
        .filter(([, text]) => text.includes(secret))
        .map(([place]) => `${what} in ${place}`),
    )
    expect(found).toEqual([])
    expect(places.log + places.errors).not.toMatch(/postgres(ql)?:\/\/[^\s]*@/)
  })
})
