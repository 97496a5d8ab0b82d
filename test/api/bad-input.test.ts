// Hostile requests over real HTTP with a file audit device: each is answered 4xx in Vault's shape, changes
// nothing, and leaves exactly one line. Then a bounded fuzz: never a 5xx, never a hang, never a rejection
// that nobody handled.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_BODY_BYTES, MAX_HEADER_BYTES } from '../../src/base/limits.ts'
import { type HttpServer, startHttp } from '../support/http-server.ts'

let server: HttpServer
let folder: string
let file: string
const logged: string[] = []
const unhandled: unknown[] = []
const onUnhandled = (reason: unknown): void => void unhandled.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled)
  folder = mkdtempSync(join(tmpdir(), 'strongroom-bad-'))
  file = join(folder, 'audit.log')
  server = await startHttp({ log: (line) => void logged.push(line) })
  const options = { file_path: file }
  expect((await server.call('POST', 'sys/audit/file', { type: 'file', options })).status).toBe(204)
  const mount = (path: string, version: string) =>
    server.call('POST', `sys/mounts/${path}`, { type: 'kv', options: { version } })
  await mount('secret', '2')
  await mount('kv1', '1')
  await server.call('POST', 'sys/namespaces/ns1', {})
  await server.call('POST', 'secret/data/app', { data: { password: 'in-the-store' } })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
  process.off('unhandledRejection', onUnhandled)
})

/** What background work may write at any time: claims of shards, signs of life, counted key uses, heads of the chain. */
const LIVING = /^(core\/(audit|worker|shard|claims?|key-uses|keyring)|due\/claim|jobs\/)/

async function snapshot(): Promise<ReadonlyMap<string, string>> {
  const entries = new Map<string, string>()
  for await (const [key, value] of server.inner.backend.scan('')) {
    if (!LIVING.test(key)) entries.set(key, Buffer.from(value).toString('base64'))
  }
  return entries
}

const lines = (): { type: string; error?: string; request: { path: string } }[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'request' || type === 'response')

interface Hostile {
  readonly name: string
  readonly send: () => Promise<{ status: number; errors: unknown; contentType: string }>
}

async function parsed(reply: Promise<string>) {
  const [head = '', ...rest] = (await reply).split('\r\n\r\n')
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
    errors: JSON.parse(rest.join('\r\n\r\n') || 'null')?.errors,
    contentType: /content-type: (.*)/i.exec(head)?.[1] ?? '',
  }
}

const hostile = (
  name: string,
  method: string,
  path: string,
  body?: unknown,
  options: Parameters<HttpServer['call']>[3] = {},
): Hostile => ({
  name,
  send: async () => {
    const { status, body: reply, headers } = await server.call(method, path, body, options)
    return { status, errors: reply?.errors, contentType: headers['content-type'] ?? '' }
  },
})

const raw = (name: string, make: () => string | Buffer): Hostile => ({
  name,
  send: () => parsed(server.raw(make())),
})

const rawRequest = (
  method: string,
  target: string,
  headers: readonly string[],
  body = '',
): string =>
  [
    `${method} ${target} HTTP/1.1`,
    'Host: a',
    'Connection: close',
    `X-Vault-Token: ${server.rootToken}`,
    `Content-Length: ${body.length}`,
    ...headers,
    '',
    body,
  ].join('\r\n')

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const mergePatch = { headers: { 'Content-Type': 'application/merge-patch+json' } }

const bodies: readonly Hostile[] = [
  ...['{', '{"a":}', '[1', '{"a":1}}', '{"a":1} x', "{'a':1}", '{"a":NaN}', '{"a":01}'].map(
    (text) => hostile(`malformed JSON ${text}`, 'POST', 'kv1/x', text),
  ),
  ...['[]', '[{"a":1}]', '"a"', '1', 'null', 'true', 'text', '\u0000'].map((text) =>
    hostile(`no object: ${JSON.stringify(text)}`, 'POST', 'kv1/x', text),
  ),
  hostile('an empty object', 'POST', 'kv1/x', '{}'),
  hostile('no body', 'POST', 'kv1/x'),
  hostile('deep nesting', 'POST', 'kv1/x', nested(201)),
  hostile('very deep nesting', 'POST', 'kv1/x', nested(100_000)),
  hostile('deep arrays', 'POST', 'kv1/x', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`),
  hostile(
    'an unpaired surrogate is no name of a type',
    'POST',
    'sys/mounts/x',
    '{"type":"\\ud800"}',
  ),
  raw('broken UTF-8', () => rawRequest('POST', '/v1/kv1/x', [], '{"a":"\xff\xfe"}')),
  hostile('wrong types', 'POST', 'auth/token/create', {
    ttl: {},
    policies: { a: 1 },
    num_uses: 'x',
  }),
  hostile('a number for a list of lists', 'POST', 'auth/token/create', { policies: [[1]] }),
  hostile('a huge number', 'POST', 'auth/token/create', '{"num_uses":1e400}'),
  hostile('a negative number', 'POST', 'auth/token/create', { num_uses: -1 }),
  hostile('a duration that overflows', 'POST', 'auth/token/create', { ttl: '9999999999999h' }),
  hostile('a duration of nonsense', 'POST', 'auth/token/create', { ttl: '1 fortnight' }),
  hostile('metadata that is no text', 'POST', 'auth/token/create', { meta: { a: { b: 1 } } }),
  hostile('versions of nonsense', 'POST', 'secret/delete/app', { versions: ['x'] }),
  hostile('a cas of nonsense', 'POST', 'secret/data/app', { data: {}, options: { cas: 'x' } }),
  hostile('a cas that is too late', 'POST', 'secret/data/app', { data: {}, options: { cas: 7 } }),
  hostile('a policy of nonsense', 'POST', 'sys/policies/acl/x', { policy: 'path {{{' }),
  hostile('a deep policy', 'POST', 'sys/policies/acl/x', {
    policy: `path "a" ${'{'.repeat(5000)}`,
  }),
  hostile('prototype keys as type', 'POST', 'sys/mounts/x', { type: 'constructor' }),
  hostile('prototype keys as audit type', 'POST', 'sys/audit/x', { type: '__proto__' }),
  hostile('a patch of another type', 'PATCH', 'secret/data/app', '{"data":{"x":1}}'),
  hostile('a patch that is no object', 'PATCH', 'secret/data/app', '[]', mergePatch),
]

const paths: readonly Hostile[] = [
  '..',
  '../sys/mounts',
  'secret/../sys/mounts',
  'secret/./data/app',
  'secret/%2e%2e/sys/mounts',
  'secret/data/%2E%2E/%2e%2e/core',
  'secret/data/a%2fb',
  'secret%2Fdata/app',
  'secret/data/a%00b',
  'secret/data/a%0ab',
  'secret/data/%e2%80%ae',
  'secret/data/a//b',
  '/secret/data/app',
  'secret//data/app',
  'secret/data/%ff',
  'secret/data/%zz',
  'secret/data/%',
  'secret/data/%c0%ae%c0%ae',
  'sys/%00',
  'secret/data/x?version=%ff',
  'secret/data/x?%zz=1',
  `secret/data/${'a'.repeat(2000)}`,
  `secret/data/${'a/'.repeat(1000)}x`,
  'none/at/all',
  '__proto__/x',
  'constructor',
  'sys/__proto__',
  'sys/policies/acl/',
  'sys/mounts/__proto__/tune',
  'sys/wrapping/lookup?token=x',
].map((path) => hostile(`path ${path.slice(0, 60)}`, 'GET', path))

const writes: readonly Hostile[] = [
  `kv1/${'a'.repeat(1500)}`,
  'kv1/a/../b',
  'kv1/a%2f..%2fb',
  'kv1/a%00',
  'kv1/',
  'sys/mounts/..',
  'sys/mounts/a%20b',
  'sys/policies/acl/..%2fx',
  'sys/namespaces/..',
  'auth/token/roles/a%2fb',
].map((path) => hostile(`write to ${path.slice(0, 60)}`, 'POST', path, { type: 'kv', policy: 'x' }))

const heads: readonly Hostile[] = [
  ...['PURGE', 'TRACE', 'PROPFIND', 'get', 'LISTS', 'OPTIONS'].map((method) =>
    raw(`method ${method}`, () => rawRequest(method, '/v1/sys/mounts', [])),
  ),
  ...['POST', 'PATCH', 'DELETE', 'LIST', 'SCAN'].map((method) =>
    hostile(`${method} where it is not served`, method, 'sys/health', undefined, mergePatch),
  ),
  ...['X-Vault-Token: x', 'Content-Length: 5', 'Content-Type: a', 'X-Vault-Namespace: a'].map(
    (line) => raw(`twice ${line}`, () => rawRequest('GET', '/v1/sys/mounts', [line, line])),
  ),
  raw('chunked and a length', () =>
    rawRequest('POST', '/v1/kv1/x', ['Transfer-Encoding: chunked'], '0\r\n\r\n'),
  ),
  raw('a body that is announced too large', () =>
    rawRequest('POST', '/v1/kv1/x', []).replace('Length: 0', `Length: ${MAX_BODY_BYTES + 1}`),
  ),
  hostile('a wrap TTL of nonsense', 'GET', 'sys/mounts', undefined, {
    headers: { 'X-Vault-Wrap-TTL': 'soon' },
  }),
  hostile('a negative wrap TTL', 'GET', 'sys/mounts', undefined, {
    headers: { 'X-Vault-Wrap-TTL': '-5s' },
  }),
  ...['none', '..', 'ns1/..', 'ns1//x', '__proto__', 'a\tb', 'ns1/x/y'].map((namespace) =>
    hostile(`namespace ${namespace}`, 'GET', 'sys/mounts', undefined, {
      headers: { 'X-Vault-Namespace': namespace },
    }),
  ),
  ...['x', 'hvs.', 'hvs.AAAA', `hvs.${'A'.repeat(96)}`, 'hvb.AAAA', 's.old', '__proto__', 'é'].map(
    (token) => hostile(`token ${token.slice(0, 20)}`, 'GET', 'sys/mounts', undefined, { token }),
  ),
  hostile('a token as long as a head allows', 'GET', 'sys/mounts', undefined, {
    token: 'A'.repeat(MAX_HEADER_BYTES - 2000),
  }),
  hostile('no token', 'POST', 'kv1/x', { a: 1 }, { token: null }),
]

describe.each([
  ['bodies', bodies],
  ['paths', paths],
  ['writes', writes],
  ['heads', heads],
] as const)('hostile %s', (_, cases) => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (name, one) => {
    const before = await snapshot()
    const linesBefore = lines().length
    const { status, errors, contentType } = await one.send()
    const at = `${name} -> ${status} ${JSON.stringify(errors)}`
    expect(status, at).toBeGreaterThanOrEqual(400)
    expect(status, at).toBeLessThan(500)
    expect(contentType).toBe('application/json')
    expect(Array.isArray(errors), at).toBe(true)
    for (const error of errors as unknown[]) expect(typeof error).toBe('string')
    expect(await snapshot()).toEqual(before)
    const added = lines().slice(linesBefore)
    // What the handler itself refused has its request's line already; the error stands once.
    expect(added.filter(({ type }) => type === 'request').length).toBe(1)
    expect(added.filter(({ error }) => error !== undefined).length).toBe(1)
    expect(added.length).toBeLessThanOrEqual(2)
    expect(added.at(-1)?.error).toBe((errors as string[]).join('; '))
  })
})

describe('revoked, expired and foreign tokens', () => {
  it('are refused alike, with one line', async () => {
    const create = async (fields: object): Promise<string> =>
      (await server.call('POST', 'auth/token/create', fields)).body.auth.client_token
    const revoked = await create({})
    await server.call('POST', 'auth/token/revoke', { token: revoked })
    const expired = await create({ ttl: '1s' })
    await new Promise((resolve) => setTimeout(resolve, 1100))
    for (const token of [revoked, expired, `${revoked}x`]) {
      const before = lines().length
      const { status, body } = await server.call('GET', 'auth/token/lookup-self', undefined, {
        token,
      })
      expect([status, body]).toEqual([403, { errors: ['permission denied'] }])
      expect(lines().length).toBe(before + 1)
    }
    expect(readFileSync(file, 'utf8')).not.toContain(revoked)
  })
})

describe('the store and the log', () => {
  it('hold nothing of a secret that came in a request nobody could read', async () => {
    const secret = 'plain-text-of-a-secret'
    const texts = [
      `{"password":"${secret}"`,
      `{"a":1}${secret}`,
      `{"${secret}`,
      `{"a":"\n${secret}"}`,
    ]
    for (const text of texts) {
      for (const path of ['kv1/x', 'secret/data/x', 'auth/token/create', 'sys/wrapping/wrap']) {
        const reply = await server.call('POST', path, text)
        expect([text, reply.status]).toEqual([text, 400])
        expect(reply.text).not.toContain(secret)
      }
    }
    const wrong = { data: secret, options: secret, policies: { a: secret } }
    for (const path of ['secret/data/x', 'auth/token/create', 'sys/mounts/x']) {
      const reply = await server.call('POST', path, { ...wrong, ttl: secret, config: secret })
      expect([path, reply.status]).toEqual([path, 400])
    }
    expect(logged.join('\n')).not.toContain(secret)
    expect(readFileSync(file, 'utf8').includes(secret)).toBe(false)
  })

  it('show headers by their names, whatever these are', async () => {
    const names = ['__proto__', 'constructor', 'x-plain']
    for (const name of names) {
      await server.call('POST', `sys/config/auditing/request-headers/${name}`, { hmac: false })
    }
    const headers = names.map((name, at) => `${name}: value-${at}`)
    const reply = await server.raw(rawRequest('GET', '/v1/sys/mounts', headers))
    expect(reply).toMatch(/^HTTP\/1\.1 200 /)
    const line = readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''
    for (const [at, name] of names.entries()) expect(line).toContain(`"${name}":["value-${at}"]`)
  })

  it('show no secret in the log and none in audit', () => {
    const all = logged.join('\n') + readFileSync(file, 'utf8')
    for (const secret of ['in-the-store', server.rootToken]) expect(all).not.toContain(secret)
  })
})

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'LIST', 'SCAN', 'HEAD', 'OPTIONS']
const KNOWN_PATHS = [
  'sys/mounts',
  'sys/mounts/x',
  'sys/mounts/secret/tune',
  'sys/auth/x',
  'sys/policies/acl/x',
  'sys/policy',
  'sys/capabilities',
  'sys/capabilities-self',
  'sys/health',
  'sys/seal-status',
  'sys/leases/lookup',
  'sys/leases/renew',
  'sys/leases/revoke',
  'sys/leases/revoke-prefix/x',
  'sys/leases/tidy',
  'sys/remount',
  'sys/remount/status/x',
  'sys/wrapping/wrap',
  'sys/wrapping/unwrap',
  'sys/wrapping/rewrap',
  'sys/namespaces/x',
  'sys/tools/random',
  'sys/tools/hash',
  'sys/policies/password/x',
  'sys/policies/password/x/generate',
  'sys/internal/ui/mounts/secret',
  'sys/internal/specs/openapi',
  'sys/audit-hash/file',
  'auth/token/create',
  'auth/token/create/x',
  'auth/token/roles/x',
  'auth/token/lookup',
  'auth/token/lookup-accessor',
  'auth/token/renew',
  'auth/token/revoke-accessor',
  'auth/token/tidy',
  'secret/data/app',
  'secret/metadata/app',
  'secret/metadata/',
  'secret/subkeys/app',
  'secret/delete/app',
  'secret/undelete/app',
  'secret/destroy/app',
  'secret/config',
  'kv1/x',
  'cubbyhole/x',
  'sys/rotate',
  'sys/key-status',
  'sys/unseal',
  'sys/init',
  'sys/generate-root/attempt',
  'sys/rekey/init',
  'sys/config/auditing/request-headers/x',
  'sys/leader',
] // prettier-ignore
const FIELDS = [
  'type',
  'options',
  'config',
  'data',
  'ttl',
  'policy',
  'policies',
  'path',
  'paths',
  'token',
  'accessor',
  'lease_id',
  'increment',
  'versions',
  'max_versions',
  'custom_metadata',
  'delete_version_after',
  'from',
  'to',
  'input',
  'bytes',
  'format',
  'name',
  'meta',
  'num_uses',
  'period',
  'key',
  'reset',
  'limit',
  'after',
  '__proto__',
  'constructor',
  'toString',
  'depth',
  'version',
  'allowed_policies',
  'token_type',
  'otp',
  'description',
  'listing_visibility',
  'secret_shares',
  'activecode',
  'sealedcode',
  'hmac',
  'local',
] // prettier-ignore

const segment = fc.oneof(
  fc.constantFrom(
    'sys',
    'secret',
    'data',
    'auth',
    'token',
    'kv1',
    'x',
    '..',
    '.',
    '',
    '%2f',
    '%00',
  ),
  fc.string({ maxLength: 6 }).map((text) => encodeURIComponent(text)),
)
const path = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...KNOWN_PATHS) },
  { weight: 1, arbitrary: fc.array(segment, { maxLength: 5 }).map((parts) => parts.join('/')) },
)
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('1h', '-1', '', 'kv', 'default', 'root', '0', '9007199254740993', 'a,b', '{{x}}'),
  fc.constantFrom(...[...Array(12).keys()].map((at) => at * 50 - 100)),
)
const fields = fc
  .array(fc.tuple(fc.constantFrom(...FIELDS), value), { maxLength: 4 })
  .map((pairs) => `{${pairs.map(([name, of]) => `"${name}":${JSON.stringify(of)}`).join()}}`)
const body = fc.oneof(
  { weight: 5, arbitrary: fields },
  { weight: 1, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 1, arbitrary: fc.constant(undefined) },
)
const query = fc.oneof(
  fc.constantFrom(
    '',
    '',
    '?list=true',
    '?help=1',
    '?version=x',
    '?limit=-5',
    '?after=%ff',
    '?a=1&a=2',
  ),
  fc
    .tuple(fc.constantFrom(...FIELDS), fc.constantFrom('1', '-1', 'x', '199', '99999'))
    .map(([name, of]) => `?${name}=${of}`),
)
const headers = fc.constantFrom<Record<string, string>[]>(
  {},
  {},
  mergePatch.headers,
  { 'X-Vault-Wrap-TTL': '60' },
  { 'X-Vault-Wrap-TTL': '99999999999' },
  { 'X-Vault-Namespace': 'ns1' },
  { 'X-Vault-Namespace': 'none/' },
  { 'Content-Type': 'application/x-www-form-urlencoded' },
  { Authorization: 'Bearer x' },
)

const FUZZ_MS = 6000

describe('any request', () => {
  it(`is answered without a 5xx, for ${FUZZ_MS / 1000} s`, async () => {
    const method = fc.constantFrom(...METHODS)
    await fc.assert(
      fc.asyncProperty(method, path, query, body, headers, async (verb, to, ask, sent, extra) => {
        const isSealing = to === 'sys/seal'
        if (isSealing) return
        const reply = await Promise.race([
          server.call(verb, to + ask, sent, { headers: extra }),
          new Promise<null>((resolve) => setTimeout(() => resolve(null), 10_000).unref()),
        ])
        if (reply === null) throw new Error('no answer')
        // A code that the caller asked health for is the caller's.
        if (to === 'sys/health' && reply.status < 600) return
        if (reply.status >= 500) throw new Error(`${reply.status} ${reply.text}`)
        const isError = reply.status >= 400 && verb !== 'HEAD'
        if (isError && reply.headers['content-type'] !== 'application/json')
          throw new Error(`an error of type ${reply.headers['content-type']}`)
      }),
      { interruptAfterTimeLimit: FUZZ_MS, numRuns: 100_000, markInterruptAsFailure: false },
    )
    expect(unhandled).toEqual([])
    expect((await server.call('GET', 'secret/config')).status).toBe(200)
  })

  it('leaves no internal error in the log', () => {
    expect(logged.filter((line) => /internal error|handler failed/.test(line))).toEqual([])
  })
})
