import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type InProcess, startInProcess } from '../support/in-process.ts'
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

/** Lets background work run: turns of the event loop, with a second passing at each. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000)
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
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
  })

  it('do not cross namespaces', async () => {
    await server.call('POST', 'sys/namespaces/other')
    const { lease_id } = (await creds()).body
    const of = { namespace: 'other' }
    expect((await server.call('POST', 'sys/leases/lookup', { lease_id }, of)).status).toBe(400)
    expect((await server.call('PUT', 'sys/leases/renew', { lease_id }, of)).status).toBe(400)
    await server.call('PUT', 'sys/leases/revoke', { lease_id, sync: true }, of)
    expect(world.accounts.size).toBe(1)
  })
})
