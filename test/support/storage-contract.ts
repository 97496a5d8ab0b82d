// What every storage backend must do, as one suite that each backend's tests run. Above this contract
// nothing knows which backend is in use.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../src/base/errors.ts'
import { MAX_BATCH_BYTES, MAX_BATCH_KEYS, MAX_KEY_BYTES } from '../../src/base/limits.ts'
import type { Batch, StorageBackend } from '../../src/sdk/storage.ts'

type Write = Uint8Array | string | null

/** A batch from plain objects; text is written as UTF-8. */
export function batch(
  writes: Readonly<Record<string, Write>>,
  expects: Readonly<Record<string, string | null>> = {},
): Batch {
  const bytes = (value: Write): Uint8Array | null =>
    typeof value === 'string' ? Buffer.from(value) : value
  return {
    expect: new Map(Object.entries(expects)),
    writes: new Map(Object.entries(writes).map(([key, value]) => [key, bytes(value)])),
  }
}

/** The version of a key, or null. */
export async function versionOf(backend: StorageBackend, key: string): Promise<string | null> {
  return (await backend.read([key])).get(key)?.version ?? null
}

async function textOf(backend: StorageBackend, key: string): Promise<string | null> {
  const stored = (await backend.read([key])).get(key)
  return stored ? Buffer.from(stored.value).toString() : null
}

/** Commits until it isn't a conflict: for batches that expect nothing. */
async function write(backend: StorageBackend, writes: Readonly<Record<string, Write>>) {
  while ((await backend.commit(batch(writes))) === 'conflict');
}

export interface ContractTarget {
  readonly backend: StorageBackend
  /** Throws away what was stored; called after the backend was closed. */
  cleanUp?(): Promise<void> | void
}

export interface ContractOptions {
  /** Set where the backend conflicts without a reason, so that a conflict proves nothing. */
  readonly conflictsAtRandom?: boolean
}

/** Runs the contract on fresh backends that `open` makes. */
export function describeStorageContract(
  name: string,
  open: () => Promise<ContractTarget> | ContractTarget,
  options: ContractOptions = {},
): void {
  describe(`storage contract: ${name}`, () => {
    let target: ContractTarget
    let backend: StorageBackend
    beforeEach(async () => {
      target = await open()
      backend = target.backend
    })
    afterEach(async () => {
      await backend.close()
      await target.cleanUp?.()
    })
    /** Commits; where conflicts come at random, tries until committed or plainly stale. */
    const commit = async (what: Batch): Promise<'committed' | 'conflict'> => {
      for (let tries = options.conflictsAtRandom ? 50 : 1; ; tries--) {
        const outcome = await backend.commit(what)
        if (outcome === 'committed' || tries <= 1) return outcome
      }
    }
    describeReads(() => backend)
    describeCommits(() => backend, commit)
    describeOrder(() => backend)
    describeLimits(() => backend)
  })
}

function describeReads(at: () => StorageBackend): void {
  it('reads what was written, leaves out what is absent', async () => {
    await write(at(), { a: 'one', 'b/c': 'two', empty: '' })
    const found = await at().read(['a', 'b/c', 'none', 'empty'])
    expect([...found.keys()].sort()).toEqual(['a', 'b/c', 'empty'])
    expect(Buffer.from(found.get('b/c')!.value).toString()).toBe('two')
    expect(found.get('empty')!.value.length).toBe(0)
    expect(await at().read([])).toEqual(new Map())
  })

  it('gives copies that later reads and writes leave alone', async () => {
    await write(at(), { a: 'first', b: 'other', big: Buffer.alloc(300_000, 7) })
    const { value } = (await at().read(['a'])).get('a')!
    const { value: big } = (await at().read(['big'])).get('big')!
    await at().read(['b'])
    await write(at(), { a: 'second', big: 'small' })
    await at().read(['a', 'big'])
    expect(Buffer.from(value).toString()).toBe('first')
    expect(Buffer.compare(Buffer.from(big), Buffer.alloc(300_000, 7))).toBe(0)
    value[0] = 0
    expect(await textOf(at(), 'a')).toBe('second')
  })

  it('keeps any bytes and any Unicode key', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const keys = ['ключ/é', 'nul\0key', '__proto__', '\u{1f511}', ' ', '..', '//']
    await write(at(), Object.fromEntries(keys.map((key) => [key, bytes])))
    // An object literal would swallow this name.
    while (
      (await at().commit({ expect: new Map(), writes: new Map([['__proto__', bytes]]) })) !==
      'committed'
    );
    const found = await at().read(keys)
    for (const key of keys)
      expect(Buffer.compare(Buffer.from(found.get(key)!.value), bytes)).toBe(0)
  })

  it('scans one consistent snapshot', async () => {
    await write(at(), { 's/1': 'a', 's/2': 'b', 's/3': 'c', t: 'no' })
    const seen: string[] = []
    for await (const [key, value] of at().scan('s/')) {
      if (key === 's/1') await write(at(), { 's/2': 'changed', 's/3': null, 's/4': 'new' })
      seen.push(`${key}=${Buffer.from(value).toString()}`)
    }
    expect(seen).toEqual(['s/1=a', 's/2=b', 's/3=c'])
    const left: string[] = []
    for await (const [key] of at().scan('')) {
      left.push(key)
      if (left.length === 2) break
    }
    expect(left).toEqual(['s/1', 's/2'])
  })

  it('hints at changed keys', async () => {
    const seen: string[] = []
    const stop = at().changes((keys) => seen.push(...keys))
    await write(at(), { x: '1' })
    stop()
    await write(at(), { y: '1' })
    expect(seen).toEqual(['x'])
  })
}

function describeCommits(
  at: () => StorageBackend,
  commit: (what: Batch) => Promise<'committed' | 'conflict'>,
): void {
  it('changes the version at each write, also after a delete', async () => {
    await write(at(), { a: 'x' })
    const first = await versionOf(at(), 'a')
    await write(at(), { a: 'x' })
    const second = await versionOf(at(), 'a')
    await write(at(), { a: null })
    expect(await versionOf(at(), 'a')).toBe(null)
    await write(at(), { a: 'x' })
    const third = await versionOf(at(), 'a')
    expect(new Set([first, second, third, null]).size).toBe(4)
  })

  it('commits only if every expected version stands', async () => {
    await write(at(), { a: '1', b: '1' })
    const a = await versionOf(at(), 'a')
    const b = await versionOf(at(), 'b')
    const stale = [
      { a: 'never-a-version' },
      { a: null },
      { c: 'never-a-version' },
      { a: null, c: null, b },
      { c: 'never-a-version', d: null, a },
      { a, b: 'never-a-version', c: null },
      { a, b, c: null, d: null, e: 'never-a-version' },
    ]
    for (const expects of stale) {
      const what = batch({ a: 'wrong', c: 'wrong', d: null }, expects as Record<string, string>)
      expect(await at().commit(what)).toBe('conflict')
    }
    expect(await textOf(at(), 'a')).toBe('1')
    expect(await textOf(at(), 'c')).toBe(null)
    expect(await commit(batch({ a: '2', b: null, c: '2' }, { a, b, c: null, d: null }))).toBe(
      'committed',
    )
    expect(await textOf(at(), 'a')).toBe('2')
    expect(await textOf(at(), 'b')).toBe(null)
    expect(await textOf(at(), 'c')).toBe('2')
  })

  it('checks versions without writing', async () => {
    await write(at(), { a: '1' })
    const a = await versionOf(at(), 'a')
    expect(await commit(batch({}, { a, b: null }))).toBe('committed')
    expect(await at().commit(batch({}, { a, b: 'never-a-version' }))).toBe('conflict')
    expect(await at().commit(batch({}, { a: null }))).toBe('conflict')
    expect(await versionOf(at(), 'a')).toBe(a)
  })

  it('takes a batch at its limits, all or nothing', async () => {
    const keys = Array.from({ length: MAX_BATCH_KEYS }, (_, i) => `k/${i}`)
    const all = Object.fromEntries(keys.map((key) => [key, 'x'.repeat(1000)]))
    const absent = Object.fromEntries(keys.map((key) => [key, null]))
    expect(await commit(batch(all, absent))).toBe('committed')
    expect(await at().commit(batch(all, absent))).toBe('conflict')
    const found = await at().read(keys)
    expect(found.size).toBe(MAX_BATCH_KEYS)
    const versions = Object.fromEntries(keys.map((key) => [key, found.get(key)!.version]))
    const last = keys.at(-1)!
    expect(await at().commit(batch(absent, { ...versions, [last]: 'no' }))).toBe('conflict')
    expect((await at().read(keys)).size).toBe(MAX_BATCH_KEYS)
    expect(await commit(batch(absent, versions))).toBe('committed')
    expect((await at().read(keys)).size).toBe(0)
  })

  it('lets one of many rivals win each round', async () => {
    await write(at(), { n: '0' })
    const increment = async (): Promise<void> => {
      for (;;) {
        const { value, version } = (await at().read(['n'])).get('n')!
        const next = String(Number(Buffer.from(value).toString()) + 1)
        if ((await at().commit(batch({ n: next }, { n: version }))) === 'committed') return
      }
    }
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 5; i++) await increment()
      }),
    )
    expect(await textOf(at(), 'n')).toBe('40')
  })

  it('keeps commits of one moment apart', async () => {
    await write(at(), { a: '1' })
    const a = await versionOf(at(), 'a')
    const outcomes = await Promise.all([
      at().commit(batch({ a: 'x', left: 'x' }, { a })),
      at().commit(batch({ a: 'y', right: 'y' }, { a })),
      commit(batch({ third: 'z' })),
    ])
    const winners = outcomes.slice(0, 2).filter((outcome) => outcome === 'committed')
    expect(winners.length).toBeLessThanOrEqual(1)
    const left = await textOf(at(), 'left')
    const right = await textOf(at(), 'right')
    expect([left, right].filter((text) => text !== null).length).toBe(winners.length)
    expect(await textOf(at(), 'third')).toBe('z')
  })
}

function describeOrder(at: () => StorageBackend): void {
  it('lists children in byte order, folders once', async () => {
    const keys = [
      'f/a',
      'f/b/1',
      'f/b/2',
      'f/b',
      'f/b-c',
      'f/b0',
      'f/é',
      'f/\u{1f511}',
      'f/\uffee',
      'g',
    ]
    for (let i = 0; i < 30; i++) keys.push(`f/many/${i}/x`)
    await write(at(), Object.fromEntries(keys.map((key) => [key, ''])))
    const all = ['a', 'b', 'b-c', 'b/', 'b0', 'many/', 'é', '\uffee', '\u{1f511}']
    expect(await at().list('f/', { limit: 1000 })).toEqual(all)
    expect(await at().list('', { limit: 1000 })).toEqual(['f/', 'g'])
    expect(await at().list('f/many/', { limit: 3 })).toEqual(['0/', '1/', '10/'])
    expect(await at().list('none/', { limit: 10 })).toEqual([])
    expect(await at().list('f/g/', { limit: 10 })).toEqual([])
    for (let limit = 1; limit <= 4; limit++) {
      const seen: string[] = []
      for (;;) {
        const page = await at().list('f/', seen.length ? { after: seen.at(-1)!, limit } : { limit })
        if (page.length === 0) break
        seen.push(...page)
      }
      expect(seen).toEqual(all)
    }
    expect(await at().list('f/', { after: 'b/1', limit: 2 })).toEqual(['b0', 'many/'])
    expect(await at().list('f/', { after: 'b!', limit: 2 })).toEqual(['b-c', 'b/'])
  })

  it('gives ranges of whole keys in byte order', async () => {
    await write(at(), { 'r/1': '', 'r/2/x': '', 'r/3': '', 'r/10': '', q: '', s: '' })
    const range = (page: object) => at().range('r/', { limit: 10, ...page })
    expect(await range({})).toEqual(['r/1', 'r/10', 'r/2/x', 'r/3'])
    expect(await range({ after: 'r/1' })).toEqual(['r/10', 'r/2/x', 'r/3'])
    expect(await range({ after: 'r/1', before: 'r/3' })).toEqual(['r/10', 'r/2/x'])
    expect(await range({ after: 'a', before: 'r/10' })).toEqual(['r/1'])
    expect(await range({ after: 'z' })).toEqual([])
    expect(await range({ before: 'a' })).toEqual([])
    expect(await range({ limit: 2 })).toEqual(['r/1', 'r/10'])
    expect(await at().range('', { limit: 2 })).toEqual(['q', 'r/1'])
    expect(await at().range('r/1', { limit: 5 })).toEqual(['r/1', 'r/10'])
  })

  it('orders any keys by their UTF-8 bytes', async () => {
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 12 }), async (names) => {
        const keys = names.map((name) => `p/${name}`)
        while (
          (await at().commit({
            expect: new Map(),
            writes: new Map(keys.map((k) => [k, Buffer.of(1)])),
          })) === 'conflict'
        );
        const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        expect(await at().range('p/', { limit: 1000 })).toEqual(sorted)
        const children = [...new Set(sorted.map((k) => /^p\/([^/]*\/?)/su.exec(k)![1]!))]
        expect(await at().list('p/', { limit: 1000 })).toEqual(children)
        while (
          (await at().commit({
            expect: new Map(),
            writes: new Map(keys.map((k) => [k, null])),
          })) === 'conflict'
        );
      }),
      { numRuns: 15 },
    )
  })
}

function describeLimits(at: () => StorageBackend): void {
  const refusal = async (promise: unknown): Promise<string> => {
    const error = await Promise.resolve(promise).then(
      () => new Error('was accepted'),
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof ApiError)) throw error
    return `${error.status} ${error.messages.join()}`
  }

  it('refuses keys that are too long, empty or not Unicode', async () => {
    const long = 'k'.repeat(MAX_KEY_BYTES)
    await write(at(), { [long]: 'ok' })
    expect((await at().read([long])).size).toBe(1)
    const bad = {
      [`${long}k`]: '400 storage key is longer than 1024 bytes',
      ['é'.repeat(513)]: '400 storage key is longer than 1024 bytes',
      'a\ud800b': '400 storage key is not valid Unicode',
      '': '400 storage key is empty',
    }
    for (const [key, words] of Object.entries(bad)) {
      expect(await refusal(at().read([key]))).toBe(words)
      expect(await refusal(at().commit(batch({ [key]: 'x' })))).toBe(words)
      expect(await refusal(at().commit(batch({ a: 'x' }, { [key]: null })))).toBe(words)
    }
    expect(await textOf(at(), 'a')).toBe(null)
  })

  it('refuses batches, reads and pages that are too large', async () => {
    const many = Object.fromEntries(
      Array.from({ length: MAX_BATCH_KEYS + 1 }, (_, i) => [`${i}`, null]),
    )
    expect(await refusal(at().commit(batch(many)))).toBe(
      '400 storage batch writes more than 100 keys',
    )
    expect(await refusal(at().commit(batch({}, many)))).toBe(
      '400 storage batch expects more than 100 keys',
    )
    expect(await refusal(at().read(Object.keys(many)))).toBe(
      '400 storage read has more than 100 keys',
    )
    const big = Buffer.alloc(MAX_BATCH_BYTES)
    expect(await refusal(at().commit(batch({ key: big })))).toBe(
      '413 put failed due to value being too large; got 1048579 bytes, max: 1048576 bytes',
    )
    await write(at(), { key: big.subarray(3) })
    for (const limit of [0, -1, 1001, 1.5]) {
      const words = '400 storage page limit is not between 1 and 1000'
      expect(await refusal(at().list('', { limit }))).toBe(words)
      expect(await refusal(at().range('', { limit }))).toBe(words)
    }
    expect(await refusal(at().list('a', { limit: 1 }))).toBe(
      "400 storage folder does not end in '/'",
    )
  })

  it('refuses work after it was closed, in words', async () => {
    await at().close()
    expect(await refusal(at().read(['a']))).toBe('503 storage is closed')
    expect(await refusal(at().commit(batch({ a: 'x' })))).toBe('503 storage is closed')
    await at().close()
  })
}
