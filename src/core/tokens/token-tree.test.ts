import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../test/support/manual-clock.ts'
import {
  type MemoryCoreStorage,
  memoryCoreStorage,
} from '../../../test/support/memory-core-storage.ts'
import { systemRandom } from '../../base/random.ts'
import { dueIndex } from '../jobs/due-index.ts'
import { DUE_PREFIX } from '../keys.ts'
import { openTokenService, type TokenService } from './token-service.ts'

const open = (storage: MemoryCoreStorage): Promise<TokenService> =>
  openTokenService({
    storage,
    background: storage,
    clock: manualClock(),
    random: systemRandom,
    due: dueIndex,
    mountTtls: () => ({ defaultSeconds: 3600, maxSeconds: 7200 }),
  })

interface Node {
  readonly text: string
  parent: Node | null
  isAlive: boolean
}

/** What revocation means, said as plainly as can be. */
const model = {
  kill(node: Node, all: readonly Node[]): void {
    node.isAlive = false
    for (const each of all) if (each.parent === node && each.isAlive) model.kill(each, all)
  },
  cut(node: Node, all: readonly Node[]): void {
    node.isAlive = false
    for (const each of all) if (each.parent === node && each.isAlive) each.parent = null
  },
}

const depthOf = (node: Node): number => (node.parent ? 1 + depthOf(node.parent) : 0)

/** A signal that fires after so many looks at it: a job that is stopped in the middle. */
const stopsAfter = (looks: number): AbortSignal => {
  let left = looks
  return {
    get aborted() {
      return left-- <= 0
    },
  } as AbortSignal
}

/** Runs what is due, each handler for at most so many looks at its signal. */
async function work(storage: MemoryCoreStorage, tokens: TokenService, looks: number) {
  for (const key of [...storage.entries.keys()].filter((each) => each.startsWith(DUE_PREFIX))) {
    const [, , , namespaceId, kind, hash] = key.split('/') as [
      string,
      string,
      string,
      string,
      string,
      string,
    ]
    if (kind === 'token') continue
    const isDone = await tokens.due[kind]!({ namespaceId, hash }, stopsAfter(looks))
    if (isDone) await storage.delete(key)
  }
}

async function create(tokens: TokenService, parent: Node | null, namespaceId: string) {
  const record = parent && (await tokens.find(parent.text))
  if (parent && !record) return null
  return await tokens.mint({
    namespaceId,
    kind: 'service',
    parent: record,
    entry: { policies: ['default'], path: 'auth/app/login', ttlSeconds: 3600 },
  })
}

const action = fc.record({
  do: fc.constantFrom('orphan', 'child', 'child', 'child', 'child', 'revoke', 'cut', 'work'),
  at: fc.nat(),
  inner: fc.boolean(),
})

/** What is stored must be exactly what lives: entries, marks below living parents, nothing else. */
function expectTidy(storage: MemoryCoreStorage, nodes: readonly Node[]): void {
  const living = nodes.filter((node) => node.isAlive)
  const keys = [...storage.entries.keys()]
  const of = (part: string) => keys.filter((key) => key.startsWith('ns/') && key.includes(part))
  expect(of('/token/')).toHaveLength(living.length)
  expect(of('/token-path/')).toHaveLength(living.length)
  expect(of('/token-child/')).toHaveLength(living.filter((node) => node.parent).length)
  expect(of('/token-tombstone/')).toEqual([])
  expect(of('/token-sweep/')).toEqual([])
  expect(keys.filter((key) => key.startsWith(DUE_PREFIX))).toHaveLength(living.length)
}

describe('a forest under random changes', () => {
  it('agrees with the naive model, in every process, however far the jobs are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 10, maxLength: 50, size: 'max' }),
        async (actions) => {
          const storage = memoryCoreStorage()
          const one = await open(storage)
          const other = await open(storage)
          const nodes: Node[] = []
          for (const { do: what, at, inner } of actions) {
            const node = nodes.length > 0 ? nodes[at % nodes.length]! : null
            if (what === 'work') await work(storage, inner ? one : other, at % 4)
            else if (what === 'orphan' || (what === 'child' && node)) {
              const parent = what === 'child' ? node : null
              const made = await create(one, parent, inner ? 'abc123' : 'root')
              expect(made !== null).toBe(parent?.isAlive ?? true)
              if (made) nodes.push({ text: made.text, parent, isAlive: true })
            } else if (node) {
              const ref = one.locate(node.text)!
              if (what === 'cut') {
                expect(await one.revokeOrphan(ref)).toBe(node.isAlive)
                if (node.isAlive) model.cut(node, nodes)
              } else if (await other.find(node.text)) {
                await one.revoke(ref)
                model.kill(node, nodes)
              }
            }
            for (const each of nodes) {
              expect((await one.find(each.text)) !== null).toBe(each.isAlive)
              expect((await other.find(each.text)) !== null).toBe(each.isAlive)
            }
          }
          for (let round = 0; round < 3; round++) await work(storage, other, 1000)
          expectTidy(storage, nodes)
          expect(storage.widest).toBeLessThanOrEqual(100)
          for (const each of nodes) {
            const record = await other.find(each.text)
            expect(record !== null).toBe(each.isAlive)
            if (record) expect(record.entry.ancestors).toHaveLength(depthOf(each))
          }
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)

  it('leaves nothing half dead when all happens at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(action, { minLength: 2, maxLength: 8, size: 'max' }), {
          maxLength: 8,
          size: 'max',
        }),
        async (rounds) => {
          const storage = memoryCoreStorage()
          const services = [await open(storage), await open(storage)]
          const nodes: Node[] = []
          const cut = new Set<Node>()
          const killed = new Set<Node>()
          for (const round of rounds) {
            const known = [...nodes]
            await Promise.all(
              round.map(async ({ do: what, at, inner }, index) => {
                const tokens = services[index % 2]!
                const node = known.length > 0 ? known[at % known.length]! : null
                if (what === 'work') return work(storage, tokens, at % 4)
                if (what === 'orphan' || (what === 'child' && node)) {
                  const parent = what === 'child' ? node : null
                  const made = await create(tokens, parent, inner ? 'abc123' : 'root').catch(
                    () => null,
                  )
                  if (made) nodes.push({ text: made.text, parent, isAlive: true })
                  return
                }
                if (!node) return
                const ref = tokens.locate(node.text)!
                if (what === 'cut') {
                  if (await tokens.revokeOrphan(ref)) cut.add(node)
                } else if (await tokens.revoke(ref)) killed.add(node)
              }),
            )
            for (const node of nodes) {
              const found = await services[0]!.find(node.text)
              node.isAlive = found !== null
              expect((await services[1]!.find(node.text)) !== null).toBe(node.isAlive)
              expect(node.isAlive).toBe(lives(node, cut, killed))
            }
          }
          for (let times = 0; times < 4; times++) await work(storage, services[0]!, 1000)
          for (const node of nodes) if (node.parent && cut.has(node.parent)) node.parent = null
          expectTidy(storage, nodes)
        },
      ),
      { numRuns: 100 },
    )
  }, 60_000)
})

/** By what was acknowledged: dead if it, or one above it with no cut between, was revoked. */
function lives(node: Node, cut: ReadonlySet<Node>, killed: ReadonlySet<Node>): boolean {
  if (cut.has(node) || killed.has(node)) return false
  for (let above = node.parent; above; above = above.parent) {
    if (cut.has(above)) return true
    if (killed.has(above)) return false
  }
  return true
}

describe('a tree of 100,000', () => {
  it('is dead in one commit', async () => {
    const storage = memoryCoreStorage()
    storage.isLate = false
    const tokens = await open(storage)
    const root = await create(tokens, null, 'root')
    const top = await tokens.find(root!.text)
    const texts: string[] = []
    const mint = async (parent: typeof top): Promise<string> =>
      (
        await tokens.mint({
          namespaceId: 'root',
          kind: 'service',
          parent,
          entry: { ttlSeconds: 60 },
        })
      ).text
    for (let branch = 0; branch < 50; branch++) {
      const text = await mint(branch === 0 ? top : await tokens.find(root!.text))
      const parent = await tokens.find(text)
      texts.push(await mint(parent))
      const fresh = await tokens.find(text)
      texts.push(...(await Promise.all(Array.from({ length: 1999 }, () => mint(fresh)))))
    }
    expect(texts).toHaveLength(100_000)
    const { commits } = storage
    await tokens.revoke(tokens.locate(root!.text)!)
    expect(storage.commits - commits).toBe(1)
    expect(storage.widest).toBeLessThanOrEqual(100)
    const again = await open(storage)
    for (let at = 0; at < texts.length; at += 997) {
      expect(await tokens.find(texts[at]!)).toBeNull()
      expect(await again.find(texts[at]!)).toBeNull()
    }
  }, 60_000)
})
