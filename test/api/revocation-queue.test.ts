// The queue of revocations: lanes that are silent, hang or refuse beside others that answer; bounds, turns,
// and what the API shows of it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { integer, string } from '../../src/schema/field.ts'
import { endpoints } from '../../src/sdk/endpoints.ts'
import { authMethod } from '../../src/sdk/plugin.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { type ManualClock, manualClock, passSeconds } from '../support/manual-clock.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'
import { type SimulatedClock, simulatedClock } from '../support/simulated-clock.ts'

const { write } = endpoints()

/** Lets anybody in. */
const open = authMethod({
  type: 'open',
  about: 'Lets anybody in.',
  endpoints: [
    write('login', {
      about: 'Log in.',
      auth: 'none',
      input: {
        name: string('Who.', { default: 'x' }),
        ttl: integer('How long.', { default: 3600 }),
      },
      handle: async (_ctx, { name, ttl }) => ({
        login: { alias: { name }, policies: ['default'], displayName: name, ttlSeconds: ttl },
      }),
    }),
  ],
})

let world: World
let other: World
let server: InProcess

async function start(clock: ManualClock | SimulatedClock): Promise<void> {
  world = new World()
  other = new World()
  const engines = [outsideEngine(world), outsideEngine(other, 'other'), open]
  const starting = startInProcess({ clock, engines })
  server = 'until' in clock ? await clock.until(starting, 60_000) : await starting
}

/** Makes leases of a role. */
async function make(count: number, role: string, ttl: number, mount = 'out'): Promise<void> {
  for (let made = 0; made < count; made++) {
    const reply = await server.call('GET', `${mount}/creds/${role}`, undefined, {
      query: { ttl: String(ttl) },
    })
    expect(reply.status, reply.text).toBe(200)
  }
}

const left = (of: World, role: string): number =>
  [...of.accounts.keys()].filter((name) => name.startsWith(`${role}-`)).length

const queues = async () => (await server.call('GET', 'sys/leases/queues')).body.data

describe('the queue of revocations', () => {
  let clock: ManualClock
  const pass = (seconds: number): Promise<void> => passSeconds(clock, seconds)

  beforeEach(async () => {
    clock = manualClock()
    await start(clock)
    await server.call('POST', 'sys/mounts/out', { type: 'outside' })
    await server.call('POST', 'sys/mounts/other', { type: 'other' })
  })
  afterEach(() => server.close())

  it('waits for a silent lane at the price of single tries, and others go on', async () => {
    await make(120, 'dead', 30)
    await make(40, 'live', 30)
    await make(40, 'app', 30, 'other')
    world.silent.add('dead')
    await pass(33)
    expect([left(world, 'dead'), left(world, 'live'), other.accounts.size]).toEqual([120, 0, 0])
    await pass(60)
    const shown = await queues()
    expect(shown).toMatchObject({ queued: 120, disabled_mounts: [], prefixes: [] })
    expect(shown.queues).toMatchObject([
      { mount: 'out/', lane: 'dead', queued: 120, state: 'waiting', error: 'no answer' },
    ])
    const before = world.tries
    await pass(3600)
    // One try in some 15 seconds, not one for each lease.
    expect(world.tries - before).toBeLessThan(600)
    const figures = await server.bytes('sys/metrics', { query: { format: 'prometheus' } })
    const labels = '{namespace="",mount="out/",lane="dead"}'
    expect(figures.text).toContain(`strongroom_lease_queue_length${labels} 120\n`)
    expect(figures.text).toContain(`strongroom_lease_queue_silent${labels} 1\n`)
    world.silent.clear()
    await pass(60)
    expect(world.accounts.size).toBe(0)
    expect((await queues()).queues).toEqual([])
    // An hour of silence made nothing irrevocable and left nothing behind.
    for (const prefix of ['lease-queue/', 'core/lease-lane/', 'ns/root/lease']) {
      expect(await server.backend.range(prefix, { limit: 10 })).toEqual([])
    }
    const after = await server.bytes('sys/metrics', { query: { format: 'prometheus' } })
    const lag = 'strongroom_lease_revocation_lag_seconds_bucket{namespace="",mount="out/",le='
    expect(after.text).toContain(`${lag}"+Inf"} 160\n`)
    expect(after.text).toContain(`${lag}"5"} 40\n`)
  })

  it('goes past what is refused, and counts only refusals', async () => {
    await make(5, 'app', 30)
    world.isDown = true
    await pass(40)
    world.isDown = false
    world.silent.add('')
    await pass(3600)
    world.silent.clear()
    world.isDown = true
    await pass(400)
    const shown = await server.call('GET', 'sys/leases', undefined, {
      query: { type: 'irrevocable' },
    })
    expect(shown.body.data.lease_count).toBe(5)
    const figures = await server.bytes('sys/metrics', { query: { format: 'prometheus' } })
    expect(figures.text).toContain('strongroom_lease_irrevocable{mount="out/"} 5\n')
  })

  it('takes a call that never ends for silence', async () => {
    await make(3, 'stuck', 30)
    world.hang = new Promise(() => {})
    await pass(35)
    await make(10, 'app', 5, 'other')
    await pass(10)
    expect([world.tries, other.accounts.size]).toEqual([1, 0])
    await pass(120)
    expect(world.tries).toBeGreaterThan(1)
    world.hang = null
    await pass(60)
    expect(world.accounts.size).toBe(0)
  })

  it('works off a disabled mount and shows how far it is; one at its place stays whole', async () => {
    await make(130, 'app', 3600)
    world.silent.add('')
    expect((await server.call('DELETE', 'sys/mounts/out')).status).toBe(204)
    await server.call('POST', 'sys/mounts/out', { type: 'outside' })
    await pass(3)
    world.silent.clear()
    await make(30, 'mine', 36_000)
    world.silent.add('app')
    await pass(5)
    const { disabled_mounts, queued } = await queues()
    expect(disabled_mounts).toEqual([
      { mount: 'out/', phase: 'wait', tokens_revoked: 0, leases_queued: 130 },
    ])
    expect(queued).toBeGreaterThanOrEqual(100)
    world.silent.clear()
    await pass(60)
    expect([left(world, 'app'), left(world, 'mine')]).toEqual([0, 30])
    expect(await server.backend.range('core/mount-dying/', { limit: 5 })).toEqual([])
    expect(await server.backend.range('ns/root/lease/', { limit: 100 })).toHaveLength(30)
  })

  it('ends the tokens of a disabled auth method, and none of one at its place', async () => {
    const login = async (name: string): Promise<{ client_token: string }> =>
      (await server.call('POST', 'auth/open/login', { name }, { token: null })).body.auth
    await server.call('POST', 'sys/auth/open', { type: 'open' })
    const old = []
    for (let count = 0; count < 35; count++) old.push(await login(`old${count}`))
    expect((await server.call('DELETE', 'sys/auth/open')).status).toBe(204)
    await server.call('POST', 'sys/auth/open', { type: 'open' })
    const fresh = await login('new')
    await pass(10)
    for (const { client_token: token } of old) {
      expect(
        (await server.call('GET', 'auth/token/lookup-self', undefined, { token })).status,
      ).toBe(403)
    }
    const own = { token: fresh.client_token }
    expect((await server.call('GET', 'auth/token/lookup-self', undefined, own)).status).toBe(200)
    const marks = await server.backend.range('ns/root/token-path/auth/open/', { limit: 100 })
    expect(marks).toHaveLength(1)
    expect(await server.backend.range('core/mount-dying/', { limit: 5 })).toEqual([])
  })

  it('undoes leases of a mount that moved to another namespace', async () => {
    await make(30, 'app', 60)
    await server.call('POST', 'sys/namespaces/team')
    const moved = await server.call('POST', 'sys/remount', { from: 'out', to: 'team/out' })
    expect(moved.status, moved.text).toBeLessThan(300)
    await pass(10)
    expect(world.accounts.size).toBe(0)
  })

  it('drops by force what gives no answer, asking once', async () => {
    await make(60, 'app', 3600)
    world.silent.add('')
    const failed = await server.call('PUT', 'sys/leases/revoke-prefix/out')
    expect(failed.status).toBe(500)
    const before = world.tries
    expect((await server.call('PUT', 'sys/leases/revoke-force/out')).status).toBe(204)
    expect(world.tries - before).toBeLessThan(20)
    expect(await server.backend.range('ns/root/lease/', { limit: 5 })).toEqual([])
    await pass(60)
    expect(await server.backend.range('core/lease-lane/', { limit: 5 })).toEqual([])
  })
})

describe('the turns of the lanes', () => {
  let clock: SimulatedClock
  const of = <T>(promise: Promise<T>, ms = 3_600_000): Promise<T> => clock.until(promise, ms)

  beforeEach(async () => {
    clock = simulatedClock()
    await start(clock)
    await of(server.call('POST', 'sys/mounts/out', { type: 'outside' }))
    await of(server.call('POST', 'sys/mounts/other', { type: 'other' }))
  })
  afterEach(() => of(server.close()))

  it('keep to the bound, and begin with one after a silence', async () => {
    world.bound = 6
    world.revokeMs = 50
    await of(make(300, 'app', 10))
    world.silent.add('')
    await clock.pass(20_000)
    expect(world.mostRunning.get('app')).toBe(1)
    await clock.pass(300_000)
    expect(world.mostRunning.get('app')).toBe(1)
    world.silent.clear()
    await clock.pass(30_000)
    expect(world.accounts.size).toBe(0)
    expect(world.mostRunning.get('app')).toBe(6)
    // Nothing was asked twice once it answered.
    expect(world.revoked.length).toBe(300)
  })

  it('are fair: a short queue is not behind a long one', async () => {
    world.revokeMs = 60
    other.revokeMs = 60
    await of(make(1500, 'much', 100))
    await of(make(5, 'few', 100))
    await of(make(5, 'app', 100, 'other'))
    await clock.pass(103_000)
    expect(left(world, 'much')).toBeGreaterThan(500)
    expect([left(world, 'few'), other.accounts.size]).toEqual([0, 0])
    await clock.pass(60_000)
    expect(world.accounts.size).toBe(0)
  })
})
