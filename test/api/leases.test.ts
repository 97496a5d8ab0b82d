import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import type { StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { type ManualClock, manualClock, passSeconds } from '../support/manual-clock.ts'
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

const pass = (seconds: number): Promise<void> => passSeconds(clock, seconds)

async function irrevocable(path: string, query: Record<string, string> = {}) {
  const reply = await server.call('GET', path, undefined, {
    query: { type: 'irrevocable', ...query },
  })
  return reply.body.data
}

const creds = async (of = {}) => server.call('GET', 'out/creds/app', undefined, of)

describe('leases', () => {
  it('are answered, looked up, renewed and end by themselves', async () => {
    const made = await server.call('GET', 'out/creds/app', undefined, { query: { ttl: '60' } })
    expect(made.status).toBe(200)
    expect(made.body).toMatchObject({ renewable: true, lease_duration: 60 })
    const { lease_id } = made.body
    expect(lease_id).toMatch(/^out\/creds\/app\/[\w-]{24}$/)
    const looked = await server.call('POST', 'sys/leases/lookup', { lease_id })
    expect(looked.body.data).toMatchObject({ id: lease_id, renewable: true, ttl: 60 })
    await pass(30)
    const renewed = await server.call('PUT', 'sys/leases/renew', { lease_id, increment: 120 })
    expect(renewed.body).toMatchObject({ lease_id, lease_duration: 120, renewable: true })
    await pass(100)
    expect(world.accounts.size).toBe(1)
    await pass(30)
    expect(world.accounts.size).toBe(0)
    expect((await server.call('POST', 'sys/leases/lookup', { lease_id })).status).toBe(400)
  })

  it('undo what a failed handler left behind', async () => {
    world.failsAfterCreate = true
    expect((await creds()).status).toBe(503)
    expect(world.accounts.size).toBe(1)
    await pass(8)
    expect(world.accounts.size).toBe(0)
  })

  it('end with their token', async () => {
    const token = await server.call('POST', 'auth/token/create', { policies: ['root'] })
    await creds({ token: token.body.auth.client_token })
    expect(world.accounts.size).toBe(1)
    await server.call('POST', 'auth/token/revoke', { token: token.body.auth.client_token })
    await pass(15)
    expect(world.accounts.size).toBe(0)
  })

  it('are revoked by id, by prefix and with their mount', async () => {
    const first = (await creds()).body.lease_id
    await creds()
    await creds()
    expect(
      (await server.call('PUT', 'sys/leases/revoke', { lease_id: first, sync: true })).status,
    ).toBe(204)
    expect(world.accounts.size).toBe(2)
    await server.call('PUT', 'sys/leases/revoke-prefix/out/creds')
    expect(world.accounts.size).toBe(0)
    await creds()
    expect((await server.call('DELETE', 'sys/mounts/out')).status).toBe(204)
    expect((await creds()).status).toBe(404)
    await pass(15)
    expect(world.accounts.size).toBe(0)
    expect(await server.backend.range('core/mount-dying/', { limit: 10 })).toEqual([])
  })

  it('become irrevocable after their tries, are shown, and can be forced away', async () => {
    const { lease_id } = (await creds()).body
    world.isDown = true
    await server.call('PUT', 'sys/leases/revoke', { lease_id })
    await pass(600)
    const shown = await server.call('GET', 'sys/leases', undefined, {
      query: { type: 'irrevocable' },
    })
    expect(shown.body.data).toMatchObject({
      lease_count: 1,
      leases: [{ lease_id, error: 'the world is down' }],
    })
    await server.call('PUT', 'sys/leases/revoke-force/out')
    expect((await server.call('POST', 'sys/leases/lookup', { lease_id })).status).toBe(400)
    expect((await irrevocable('sys/leases')).leases).toEqual([])
    expect(await server.backend.range('ns/root/lease-irrevocable/', { limit: 10 })).toEqual([])
  })

  it('that are irrevocable are counted by mount, with those of namespaces below', async () => {
    await server.call('POST', 'sys/namespaces/other')
    const of = { namespace: 'other' }
    await server.call('POST', 'sys/mounts/out', { type: 'outside' }, of)
    world.isDown = false
    const here = (await creds()).body.lease_id
    const there = (await creds(of)).body.lease_id
    world.isDown = true
    await server.call('PUT', 'sys/leases/revoke', { lease_id: here })
    await server.call('PUT', 'sys/leases/revoke', { lease_id: there }, of)
    await pass(600)
    expect(await irrevocable('sys/leases/count')).toMatchObject({ lease_count: 1 })
    const both = await irrevocable('sys/leases/count', { include_child_namespaces: 'true' })
    expect(both.lease_count).toBe(2)
    expect(Object.values(both.counts)).toEqual([1, 1])
    const one = { include_child_namespaces: 'true', limit: '1' }
    expect((await irrevocable('sys/leases', one)).leases).toHaveLength(1)
    expect((await server.call('GET', 'sys/leases')).status).toBe(404)
    // The world is back: a revocation by hand takes it out of the index.
    world.isDown = false
    const gone = await server.call('PUT', 'sys/leases/revoke', { lease_id: here, sync: true })
    expect(gone.status).toBe(204)
    expect(await irrevocable('sys/leases/count')).toEqual({ lease_count: 0, counts: {} })
  })

  it('are swept by a job that pages when nobody waits', async () => {
    for (let count = 0; count < 130; count++) await creds()
    const reply = await server.call('PUT', 'sys/leases/revoke-prefix/out', { sync: false })
    expect(reply.status).toBe(202)
    await pass(20)
    expect(world.accounts.size).toBe(0)
    expect(await server.backend.range('core/job/', { limit: 10 })).toEqual([])
    expect(await server.backend.range('ns/root/lease/', { limit: 10 })).toEqual([])
  })

  it('say when a caller who waits can’t have them revoked, and go on by themselves', async () => {
    const { lease_id } = (await creds()).body
    world.isDown = true
    const one = await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    expect(one.status).toBe(500)
    expect((await server.call('PUT', 'sys/leases/revoke-prefix/out')).status).toBe(500)
    world.isDown = false
    await pass(60)
    expect(world.accounts.size).toBe(0)
  })

  it('get back the marks that a damaged store lost', async () => {
    await creds({ query: { ttl: '60' } })
    const marks = await server.backend.range('due/', { limit: 100 })
    const lost = marks.filter((key) => key.includes('/lease/'))
    expect(lost).toHaveLength(1)
    await server.backend.commit({ expect: new Map(), writes: new Map([[lost[0]!, null]]) })
    const reply = await server.call('PUT', 'sys/leases/tidy')
    expect(reply.status).toBe(202)
    await pass(70)
    expect(world.accounts.size).toBe(0)
  })

  it.each(['token', 'prefix', 'force', 'mount'])(
    'revoked by %s while they are being made are not handed out, and undone',
    async (by) => {
      const token = (await server.call('POST', 'auth/token/create', { policies: ['root'] })).body
        .auth.client_token
      let open = (): void => undefined
      world.gate = new Promise((resolve) => {
        open = resolve
      })
      const asked = creds({ token })
      await pass(1)
      if (by === 'token') await server.call('POST', 'auth/token/revoke', { token })
      if (by === 'prefix') await server.call('PUT', 'sys/leases/revoke-prefix/out')
      if (by === 'force') await server.call('PUT', 'sys/leases/revoke-force/out')
      if (by === 'mount') await server.call('DELETE', 'sys/mounts/out')
      await pass(5)
      open()
      const reply = await asked
      expect(reply.status).toBe(503)
      expect(world.accounts.size).toBe(1)
      await pass(15)
      expect(world.accounts.size).toBe(0)
    },
  )

  it('do not cross namespaces', async () => {
    await server.call('POST', 'sys/namespaces/other')
    const { lease_id } = (await creds()).body
    const of = { namespace: 'other' }
    expect((await server.call('POST', 'sys/leases/lookup', { lease_id }, of)).status).toBe(400)
    expect((await server.call('PUT', 'sys/leases/renew', { lease_id }, of)).status).toBe(400)
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true }, of)
    expect(world.accounts.size).toBe(1)
  })

  it('end even where the clock goes back while they are worked on', async () => {
    const inner = memoryBackend({ clock, random: systemRandom })
    let isArmed = false
    const backend: StorageBackend = {
      ...delegate(inner),
      async range(prefix, page) {
        const keys = await inner.range(prefix, page)
        if (isArmed && prefix.startsWith('due/') && keys.some((key) => key.includes('/lease/'))) {
          isArmed = false
          clock.advance(-30_000)
        }
        return keys
      },
    }
    const other = await startInProcess({ clock, backend, engines: [outsideEngine(world)] })
    await other.call('POST', 'sys/mounts/out', { type: 'outside' })
    await other.call('GET', 'out/creds/app', undefined, { query: { ttl: '60' } })
    isArmed = true
    await pass(65)
    expect([isArmed, world.accounts.size]).toEqual([false, 1])
    await pass(40)
    expect(world.accounts.size).toBe(0)
    await other.close()
  })
})

function delegate(inner: StorageBackend): StorageBackend {
  return {
    read: (keys) => inner.read(keys),
    list: (prefix, page) => inner.list(prefix, page),
    range: (prefix, page) => inner.range(prefix, page),
    commit: (batch) => inner.commit(batch),
    changes: (onChange) => inner.changes(onChange),
    scan: (prefix) => inner.scan(prefix),
    close: () => inner.close(),
  }
}
