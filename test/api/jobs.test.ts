import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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

const remind = (name: string, body: object) => server.call('POST', `out/reminders/${name}`, body)

describe('jobs of plugins', () => {
  it('run when they are due, and again as often as they say', async () => {
    expect((await remind('a', { text: 'hello', times: 3 })).status).toBe(204)
    await pass(5)
    expect(world.reminded).toEqual([])
    await pass(50)
    expect(world.reminded).toEqual(['hello 1', 'hello 1', 'hello 1'])
    expect(await server.backend.range('core/job/', { limit: 10 })).toEqual([])
  })

  it('are replaced under their name and taken back', async () => {
    await remind('a', { text: 'first' })
    await remind('a', { text: 'second' })
    await remind('b', { text: 'never' })
    await server.call('DELETE', 'out/reminders/b')
    await pass(30)
    expect(world.reminded).toEqual(['second 1'])
  })

  it('are tried again after a failure', async () => {
    world.isDown = true
    await remind('a', { text: 'late' })
    await pass(15)
    world.isDown = false
    await pass(60)
    expect(world.reminded).toHaveLength(1)
    expect(world.reminded[0]).toMatch(/^late [2-9]$/)
  })

  it('end with their mount', async () => {
    await remind('a', { text: 'never' })
    await server.call('DELETE', 'sys/mounts/out')
    await pass(40)
    expect(world.reminded).toEqual([])
    expect(await server.backend.range('core/job/', { limit: 10 })).toEqual([])
  })
})
