import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CoreServer, coreServer } from '../../../test/support/core-server.ts'
import type { CallOptions } from '../../../test/support/in-process.ts'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { memoryCoreStorage } from '../../../test/support/memory-core-storage.ts'
import { systemRandom } from '../../base/random.ts'
import { dueIndex } from '../jobs/due-index.ts'
import { openTokenService } from '../tokens/token-service.ts'
import { wrappingService } from './wrapping-service.ts'

let server: CoreServer
beforeAll(async () => {
  server = await coreServer()
})
afterAll(() => server.close())

const GONE = ['wrapping token is not valid or does not exist']

async function wrap(body: unknown = { a: 1 }, options: CallOptions = {}) {
  const reply = await server.call('POST', 'sys/wrapping/wrap', body, {
    wrapTtlSeconds: 300,
    ...options,
  })
  if (!reply.body?.wrap_info) throw new Error(reply.text)
  return reply.body.wrap_info
}

const unwrap = (body: unknown, options: CallOptions = {}) =>
  server.call('POST', 'sys/wrapping/unwrap', body, options)

describe('sys/wrapping', () => {
  it('gives a token in place of the response, once', async () => {
    const info = await wrap()
    expect(info).toEqual({
      token: expect.stringMatching(/^hvs\./),
      accessor: expect.any(String),
      ttl: 300,
      creation_time: new Date(server.clock.now()).toISOString(),
      creation_path: 'sys/wrapping/wrap',
    })
    const first = await unwrap({ token: info.token })
    expect([first.status, first.body?.data]).toEqual([200, { a: 1 }])
    const second = await unwrap({ token: info.token })
    expect([second.status, second.body?.errors]).toEqual([400, GONE])
  })

  it('takes the wrapping token as caller, or with nobody calling', async () => {
    const own = await wrap()
    expect((await unwrap(undefined, { token: own.token })).body?.data).toEqual({ a: 1 })
    expect((await unwrap(undefined, { token: own.token })).body?.errors).toEqual(GONE)
    const nobody = await wrap()
    expect((await unwrap({ token: nobody.token }, { token: null })).body?.data).toEqual({ a: 1 })
    expect((await unwrap({}, { token: null })).status).toBe(403)
  })

  it('gives back the original envelope of what was wrapped', async () => {
    const reply = await server.call(
      'POST',
      'auth/token/create',
      { policies: ['default'] },
      { wrapTtlSeconds: 60 },
    )
    const info = reply.body!.wrap_info!
    expect(reply.body?.auth).toBeNull()
    const { body } = await unwrap({ token: info.token })
    expect(body?.auth?.accessor).toBe(info.wrapped_accessor)
    expect(body?.request_id).toBe(reply.body?.request_id)
    expect(body?.wrap_info).toBeNull()
  })

  it('keeps data to the letter', async () => {
    const text = '{"n":9007199254740993,"f":1.0,"e":1e400,"__proto__":{"x":[]}}'
    const { token } = await wrap(text)
    expect((await unwrap({ token })).text).toContain(`"data":${text}`)
  })

  it('keeps large responses', async () => {
    const large = { text: 'ä'.repeat(700_000) }
    const { token } = await wrap(large)
    expect((await unwrap({ token })).body?.data).toEqual(large)
    expect((await unwrap({ token })).body?.errors).toEqual(GONE)
  })

  it('shows a wrapping token without using it, to anyone', async () => {
    const { token, creation_time } = await wrap()
    const data = { creation_path: 'sys/wrapping/wrap', creation_time, creation_ttl: 300 }
    for (const options of [{ token }, { token: null }, {}]) {
      const reply = await server.call('POST', 'sys/wrapping/lookup', { token }, options)
      expect(reply.body?.data).toEqual(data)
    }
    const own = await server.call('GET', 'sys/wrapping/lookup', undefined, { token })
    expect(own.body?.data).toEqual(data)
    expect((await unwrap({ token })).status).toBe(200)
    const gone = await server.call('POST', 'sys/wrapping/lookup', { token })
    expect([gone.status, gone.body?.errors]).toEqual([400, GONE])
  })

  it('rewraps: the old token is gone, the response and its life stay', async () => {
    const { token } = await wrap()
    const reply = await server.call('POST', 'sys/wrapping/rewrap', { token })
    const next = reply.body!.wrap_info!
    expect(next).toMatchObject({ ttl: 300, creation_path: 'sys/wrapping/wrap' })
    expect((await unwrap({ token })).body?.errors).toEqual(GONE)
    expect((await unwrap({ token: next.token })).body?.data).toEqual({ a: 1 })
  })

  it('ends with its time, and with its revocation', async () => {
    const late = await wrap()
    const revoked = await wrap()
    await server.call('POST', 'auth/token/revoke', { token: revoked.token })
    expect((await unwrap({ token: revoked.token })).body?.errors).toEqual(GONE)
    server.clock.advance(300_000)
    expect((await unwrap({ token: late.token })).body?.errors).toEqual(GONE)
  })

  it.each(['', 'garbage', 'hvs.x', 'hvb.x', 'hvs.x.nope1'])('%j unwraps nothing', async (token) => {
    const reply = await unwrap({ token }, { token: token === '' ? 'x' : server.root })
    expect([reply.status, reply.body?.errors]).toEqual([400, GONE])
  })

  it('is no way around the policies of the caller, nor for ordinary tokens', async () => {
    const deny = 'path "sys/wrapping/unwrap" { capabilities = ["deny"] }'
    await server.call('PUT', 'sys/policies/acl/no-wrapping', { policy: deny })
    const made = await server.call('POST', 'auth/token/create', { policies: ['no-wrapping'] })
    const caller = made.body!.auth!.client_token
    const { token } = await wrap()
    expect((await unwrap({ token }, { token: caller })).status).toBe(403)
    expect((await unwrap({ token }, { token: 'hvs.unknown' })).status).toBe(403)
    expect((await unwrap({ token: caller })).body?.errors).toEqual(GONE)
    expect((await unwrap({ token: server.root })).body?.errors).toEqual(GONE)
    expect((await unwrap({ token })).status).toBe(200)
  })

  it('needs a TTL to wrap', async () => {
    const reply = await server.call('POST', 'sys/wrapping/wrap', { a: 1 })
    expect(reply.body?.errors).toEqual(['endpoint requires response wrapping to be used'])
  })

  it('lets old clients read cubbyhole/response', async () => {
    const { token } = await wrap()
    const reply = await server.call('GET', 'cubbyhole/response', undefined, { token })
    const response = JSON.parse(reply.body?.data?.response as string) as { data: unknown }
    expect(response.data).toEqual({ a: 1 })
    expect(reply.body?.warnings?.[0]).toContain('deprecated')
    expect((await unwrap({ token })).body?.errors).toEqual(GONE)
  })
})

describe('the service', () => {
  const open = async (storage = memoryCoreStorage(), clock = manualClock()) => {
    const deps = { storage, clock, random: systemRandom, due: dueIndex }
    const ttls = { defaultSeconds: 60, maxSeconds: 60 }
    const tokens = await openTokenService({ ...deps, background: storage, mountTtls: () => ttls })
    return { storage, clock, tokens, wrapping: wrappingService({ ...deps, tokens }) }
  }
  const request = (payload: string) => ({
    payload,
    ttlSeconds: 60,
    creationPath: 'a/b',
    namespaceId: 'root',
    wrappedAccessor: '',
  })

  it('gives the response to one of many who try at once, in several processes', async () => {
    const { storage, wrapping } = await open()
    const others = [await open(storage), await open(storage), await open(storage)]
    for (const payload of ['small', 'x'.repeat(1_200_000)]) {
      const { token } = await wrapping.wrap(request(payload))
      const got = await Promise.all(
        others.flatMap((each) => [1, 2].map(() => each.wrapping.unwrap(token, false))),
      )
      expect(got.filter((each) => each !== null).map((each) => each.payload)).toEqual([payload])
    }
  })

  it('leaves nothing, whether taken, expired or abandoned', async () => {
    const { storage, clock, tokens, wrapping } = await open()
    const before = storage.entries.size
    const large = 'x'.repeat(1_200_000)
    const taken = await wrapping.wrap(request(large))
    await wrapping.unwrap(taken.token, false)
    const expired = await wrapping.wrap(request(large))
    // A process that dies between the parts and the token.
    const { mintInto } = tokens
    Object.assign(tokens, { mintInto: () => Promise.reject(new Error('killed')) })
    await expect(wrapping.wrap(request(large))).rejects.toThrow('killed')
    Object.assign(tokens, { mintInto })
    clock.advance(3600_000)
    expect(await wrapping.unwrap(expired.token, false)).toBeNull()
    for (let round = 0; round < 3; round++) {
      for (const key of [...storage.entries.keys()].filter((each) => each.startsWith('due/'))) {
        const [, , , namespaceId, kind, hash] = key.split('/')
        const ref = { namespaceId: namespaceId!, hash: hash! }
        if (await tokens.due[kind!]!(ref, new AbortController().signal)) await storage.delete(key)
      }
    }
    expect(storage.entries.size).toBe(before)
  })
})
