// What comes in between while a rotation has set a new password in the database and has not made it current yet:
// another user or server, the deletion of what rotates or of its mount, a lost answer. No password is lost
// that store or database go on with, and none in silence.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type DatabaseMount, eventually, startDatabaseMount } from '../support/database-mount.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'
import { type ShiftedClock, shiftedClock } from '../support/shifted-clock.ts'
import { TcpProxy, type Verdict } from '../support/tcp-proxy.ts'

const clock: ShiftedClock = shiftedClock()
const lines: string[] = []
let pg: RealPostgres
let elsewhere: RealPostgres
let proxy: TcpProxy
let mount: DatabaseMount

beforeAll(async () => {
  ;[pg, elsewhere] = await Promise.all([startPostgres(), startPostgres()])
  proxy = await TcpProxy.start(pg.port)
  mount = await startDatabaseMount(pg, { clock, log: (line) => lines.push(line) })
}, 60_000)
afterEach(() => {
  proxy.watch = () => 'pass'
  lines.length = 0
})
afterAll(async () => {
  await mount?.server.close()
  await proxy?.close()
  await Promise.all([pg?.remove(), elsewhere?.remove()])
})

const url = (port: number): string =>
  `postgresql://{{username}}:{{password}}@127.0.0.1:${port}/postgres?sslmode=disable`
const admin = (name: string, password: string, server = pg) =>
  server.query(`CREATE ROLE ${name} SUPERUSER LOGIN PASSWORD '${password}'`)

/** Holds the answer to the next change of a password; the database has made the change then. */
function holdAnswer(): { readonly isHeld: Promise<void>; release(): void } {
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const isHeld = new Promise<void>((resolve) => {
    let isSeen = false
    proxy.watch = async (chunk, direction): Promise<Verdict> => {
      if (direction === 'request') isSeen ||= chunk.includes('ALTER')
      else if (isSeen && chunk.includes('COMMIT')) {
        resolve()
        await gate
      }
      return 'pass'
    }
  })
  return { isHeld, release }
}

/** A role of the connection makes a user, so its stored password is the one in force. */
async function worksWith(name: string): Promise<boolean> {
  await mount.ok('POST', `database/reset/${name}`)
  await mount.role(`of-${name}`, { db_name: name })
  return (await mount.call('GET', `database/creds/of-${name}`)).status === 200
}

const isIdle = async (record: string): Promise<boolean> => {
  clock.advance(1000)
  const { body } = await mount.call('GET', `sys/rotation/records/database/${record}`)
  return body.data.state === 'idle' && body.data.step === 'idle'
}

const GIVEN_UP = /a rotation under way is given up: .*"(config|static-roles)"/

describe('while the password of our own user is being replaced', () => {
  it('another user may take its place; its password is not overwritten', async () => {
    await Promise.all([admin('first', 'one'), admin('second', 'two')])
    const config = { connection_url: url(proxy.port), username: 'first', password: 'one' }
    await mount.configure(config, 'swap')
    const held = holdAnswer()
    const rotating = mount.call('POST', 'database/rotate-root/swap')
    await held.isHeld
    const written = await mount.configure(
      { ...config, username: 'second', password: 'two' },
      'swap',
    )
    expect([written.status, written.body.warnings]).toEqual([
      200,
      [expect.stringContaining('a rotation of the user "first" was under way and was given up')],
    ])
    expect(lines.filter((line) => GIVEN_UP.test(line))).toHaveLength(1)
    held.release()
    // Whoever asked for a rotation gets one: of the user that is there now.
    expect((await rotating).status).toBe(204)
    expect(await pg.login('second', 'two')).toContain('authentication failed')
    expect(await worksWith('swap')).toBe(true)
    const { events } = (await mount.ok('GET', 'sys/rotation/history/database/config/swap')).body
      .data
    expect(events[0]).toMatchObject({
      outcome: 'failed',
      username: 'first',
      error: expect.stringContaining('given up'),
    })
    expect(await isIdle('config/swap')).toBe(true)
  }, 30_000)

  it('it may move to another server: the new password is set there, too, before it counts', async () => {
    await Promise.all([admin('mover', 'here'), admin('mover', 'there', elsewhere)])
    const config = { connection_url: url(proxy.port), username: 'mover', password: 'here' }
    await mount.configure(config, 'moved')
    const held = holdAnswer()
    const rotating = mount.call('POST', 'database/rotate-root/moved')
    await held.isHeld
    const there = { ...config, connection_url: url(elsewhere.port), password: 'there' }
    expect((await mount.configure(there, 'moved')).text).toBe('')
    held.release()
    expect((await rotating).status).toBe(204)
    await eventually(() => isIdle('config/moved'), 'it has settled')
    expect(await elsewhere.login('mover', 'there')).toContain('authentication failed')
    expect(await worksWith('moved')).toBe(true)
    expect(await elsewhere.query(`SELECT 1 FROM pg_roles WHERE rolname LIKE 'v-%'`)).toHaveLength(1)
  }, 30_000)

  it('requests that log in meanwhile wait for the new one, and none fails', async () => {
    await admin('busy', 'before')
    const config = { connection_url: url(proxy.port), username: 'busy', password: 'before' }
    await mount.configure(config, 'busy')
    await mount.role('of-busy', { db_name: 'busy' })
    const { leaseId } = await mount.creds('of-busy')
    const kept = await mount.creds('of-busy')
    await mount.ok('POST', 'database/reset/busy')
    const held = holdAnswer()
    const rotating = mount.call('POST', 'database/rotate-root/busy')
    await held.isHeld
    const requests = [
      ...Array.from({ length: 4 }, () => mount.call('GET', 'database/creds/of-busy')),
      mount.revoke(leaseId),
      mount.call('POST', 'sys/leases/renew', { lease_id: kept.leaseId }),
    ]
    setTimeout(held.release, 300)
    expect((await rotating).status).toBe(204)
    const answers = (await Promise.all(requests)).map(({ status, text }) => [status, text])
    expect(answers.filter(([status]) => Number(status) >= 300)).toEqual([])
  }, 30_000)

  it('its connection may be deleted, which tells that the password is lost', async () => {
    await admin('doomed', 'before')
    const config = { connection_url: url(proxy.port), username: 'doomed', password: 'before' }
    await mount.configure(config, 'doomed')
    const held = holdAnswer()
    const rotating = mount.call('POST', 'database/rotate-root/doomed')
    await held.isHeld
    const { status, body } = await mount.call('DELETE', 'database/config/doomed')
    expect([status, body.warnings]).toEqual([200, [expect.stringContaining('user "doomed"')]])
    expect(lines.filter((line) => GIVEN_UP.test(line))).toHaveLength(1)
    held.release()
    expect((await rotating).status).toBeGreaterThanOrEqual(400)
    expect((await mount.call('DELETE', 'database/config/doomed')).status).toBe(204)
  }, 30_000)
})

describe('while the password of a static role is being replaced', () => {
  const write = (name: string, fields = {}) =>
    mount.call('POST', `database/static-roles/${name}`, {
      ...{ db_name: 'pg', username: name, rotation_period: '1h' },
      ...fields,
    })

  it('the role may be deleted, which tells that the password is lost', async () => {
    await mount.configure({ connection_url: url(proxy.port) })
    await pg.query(`CREATE ROLE leaving LOGIN PASSWORD 'x'`)
    expect((await write('leaving')).text).toBe('')
    const held = holdAnswer()
    const rotating = mount.call('POST', 'database/rotate-role/leaving')
    await held.isHeld
    const { status, body } = await mount.call('DELETE', 'database/static-roles/leaving')
    expect([status, body.warnings]).toEqual([200, [expect.stringContaining('user "leaving"')]])
    held.release()
    expect((await rotating).status).toBeGreaterThanOrEqual(400)
  }, 30_000)

  it('a first rotation without an answer keeps the role and its new password', async () => {
    await mount.configure({ connection_url: url(proxy.port) })
    await pg.query(`CREATE ROLE doubtful LOGIN PASSWORD 'before'`)
    let isSeen = false
    proxy.watch = (chunk, direction) => {
      if (direction === 'request') isSeen ||= chunk.includes('ALTER')
      return direction === 'answer' && isSeen ? { cutAfter: 0 } : 'pass'
    }
    const written = await write('doubtful')
    expect([written.status, written.text]).toEqual([
      500,
      expect.stringContaining('the role stays, since its new password may be in force'),
    ])
    expect(await pg.login('doubtful', 'before')).toContain('authentication failed')
    proxy.watch = () => 'pass'
    await eventually(() => isIdle('static-roles/doubtful'), 'it has settled')
    const { password } = (await mount.ok('GET', 'database/static-creds/doubtful')).body.data
    expect(await pg.login('doubtful', password)).toBe(true)
  }, 30_000)

  it('a first rotation that never reached the database leaves no role', async () => {
    await pg.query(`CREATE ROLE unreached LOGIN PASSWORD 'before'`)
    await mount.configure({ connection_url: url(1), verify_connection: false }, 'nowhere')
    expect((await write('unreached', { db_name: 'nowhere' })).status).toBe(500)
    expect((await mount.call('GET', 'database/static-roles/unreached')).status).toBe(404)
  })

  it('a password is only taken where it is clear whose it is', async () => {
    await pg.query('CREATE ROLE left_one LOGIN; CREATE ROLE right_one LOGIN')
    const pair = { username: 'left_one', alternate_username: 'right_one' }
    expect((await write('pair', { ...pair, password: 'known' })).text).toBe('')
    const before = (await mount.ok('GET', 'database/static-creds/pair')).body.data
    const refusals = [
      [await write('pair', { ...pair, password: 'other' }), 'can only be given when the role is'],
      [await write('key', { password: 'x', credential_type: 'rsa_private_key' }), 'makes no sense'],
    ] as const
    for (const [{ status, text }, words] of refusals) {
      expect([status, text]).toEqual([400, expect.stringContaining(words)])
    }
    expect((await mount.ok('GET', 'database/static-creds/pair')).body.data.password).toBe(
      before.password,
    )
    const own = { self_managed: true, username: '', password: '' }
    await mount.configure({ connection_url: url(pg.port), ...own }, 'own')
    const both = await write('both', { ...pair, db_name: 'own', password: 'x' })
    expect([both.status, both.text]).toEqual([400, expect.stringContaining('two users alternate')])
  })

  it('its mount may be disabled, which the log tells', async () => {
    await mount.configure({ connection_url: url(proxy.port) })
    await pg.query(`CREATE ROLE unmounted LOGIN PASSWORD 'x'`)
    expect((await write('unmounted')).text).toBe('')
    const held = holdAnswer()
    const rotating = mount.call('POST', 'database/rotate-role/unmounted')
    await held.isHeld
    expect((await mount.call('DELETE', 'sys/mounts/database')).status).toBe(204)
    held.release()
    expect((await rotating).status).toBeGreaterThanOrEqual(400)
    await eventually(
      async () => lines.some((line) => GIVEN_UP.test(line) && line.includes('unmounted')),
      'the log tells it',
    )
  }, 30_000)
})
