import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type InProcess, startInProcess } from '../../test/support/in-process.ts'
import { apiHandler } from './api-handler.ts'
import type { HttpReply, HttpRequest } from './exchange.ts'
import type { HeadersByStatus } from './response-headers.ts'

let server: InProcess

beforeEach(async () => {
  server = await startInProcess()
})
afterEach(() => server.close())

function requestOf(method: string, path: string, headers: Record<string, string>): HttpRequest {
  return {
    method,
    target: path,
    path,
    query: '',
    header: (name) => headers[name],
    headers: Object.entries(headers).flat(),
    body: Buffer.alloc(0),
    remoteAddress: '127.0.0.1',
    remotePort: 1,
    tls: null,
    signal: new AbortController().signal,
    listener: 'test',
  }
}

const headerOf = (reply: HttpReply, name: string): string | undefined => {
  const at = reply.headers.findIndex((one, index) => index % 2 === 0 && one.toLowerCase() === name)
  return at < 0 ? undefined : reply.headers[at + 1]
}

const ask = (method: string, headers: Record<string, string>) =>
  apiHandler(server.host).handler(requestOf(method, '/v1/sys/health', headers))

const page = { origin: 'http://a.example' }
const question = { ...page, 'access-control-request-method': 'LIST' }

describe('CORS', () => {
  it('is left to the browser while it is off', async () => {
    expect((await ask('OPTIONS', question)).status).toBe(405)
    const reply = await ask('GET', page)
    expect(reply.status).toBe(200)
    expect(headerOf(reply, 'access-control-allow-origin')).toBeUndefined()
  })

  it('answers pages of the named origins and no others', async () => {
    await server.call('POST', 'sys/config/cors', { allowed_origins: 'http://a.example' })
    const asked = await ask('OPTIONS', question)
    expect(asked.status).toBe(204)
    expect(headerOf(asked, 'access-control-allow-methods')).toContain('LIST')
    expect(headerOf(asked, 'access-control-allow-headers')).toContain('X-Vault-Token')
    expect(headerOf(asked, 'access-control-max-age')).toBe('300')
    expect(headerOf(asked, 'vary')).toBe('Origin')
    const reply = await ask('GET', page)
    expect(reply.status).toBe(200)
    expect(headerOf(reply, 'access-control-allow-origin')).toBe('http://a.example')
    expect(headerOf(reply, 'access-control-allow-credentials')).toBeUndefined()
    expect(await ask('GET', { origin: 'http://evil.example' })).toMatchObject({
      status: 403,
      body: '{"errors":["origin not allowed"]}\n',
    })
    const strange = { ...page, 'access-control-request-method': 'TRACE' }
    expect((await ask('OPTIONS', strange)).status).toBe(405)
    expect((await ask('OPTIONS', page)).status).toBe(405)
  })

  it('is off while sealed', async () => {
    await server.call('POST', 'sys/config/cors', { allowed_origins: '*' })
    await server.call('POST', 'sys/seal')
    expect(headerOf(await ask('GET', page), 'access-control-allow-origin')).toBeUndefined()
  })
})

describe('headers of the configuration', () => {
  const responseHeaders: HeadersByStatus = new Map([
    [
      'default',
      new Map([
        ['X-Own', 'any'],
        ['Cache-Control', 'public'],
      ]),
    ],
    ['4xx', new Map([['X-Own', 'client']])],
    ['404', new Map([['x-own', 'absent']])],
  ])

  it('are added by status and replace none of a reply’s own', async () => {
    const { handler } = apiHandler(server.host, { cors: null, responseHeaders })
    const get = (path: string) => handler(requestOf('GET', path, {}))
    const healthy = await get('/v1/sys/health')
    expect(headerOf(healthy, 'x-own')).toBe('any')
    expect(headerOf(healthy, 'cache-control')).toBe('no-store')
    expect(headerOf(await get('/v1/cubbyhole/a'), 'x-own')).toBe('client')
    expect(headerOf(await get('/elsewhere'), 'x-own')).toBe('absent')
    expect((await get('/elsewhere')).headers).toBe((await get('/elsewhere')).headers)
  })
})
