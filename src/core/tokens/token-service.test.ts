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
    expect(storage.entries.size).toBe(keys - 2)
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
