// Whatever is sent to transit, no answer is a 500: every endpoint with values of every kind in every field,
// and backups with any part of them exchanged.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { transit } from '../../src/engines/transit/transit.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'

let server: InProcess
const NAMES = ['aes', 'derived', 'convergent', 'ed', 'ec', 'rsa', 'mac', 'cmac', 'none', '..', 'ü']

beforeAll(async () => {
  server = await startInProcess()
  await server.call('POST', 'sys/mounts/transit', { type: 'transit' })
  const all = { exportable: true, allow_plaintext_backup: true }
  const made: Record<string, object> = {
    aes: all,
    derived: { ...all, derived: true },
    convergent: { derived: true, convergent_encryption: true },
    ed: { ...all, type: 'ed25519' },
    ec: { ...all, type: 'ecdsa-p256' },
    rsa: { ...all, type: 'rsa-2048' },
    mac: { type: 'hmac' },
    cmac: { type: 'aes128-cmac' },
  }
  for (const [name, fields] of Object.entries(made))
    await server.call('POST', `transit/keys/${name}`, fields)
  await server.call('GET', 'transit/wrapping_key')
}, 60_000)
afterAll(() => server.close())

const word = fc.constantFrom(
  ...['', 'aGVsbG8=', '!', 'vault:v1:aGVsbG8=', 'vault:v1:', 'vault:v2:AAAA', 'latest', '-1', '1'],
  ...['sha2-256', 'none', 'pss', 'pkcs1v15', 'jws', 'asn1', 'auto', 'hash', 'raw', 'der', 'pem'],
  ...['encryption-key', 'signing-key', 'public-key', 'hmac-key', 'plaintext', 'wrapped', 'ecdh'],
  ...['rsa-2048', 'aes256-gcm96', 'hmac', 'ml-dsa', '__proto__', 'toString', '\u0000', '\ud800'],
  ...['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', '{{version}}', '1h'],
)
const leaf = fc.oneof(
  word,
  fc.constantFrom(...NAMES),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(true, false, null, 2 ** 53, -(2 ** 53), 1.5, 1e300),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const item = fc.dictionary(
  fc.constantFrom(
    ...['plaintext', 'ciphertext', 'input', 'signature', 'hmac', 'cmac', 'context', 'reference'],
    ...['key_version', 'associated_data', 'constructor'],
  ),
  leaf,
  { maxKeys: 5 },
)
const batch = fc.array(fc.oneof({ weight: 4, arbitrary: item }, leaf), { maxLength: 4 })
const value = fc.oneof(
  { weight: 5, arbitrary: leaf },
  { weight: 1, arbitrary: fc.array(leaf, { maxLength: 3 }) },
  { weight: 1, arbitrary: item },
)

const METHODS: Readonly<Record<string, string>> = {
  read: 'GET',
  write: 'POST',
  remove: 'DELETE',
  list: 'LIST',
}
// RSA pairs take too long to be made at random; what makes them is tested elsewhere.
const rows = transit.endpoints.filter(({ pattern }) => pattern !== 'wrapping_key')

const request = fc.constantFrom(...rows).chain((row) => {
  const captures = row.pattern
    .split('/')
    .map((segment) =>
      segment.startsWith(':')
        ? fc.oneof(
            { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
            { weight: 1, arbitrary: word },
          )
        : fc.constant(segment),
    )
  const fields = Object.keys(row.input).map((name) => [
    name,
    fc.option<unknown, undefined>(name === 'batch_input' ? fc.oneof(batch, leaf) : value, {
      nil: undefined,
    }),
  ])
  return fc.record({
    row: fc.constant(row),
    path: fc.tuple(...captures).map((segments) => segments.join('/')),
    body: fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>),
  })
})

it('answers every request', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ row, path, body }) => {
      const sent: Record<string, unknown> = { ...body }
      if (typeof sent.type === 'string' && /^rsa|^slh/.test(sent.type)) delete sent.type
      const isWrite = row.operation === 'write'
      const texts = Object.entries(sent).filter(([, one]) => typeof one === 'string')
      const query = isWrite ? {} : (Object.fromEntries(texts) as Record<string, string>)
      const method = METHODS[row.operation]!
      const reply = await server.call(method, `transit/${path}`, isWrite ? sent : undefined, {
        query,
      })
      expect(reply.status, `${method} ${path} ${JSON.stringify(sent)} ${reply.text}`).toBeLessThan(
        500,
      )
    }),
    { numRuns: 3000 },
  )
})

const { keys } = JSON.parse(readFileSync('test/vectors/transit/openbao-vectors.json', 'utf8')) as {
  keys: { name: string; backup: string }[]
}
const small = keys.filter(({ name }) => !name.includes('rsa-3072'))

/** Big numbers as marked texts, so that they stay exact. */
const asJson = (backup: string): unknown =>
  JSON.parse(
    Buffer.from(backup, 'base64')
      .toString()
      .replace(/(?<=[:[,])(\d{17,})(?=[,\]}])/g, '"#$1"'),
  )
const asBackup = (backup: unknown): string =>
  Buffer.from(JSON.stringify(backup).replace(/"#(\d+)"/g, '$1')).toString('base64')

/** The same value with the part that the numbers lead to exchanged. */
function exchanged(value: unknown, way: readonly number[], by: unknown): unknown {
  if (way.length === 0 || typeof value !== 'object' || value === null) return by
  const names = Object.keys(value)
  if (names.length === 0) return by
  const name = names[way[0]! % names.length]!
  const part = exchanged((value as Record<string, unknown>)[name], way.slice(1), by)
  if (Array.isArray(value)) return value.map((one, at) => (String(at) === name ? part : one))
  return { ...value, [name]: part }
}

it('restores a backup or says what is wrong with it', { timeout: 120_000 }, async () => {
  const other = fc.oneof(
    leaf,
    fc.constantFrom('#123456789012345678901234567890', [], {}, 'AAAA', 99, 0, -1, 1_000_001),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...small),
      fc.array(fc.nat(40), { minLength: 1, maxLength: 4 }),
      other,
      async ({ backup }, way, by) => {
        const sent = asBackup(exchanged(asJson(backup), way, by))
        const body = { backup: sent, force: true }
        const restored = await server.call('POST', 'transit/restore/mutant', body)
        const at = `${JSON.stringify(way)} ${JSON.stringify(by)} ${restored.text}`
        expect([204, 400], at).toContain(restored.status)
        if (restored.status === 400) return
        for (const [path, fields] of USES) {
          const reply = await server.call('POST', `transit/${path}/mutant`, fields)
          expect(reply.status, `${at} ${path} ${reply.text}`).toBeLessThan(500)
        }
        const read = await server.call('GET', 'transit/keys/mutant')
        expect(read.status, `${at} ${read.text}`).toBe(200)
      },
    ),
    { numRuns: 600 },
  )
})

const USES: readonly (readonly [string, object])[] = [
  ['encrypt', { plaintext: 'AAAA', context: 'AAAA' }],
  ['decrypt', { ciphertext: 'vault:v1:AAAA', context: 'AAAA' }],
  ['sign', { input: 'AAAA', context: 'AAAA' }],
  ['verify', { input: 'AAAA', signature: 'vault:v1:AAAA', context: 'AAAA' }],
  ['hmac', { input: 'AAAA' }],
]

/** A new key's backup with the settings changed, as it is restored. */
async function restoreWith(settings: object, fields: object, version: object = {}) {
  const name = `source${JSON.stringify(settings).replace(/\W/g, '')}`
  const all = { exportable: true, allow_plaintext_backup: true, ...settings }
  await server.call('POST', `transit/keys/${name}`, all)
  const { body } = await server.call('GET', `transit/backup/${name}`)
  const sent = asJson((body.data as { backup: string }).backup) as {
    policy: { keys: Record<string, Record<string, string>> }
  }
  Object.assign(sent.policy, fields)
  Object.assign(sent.policy.keys['1']!, version)
  const backup = asBackup(sent)
  return server.call('POST', 'transit/restore/changed', { backup, force: true })
}

it.each<[string, object, object]>([
  ['key_size', { type: 'hmac' }, { key_size: 2 ** 32 }],
  ['key_size', { type: 'hmac' }, { key_size: -5 }],
  ['key_size', {}, { key_size: 64 }],
  ['auto rotate period', {}, { auto_rotate_period: 1_000_000_000 }],
  ['derivation', { type: 'ecdsa-p256' }, { derived: true }],
  ['parameter_set', {}, { parameter_set: '44' }],
])('restores no %s that a request could not set: %j %j', async (word, settings, fields) => {
  const reply = await restoreWith(settings, fields)
  expect(reply.status, reply.text).toBe(400)
  expect(reply.text).toContain(word)
})

it('restores no version whose time is none, and no private key with a mirrored point', async () => {
  const noTime = { time: '0001-01-01T00:00:00Z', creation_time: 1e15 }
  const timeless = await restoreWith({}, {}, noTime)
  expect(timeless.text).toContain('creation_time is no time')
  expect(timeless.status).toBe(400)
  await server.call('POST', 'transit/keys/mirrored', {
    ...{ type: 'ecdsa-p256', exportable: true, allow_plaintext_backup: true },
  })
  const { body } = await server.call('GET', 'transit/backup/mirrored')
  const sent = asJson((body.data as { backup: string }).backup) as {
    policy: { keys: Record<string, { ec_y: string }> }
  }
  const version = sent.policy.keys['1']!
  const prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
  version.ec_y = `#${prime - BigInt(version.ec_y.slice(1))}`
  const backup = asBackup(sent)
  const reply = await server.call('POST', 'transit/restore/changed', { backup, force: true })
  expect(reply.status, reply.text).toBe(400)
})

it('signs no digest that is empty', async () => {
  await server.call('POST', 'transit/keys/ec-of-empty', { type: 'ecdsa-p256' })
  const signed = await server.call('POST', 'transit/sign/ec-of-empty', {
    input: '',
    prehashed: true,
  })
  expect(signed.status).toBe(400)
  expect(signed.body.errors).toEqual(['ecdsa: hash cannot be empty'])
})
