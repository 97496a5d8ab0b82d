import { describe, expect, it } from 'vitest'
import { type Fault, faultyStorage } from '../../../test/support/faulty-storage.ts'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { systemClock } from '../../base/clock.ts'
import { ApiError, badRequest } from '../../base/errors.ts'
import { RawNumber } from '../../base/json.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import { memoryBackend } from '../../storage/memory/memory-backend.ts'
import { Barrier } from './barrier.ts'
import { StorageView } from './storage-view.ts'

const random = seededRandom(5)
const clock = systemClock
const rootKey = Buffer.alloc(32, 2)

async function viewOn(backend: StorageBackend): Promise<StorageView> {
  const barrier = new Barrier({ backend, clock, random })
  if (!(await barrier.isInitialized())) await barrier.initialize(rootKey)
  await barrier.unseal(rootKey)
  return new StorageView({ backend, barrier, clock, random })
}
const memory = (): StorageBackend => memoryBackend({ clock, random })

describe('storage behind the barrier', () => {
  it('stores bytes, text and JSON, encrypted, below its prefix', async () => {
    const backend = memory()
    const core = await viewOn(backend)
    const mount = core.scoped('mount/1/')
    await mount.put('text', 'häy')
    await mount.put('bytes', Buffer.of(0, 255))
    await mount.put('json', { json: { n: new RawNumber('9007199254740993'), list: [1] } })
    expect((await mount.get('text'))!.text()).toBe('häy')
    expect((await mount.get('bytes'))!.bytes()).toEqual(Buffer.of(0, 255))
    expect((await mount.get('json'))!.text()).toBe('{"n":9007199254740993,"list":[1]}')
    expect((await mount.get('json'))!.json<{ list: number[] }>().list).toEqual([1])
    expect(await mount.get('none')).toBe(null)
    expect([...(await mount.read(['text', 'none', 'bytes'])).keys()]).toEqual(['text', 'bytes'])
    expect((await core.get('mount/1/text'))!.text()).toBe('häy')
    const raw = (await backend.read(['mount/1/text'])).get('mount/1/text')!
    expect(Buffer.from(raw.value).includes('häy')).toBe(false)
    await mount.delete('text')
    expect(await mount.get('text')).toBe(null)
  })

  it('lists and ranges relative to its prefix', async () => {
    const core = await viewOn(memory())
    const mount = core.scoped('mount/1/')
    for (const key of ['a', 'f/1', 'f/2', 'g']) await mount.put(key, key)
    await core.scoped('mount/2/').put('other', 'x')
    expect(await mount.list('')).toEqual(['a', 'f/', 'g'])
    expect(await mount.list('f/', { limit: 1 })).toEqual(['1'])
    expect(await mount.list('', { after: 'a' })).toEqual(['f/', 'g'])
    expect(await mount.range('')).toEqual(['a', 'f/1', 'f/2', 'g'])
    expect(await mount.range('', { after: 'a', before: 'g' })).toEqual(['f/1', 'f/2'])
    expect(await mount.range('f/')).toEqual(['f/1', 'f/2'])
  })

  it('decrypts only when the content is asked for', async () => {
    const backend = memory()
    const view = await viewOn(backend)
    await view.put('a', 'x')
    await view.transaction(async (tx) => tx.mark('b'))
    const damaged = Buffer.from((await backend.read(['a'])).get('a')!.value)
    damaged[damaged.length - 1]! ^= 1
    await backend.commit({ expect: new Map(), writes: new Map([['a', damaged]]) })
    const entry = (await view.get('a'))!
    expect(entry.version).toBeTypeOf('string')
    expect(() => entry.bytes()).toThrow('storage entry a is damaged')
    const mark = (await view.get('b'))!
    expect(() => mark.bytes()).toThrow('storage entry b')
  })

  it('learns a new term when it meets it', async () => {
    const backend = memory()
    const first = await viewOn(backend)
    const barrier = new Barrier({ backend, clock, random })
    await barrier.unseal(rootKey)
    const second = new StorageView({ backend, barrier, clock, random })
    await barrier.rotate()
    await second.put('a', 'new term')
    expect((await first.get('a'))!.text()).toBe('new term')
    await barrier.rotate()
    await second.put('a', 'newer')
    const raw = await first.readRaw(['a'])
    expect(first.open('a', raw.get('a')!).toString()).toBe('newer')
  })

  it('counts open calls', async () => {
    const view = await viewOn(memoryBackend({ clock, random, latency: { minMs: 1, maxMs: 2 } }))
    const scoped = view.scoped('m/')
    const reading = scoped.get('a')
    const writing = scoped.put('b', 'x')
    expect(scoped.openCalls).toBe(2)
    expect(view.openCalls).toBe(0)
    await Promise.all([reading, writing])
    expect(scoped.openCalls).toBe(0)
    await expect(scoped.get('')).rejects.toThrow('storage key is empty')
    await expect(scoped.list('x')).rejects.toThrow()
    expect(scoped.openCalls).toBe(0)
  })
})

describe('a transaction', () => {
  it('sees its own writes and commits across scopes in one batch', async () => {
    const backend = memory()
    const batches: number[] = []
    const counting = faultyStorage(backend, (_, { writes }) => void batches.push(writes.size))
    const view = await viewOn(counting)
    await view.put('warm', 'up')
    batches.length = 0
    await view.scoped('x/').transaction(async (tx) => {
      tx.put('a', { json: 1 })
      expect((await tx.get('a'))!.json()).toBe(1)
      expect(await tx.get('gone')).toBe(null)
      tx.delete('a2')
      expect(await tx.get('a2')).toBe(null)
    })
    await view.transaction(async (tx) => {
      tx.scoped('mount/1/').put('data', 'd')
      tx.scoped('due/').put('1', 'd')
      tx.touch('epoch')
    })
    expect(batches).toEqual([2, 3])
    expect((await view.read(['mount/1/data', 'due/1', 'epoch', 'x/a'])).size).toBe(4)
  })

  it('never loses an increment, with rivals, late answers and odd conflicts', async () => {
    const backend = memoryBackend({
      clock,
      random,
      latency: { minMs: 0, maxMs: 2 },
      conflictRate: 0.1,
    })
    const view = await viewOn(backend)
    const increment = () =>
      view.transaction(async (tx) => {
        const count = (await tx.get('n'))?.json<number>() ?? 0
        tx.put('n', { json: count + 1 })
      })
    let done = 0
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        for (let i = 0; i < 8; i++) {
          const isDone = await increment().then(
            () => true,
            (error: unknown) => {
              expect((error as ApiError).status).toBe(503)
              return false
            },
          )
          if (isDone) done += 1
        }
      }),
    )
    expect((await view.get('n'))!.json()).toBe(done)
    expect(done).toBeGreaterThan(20)
  })

  it('validates what it read when it wrote nothing, and when it threw', async () => {
    const backend = memory()
    const view = await viewOn(backend)
    await view.put('a', { json: 1 })
    await view.put('b', { json: 1 })
    const disturb = async (): Promise<void> => {
      await view.transaction(async (tx) => {
        tx.put('a', { json: 2 })
        tx.put('b', { json: 2 })
      })
    }
    let tries = 0
    const sum = await view.transaction(async (tx) => {
      tries += 1
      const a = (await tx.get('a'))!.json<number>()
      if (tries === 1) await disturb()
      return a + (await tx.get('b'))!.json<number>()
    })
    expect([tries, sum]).toEqual([2, 4])
    tries = 0
    const failing = view.transaction(async (tx) => {
      tries += 1
      const a = (await tx.get('a'))!.json<number>()
      await tx.get('b')
      if (tries === 1) await view.put('a', { json: 9 })
      throw badRequest(`a is ${a}`)
    })
    await expect(failing).rejects.toThrow('a is 9')
    expect(tries).toBe(2)
  })

  it('asks for no commit after one single read', async () => {
    const faulty = faultyStorage(memory(), () => undefined)
    const view = await viewOn(faulty)
    await view.put('a', 'x')
    const before = faulty.commits
    await view.transaction(async (tx) => {
      await tx.read(['a', 'b'])
      return tx.get('a')
    })
    const threw = view.transaction(async (tx) => {
      await tx.get('a')
      throw badRequest('no')
    })
    await expect(threw).rejects.toThrow('no')
    expect(faulty.commits).toBe(before)
    await view.transaction(async (tx) => tx.expect('a', (await tx.get('a'))!.version))
    expect(faulty.commits).toBe(before + 1)
  })

  it('gives up with 503 after eight tries', async () => {
    let tries = 0
    const faults = faultyStorage(memory(), (): Fault | undefined =>
      tries > 0 ? 'conflict' : undefined,
    )
    const view = await viewOn(faults)
    await view.put('warm', 'up')
    const failing = view.transaction(async (tx) => {
      tries += 1
      tx.put('a', 'x')
    })
    await expect(failing).rejects.toMatchObject({ status: 503 })
    expect(tries).toBe(8)
  })

  it('expects the versions that its view brings along', async () => {
    const view = await viewOn(memory())
    await view.put('mounts/1', 'here')
    const { version } = (await view.get('mounts/1'))!
    const mount = view.scoped('data/', new Map([['mounts/1', version]]))
    await mount.put('a', 'x')
    await view.delete('mounts/1')
    await expect(mount.put('b', 'x')).rejects.toMatchObject({ status: 503 })
    expect((await view.get('data/a'))!.text()).toBe('x')
    expect(await view.get('data/b')).toBe(null)
  })

  it('refuses too much, late use and forgotten awaits', async () => {
    const view = await viewOn(memory())
    const many = Array.from({ length: 60 }, (_, i) => `k${i}`)
    const reading = view.transaction(async (tx) => {
      await tx.read(many)
      await tx.read(many.map((key) => `${key}x`))
    })
    await expect(reading).rejects.toThrow('reads more than 100 keys')
    const writing = view.transaction(async (tx) => {
      for (const key of many) {
        tx.put(key, '')
        tx.put(`${key}x`, '')
      }
    })
    await expect(writing).rejects.toThrow('writes more than 100 keys')
    const kept = await view.transaction(async (tx) => tx)
    expect(() => kept.put('a', 'x')).toThrow('after its body had ended')
    const forgotten = view.transaction(async (tx) => void tx.get('a'))
    await expect(forgotten).rejects.toThrow('while a read of its own was open')
  })

  it('is all or nothing when its commit fails', async () => {
    for (const fault of ['before', 'after'] as const) {
      let armed = false
      const view = await viewOn(faultyStorage(memory(), () => (armed ? fault : undefined)))
      await view.put('warm', 'up')
      armed = true
      const writing = view.transaction(async (tx) => {
        tx.put('a', 'x')
        tx.put('b', 'x')
      })
      await expect(writing).rejects.toBeInstanceOf(ApiError)
      armed = false
      expect((await view.read(['a', 'b'])).size).toBe(fault === 'after' ? 2 : 0)
    }
  })
})
