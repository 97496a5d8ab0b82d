import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CoreServer, coreServer } from '../../../test/support/core-server.ts'
import type { CallOptions } from '../../../test/support/in-process.ts'
import { systemClock } from '../../base/clock.ts'

let server: CoreServer
beforeAll(async () => {
  server = await coreServer()
})
afterAll(() => server.close())

async function token(body: object = {}): Promise<string> {
  const made = await server.call('POST', 'auth/token/create', { policies: ['default'], ...body })
  return made.body!.auth!.client_token
}

const call = (method: string, path: string, body?: unknown, options: CallOptions = {}) =>
  server.call(method, `cubbyhole/${path}`, body, options)

describe('the cubbyhole', () => {
  it('belongs to one token', async () => {
    const mine = { token: await token() }
    const other = { token: await token() }
    expect((await call('POST', 'a/b', { x: '1' }, mine)).status).toBe(204)
    expect((await call('POST', 'c', { x: '2' }, mine)).status).toBe(204)
    expect((await call('GET', 'a/b', undefined, mine)).body?.data).toEqual({ x: '1' })
    expect((await call('LIST', '', undefined, mine)).body?.data).toEqual({ keys: ['a/', 'c'] })
    expect((await call('LIST', 'a', undefined, mine)).body?.data).toEqual({ keys: ['b'] })
    expect((await call('GET', 'a/b', undefined, other)).status).toBe(404)
    expect((await call('GET', 'a/b')).status).toBe(404)
    expect((await call('LIST', '', undefined, other)).text).toBe('{"errors":[]}\n')
    expect((await call('DELETE', 'a/b', undefined, other)).status).toBe(204)
    expect((await call('DELETE', 'c', undefined, mine)).status).toBe(204)
    expect((await call('LIST', '', undefined, mine)).body?.data).toEqual({ keys: ['a/'] })
  })

  it('keeps what was written to the letter', async () => {
    const mine = { token: await token() }
    const text = '{"n":9007199254740993,"f":1.0,"e":1e400,"z":null,"__proto__":{"x":1}}'
    await call('POST', 'exact', text, mine)
    expect((await call('GET', 'exact', undefined, mine)).text).toContain(`"data":${text}`)
  })

  it('ends with its token, also below a dead tree', async () => {
    const parent = await token({ policies: ['root'] })
    const made = await server.call('POST', 'auth/token/create', {}, { token: parent })
    const child = { token: made.body!.auth!.client_token }
    await call('POST', 'secret', { x: '1' }, child)
    const located = server.core.tokens.locate(child.token)!
    const stored = () =>
      server.core.storage.range(`ns/root/cubbyhole/${located.hash}/`, { limit: 10 })
    expect(await stored()).toHaveLength(1)
    await server.call('POST', 'auth/token/revoke', { token: parent })
    expect((await call('GET', 'secret', undefined, child)).status).toBe(403)
    for (let waits = 0; waits < 100 && (await stored()).length > 0; waits++) {
      server.clock.advance(50)
      await systemClock.sleep(50)
    }
    expect(await stored()).toEqual([])
  })

  it.each([
    ['POST', 'x', {}, 'missing data fields'],
    ['POST', 'x/', { a: 1 }, "cannot write to a path ending in '/'"],
    ['POST', '', { a: 1 }, 'missing path'],
    ['GET', '', undefined, 'missing path'],
  ])('refuses %s of %j with %j', async (method, path, body, message) => {
    const reply = await call(method, path, body)
    expect([reply.status, reply.body?.errors]).toEqual([400, [message]])
  })

  it('is not for batch tokens', async () => {
    const batch = { token: await token({ type: 'batch' }) }
    const reply = await call('POST', 'x', { a: 1 }, batch)
    expect([reply.status, reply.body?.errors]).toEqual([
      400,
      ["cubbyhole operations are only supported by 'service' type tokens"],
    ])
  })

  it('holds apart what one token keeps in several namespaces', async () => {
    await server.call('PUT', 'sys/namespaces/team', {})
    await call('POST', 'x', { at: 'root' })
    await call('POST', 'x', { at: 'team' }, { namespace: 'team' })
    expect((await call('GET', 'x')).body?.data).toEqual({ at: 'root' })
    const below = await call('GET', 'x', undefined, { namespace: 'team' })
    expect(below.body?.data).toEqual({ at: 'team' })
  })
})
