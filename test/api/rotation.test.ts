// Rotation as operators see it, on every kind of storage: timers are real here and the wall clock jumps.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { InProcess } from '../support/in-process.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'
import { AccountWorld, refusedByWorld, rotatingEngine } from '../support/rotating-engine.ts'
import { allServerKinds } from '../support/server-kinds.ts'

let clock: ManualClock
let world: AccountWorld
let server: InProcess

async function open(start: (typeof allServerKinds)[number]['start']): Promise<void> {
  const { now, advance } = manualClock()
  clock = { ...systemClock, now, advance }
  world = new AccountWorld()
  server = await start({ clock, engines: [rotatingEngine(world)] })
  await server.call('POST', 'sys/mounts/db', { type: 'rotating' })
}

const post = (path: string, body: object = {}, of = {}) => server.call('POST', path, body, of)
const get = (path: string) => server.call('GET', path)
const record = async (name: string) => (await get(`sys/rotation/records/${name}`)).body.data
const login = async (name: string) => (await get(`db/accounts/${name}`)).body.data
const works = async (name: string): Promise<boolean> => {
  const { username, password } = await login(name)
  return world.passwords.get(username) === password
}

/** Asks again until it holds; work that is due begins within two seconds. */
async function eventually(check: () => Promise<boolean>): Promise<void> {
  const until = systemClock.monotonic() + 12_000
  while (!(await check())) {
    if (systemClock.monotonic() > until) throw new Error('it never came true')
    await systemClock.sleep(25)
    // What is due at this very moment is begun when the next one has come.
    clock.advance(1)
  }
}

const rotations = async (name: string): Promise<number> =>
  (await get(`sys/rotation/history/${name}`)).body.data.events.filter(
    ({ outcome }: { outcome: string }) => outcome === 'rotated',
  ).length

describe.each(allServerKinds)('rotation on $kind', ({ start }) => {
  beforeEach(() => open(start))
  afterEach(() => server.close())

  it('sets a first secret, then a new one each period, and shows both', async () => {
    expect((await post('db/accounts/app', { rotation_period: 3600 })).status).toBe(204)
    const first = await login('app')
    expect(await works('app')).toBe(true)
    expect(await record('db/accounts/app')).toMatchObject({
      mount_path: 'db/',
      kind: 'accounts',
      name: 'app',
      state: 'idle',
      strategy: 'single',
      rotation_period: 3600,
      last_rotated: '2030-01-01T00:00:00.000Z',
      rotate_after: '2030-01-01T01:00:00.000Z',
      overdue: false,
      hold: null,
    })
    clock.advance(3600_001)
    await eventually(async () => (await login('app')).password !== first.password)
    await eventually(async () => (await record('db/accounts/app')).state === 'idle')
    expect(await works('app')).toBe(true)
    const { events } = (await get('sys/rotation/history/db/accounts/app')).body.data
    expect(events).toMatchObject([
      { cause: 'manual', by: 'creation', outcome: 'rotated', attempts: 1, error: '' },
      {
        cause: 'scheduled',
        by: '',
        outcome: 'rotated',
        time: expect.stringMatching(/^2030-01-01T01:00:00/),
      },
    ])
    expect((await post('db/rotate/app')).status).toBe(204)
    expect(await rotations('db/accounts/app')).toBe(3)
  })

  it('never shows a staged secret, nor in an error', async () => {
    await post('db/accounts/app', { rotation_period: 3600 })
    world.after = (call) => {
      if (call === 'set') throw new Error(`lost: ${[...world.passwords.values()].join(' ')}`)
    }
    const failed = await post('sys/rotation/rotate/db/accounts/app')
    expect(failed.status).toBe(500)
    expect(failed.body.errors[0]).toMatch(/^rotation failed: internal error; it is tried again at /)
    const [password] = [...world.passwords.values()]
    const shown = await Promise.all([
      get('sys/rotation/records/db/accounts/app'),
      get('sys/rotation/history/db/accounts/app'),
      server.call('LIST', 'sys/rotation/failing'),
    ])
    expect(shown.map(({ status }) => status)).toEqual([200, 200, 200])
    for (const { text } of shown) expect(text).not.toContain(password)
    world.after = () => {}
    expect((await post('db/rotate/app')).status).toBe(204)
    // What had come through with the lost answer was proven, not set again.
    expect(await works('app')).toBe(true)
    expect((await login('app')).password).toBe(password)
    expect(await record('db/accounts/app')).toMatchObject({ state: 'idle', last_error: '' })
    expect((await server.call('LIST', 'sys/rotation/failing')).status).toBe(404)
  })

  it('tries again what was refused, tells it, and never in silence', async () => {
    await post('db/accounts/app', { rotation_period: 3600 })
    world.before = (call) => {
      if (call === 'set') throw refusedByWorld()
    }
    clock.advance(3600_001)
    const path = 'sys/rotation/records/db/accounts/app'
    await eventually(async () => (await get(path)).body.data.state === 'retrying')
    expect((await get(path)).body.data).toMatchObject({
      step: 'stage',
      attempt: 1,
      last_error: 'the world refuses this password',
    })
    for (let tries = 2; tries <= 6; tries++) {
      clock.advance(3600_001)
      await eventually(async () => (await get(path)).body.data.attempt === tries)
    }
    expect((await get(path)).body.data).toMatchObject({ state: 'failed', overdue: true })
    expect(await works('app')).toBe(true)
    const failing = (await server.call('LIST', 'sys/rotation/failing')).body.data
    expect(failing.keys).toEqual(['db/accounts/app'])
    expect((await server.call('LIST', 'sys/rotation/overdue')).body.data.keys).toEqual(failing.keys)
    const { events } = (await get('sys/rotation/history/db/accounts/app')).body.data
    expect(events.at(-1)).toMatchObject({ outcome: 'failed', attempts: 6, cause: 'scheduled' })
    const figures = await server.bytes('sys/metrics', { query: { format: 'prometheus' } })
    expect(figures.text).toMatch(/strongroom_rotation_overdue 1\n/)
    expect(figures.text).toMatch(/strongroom_rotation_failing 1\n/)
    expect(figures.text).toMatch(/strongroom_rotation_failure(_total)? 6\n/)
    world.before = () => {}
    expect((await post('sys/rotation/rotate/db/accounts/app')).status).toBe(200)
    expect(await record('db/accounts/app')).toMatchObject({ state: 'idle', overdue: false })
    expect((await server.call('LIST', 'sys/rotation/overdue')).status).toBe(404)
  })

  it('alternates between two users, and ends the former one after the grace time', async () => {
    const users = { usernames: 'app-a,app-b', rotation_period: 3600, rotation_grace: 600 }
    expect((await post('db/accounts/app', users)).status).toBe(204)
    const first = await login('app')
    expect((await post('db/rotate/app')).status).toBe(204)
    const second = await login('app')
    expect([first.username, second.username].sort()).toEqual(['app-a', 'app-b'])
    expect(await record('db/accounts/app')).toMatchObject({
      strategy: 'two-user',
      step: 'retire',
      active_username: second.username,
      previous_username: first.username,
      grace_until: '2030-01-01T00:10:00.000Z',
    })
    // Both log in while the grace time runs.
    expect(world.passwords.get(first.username)).toBe(first.password)
    expect(world.passwords.get(second.username)).toBe(second.password)
    const early = await post('db/rotate/app')
    expect([early.status, early.body.errors[0]]).toEqual([
      400,
      'the previous secret is valid until 2030-01-01T00:10:00.000Z; rotating now would end it early, which force=true does',
    ])
    clock.advance(600_001)
    await eventually(async () => !world.passwords.has(first.username))
    await eventually(async () => (await record('db/accounts/app')).step === 'idle')
    expect((await post('db/rotate/app')).status).toBe(204)
    expect((await login('app')).username).toBe(first.username)
    expect((await post('db/rotate/app', { force: true })).status).toBe(204)
    expect((await login('app')).username).toBe(second.username)
  })

  it('pauses, freezes and resumes', async () => {
    await post('db/accounts/app', { rotation_period: 3600 })
    const { password } = await login('app')
    const paused = await post('sys/rotation/pause/db/accounts/app', { reason: 'migration' })
    expect(paused.body.data).toMatchObject({
      state: 'paused',
      hold: { mode: 'paused', by: 'root', reason: 'migration', until: null },
    })
    clock.advance(7200_001)
    await systemClock.sleep(1500)
    expect((await login('app')).password).toBe(password)
    expect((await record('db/accounts/app')).overdue).toBe(true)
    expect((await post('db/rotate/app')).status).toBe(204)
    await post('sys/rotation/freeze/db/accounts/app', { reason: 'incident 7', ttl: '1h' })
    const refused = await post('db/rotate/app')
    expect([refused.status, refused.body.errors[0]]).toEqual([
      400,
      'rotation is frozen by root: incident 7',
    ])
    const before = await login('app')
    // The freeze ends by itself, and what became due in it follows.
    clock.advance(3600_001)
    await eventually(async () => (await login('app')).password !== before.password)
    await post('sys/rotation/pause/db/accounts/app')
    const resumed = await post('sys/rotation/resume/db/accounts/app')
    expect(resumed.body.data).toMatchObject({ state: 'idle', hold: null })
  })

  it('waits for the next window where one passed', async () => {
    await post('db/accounts/app', {
      rotation_schedule: '0 3 * * *',
      rotation_window: '1h',
      rotation_timezone: 'Asia/Tokyo',
    })
    const first = await login('app')
    // 03:00 in Tokyo is 18:00 UTC; the clock comes back at 19:01, when the window has passed.
    clock.advance((19 * 3600 + 60) * 1000)
    const path = 'db/accounts/app'
    await eventually(async () => (await record(path)).rotate_after === '2030-01-02T18:00:00.000Z')
    expect((await login('app')).password).toBe(first.password)
    const { events } = (await get(`sys/rotation/history/${path}`)).body.data
    expect(events.at(-1)).toMatchObject({
      outcome: 'missed',
      error: expect.stringContaining('window'),
    })
    clock.advance(23.5 * 3600_000)
    await eventually(async () => (await login('app')).password !== first.password)
  })

  it('lists by mount and by time, in pages', async () => {
    await post('sys/mounts/other', { type: 'rotating' })
    for (const [name, period] of [
      ['b', 300],
      ['a', 200],
      ['c', 100],
    ] as const) {
      await post(`db/accounts/${name}`, { rotation_period: period })
    }
    await post('other/counters/n', { rotation_period: 150 })
    const lists = async (path: string) => {
      const keys: string[] = []
      let after = ''
      do {
        const reply = await server.call('LIST', path, undefined, { query: { after, limit: '2' } })
        if (reply.status === 404) break
        expect(reply.body.data.keys.length).toBeLessThanOrEqual(2)
        keys.push(...reply.body.data.keys)
        after = reply.body.data.cursor
      } while (after !== '')
      return keys
    }
    const all = ['db/accounts/a', 'db/accounts/b', 'db/accounts/c', 'other/counters/n']
    expect((await lists('sys/rotation/records')).sort()).toEqual(all)
    expect(await lists('sys/rotation/records/db')).toEqual(all.slice(0, 3))
    expect(await lists('sys/rotation/due')).toEqual([
      'db/accounts/c',
      'other/counters/n',
      'db/accounts/a',
      'db/accounts/b',
    ])
    expect(await lists('sys/rotation/overdue')).toEqual([])
    await server.call('DELETE', 'db/accounts/a')
    expect((await get('sys/rotation/records/db/accounts/a')).status).toBe(404)
    await server.call('DELETE', 'sys/mounts/db')
    expect(await lists('sys/rotation/records')).toEqual(['other/counters/n'])
    await eventually(async () => {
      const left = await server.backend.range('core/rotation/', { limit: 20 })
      return left.every((key) => key.includes('/counters/'))
    })
  })

  it('is a matter of policy, record by record', async () => {
    await post('db/accounts/app', { rotation_period: 3600 })
    await post('db/accounts/other', { rotation_period: 3600 })
    const policy = `path "sys/rotation/records/db/accounts/app" { capabilities = ["read"] }
      path "sys/rotation/rotate/db/accounts/app" { capabilities = ["update"] }`
    await post('sys/policies/acl/one', { policy })
    const made = await post('auth/token/create', { policies: ['one'], display_name: 'ops' })
    const of = { token: made.body.auth.client_token as string }
    const read = (name: string) =>
      server.call('GET', `sys/rotation/records/db/accounts/${name}`, undefined, of)
    expect([(await read('app')).status, (await read('other')).status]).toEqual([200, 403])
    expect((await post('sys/rotation/rotate/db/accounts/app', {}, of)).status).toBe(200)
    expect((await post('sys/rotation/pause/db/accounts/app', {}, of)).status).toBe(403)
    const { events } = (await get('sys/rotation/history/db/accounts/app')).body.data
    expect(events.at(-1)).toMatchObject({ cause: 'manual', by: 'token-ops' })
  })

  it('answers for what is not there, and for nonsense', async () => {
    for (const path of ['db/accounts/none', 'db/none', 'db', 'none/accounts/x', 'db/accounts/']) {
      expect((await get(`sys/rotation/records/${path}`)).status, path).toBe(404)
      expect((await get(`sys/rotation/history/${path}`)).status, path).toBe(404)
      expect((await post(`sys/rotation/rotate/${path}`)).status, path).toBe(404)
      expect((await post(`sys/rotation/pause/${path}`)).status, path).toBe(404)
    }
    const long = 'x'.repeat(1000)
    const query = { after: long }
    expect((await server.call('LIST', 'sys/rotation/due', undefined, { query })).status).toBe(400)
    expect((await post(`db/accounts/${long}`, { rotation_period: 60 })).status).toBe(400)
    expect((await get(`sys/rotation/records/db/accounts/${long}`)).status).toBeLessThan(500)
  })

  it('follows its mount to another path and into another namespace', async () => {
    await post('db/accounts/app', { rotation_period: 3600 })
    await post('sys/remount', { from: 'db', to: 'moved' })
    expect((await record('moved/accounts/app')).state).toBe('idle')
    await post('sys/namespaces/team')
    await post('sys/remount', { from: 'moved', to: 'team/db' })
    const inTeam = { namespace: 'team' }
    const path = 'sys/rotation/records/db/accounts/app'
    await eventually(async () => (await server.call('GET', path, undefined, inTeam)).status === 200)
    const before = await server.call('GET', 'db/accounts/app', undefined, inTeam)
    clock.advance(3600_001)
    await eventually(async () => {
      const now = await server.call('GET', 'db/accounts/app', undefined, inTeam)
      return now.body.data.password !== before.body.data.password
    })
    expect((await server.call('LIST', 'sys/rotation/records')).status).toBe(404)
    await server.call('DELETE', 'sys/namespaces/team')
    await eventually(
      async () => (await server.backend.range('core/rotation/', { limit: 1 })).length === 0,
    )
  })
})
