import { describe, expect, it } from 'vitest'
import { faultyStorage } from '../../../test/support/faulty-storage.ts'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { systemClock } from '../../base/clock.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import { memoryBackend } from '../../storage/memory/memory-backend.ts'
import { KEYRING_KEY } from '../keys.ts'
import { Barrier } from './barrier.ts'

const random = seededRandom(3)
const clock = systemClock
const memory = (): StorageBackend => memoryBackend({ clock, random })
const barrierOn = (backend: StorageBackend, usesPerBlock = 64): Barrier =>
  new Barrier({ backend, clock, random, usesPerBlock })
const rootKey = Buffer.alloc(32, 9)

async function openBarrier(backend: StorageBackend = memory()): Promise<Barrier> {
  const barrier = barrierOn(backend)
  if (!(await barrier.isInitialized())) await barrier.initialize(rootKey)
  expect(await barrier.unseal(rootKey)).toBe(true)
  return barrier
}

async function encrypt(barrier: Barrier, key: string, text: string): Promise<Buffer> {
  for (let wait = barrier.prepare(1); wait; wait = barrier.prepare(1)) await wait
  return barrier.encrypt(key, Buffer.from(text))
}

describe('the barrier', () => {
  it('is initialized once, unsealed by its root key only, and forgets all on seal', async () => {
    const backend = memory()
    const barrier = barrierOn(backend)
    expect(await barrier.isInitialized()).toBe(false)
    await expect(barrier.unseal(rootKey)).rejects.toThrow('Vault is not initialized')
    await barrier.initialize(rootKey, { writes: new Map([['core/seal', Buffer.from('{}')]]) })
    expect((await backend.read(['core/seal'])).size).toBe(1)
    await expect(barrier.initialize(rootKey)).rejects.toThrow('Vault is already initialized')
    expect(barrier.isSealed).toBe(true)
    expect(() => barrier.encrypt('a', Buffer.alloc(1))).toThrow('Vault is sealed')
    expect(await barrier.unseal(Buffer.alloc(32, 8))).toBe(false)
    expect(barrier.isSealed).toBe(true)
    expect(await barrier.unseal(rootKey)).toBe(true)
    const value = await encrypt(barrier, 'a', 'secret')
    expect(barrier.decrypt('a', value).toString()).toBe('secret')
    expect(barrier.isRootKey(rootKey)).toBe(true)
    barrier.seal()
    expect(() => barrier.decrypt('a', value)).toThrow('Vault is sealed')
    expect(await barrier.unseal(rootKey)).toBe(true)
    expect(barrier.decrypt('a', value).toString()).toBe('secret')
  })

  it('binds a value to its storage key and refuses damage', async () => {
    const barrier = await openBarrier()
    const value = await encrypt(barrier, 'a', 'secret')
    expect(() => barrier.decrypt('b', value)).toThrow('storage entry b is damaged or was moved')
    for (const at of [10, 25, value.length - 1]) {
      const changed = Buffer.from(value)
      changed[at]! ^= 1
      expect(() => barrier.decrypt('a', changed)).toThrow('damaged')
    }
    for (const at of [0, 1, 4, 5]) {
      const changed = Buffer.from(value)
      changed[at]! ^= 0x40
      expect(() => barrier.decrypt('a', changed)).toThrow('a term that the keyring does not have')
    }
    expect(() => barrier.decrypt('a', Buffer.alloc(0))).toThrow('a term')
    expect(value.includes('secret')).toBe(false)
  })

  it('does not unseal when it was sealed meanwhile', async () => {
    const slow = memoryBackend({ clock, random, latency: { minMs: 5, maxMs: 6 } })
    const barrier = barrierOn(slow)
    await barrier.initialize(rootKey)
    const unsealing = barrier.unseal(rootKey)
    barrier.seal()
    await expect(unsealing).rejects.toThrow('Vault is sealed')
    expect(barrier.isSealed).toBe(true)
  })
})

describe('rotation', () => {
  it('makes a new term that other processes learn of when they meet it', async () => {
    const backend = memory()
    const first = await openBarrier(backend)
    const second = await openBarrier(backend)
    const old = await encrypt(first, 'a', 'old')
    expect(await first.rotate()).toBe(2)
    const fresh = await encrypt(first, 'a', 'new')
    expect(first.decrypt('a', old).toString()).toBe('old')
    expect(second.knows(old)).toBe(true)
    expect(second.knows(fresh)).toBe(false)
    await second.reload()
    expect(second.decrypt('a', fresh).toString()).toBe('new')
    expect(second.term).toBe(2)
    const restarted = await openBarrier(backend)
    expect(restarted.decrypt('a', old).toString()).toBe('old')
    expect(restarted.decrypt('a', fresh).toString()).toBe('new')
  })

  it('gives every rival its own term', async () => {
    const backend = memory()
    const barriers = [
      await openBarrier(backend),
      await openBarrier(backend),
      await openBarrier(backend),
    ]
    await Promise.all(barriers.map((barrier) => barrier.rotate()))
    for (const barrier of barriers) await barrier.reload()
    expect(barriers.map((barrier) => barrier.term)).toEqual([4, 4, 4])
  })

  it('keeps its configuration in the keyring', async () => {
    const backend = memory()
    const barrier = await openBarrier(backend)
    expect(barrier.rotation).toEqual({
      enabled: true,
      maxOperations: 3_865_470_566,
      intervalSeconds: 0,
    })
    const rotation = { enabled: false, maxOperations: 2_000_000, intervalSeconds: 86_400 }
    await barrier.setRotation(rotation)
    await barrier.rotate()
    expect((await openBarrier(backend)).rotation).toEqual(rotation)
  })

  it('survives a commit whose answer was lost', async () => {
    const inner = memory()
    let fails = false
    const barrier = await openBarrier(faultyStorage(inner, () => (fails ? 'after' : undefined)))
    fails = true
    await expect(barrier.rotate()).rejects.toThrow('the answer was lost')
    fails = false
    await barrier.reload()
    expect(barrier.term).toBe(2)
  })
})

describe('a new root key', () => {
  it('replaces the old one, also in processes that only see storage', async () => {
    const backend = memory()
    const barrier = await openBarrier(backend)
    const behind = await openBarrier(backend)
    const farBehind = await openBarrier(backend)
    const value = await encrypt(barrier, 'a', 'kept')
    const next = Buffer.alloc(32, 77)
    await barrier.rotateRootKey(next, { writes: new Map([['core/seal', Buffer.from('new')]]) })
    expect(barrier.isRootKey(next)).toBe(true)
    expect((await backend.read(['core/seal'])).get('core/seal')!.value.toString()).toBe('new')
    await behind.reload()
    expect(behind.isRootKey(next)).toBe(true)
    await barrier.rotate()
    await farBehind.reload()
    expect(farBehind.term).toBe(2)
    const restarted = barrierOn(backend)
    expect(await restarted.unseal(rootKey)).toBe(false)
    expect(await restarted.unseal(next)).toBe(true)
    expect(restarted.decrypt('a', value).toString()).toBe('kept')
  })

  it('reaches a process that also missed the term before it', async () => {
    const backend = memory()
    const barrier = await openBarrier(backend)
    const behind = await openBarrier(backend)
    await barrier.rotate()
    await barrier.rotateRootKey(Buffer.alloc(32, 5))
    await behind.reload()
    expect(behind.isRootKey(Buffer.alloc(32, 5))).toBe(true)
    await barrier.rotate()
    await barrier.rotate()
    await barrier.rotateRootKey(Buffer.alloc(32, 6))
    await expect(behind.reload()).rejects.toThrow('has to be unsealed again')
  })
})

describe('keys handed to another process', () => {
  it('unseal it without storage', async () => {
    const backend = memory()
    const barrier = await openBarrier(backend)
    await barrier.rotate()
    const value = await encrypt(barrier, 'a', 'shared')
    const exported = barrier.exportKeys()
    const worker = barrierOn(backend)
    worker.importKeys(exported)
    expect(worker.decrypt('a', value).toString()).toBe('shared')
    expect(worker.isRootKey(rootKey)).toBe(true)
    expect(await worker.rotate()).toBe(3)
  })

  it('stand in storage only encrypted', async () => {
    const backend = memory()
    const barrier = await openBarrier(backend)
    const { keyring } = JSON.parse(barrier.exportKeys().toString()) as { keyring: string }
    const clear = JSON.parse(Buffer.from(keyring, 'base64').toString()) as {
      terms: { key: string }[]
    }
    const stored = (await backend.read([KEYRING_KEY])).get(KEYRING_KEY)!.value
    expect(Buffer.from(stored).includes(clear.terms[0]!.key)).toBe(false)
  })
})
