// Mounts: enabling, tuning, moving and disabling, and how each counts from the next request on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, eventually, fresh, mountKv, newToken, writePolicy } from '../support/api-steps.ts'
import type { InProcess } from '../support/in-process.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'
import { serverKinds } from '../support/server-kinds.ts'

let server: InProcess
let world: World

const mounts = async (): Promise<string[]> =>
  Object.keys((await call(server, 200, 'GET', 'sys/mounts')).body.data)

describe.each(serverKinds)('mounts on $kind', ({ start }) => {
  beforeAll(async () => {
    world = new World()
    server = await start({ engines: [outsideEngine(world)] })
  })
  afterAll(() => server.close())

  it('are there with what every server has', async () => {
    expect(await mounts()).toEqual(['cubbyhole/', 'sys/'])
    const { body } = await call(server, 200, 'GET', 'sys/auth')
    expect(body.data['token/']).toMatchObject({ type: 'token', local: false })
    expect(body['token/']).toEqual(body.data['token/'])
  })

  it('are enabled once, under a path that is free and not reserved', async () => {
    const kv = await mountKv(server)
    const again = async (path: string, type = 'kv') =>
      (await server.call('POST', `sys/mounts/${path}`, { type })).status
    for (const path of [
      kv,
      `${kv}/below`,
      'sys',
      'sys/x',
      'cubbyhole',
      'identity',
      'auth',
      'auth/x',
      'a+b',
    ])
      expect([path, await again(path)]).toEqual([path, 400])
    expect(await again(fresh('x'), 'nothing')).toBe(400)
    expect(await again(fresh('x'), '__proto__')).toBe(400)
    expect((await server.call('POST', `sys/mounts/${fresh('x')}`, {})).status).toBe(400)
    const deep = `deep/${fresh('x')}`
    expect(await again(deep)).toBe(204)
    expect(await again('deep')).toBe(400)
    expect(await mounts()).toContain(`${deep}/`)
  })

  it('are enabled by one of two rivals', async () => {
    const path = fresh('race')
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => server.call('POST', `sys/mounts/${path}`, { type: 'kv' })),
    )
    expect(replies.filter(({ status }) => status === 204).length).toBeLessThanOrEqual(1)
    for (const { status, text } of replies)
      expect([status < 500 || status === 503, text]).toEqual([true, text])
    const listed = (await mounts()).filter((name) => name === `${path}/`)
    expect(listed.length).toBe(replies.some(({ status }) => status === 204) ? 1 : 0)
  })

  it('are gone at once when disabled, and a new one at the path is empty', async () => {
    const kv = await mountKv(server)
    await call(server, 200, 'POST', `${kv}/data/x`, { data: { v: 1 } })
    await call(server, 204, 'DELETE', `sys/mounts/${kv}`)
    await call(server, 404, 'GET', `${kv}/data/x`)
    await call(server, 404, 'POST', `${kv}/data/x`, { data: {} })
    await call(server, 204, 'DELETE', `sys/mounts/${kv}`)
    await call(server, 204, 'POST', `sys/mounts/${kv}`, { type: 'kv', options: { version: '2' } })
    await call(server, 404, 'GET', `${kv}/data/x`)
    await call(server, 404, 'LIST', `${kv}/metadata`)
    await eventually(
      () => server.backend.range('core/mount-dying/', { limit: 5 }),
      (keys) => keys.length === 0,
      1000,
    )
    await call(server, 400, 'DELETE', 'sys/mounts/sys')
    await call(server, 400, 'DELETE', 'sys/auth/token')
  })

  it('take no write that comes late', async () => {
    const kv = await mountKv(server)
    const writes = Array.from({ length: 20 }, (_, at) =>
      server.call('POST', `${kv}/data/k${at}`, { data: { at } }),
    )
    const [gone] = await Promise.all([server.call('DELETE', `sys/mounts/${kv}`), ...writes])
    expect([204, 503]).toContain(gone.status)
    for (const write of writes) expect([200, 404, 503]).toContain((await write).status)
  })

  it('are moved with all they hold', async () => {
    const from = await mountKv(server)
    const to = `moved/${fresh('x')}`
    await call(server, 200, 'POST', `${from}/data/x`, { data: { v: 1 } })
    const accessor = (await call(server, 200, 'GET', 'sys/mounts')).body.data[`${from}/`].accessor
    const body = { from, to }
    const { migration_id } = (await call(server, 200, 'POST', 'sys/remount', body)).body
    const status = await eventually(
      async () =>
        (await call(server, 200, 'GET', `sys/remount/status/${migration_id}`)).body.data
          .migration_info.status as string,
      (word) => word !== 'in-progress',
    )
    expect(status).toBe('success')
    const read = await call(server, 200, 'GET', `${to}/data/x`)
    expect(read.body.data.data).toEqual({ v: 1 })
    await call(server, 404, 'GET', `${from}/data/x`)
    const shown = (await call(server, 200, 'GET', 'sys/mounts')).body.data[`${to}/`]
    expect(shown.accessor).toBe(accessor)
    await call(server, 400, 'POST', 'sys/remount', { from: to, to: 'sys/x' })
    await call(server, 400, 'POST', 'sys/remount', { from: 'none', to: 'other' })
  })

  it('cap the lives of what they give', async () => {
    await call(server, 204, 'POST', 'sys/mounts/out', {
      type: 'outside',
      config: { max_lease_ttl: '10m' },
    })
    const lived = async (ttl: string): Promise<number> =>
      (await call(server, 200, 'GET', 'out/creds/a', undefined, { query: { ttl } })).body
        .lease_duration
    expect(await lived('1h')).toBe(600)
    await call(server, 204, 'POST', 'sys/mounts/out/tune', { max_lease_ttl: '5m' })
    expect(await lived('1h')).toBe(300)
    const tuned = await call(server, 200, 'GET', 'sys/mounts/out/tune')
    expect(tuned.body.data).toMatchObject({ max_lease_ttl: 300 })
    await call(server, 400, 'POST', 'sys/mounts/out/tune', { default_lease_ttl: '10m' })
    await call(server, 400, 'POST', 'sys/mounts/out/tune', { max_lease_ttl: 'soon' })
    await call(server, 204, 'POST', 'sys/auth/token/tune', { max_lease_ttl: '2h' })
    const { auth } = await newToken(server, { ttl: '5h' })
    expect(auth.lease_duration).toBe(7200)
    await call(server, 204, 'POST', 'sys/auth/token/tune', { max_lease_ttl: '0' })
  })

  it('are seen without a token only where they say so', async () => {
    const kv = await mountKv(server)
    const seen = async () =>
      Object.keys(
        (await server.call('GET', 'sys/internal/ui/mounts', undefined, { token: null })).body.data
          .secret,
      )
    expect(await seen()).not.toContain(`${kv}/`)
    await call(server, 204, 'POST', `sys/mounts/${kv}/tune`, { listing_visibility: 'unauth' })
    expect(await seen()).toContain(`${kv}/`)
    await call(server, 400, 'POST', `sys/mounts/${kv}/tune`, { listing_visibility: 'all' })
  })

  it('change only for those who may change them', async () => {
    await writePolicy(
      server,
      'mounter',
      'path "sys/mounts/mine-*" { capabilities = ["create", "update"] }',
    )
    const { token } = await newToken(server, { policies: ['mounter'] })
    await call(server, 204, 'POST', 'sys/mounts/mine-1', { type: 'kv' }, { token })
    await call(server, 403, 'POST', 'sys/mounts/theirs', { type: 'kv' }, { token })
    await call(server, 403, 'DELETE', 'sys/mounts/mine-1', undefined, { token })
    await call(server, 403, 'POST', 'sys/remount', { from: 'mine-1', to: 'mine-2' }, { token })
  })
})
