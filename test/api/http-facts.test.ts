// What clients rely on, over real HTTP: each fact is one that some client breaks without.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fresh } from '../support/api-steps.ts'
import { type HttpServer, startHttp } from '../support/http-server.ts'

let server: HttpServer

const json = { 'Content-Type': 'application/json' }

beforeAll(async () => {
  server = await startHttp()
  await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  await server.call('POST', 'sys/mounts/kv1', { type: 'kv', options: { version: '1' } })
  await server.call('POST', 'secret/data/a/b', { data: { x: 1 } })
  await server.call('POST', 'kv1/a/b', { x: 1 })
})
afterAll(() => server.close())

const head = (method: string, path: string, ...headers: string[]): string =>
  [
    `${method} ${path} HTTP/1.1`,
    'Host: a',
    `X-Vault-Token: ${server.rootToken}`,
    ...headers,
    '',
    '',
  ].join('\r\n')
const last = 'Connection: close'
const bodyOf = (reply: string) => JSON.parse(reply.slice(reply.lastIndexOf('\r\n\r\n')))

describe('requests', () => {
  it.each([
    ['none', {}],
    ['text', { 'Content-Type': 'text/plain' }],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['bytes', { 'Content-Type': 'application/octet-stream' }],
    ['json', { 'Content-Type': 'application/json; charset=utf-8' }],
  ])('are JSON by their first bytes where the Content-Type is %s', async (_, headers) => {
    const path = `kv1/${fresh('ct')}`
    const written = await server.call('POST', path, ' \n{"a":"b"}', { headers })
    expect(written.status).toBe(204)
    expect((await server.call('GET', path)).body.data).toEqual({ a: 'b' })
  })

  it('are forms where they say so and are no JSON', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect((await server.call('POST', 'kv1/form', 'a=b&c=d%20e', { headers })).status).toBe(204)
    expect((await server.call('GET', 'kv1/form')).body.data).toEqual({ a: 'b', c: 'd e' })
  })

  it('may have null for a body, as Go writes a map that it does not have', async () => {
    expect((await server.call('PUT', 'auth/token/renew-self', 'null')).status).toBe(400)
    expect((await server.call('PUT', 'auth/token/create', 'null')).status).toBe(200)
  })

  it('take PUT as POST', async () => {
    expect((await server.call('PUT', 'secret/data/put', { data: { x: 1 } })).status).toBe(200)
    expect((await server.call('PUT', 'sys/policies/acl/p', { policy: 'path "x" {}' })).status).toBe(
      204,
    )
  })

  it('take PATCH with a merge patch only', async () => {
    const patch = (headers: Record<string, string>) =>
      server.call('PATCH', 'secret/data/a/b', { data: { y: 2 } }, { headers })
    for (const headers of [json, {}, { 'Content-Type': 'application/json-patch+json' }]) {
      const { status, body } = await patch(headers)
      expect([status, body.errors.length]).toEqual([415, 1])
    }
    const merge = { 'Content-Type': 'application/merge-patch+json' }
    expect((await patch(merge)).status).toBe(200)
    expect((await server.call('GET', 'secret/data/a/b')).body.data.data).toEqual({ x: 1, y: 2 })
  })

  it('take their data from the query on GET, LIST and DELETE', async () => {
    await server.call('POST', 'secret/data/a/b', { data: { x: 3 } })
    const old = await server.call('GET', 'secret/data/a/b?version=1')
    expect(old.body.data.data).toEqual({ x: 1 })
    const page = await server.call('LIST', 'secret/metadata/?limit=1')
    expect(page.body.data.keys.length).toBe(1)
    const listed = await server.call('GET', 'secret/metadata?list=true&limit=1')
    expect(listed.body.data.keys.length).toBe(1)
    expect((await server.call('GET', 'secret/metadata?list=1')).status).toBe(200)
    expect((await server.call('GET', 'secret/metadata?list=false')).status).toBe(404)
    const unknown = await server.call('DELETE', 'secret/data/a/b?nothing=1')
    expect(unknown.body.warnings).toEqual([
      'Endpoint ignored these unrecognized parameters: [nothing]',
    ])
  })

  it('list with and without the slash, and by GET', async () => {
    for (const path of ['secret/metadata/a', 'secret/metadata/a/']) {
      expect((await server.call('LIST', path)).body.data).toEqual({ keys: ['b'] })
      expect((await server.call('GET', `${path}?list=true`)).body.data).toEqual({ keys: ['b'] })
    }
    const scanned = await server.call('SCAN', 'secret/metadata')
    expect(scanned.body.data.keys).toContain('a/b')
    expect((await server.call('GET', 'kv1?scan=true')).body.data.keys).toContain('a/b')
  })

  it('list in split segments, pipelined, on one connection', async () => {
    const list = head('LIST', '/v1/secret/metadata/a', last)
    const pieces = [...list].map((letter) => letter)
    const slow = await server.raw(...pieces)
    expect(slow).toMatch(/^HTTP\/1\.1 200 /)
    expect(bodyOf(slow).data).toEqual({ keys: ['b'] })
    const get = head('GET', '/v1/kv1/a/b')
    const both = await server.raw(get + head('LIST', '/v1/kv1/a') + get + list)
    expect(both.match(/HTTP\/1\.1 200 OK/g)?.length).toBe(4)
    expect(both.match(/Connection: close/g)?.length).toBe(1)
    expect(both.indexOf('"keys"')).toBeGreaterThan(both.indexOf('"x":1'))
  })

  it('name their token by X-Vault-Token or as bearer', async () => {
    const with_ = async (headers: Record<string, string>) =>
      (await server.call('GET', 'sys/mounts', undefined, { token: null, headers })).status
    expect(await with_({ Authorization: `Bearer ${server.rootToken}` })).toBe(200)
    expect(await with_({ authorization: `bearer ${server.rootToken}` })).toBe(200)
    expect(await with_({ Authorization: `Basic ${server.rootToken}` })).toBe(403)
    expect(await with_({ Authorization: 'Bearer x' })).toBe(403)
    expect(await with_({})).toBe(403)
    const both = { 'X-Vault-Token': server.rootToken, Authorization: 'Bearer x' }
    expect(await with_(both)).toBe(200)
  })

  it('may carry X-Vault-Request, X-Vault-Namespace: root and headers nobody knows', async () => {
    const headers = {
      'X-Vault-Request': 'true',
      'X-Vault-Namespace': 'root/',
      'X-Vault-No-Request-Forwarding': 'true',
      'X-Vault-Index': 'abc',
      Accept: 'application/json',
      'X-Anything': 'é',
    }
    expect((await server.call('GET', 'sys/mounts', undefined, { headers })).status).toBe(200)
  })
})

describe('answers', () => {
  it('have every key of the envelope, null or empty', async () => {
    const { body, headers } = await server.call('GET', 'kv1/a/b')
    expect(body).toEqual({
      request_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      lease_id: '',
      renewable: false,
      lease_duration: 2764800,
      data: { x: 1 },
      wrap_info: null,
      warnings: null,
      auth: null,
    })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
    })
    const login = await server.call('POST', 'auth/token/create', {})
    expect(Object.keys(login.body).sort()).toEqual(Object.keys(body).sort())
    expect(login.body.data).toBe(null)
    expect(Object.keys(login.body.auth)).toEqual(
      expect.arrayContaining([
        'client_token',
        'accessor',
        'policies',
        'token_policies',
        'metadata',
        'lease_duration',
        'renewable',
        'entity_id',
        'token_type',
        'orphan',
        'mfa_requirement',
        'num_uses',
      ]),
    )
  })

  it('are 404 without words for an empty list and an absent secret', async () => {
    for (const [method, path] of [
      ['LIST', 'secret/metadata/none'],
      ['GET', 'secret/data/none'],
      ['GET', 'kv1/none'],
      ['GET', 'sys/policies/acl/none'],
    ] as const) {
      const { status, body } = await server.call(method, path)
      expect([path, status, body]).toEqual([path, 404, { errors: [] }])
    }
  })

  it('are 204 without a body for no content, 200 with warnings', async () => {
    const none = await server.call('POST', 'kv1/none-yet', { x: 1 })
    expect([none.status, none.text, none.headers['content-type']]).toEqual([
      204,
      '',
      'application/json',
    ])
    const path = 'sys/policies/acl/warned'
    const warned = await server.call('POST', path, { policy: 'path "x" {}', nothing: 1 })
    expect(warned.status).toBe(200)
    expect(warned.body).toMatchObject({
      data: null,
      warnings: ['Endpoint ignored these unrecognized parameters: [nothing]'],
    })
  })

  it('of sys repeat their data at the top', async () => {
    for (const path of ['sys/mounts', 'sys/auth', 'sys/audit', 'sys/policy']) {
      const { body } = await server.call('GET', path)
      for (const [name, value] of Object.entries(body.data)) expect(body[name]).toEqual(value)
    }
  })

  it('of health, init, seal-status and leader come bare, to anyone', async () => {
    const ask = (path: string) => server.call('GET', path, undefined, { token: null })
    expect((await ask('sys/health')).body).toMatchObject({
      initialized: true,
      sealed: false,
      standby: false,
    })
    expect((await ask('sys/init')).body).toEqual({ initialized: true })
    expect((await ask('sys/seal-status')).body).toMatchObject({ t: 1, n: 1, sealed: false })
    expect((await ask('sys/leader')).body).toMatchObject({ ha_enabled: false })
    for (const path of ['sys/health', 'sys/seal-status', 'sys/leader', 'sys/init']) {
      expect((await ask(path)).body.request_id).toBe(undefined)
    }
    const code = await ask('sys/health?activecode=299')
    expect(code.status).toBe(299)
    // A status below 200 announces another answer: no client could read it as one.
    expect((await ask('sys/health?activecode=199')).status).toBe(400)
  })

  it('to HEAD have the head of GET and no body', async () => {
    const got = await server.call('GET', 'sys/health')
    const told = await server.call('HEAD', 'sys/health')
    expect([told.status, told.text]).toEqual([200, ''])
    expect(told.headers['content-type']).toBe(got.headers['content-type'])
    expect((await server.call('HEAD', 'secret/data/none')).status).toBe(404)
    const raw = await server.raw(head('HEAD', '/v1/kv1/a/b') + head('GET', '/v1/kv1/a/b', last))
    expect(raw.match(/HTTP\/1\.1 200 OK/g)?.length).toBe(2)
    expect(raw.match(/"x":1/g)?.length).toBe(1)
  })

  it('to errors are a list of words and nothing else', async () => {
    const cases = [
      await server.call('GET', 'sys/mounts', undefined, { token: null }),
      await server.call('GET', 'none/x'),
      await server.call('POST', 'kv1/x', '{"a":'),
      await server.call('DELETE', 'sys/health'),
      await server.call('OPTIONS', 'sys/mounts'),
      await server.call('GET', '../sys/mounts'),
    ]
    for (const { status, body, headers } of cases) {
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(Object.keys(body)).toEqual(['errors'])
      for (const error of body.errors) expect(typeof error).toBe('string')
      expect(headers['content-type']).toBe('application/json')
    }
    expect(cases[0]?.body).toEqual({ errors: ['permission denied'] })
  })

  it('outside /v1/ are 404', async () => {
    for (const path of ['/', '/v2/sys/health', '/v1', '/favicon.ico']) {
      expect(await server.raw(head('GET', path, last))).toMatch(/^HTTP\/1\.1 404 .*"errors":\[\]/s)
    }
  })

  it('say a version that semver parsers take', async () => {
    const { version } = (await server.call('GET', 'sys/seal-status')).body
    const semver =
      /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z-.]+)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/
    expect(version).toMatch(semver)
    expect(version).toContain('+strongroom.')
    expect((await server.call('GET', 'sys/health')).body.version).toBe(version)
  })

  it('keep the connection, and close it when asked', async () => {
    const get = head('GET', '/v1/sys/health')
    const replies = await server.raw(get, get, get, head('GET', '/v1/sys/health', last))
    expect(replies.match(/HTTP\/1\.1 200 OK/g)?.length).toBe(4)
    const old = await server.raw('GET /v1/sys/health HTTP/1.0\r\n\r\n')
    expect(old).toMatch(/^HTTP\/1\.1 200 OK.*Connection: close/s)
  })

  it('in ?help=1 are words about the path', async () => {
    const { status, body } = await server.call('GET', 'sys/mounts?help=1')
    expect([status, typeof body.help]).toEqual([200, 'string'])
  })
})
