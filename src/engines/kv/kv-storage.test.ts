// What KV leaves in storage: deletions bigger than one commit, crashes in the middle of them, values near
// the limit of a commit, writers and readers side by side, and the upgrade of a mount.
import { describe, expect, it } from 'vitest'
import {
  type EngineHarness,
  engineHarness,
  type Reply,
} from '../../../test/support/engine-harness.ts'
import { type Fault, faultyStorage } from '../../../test/support/faulty-storage.ts'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { ApiError } from '../../base/errors.ts'
import { MAX_SECRET_BYTES } from '../../base/limits.ts'
import type { StorageBackend } from '../../sdk/storage.ts'
import { memoryBackend } from '../../storage/memory/memory-backend.ts'
import { kv } from './kv.ts'

const V2 = { engine: kv, options: { version: '2' } }
const newBackend = (): StorageBackend =>
  memoryBackend({ clock: manualClock(), random: seededRandom(3) })

const dataOf = (reply: Reply): unknown => JSON.parse(reply.text).data.data
const write = (engine: EngineHarness, path: string, data: object, options?: object) =>
  engine.call('write', `data/${path}`, { data, ...(options && { options }) } as never)
const textOfSize = (bytes: number): object => ({ v: 'x'.repeat(bytes - '{"v":""}'.length) })

let prepared: StorageBackend | null = null

/** A store with a key of 300 versions. */
async function manyVersions(): Promise<StorageBackend> {
  if (prepared === null) {
    const engine = await engineHarness({ ...V2, backend: (prepared = newBackend()) })
    await engine.call('write', 'metadata/a', { max_versions: 1000 })
    for (let version = 1; version <= 300; version++) await write(engine, 'a', { version })
    expect(await engine.storage.range('v/')).toHaveLength(299)
  }
  const copy = newBackend()
  for await (const [key, value] of prepared.scan(''))
    await copy.commit({ expect: new Map(), writes: new Map([[key, value]]) })
  return copy
}

/** What is left of 300 versions after a deletion of that kind that ended well. */
const DELETIONS = [
  {
    name: 'deleting the key',
    left: 0,
    run: (engine: EngineHarness) => engine.call('remove', 'metadata/a'),
    check: async (engine: EngineHarness) => {
      expect((await engine.call('read', 'data/a')).status).toBe(404)
      expect((await engine.call('read', 'data/a', { version: 7 })).status).toBe(404)
      expect((await engine.call('list', 'metadata')).status).toBe(404)
    },
  },
  {
    name: 'destroying versions',
    left: 49,
    run: (engine: EngineHarness) =>
      engine.call('write', 'destroy/a', {
        versions: Array.from({ length: 250 }, (_, at) => at + 1),
      }),
    check: async (engine: EngineHarness) => {
      expect((await engine.call('read', 'data/a', { version: 250 })).status).toBe(404)
      expect(dataOf(await engine.call('read', 'data/a', { version: 251 }))).toEqual({
        version: 251,
      })
      expect(dataOf(await engine.call('read', 'data/a'))).toEqual({ version: 300 })
    },
  },
  {
    name: 'narrowing the window',
    left: 1,
    run: async (engine: EngineHarness) => {
      await engine.call('write', 'metadata/a', { max_versions: 2 })
      return write(engine, 'a', { version: 301 })
    },
    check: async (engine: EngineHarness) => {
      const kept = await engine.call('read', 'data/a', { version: 300 })
      expect(kept.status === 200 && dataOf(kept)).toEqual({ version: 300 })
      expect((await engine.call('read', 'data/a', { version: 299 })).status).toBe(404)
    },
  },
]

describe('deletions bigger than one commit', () => {
  it.each(DELETIONS)('$name leaves nothing behind', async ({ run, check, left }) => {
    const engine = await engineHarness({ ...V2, backend: await manyVersions() })
    expect((await run(engine)).status).toBeLessThan(300)
    await check(engine)
    expect(await engine.storage.range('v/')).toHaveLength(left)
    expect(await engine.storage.range('gone/')).toEqual([])
  })

  const crashes = DELETIONS.flatMap((deletion) =>
    (['before', 'after'] as const).flatMap((fault) =>
      [2, 3, 4].map((at) => ({ ...deletion, fault, at })),
    ),
  )
  let begun = 0
  it.each(crashes)('$name survives a crash $fault commit $at', async ({ fault, at, ...of }) => {
    const backend = await manyVersions()
    // From that commit on, nothing gets through any more: the process is gone.
    let isDone = false
    const dying = faultyStorage(backend, (commit): Fault | undefined => {
      if (isDone) return 'before'
      isDone = commit >= at
      return isDone ? fault : undefined
    })
    const engine = await engineHarness({ ...V2, backend: dying })
    await of.run(engine).catch((error: unknown) => expect(error).toBeInstanceOf(ApiError))
    // After the restart, the job finishes what was begun.
    const next = await engineHarness({ ...V2, backend, seed: 9 })
    const isBegun = (await next.storage.range('gone/')).length > 0
    if (isBegun) begun += 1
    if (isBegun) await of.check(next)
    await next.call('read', 'config')
    await next.runJobs()
    expect(await next.storage.range('gone/')).toEqual([])
    if (isBegun) expect(await next.storage.range('v/')).toHaveLength(of.left)
  })
  it('did crash in the middle', () => expect(begun).toBeGreaterThan(6))
})

describe('values near the limit', () => {
  const largest = textOfSize(MAX_SECRET_BYTES)

  it('are stored whole up to the limit, and refused in words above it', async () => {
    const engine = await engineHarness(V2)
    expect((await write(engine, 'a', largest)).status).toBe(200)
    expect(dataOf(await engine.call('read', 'data/a'))).toEqual(largest)
    const refused = await write(engine, 'a', textOfSize(MAX_SECRET_BYTES + 1))
    expect(refused.status).toBe(413)
    expect(refused.text).toContain('put failed due to value being too large')
    expect((await engine.call('patch', 'data/a', { data: { more: 'x' } })).status).toBe(413)
  })

  it('may follow one another', async () => {
    const engine = await engineHarness(V2)
    const sizes = [60_000, MAX_SECRET_BYTES, 65_536, 65_537, MAX_SECRET_BYTES, 10]
    for (const size of sizes) expect((await write(engine, 'a', textOfSize(size))).status).toBe(200)
    for (const [at, size] of sizes.entries()) {
      const reply = await engine.call('read', 'data/a', { version: at + 1 })
      expect(dataOf(reply)).toEqual(textOfSize(size))
    }
  })
})

describe('writers and readers side by side', () => {
  it('give each check-and-set to one writer', async () => {
    const engine = await engineHarness(V2)
    for (let cas = 0; cas < 5; cas++) {
      const replies = await Promise.all(
        Array.from({ length: 6 }, (_, writer) => write(engine, 'a', { writer }, { cas })),
      )
      expect(replies.map((reply) => reply.status).sort()).toEqual([200, 400, 400, 400, 400, 400])
      const winner = replies.findIndex((reply) => reply.status === 200)
      expect(dataOf(await engine.call('read', 'data/a'))).toEqual({ writer: winner })
    }
  })

  it('lose no write and give no version twice', async () => {
    const engine = await engineHarness(V2)
    const replies = await Promise.all(
      Array.from({ length: 6 }, (_, writer) => write(engine, 'a', { writer })),
    )
    const versions = replies.map((reply) => JSON.parse(reply.text).data.version as number)
    expect([...versions].sort()).toEqual([1, 2, 3, 4, 5, 6])
    for (const [writer, version] of versions.entries())
      expect(dataOf(await engine.call('read', 'data/a', { version }))).toEqual({ writer })
  })

  it('never show a version half gone', async () => {
    const engine = await engineHarness(V2)
    await engine.call('write', 'metadata/a', { max_versions: 2 })
    for (const version of [1, 2]) await write(engine, 'a', { version })
    let isWriting = true
    const reading = (async () => {
      while (isWriting) {
        const current = JSON.parse((await engine.call('read', 'data/a')).text).data.metadata.version
        for (const version of [current, current - 1]) {
          const reply = await engine.call('read', 'data/a', { version })
          if (reply.status === 200) expect(dataOf(reply)).toEqual({ version })
          else expect(reply).toEqual({ status: 404, text: '{"errors":[]}' })
        }
      }
    })()
    for (let version = 3; version <= 60; version++) await write(engine, 'a', { version })
    isWriting = false
    await reading
  })
})

describe('the upgrade of a mount from version 1 to 2', () => {
  it('moves nothing: what was written reads as version 1', async () => {
    const engine = await engineHarness({ engine: kv, options: { version: '1' } })
    await engine.call('write', 'a/b', { n: 'x' }, { displayName: 'ci' })
    const writtenAt = new Date(engine.clock.now()).toISOString()
    engine.clock.advance(5000)
    engine.tune({ version: '2' })
    const read = await engine.call('read', 'data/a/b')
    expect(JSON.parse(read.text).data).toEqual({
      data: { n: 'x' },
      metadata: {
        created_by: {
          actor: 'ci',
          client_id: expect.stringMatching(/^[\w-]{24}$/),
          operation: 'create',
        },
        created_time: writtenAt,
        custom_metadata: null,
        deletion_time: '',
        destroyed: false,
        version: 1,
      },
    })
    expect(JSON.parse((await engine.call('list', 'metadata')).text).data.keys).toEqual(['a/'])
    const metadata = JSON.parse((await engine.call('read', 'metadata/a/b')).text).data
    expect(metadata).toMatchObject({
      current_version: 1,
      oldest_version: 1,
      current_metadata_version: 0,
    })
    expect((await write(engine, 'a/b', { n: 'y' }, { cas: 0 })).status).toBe(400)
    expect((await write(engine, 'a/b', { n: 'y' }, { cas: 1 })).status).toBe(200)
    expect(dataOf(await engine.call('read', 'data/a/b', { version: 1 }))).toEqual({ n: 'x' })
    expect(dataOf(await engine.call('read', 'data/a/b'))).toEqual({ n: 'y' })
  })

  it.each([
    ['delete', (engine: EngineHarness) => engine.call('remove', 'data/a'), 404],
    ['patch', (engine: EngineHarness) => engine.call('patch', 'data/a', { data: { m: 1 } }), 200],
    ['destroy', (e: EngineHarness) => e.call('write', 'destroy/a', { versions: [1] }), 404],
    ['metadata', (e: EngineHarness) => e.call('write', 'metadata/a', { max_versions: 3 }), 200],
  ])('%s works on an old secret, and the next versions too', async (_name, change, status) => {
    const engine = await engineHarness({ engine: kv, options: {} })
    await engine.call('write', 'a', { n: 'x' })
    await engine.call('write', 'b', { n: 'b' })
    engine.tune({ version: '2' })
    await change(engine)
    expect((await engine.call('read', 'data/a')).status).toBe(status)
    await write(engine, 'a', { n: 'next' })
    await write(engine, 'b', { n: 'next' })
    expect(dataOf(await engine.call('read', 'data/a'))).toEqual({ n: 'next' })
    expect(dataOf(await engine.call('read', 'data/b', { version: 1 }))).toEqual({ n: 'b' })
  })

  it('takes the largest old secrets along', async () => {
    const engine = await engineHarness({ engine: kv, options: {} })
    const largest = textOfSize(MAX_SECRET_BYTES)
    await engine.call('write', 'a', largest as never)
    engine.tune({ version: '2' })
    expect((await write(engine, 'a', largest)).status).toBe(200)
    expect(dataOf(await engine.call('read', 'data/a', { version: 1 }))).toEqual(largest)
  })
})

describe('paths', () => {
  it('are limited in bytes and taken exactly as sent', async () => {
    const engine = await engineHarness(V2)
    const longest = 'é'.repeat(480)
    expect((await write(engine, longest, {})).status).toBe(200)
    expect((await engine.call('read', `data/${longest}`)).status).toBe(200)
    const tooLong = await write(engine, `${longest}x`, {})
    expect(tooLong).toEqual({
      status: 400,
      text: '{"errors":["path is longer than 960 bytes"]}',
    })
    expect((await write(engine, 'a//b', {})).status).toBe(400)
    expect((await write(engine, '/a', {})).status).toBe(400)
    await write(engine, 'a', { x: 1 })
    expect((await engine.call('read', 'data/a/')).status).toBe(404)
    expect((await engine.call('read', 'data//a')).status).toBe(404)
    expect((await engine.call('read', 'metadata/a/')).status).toBe(404)
    for (const name of ['__proto__', 'constructor', '..', '%2e', 'a b', '*', '+'])
      expect((await write(engine, name, { name })).status).toBe(200)
    const all = JSON.parse((await engine.call('list', 'detailed-metadata')).text).data
    expect(Object.keys(all.key_info)).toEqual(all.keys)
  })

  it('page over more names than one page of storage', async () => {
    const engine = await engineHarness({ engine: kv, options: {} })
    const names = Array.from({ length: 1203 }, (_, at) => `k${String(at).padStart(5, '0')}`)
    for (const name of names) await engine.call('write', `f/${name}`, { x: 'y' })
    const keysOf = (reply: Reply): string[] => JSON.parse(reply.text).data.keys
    expect(keysOf(await engine.call('list', 'f'))).toEqual(names)
    expect(keysOf(await engine.call('scan', ''))).toEqual(names.map((name) => `f/${name}`))
    expect(keysOf(await engine.call('list', 'f', { after: names[1100]!, limit: '50' }))).toEqual(
      names.slice(1101, 1151),
    )
    expect(keysOf(await engine.call('list', 'f', { limit: '1100' }))).toEqual(names.slice(0, 1100))
    engine.tune({ version: '2' })
    const detailed = JSON.parse((await engine.call('scan', 'detailed-metadata/f')).text).data
    expect(Object.keys(detailed.key_info)).toHaveLength(names.length)
  })
})

describe('a read', () => {
  it('of the current version is one storage read', async () => {
    let reads = 0
    const inner = newBackend()
    const backend: StorageBackend = {
      read: (keys) => {
        reads += 1
        return inner.read(keys)
      },
      list: (prefix, page) => inner.list(prefix, page),
      range: (prefix, page) => inner.range(prefix, page),
      commit: (batch) => inner.commit(batch),
      changes: (onChange) => inner.changes(onChange),
      scan: (prefix) => inner.scan(prefix),
      close: () => inner.close(),
    }
    const engine = await engineHarness({ ...V2, backend })
    await write(engine, 'a', { x: 1 })
    await write(engine, 'a', { x: 2 })
    reads = 0
    await engine.call('read', 'data/a')
    expect(reads).toBe(1)
    await engine.call('read', 'data/a', { version: 2 })
    expect(reads).toBe(2)
    await engine.call('read', 'data/a', { version: 1 })
    expect(reads).toBe(4)
  })
})
