// Tokens as leases: sys/leases knows every service token under the path where it was made, and what it
// says is revoked is dead.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CallOptions, type InProcess, startInProcess } from '../support/in-process.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'

let clock: ManualClock
let world: World
let server: InProcess

beforeEach(async () => {
  clock = manualClock()
  world = new World()
  server = await startInProcess({ clock, engines: [outsideEngine(world)] })
  await server.call('POST', 'sys/mounts/out', { type: 'outside' })
})
afterEach(() => server.close())

interface Made {
  readonly text: string
  readonly id: string
}

async function make(body: object = {}, of: CallOptions = {}, below = 'create'): Promise<Made> {
  const sent = { ttl: '1h', ...body }
  const { body: reply } = await server.call('POST', `auth/token/${below}`, sent, of)
  const { client_token, accessor } = reply.auth
  return { text: client_token, id: `auth/token/${below}/h${accessor}` }
}

const isAlive = async (text: string, of: CallOptions = {}): Promise<boolean> => {
  const own = { ...of, token: text }
  return (await server.call('GET', 'auth/token/lookup-self', undefined, own)).status === 200
}

async function names(below: string, of: CallOptions = {}): Promise<string[] | null> {
  const reply = await server.call('LIST', `sys/leases/lookup/${below}`, undefined, of)
  return reply.status === 404 ? null : reply.body.data.keys
}

const put = (path: string, body?: unknown, of: CallOptions = {}) =>
  server.call('PUT', `sys/leases/${path}`, body, of)

/** Lets background work run: turns of the event loop, with a second passing at each. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000)
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

const marks = () => server.backend.range('ns/root/token-path/', { limit: 100 })

describe('tokens in sys/leases', () => {
  it('are listed beside the leases of secrets, page by page', async () => {
    await server.call('GET', 'out/creds/app')
    const ids = [
      await make(),
      await make({ type: 'batch', policies: ['default'] }),
      await make({ id: 'mine' }),
    ]
    const sorted = [ids[0]!, ids[2]!].map(({ id }) => id.split('/').at(-1)!).sort()
    expect(await names('')).toEqual(['auth/', 'out/'])
    expect(await names('auth/')).toEqual(['token/'])
    expect(await names('auth/token/create/')).toEqual(sorted)
    expect(await names('auth/token/create/', { query: { limit: '1' } })).toEqual([sorted[0]])
    const after = { query: { limit: '5', after: sorted[0]! } }
    expect(await names('auth/token/create/', after)).toEqual([sorted[1]])
    expect(await names('', { query: { limit: '1' } })).toEqual(['auth/'])
  })

  it('are looked up like any lease, until they end', async () => {
    const { text, id } = await make()
    const shown = async () => server.call('POST', 'sys/leases/lookup', { lease_id: id })
    const { data } = (await shown()).body
    expect(data).toMatchObject({ id, renewable: true, ttl: 3600, last_renewal: null })
    expect(Date.parse(data.expire_time) - Date.parse(data.issue_time)).toBe(3_600_000)
    await server.call('POST', 'auth/token/renew', { token: text, increment: '2h' })
    expect((await shown()).body.data).toMatchObject({ last_renewal: data.issue_time })
    const wrong = { lease_id: id.replace('create', 'other') }
    expect((await server.call('POST', 'sys/leases/lookup', wrong)).status).toBe(400)
    await pass(7300)
    expect((await shown()).body.errors).toEqual(['invalid lease'])
    expect(await marks()).toEqual([])
  })

  it('are not renewed there', async () => {
    const renewed = async (made: Made) =>
      (await put('renew', { lease_id: made.id, increment: 60 })).body.errors
    expect(await renewed(await make())).toEqual(['tokens cannot be renewed through this endpoint'])
    expect(await renewed(await make({ renewable: false }))).toEqual(['lease is not renewable'])
  })

  it('that never end are leases too, but for the first root token', async () => {
    const made = await make({ ttl: undefined, policies: ['root'] })
    const looked = await server.call('POST', 'sys/leases/lookup', { lease_id: made.id })
    expect(looked.body.data).toMatchObject({ expire_time: null, renewable: false, ttl: 0 })
    await put('revoke-prefix/auth')
    expect(await isAlive(made.text)).toBe(false)
    expect(await isAlive(server.rootToken)).toBe(true)
  })
})

describe('revoking tokens through sys/leases', () => {
  it.each([
    ['revoke', true],
    ['revoke', false],
    ['revoke-prefix', true],
    ['revoke-prefix', false],
    ['revoke-force', true],
  ])('ends one by its id with its tree: %s, sync %s', async (how, sync) => {
    const { text, id } = await make()
    const child = await make({}, { token: text })
    const other = await make()
    const { status } = await (how === 'revoke'
      ? put('revoke', { lease_id: id, sync })
      : put(`${how}/${id}`, { sync }))
    expect(status).toBe(sync ? 204 : 202)
    expect(await Promise.all([text, child.text, other.text].map((each) => isAlive(each)))).toEqual([
      false,
      false,
      true,
    ])
    await pass(5)
    expect(await marks()).toHaveLength(1)
  })

  it.each([
    ['revoke-prefix/auth/token', true],
    ['revoke-prefix/auth/token/create/', false],
    ['revoke-force/auth', true],
  ])('ends all that were made below a path: %s, sync %s', async (path, sync) => {
    await server.call('POST', 'auth/token/roles/app', { path_suffix: 'first' })
    const made = [await make({ policies: ['root'] }), await make({ id: 'mine' })]
    made.push(
      await make({}, { token: made[0]!.text }),
      await make({ policies: ['default'] }, {}, 'create/app'),
    )
    made.push(await make({ no_parent: true }))
    await server.call('GET', 'out/creds/app', undefined, { token: made[0]!.text })
    for (let count = 0; count < 30; count++) made.push(await make())
    expect((await put(path, { sync })).status).toBe(sync ? 204 : 202)
    if (!sync) await pass(5)
    for (const { text } of made) expect(await isAlive(text)).toBe(false)
    await pass(20)
    expect(await marks()).toEqual([])
    expect(world.accounts.size).toBe(0)
    expect(await server.backend.range('core/job/', { limit: 1 })).toEqual([])
    expect(await isAlive(server.rootToken)).toBe(true)
  })

  it('takes whole segments, and only those', async () => {
    await server.call('POST', 'auth/token/roles/app', { path_suffix: 'first' })
    const suffixed = await make({ policies: ['default'] }, {}, 'create/app')
    const plain = await make()
    await put('revoke-prefix/auth/token/creat')
    expect(await isAlive(plain.text)).toBe(true)
    await put('revoke-prefix/auth/token/create/app/first')
    expect([await isAlive(suffixed.text), await isAlive(plain.text)]).toEqual([false, true])
  })

  it('may end the token that asks', async () => {
    const { text } = await make({ policies: ['root'] })
    expect((await put('revoke-prefix/auth/token', {}, { token: text })).status).toBe(204)
    expect(await isAlive(text)).toBe(false)
  })

  it('ends wrapped replies with the path that was asked', async () => {
    const wrapped = await server.call('POST', 'auth/token/create', {}, { wrapTtlSeconds: 60 })
    const { token } = wrapped.body.wrap_info
    await put('revoke-prefix/auth/token/create')
    expect((await server.call('POST', 'sys/wrapping/unwrap', { token })).status).toBe(400)
    const read = await server.call('GET', 'sys/mounts', undefined, { wrapTtlSeconds: 60 })
    expect(await names('sys/mounts/')).toHaveLength(1)
    await server.call('POST', 'sys/wrapping/unwrap', { token: read.body.wrap_info.token })
    expect(await marks()).toEqual([])
  })

  it('ends the tokens also where a lease below the path can not be revoked', async () => {
    await server.call('GET', 'out/creds/app')
    const of = { wrapTtlSeconds: 600 }
    const { token } = (await server.call('GET', 'out/creds/app', undefined, of)).body.wrap_info
    world.isDown = true
    expect((await put('revoke-prefix/out')).status).toBe(500)
    expect((await server.call('POST', 'sys/wrapping/unwrap', { token })).status).toBe(400)
    expect(await marks()).toEqual([])
  })

  it('takes away a mark whose token is gone', async () => {
    const { text } = await make()
    const [key] = await marks()
    await server.call('POST', 'auth/token/revoke', { token: text })
    const writes = new Map([[key!, new Uint8Array()]])
    await server.backend.commit({ expect: new Map(), writes })
    expect((await put('revoke-prefix/auth/token')).status).toBe(204)
    expect(await marks()).toEqual([])
  })

  it('keeps to its namespace', async () => {
    await server.call('POST', 'sys/namespaces/other')
    const of = { namespace: 'other' }
    const here = await make()
    const there = await make({}, of)
    expect(await names('auth/token/create/', of)).toEqual([there.id.split('/').at(-1)])
    expect((await server.call('POST', 'sys/leases/lookup', { lease_id: there.id })).status).toBe(
      400,
    )
    await put('revoke', { lease_id: there.id })
    await put('revoke-prefix/auth/token')
    expect([await isAlive(here.text), await isAlive(there.text, of)]).toEqual([false, true])
    await put('revoke-prefix/auth/token', {}, of)
    expect(await isAlive(there.text, of)).toBe(false)
  })

  it.each(['revoke-prefix', 'revoke-force'])(
    '%s never takes nothing for everything',
    async (how) => {
      const { text } = await make()
      await server.call('GET', 'out/creds/app')
      for (const path of [how, `${how}/`, `${how}//`, `${how}//auth`]) {
        expect([400, 404, 405]).toContain((await put(path)).status)
        expect([400, 404, 405]).toContain((await server.call('PUT', `sys/${path}`)).status)
      }
      expect(await isAlive(text)).toBe(true)
      expect(world.accounts.size).toBe(1)
    },
  )

  it('takes the exact id of a secret as a prefix too', async () => {
    const ids = [0, 1].map(async () => (await server.call('GET', 'out/creds/app')).body.lease_id)
    const [first, second] = await Promise.all(ids)
    await put(`revoke-prefix/${first}`)
    expect(world.accounts.size).toBe(1)
    world.isDown = true
    expect((await put(`revoke-force/${second}`)).status).toBe(204)
    expect(await names('out/')).toBeNull()
  })
})

describe('creation paths', () => {
  it('too long for a key are cut in the index, and still found by what is above', async () => {
    await server.call('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } })
    const path = `kv/${'long/'.repeat(188)}x`
    await server.call('POST', path, { a: 'b' })
    const read = await server.call('GET', path, undefined, { wrapTtlSeconds: 60 })
    const { token, accessor } = read.body.wrap_info
    const lease_id = `${path}/h${accessor}`
    expect((await server.call('POST', 'sys/leases/lookup', { lease_id })).status).toBe(200)
    await put('revoke-prefix/kv/long')
    expect((await server.call('POST', 'sys/wrapping/unwrap', { token })).status).toBe(400)
    expect(await marks()).toEqual([])
  })
})
