// Response wrapping: one token, one use, whoever races for it; and cubbyholes, which only their token sees.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, eventually, mountKv, newToken, writePolicy } from '../support/api-steps.ts'
import type { CallOptions, InProcess } from '../support/in-process.ts'
import { serverKinds } from '../support/server-kinds.ts'
import { type ShiftedClock, shiftedClock } from '../support/shifted-clock.ts'

let server: InProcess
let clock: ShiftedClock
let kv: string

const EXACT = '{"n":9007199254740993,"f":1.0,"e":1e400,"__proto__":{"x":-0},"constructor":"c"}'
const NOT_VALID = 'wrapping token is not valid or does not exist'

async function wrapped(path = `${kv}/data/x`, options: CallOptions = {}) {
  const of = { wrapTtlSeconds: 60, ...options }
  const { body } = await call(server, 200, 'GET', path, undefined, of)
  expect(body).toMatchObject({ data: null, auth: null, lease_id: '' })
  return body.wrap_info
}
const unwrap = (token: string, options: CallOptions = { token: null }) =>
  server.call('POST', 'sys/wrapping/unwrap', { token }, options)

describe.each(serverKinds)('response wrapping on $kind', ({ start }) => {
  beforeAll(async () => {
    clock = shiftedClock()
    server = await start({ clock })
    kv = await mountKv(server)
    const rawBody = `{"data":${EXACT}}`
    await call(server, 200, 'POST', `${kv}/data/x`, undefined, { rawBody })
  })
  afterAll(() => server.close())

  it('gives the whole answer to the letter, once', async () => {
    const info = await wrapped()
    expect(info).toMatchObject({ ttl: 60, creation_path: `${kv}/data/x` })
    expect(info.token).toMatch(/^hvs\./)
    const looked = await call(server, 200, 'POST', 'sys/wrapping/lookup', { token: info.token })
    expect(looked.body.data).toMatchObject({ creation_ttl: 60, creation_path: `${kv}/data/x` })
    const first = await unwrap(info.token)
    expect(first.status).toBe(200)
    expect(first.text).toContain(EXACT)
    expect(first.body).toMatchObject({ wrap_info: null, auth: null, warnings: null })
    const second = await unwrap(info.token)
    expect([second.status, second.body.errors]).toEqual([400, [NOT_VALID]])
    const gone = await server.call('POST', 'sys/wrapping/lookup', { token: info.token })
    expect(gone.status).toBe(400)
  })

  it('is won by one of twenty', async () => {
    for (const asSelf of [false, true]) {
      const { token } = await wrapped()
      const one = () =>
        asSelf ? server.call('POST', 'sys/wrapping/unwrap', undefined, { token }) : unwrap(token)
      const replies = await Promise.all(Array.from({ length: 20 }, one))
      const won = replies.filter(({ status }) => status === 200)
      expect(won.length).toBe(1)
      expect(won[0]?.text).toContain(EXACT)
      for (const { status, text } of replies) if (status !== 200) expect(text).not.toContain('9007')
    }
  })

  it('is won by one even where unwrapping, rewrapping and revoking race', async () => {
    const { token, accessor } = await wrapped()
    const replies = await Promise.all([
      unwrap(token),
      server.call('POST', 'sys/wrapping/rewrap', { token }),
      unwrap(token),
      server.call('POST', 'auth/token/revoke-accessor', { accessor }),
    ])
    const got = replies.slice(0, 3).filter(({ status }) => status === 200)
    expect(got.length).toBeLessThanOrEqual(1)
    expect((await unwrap(token)).status).toBe(400)
  })

  it('ends with its time', async () => {
    const { token } = await wrapped()
    clock.advance(61_000)
    expect((await unwrap(token)).status).toBe(400)
  })

  it('wraps what is sent, and again under a new token', async () => {
    const rawBody = EXACT
    const made = await server.call('POST', 'sys/wrapping/wrap', undefined, {
      rawBody,
      wrapTtlSeconds: 90,
    })
    const again = await call(server, 200, 'POST', 'sys/wrapping/rewrap', {
      token: made.body.wrap_info.token,
    })
    expect(again.body.wrap_info).toMatchObject({ ttl: 90, creation_path: 'sys/wrapping/wrap' })
    expect((await unwrap(made.body.wrap_info.token)).status).toBe(400)
    expect((await unwrap(again.body.wrap_info.token)).text).toContain(EXACT)
    await call(server, 400, 'POST', 'sys/wrapping/wrap', { x: 1 })
  })

  it('wraps new tokens and large answers', async () => {
    const made = await server.call('POST', 'auth/token/create', {}, { wrapTtlSeconds: 60 })
    const { token, wrapped_accessor } = made.body.wrap_info
    const { auth } = (await unwrap(token)).body
    expect(auth.accessor).toBe(wrapped_accessor)
    await call(server, 200, 'GET', 'auth/token/lookup-self', undefined, {
      token: auth.client_token,
    })
    const text = 'é'.repeat(400_000)
    const large = await server.call('POST', 'sys/wrapping/wrap', { text }, { wrapTtlSeconds: 60 })
    expect((await unwrap(large.body.wrap_info.token)).body.data.text).toBe(text)
  })

  it('is no right to anything else', async () => {
    const { token } = await wrapped()
    expect((await server.call('GET', `${kv}/data/x`, undefined, { token })).status).toBe(403)
    const again = (await wrapped()).token
    const looked = await server.call('GET', 'auth/token/lookup-self', undefined, { token: again })
    expect(looked.status).toBe(403)
    await writePolicy(server, 'nothing', 'path "x" { capabilities = ["read"] }')
    const of = { policies: ['nothing'], no_default_policy: true }
    const stranger = (await newToken(server, of)).token
    const kept = (await wrapped()).token
    expect((await unwrap(kept, { token: stranger })).status).toBe(403)
    expect((await unwrap(kept)).status).toBe(200)
    expect((await unwrap('')).status).toBe(403)
    for (const bad of ['x', 'hvs.x', stranger, server.rootToken]) {
      const { status, text } = await unwrap(bad)
      expect([status, text.includes('data')]).toEqual([400, false])
    }
    await call(server, 200, 'GET', 'auth/token/lookup-self')
  })
})

describe.each(serverKinds)('cubbyholes on $kind', ({ start }) => {
  let mine: string
  let other: string
  beforeAll(async () => {
    server = await start()
    mine = (await newToken(server, { policies: ['default'] })).token
    other = (await newToken(server, { policies: ['default'] })).token
  })
  afterAll(() => server.close())

  it('keep what was written to the letter, for one token alone', async () => {
    const of = { token: mine, rawBody: EXACT }
    await call(server, 204, 'POST', 'cubbyhole/a/b', undefined, of)
    const read = await call(server, 200, 'GET', 'cubbyhole/a/b', undefined, { token: mine })
    expect(read.text).toContain(`"data":${EXACT}`)
    await call(server, 404, 'GET', 'cubbyhole/a/b', undefined, { token: other })
    await call(server, 404, 'GET', 'cubbyhole/a/b')
    const listed = await call(server, 200, 'LIST', 'cubbyhole', undefined, { token: mine })
    expect(listed.body.data).toEqual({ keys: ['a/'] })
    await call(server, 404, 'LIST', 'cubbyhole', undefined, { token: other })
    await call(server, 400, 'POST', 'cubbyhole/a/', { x: 1 }, { token: mine })
    await call(server, 400, 'POST', 'cubbyhole/a', {}, { token: mine })
    await call(server, 204, 'DELETE', 'cubbyhole/a/b', undefined, { token: mine })
    await call(server, 404, 'GET', 'cubbyhole/a/b', undefined, { token: mine })
  })

  it('go with their token', async () => {
    await call(server, 204, 'POST', 'cubbyhole/a', { x: 1 }, { token: mine })
    const held = async () =>
      (await server.backend.range('', { limit: 1000 })).filter((key) => key.includes('cubby'))
    expect((await held()).length).toBe(1)
    await call(server, 204, 'POST', 'auth/token/revoke', { token: mine })
    await eventually(held, (keys) => keys.length === 0, 1000)
  })
})
