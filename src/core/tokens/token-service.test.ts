import { beforeEach, describe, expect, it } from 'vitest'
import { type ManualClock, manualClock } from '../../../test/support/manual-clock.ts'
import {
  type MemoryCoreStorage,
  memoryCoreStorage,
} from '../../../test/support/memory-core-storage.ts'
import { systemRandom } from '../../base/random.ts'
import { dueIndex } from '../jobs/due-index.ts'
import type { NewToken } from './token-mint.ts'
import { openTokenService, type TokenService } from './token-service.ts'
import type { TokenRef } from './token-text.ts'

let storage: MemoryCoreStorage
let clock: ManualClock
let tokens: TokenService

beforeEach(async () => {
  storage = memoryCoreStorage()
  clock = manualClock()
  tokens = await open()
})

const open = (): Promise<TokenService> =>
  openTokenService({
    storage,
    background: storage,
    clock,
    random: systemRandom,
    due: dueIndex,
    mountTtls: () => ({ defaultSeconds: 3600, maxSeconds: 7200 }),
  })

const orphan = (of: Partial<NewToken> = {}): NewToken => ({
  namespaceId: 'root',
  kind: 'service',
  parent: null,
  ...of,
  entry: {
    policies: ['default'],
    path: 'auth/token/create',
    ttlSeconds: 3600,
    renewable: true,
    ...of.entry,
  },
})

async function make(of: Partial<NewToken> & { below?: string } = {}) {
  const parent = of.below === undefined ? null : await tokens.find(of.below)
  if (of.below !== undefined && !parent) throw new Error('the parent is dead')
  return await tokens.mint(orphan({ ...of, parent }))
}

async function refOf(text: string): Promise<TokenRef> {
  const located = tokens.locate(text)
  if (!located) throw new Error('no such token')
  return located
}

const sweep = async (kind: string, ref: TokenRef): Promise<boolean> =>
  tokens.due[kind]!(ref, new AbortController().signal)

describe('texts', () => {
  it('have the lengths that scanners know, and end in the namespace', async () => {
    const service = await make()
    expect(service.text).toMatch(/^hvs\.[\w-]{96}$/)
    expect((await make({ namespaceId: 'abc123' })).text).toMatch(/^hvs\.[\w-]{96}\.abc123$/)
    expect((await make({ kind: 'batch' })).text).toMatch(/^hvb\.[\w-]{138,}$/)
    expect((await make({ namespaceId: 'abc123' })).accessor).toMatch(/^[\w-]{24}\.abc123$/)
  })

  it.each(['', 'hvs.', 'hvs.x.y/z', 'hvb.AAAA', 'hvb.', 's.abc', 'a.b', 'hvs.x.root', '\0', 'é'])(
    '%j is no token',
    async (text) => expect(await tokens.find(text)).toBeNull(),
  )

  it('are stored nowhere', async () => {
    const { text } = await make()
    for (const [key, { value }] of storage.entries) {
      expect(key + Buffer.from(value).toString()).not.toContain(text.slice(4, 40))
    }
  })
})

describe('one token', () => {
  it('is found by text and accessor, until it is revoked', async () => {
    const { text, accessor } = await make()
    expect((await tokens.find(text))?.accessor).toBe(accessor)
    expect((await tokens.findByAccessor(accessor))?.entry.policies).toEqual(['default'])
    const keys = storage.entries.size
    expect(await tokens.revoke(await refOf(text))).toBe(true)
    expect(await tokens.revoke(await refOf(text))).toBe(false)
    expect(await tokens.find(text)).toBeNull()
    expect(storage.entries.size).toBe(keys - 3)
  })

  it('is refused by the clock before anyone worked it off, then leaves nothing', async () => {
    const before = storage.entries.size
    const { text } = await make()
    clock.advance(3599_000)
    expect(await tokens.find(text)).not.toBeNull()
    expect(await sweep('token', await refOf(text))).toBe(false)
    clock.advance(1000)
    expect(await tokens.find(text)).toBeNull()
    expect(await sweep('token', await refOf(text))).toBe(true)
    expect(storage.entries.size).toBe(before)
  })

  it('decodes once for each version', async () => {
    const { text } = await make()
    const first = await tokens.find(text)
    expect(await tokens.find(text)).toBe(first)
    await tokens.renew(first!, {
      incrementSeconds: 60,
      mount: { defaultSeconds: 3600, maxSeconds: 7200 },
    })
    expect(await tokens.find(text)).not.toBe(first)
  })

  it('keeps its salt when the service is opened again', async () => {
    const { text } = await make()
    const batch = await make({ kind: 'batch' })
    tokens = await open()
    expect(await tokens.find(text)).not.toBeNull()
    expect(await tokens.find(batch.text)).not.toBeNull()
  })
})

describe('a tree', () => {
  it('is dead in one commit, and swept behind', async () => {
    const before = storage.entries.size
    const root = await make()
    const texts: string[] = []
    for (let at = 0; at < 40; at++) {
      const below = at % 3 === 0 ? root.text : texts.at(-1)!
      texts.push((await make({ below })).text)
    }
    const commits = storage.commits
    await tokens.revoke(await refOf(root.text))
    expect(storage.commits).toBe(commits + 1)
    for (const text of texts) expect(await tokens.find(text)).toBeNull()
    expect(await sweep('token-sweep', await refOf(root.text))).toBe(true)
    const left = [...storage.entries.keys()].filter((key) => !key.startsWith('due/'))
    // The salt, the batch key and the namespace's epoch.
    expect(left).toHaveLength(before + 1)
    expect(storage.widest).toBeLessThanOrEqual(100)
  })
})

describe('races', () => {
  it('gives no child to a token that was revoked and swept meanwhile', async () => {
    const parent = await make()
    await make({ below: parent.text })
    const stale = await tokens.find(parent.text)
    expect(stale?.entry.hasChildren).toBe(true)
    await tokens.revoke(await refOf(parent.text))
    await sweep('token-sweep', await refOf(parent.text))
    await expect(tokens.mint(orphan({ parent: stale }))).rejects.toThrow('permission denied')
  })

  it('lets children of one parent be made at once without conflict', async () => {
    const parent = await make()
    await make({ below: parent.text })
    const record = await tokens.find(parent.text)
    const { conflicts } = storage
    await Promise.all(Array.from({ length: 50 }, () => tokens.mint(orphan({ parent: record }))))
    expect(storage.conflicts).toBe(conflicts)
  })

  it('spends each use once, in whatever process', async () => {
    const { text } = await make({ entry: { numUses: 5 } })
    const others = [tokens, await open(), await open()]
    const records = await Promise.all(others.map((each) => each.find(text)))
    const spent: string[] = []
    const spend = async (at: number): Promise<void> => {
      // A server gives up after eight conflicts; its client tries again.
      const one = others[at % 3]!.spendUse(records[at % 3]!).catch(() => null)
      spent.push((await one) ?? 'again')
    }
    await Promise.all(Array.from({ length: 4 }, (_, at) => spend(at)))
    while (spent.filter((each) => each !== 'again').length < 7) await spend(spent.length)
    const done = spent.filter((each) => each !== 'again').sort()
    expect(done).toEqual(['gone', 'gone', 'last', 'spent', 'spent', 'spent', 'spent'])
    expect(await tokens.find(text)).toBeNull()
  })

  it('takes a spent token away even if its last request crashed', async () => {
    const before = storage.entries.size
    const { text } = await make({ entry: { numUses: 1, ttlSeconds: 0 } })
    expect(await tokens.spendUse((await tokens.find(text))!)).toBe('last')
    expect(await sweep('token', await refOf(text))).toBe(false)
    clock.advance(90_000)
    expect(await sweep('token', await refOf(text))).toBe(true)
    expect(storage.entries.size).toBe(before)
  })
})

describe('batch tokens', () => {
  it('store nothing and carry everything', async () => {
    const { size } = storage.entries
    const entry = { policies: ['a', 'b'], metadata: { team: 'x' }, displayName: 'token-ci' }
    const { text, accessor } = await make({ kind: 'batch', entry })
    expect(storage.entries.size).toBe(size)
    expect(accessor).toBe('')
    expect((await tokens.find(text))?.entry).toMatchObject(entry)
    clock.advance(3600_000)
    expect(await tokens.find(text)).toBeNull()
  })

  it('die with their parent and with what is above it', async () => {
    const root = await make()
    const parent = await make({ below: root.text, namespaceId: 'abc123' })
    const { text } = await make({ below: parent.text, kind: 'batch' })
    expect(await tokens.find(text)).not.toBeNull()
    await tokens.revoke(await refOf(root.text))
    expect(await tokens.find(text)).toBeNull()
  })

  it('are refused when a single character is changed, and in another namespace', async () => {
    const { text } = await make({ kind: 'batch' })
    for (const at of [4, 20, 60, text.length - 1]) {
      const other = text[at] === 'A' ? 'B' : 'A'
      expect(await tokens.find(text.slice(0, at) + other + text.slice(at + 1))).toBeNull()
    }
    expect(await tokens.find(`${text}.abc123`)).toBeNull()
    expect(await tokens.find(`${text}=`)).toBeNull()
  })
})

describe('addresses', () => {
  it('bind a token that ends, not one that never does', async () => {
    const bound = await make({ entry: { boundCidrs: ['10.0.0.0/8'] } })
    const record = (await tokens.find(bound.text))!
    expect(tokens.isAddressBound(record, '10.1.2.3')).toBe(true)
    expect(tokens.isAddressBound(record, '::ffff:10.1.2.3')).toBe(true)
    expect(tokens.isAddressBound(record, '11.1.2.3')).toBe(false)
    expect(tokens.isAddressBound(record, '')).toBe(false)
    const endless = await make({ entry: { boundCidrs: ['10.0.0.0/8'], ttlSeconds: 0 } })
    expect(tokens.isAddressBound((await tokens.find(endless.text))!, '11.1.2.3')).toBe(true)
  })
})

describe('tidy', () => {
  it('writes lost marks again', async () => {
    const parent = await make()
    await make({ below: parent.text })
    const marks = [...storage.entries.keys()].filter((key) =>
      /^due|token-child|token-path/.test(key),
    )
    for (const key of marks) await storage.delete(key)
    expect(await tokens.tidy('root')).toEqual({ tokens: 2, mended: 5 })
    for (const key of marks) expect(storage.entries.has(key)).toBe(true)
    expect(await tokens.tidy('root')).toEqual({ tokens: 2, mended: 0 })
  })

  it('lists living tokens only', async () => {
    const parent = await make()
    const child = await make({ below: parent.text })
    const other = await make()
    const sorted = [parent.accessor, child.accessor, other.accessor].sort()
    expect(await tokens.accessors('root', { limit: 0 })).toEqual(sorted)
    expect(await tokens.accessors('root', { limit: 1, after: sorted[0]! })).toEqual([sorted[1]])
    await tokens.revoke(await refOf(parent.text))
    expect(await tokens.accessors('root', { limit: 0 })).toEqual([other.accessor])
  })
})
