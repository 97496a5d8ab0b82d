// `strongroom rotation …` as an operator types it, against a real listener.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Logs } from '../../src/base/log.ts'
import { dispatch } from '../../src/cli/dispatch.ts'
import { environment } from '../../src/cli/environment.ts'
import { apiHandler } from '../../src/http/api-handler.ts'
import { type Listener, listen } from '../../src/http/listener.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { AccountWorld, refusedByWorld, rotatingEngine } from '../support/rotating-engine.ts'

const world = new AccountWorld()
const folder = mkdtempSync(join(tmpdir(), 'rotation-cli-'))
let server: InProcess
let listener: Listener

beforeAll(async () => {
  server = await startInProcess({ engines: [rotatingEngine(world)] })
  const log = new Logs({ level: 'error', format: 'standard', sink: { write: () => {} } }).of('')
  const { handler, refused } = apiHandler(server.host)
  const at = { host: '127.0.0.1', port: 0 }
  listener = await listen({ name: 'tcp', address: at, handler, refused, clock: systemClock, log })
  await server.call('POST', 'sys/mounts/db', { type: 'rotating' })
  await server.call('POST', 'db/accounts/app', { rotation_period: 3600, usernames: 'a,b' })
  await server.call('POST', 'db/accounts/web', { rotation_schedule: '0 3 * * SUN' })
})
afterAll(async () => {
  await listener.close(1000)
  await server.close()
  rmSync(folder, { recursive: true })
})

async function run(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = ''
  let stderr = ''
  const env = environment('strongroom', {
    STRONGROOM_ADDR: `http://${listener.address}`,
    STRONGROOM_TOKEN: server.rootToken,
    STRONGROOM_TOKEN_PATH: join(folder, 'token'),
    STRONGROOM_CONFIG_PATH: join(folder, 'none'),
  })
  const code = await dispatch(line.split(' '), env, {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
  })
  return { code, stdout, stderr }
}

describe('strongroom rotation', () => {
  it('lists what rotates as a table and as JSON', async () => {
    const { code, stdout } = await run('rotation list')
    expect(code).toBe(0)
    const [head, , ...rows] = stdout.trim().split('\n')
    expect(head).toMatch(/^Path +State +Last +Next +Overdue +Failure$/)
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2))).toEqual([
      ['db/accounts/app', 'idle'],
      ['db/accounts/web', 'idle'],
    ])
    const json = JSON.parse((await run('rotation list -format=json -limit=1 db')).stdout)
    expect(json).toMatchObject([{ path: 'db/accounts/app', overdue: false, strategy: 'two-user' }])
    const due = JSON.parse((await run('rotation list -due -format=json')).stdout)
    expect(due).toHaveLength(2)
  })

  it('rotates, tells what went wrong and what became of it', async () => {
    const done = await run('rotation rotate db/accounts/app')
    expect([done.code, done.stdout]).toEqual([0, 'Success! Rotated: db/accounts/app\n'])
    world.before = () => {
      throw refusedByWorld()
    }
    const failed = await run('rotation rotate db/accounts/web')
    expect(failed.code).toBe(2)
    expect(failed.stderr).toContain('rotation failed: the world refuses this password')
    world.before = () => {}
    const list = await run('rotation list -failing')
    expect(list.stdout).toMatch(/db\/accounts\/web +(retrying|running)/)
    expect((await run('rotation rotate db/accounts/web')).code).toBe(0)
    const none = await run('rotation list -failing')
    expect([none.code, none.stdout]).toEqual([2, 'Nothing to list.\n'])
    const history = await run('rotation history db/accounts/web')
    expect(history.stdout).toMatch(/rotated +manual +creation/)
    expect(history.stdout).toMatch(/failed +manual +root +\d +web +the world refuses/)
  })

  it('pauses, freezes and resumes', async () => {
    expect((await run('rotation pause -reason=move -ttl=1h db/accounts/app')).code).toBe(0)
    const shown = JSON.parse((await run('rotation read -format=json db/accounts/app')).stdout)
    expect(shown.data).toMatchObject({ state: 'paused', hold: { reason: 'move', by: 'root' } })
    expect((await run('rotation freeze db/accounts/app')).stdout).toContain('Frozen')
    const refused = await run('rotation rotate db/accounts/app')
    expect([refused.code, refused.stderr.includes('frozen by root')]).toEqual([2, true])
    expect((await run('rotation resume db/accounts/app')).stdout).toContain('Resumed')
    expect((await run('rotation read db/accounts/app')).stdout).toMatch(/state +idle/)
  })

  it('says what is missing', async () => {
    expect((await run('rotation read db/accounts/none')).code).toBe(2)
    expect((await run('rotation history db/accounts/none')).code).toBe(2)
    expect((await run('rotation rotate db/accounts/none')).stderr).toContain('nothing is rotated')
    expect((await run('rotation list -due db')).code).toBe(1)
  })
})
