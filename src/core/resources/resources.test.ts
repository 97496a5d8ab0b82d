// What is kept ready for later: never what was not built, never without bound, and never disposed in the
// moment in which somebody begins to use it.
import { beforeEach, describe, expect, it } from 'vitest'
import type { MountContext } from '../../sdk/context.ts'
import { resourceKind } from '../../sdk/resource.ts'
import type { Entry } from '../../sdk/storage.ts'
import { Resources } from './resources.ts'

const timers = new Set<() => void>()
const clock = {
  after: (_ms: number, run: () => void) => {
    timers.add(run)
    return () => void timers.delete(run)
  },
} as never

let lines: string[]
let version: string
let disposed: number[]
let built: number

const log = { warn: (message: string) => void lines.push(message) } as never
const entry = (): Entry => ({ version, json: () => ({}) }) as unknown as Entry
const mount = {
  mount: { id: 'm1' },
  storage: {
    get: async () => entry(),
    read: async (keys: readonly string[]) => new Map(keys.map((key) => [key, entry()])),
  },
} as unknown as MountContext

const pools = resourceKind<{ n: number; isClosed: boolean }>('pool', {
  idleMs: 1000,
  async build({ storage }, key) {
    await storage.get('config')
    if (key.startsWith('no')) throw new Error('')
    return { n: ++built, isClosed: false }
  },
  async dispose(pool) {
    pool.isClosed = true
    disposed.push(pool.n)
    if (pool.n === 99) throw new Error('')
  },
})

/** Lets all that waits go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  timers.clear()
  lines = []
  version = '1'
  disposed = []
  built = 0
})

describe('resources of a mount', () => {
  it('keep nothing of a name that can not be built, and tell nobody later', async () => {
    const resources = new Resources(clock, log)
    for (let n = 0; n < 50; n++) {
      await expect(resources.use(mount, pools, `no-${n}`, async () => {})).rejects.toThrow('')
    }
    expect(timers.size).toBe(0)
    await resources.dispose()
    await settle()
    expect([lines, disposed]).toEqual([[], []])
  })

  it('end the oldest that nobody uses, where they are too many', async () => {
    const resources = new Resources(clock, log, 3)
    let free = (): void => {}
    const held = resources.use(
      mount,
      pools,
      'held',
      () => new Promise<void>((done) => (free = done)),
    )
    for (const key of ['a', 'b', 'c', 'd']) await resources.use(mount, pools, key, async () => {})
    await settle()
    expect(disposed).toEqual([2, 3])
    expect(timers.size).toBe(2)
    free()
    await held
    expect(disposed).toEqual([2, 3])
  })

  it('are never given out closed, while another request finds them stale', async () => {
    const resources = new Resources(clock, log)
    await resources.use(mount, pools, 'db', async () => {})
    const seen: boolean[] = []
    const use = () =>
      resources.use(mount, pools, 'db', async (pool) => void seen.push(pool.isClosed))
    // The second sees the change while the first is between its look and its use.
    const first = use()
    queueMicrotask(() => {
      version = '2'
    })
    const rest = [use(), use()]
    await Promise.all([first, ...rest])
    for (let turn = 0; turn < 12; turn++) {
      const racing = use()
      for (let step = 0; step < turn; step++) await null
      await resources.dispose()
      await racing
    }
    expect(seen).not.toContain(true)
  })

  it('tell what could not be disposed', async () => {
    const resources = new Resources(clock, log)
    built = 98
    await resources.use(mount, pools, 'db', async () => {})
    await resources.dispose()
    await settle()
    expect(lines).toEqual(['resource was not disposed'])
  })
})
