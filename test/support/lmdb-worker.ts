// A process of its own on an LMDB store, for tests: it reads and commits what it is asked to, or commits
// pairs as fast as it can and reports each one that was acknowledged. Argument: the store's folder.
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import { openLmdb } from '../../src/storage/lmdb/open-lmdb.ts'

/** What the worker is asked. */
export type LmdbQuestion =
  | { readonly read: string }
  | { readonly put: string; readonly text: string }
  | { readonly increment: string; readonly times: number }
  /** Commits `pair/<name>/<n>/a` and `…/b` together, without end. */
  | { readonly hammer: string }
  /** Keeps a read of the key going, so that the process always has a snapshot. */
  | { readonly busy: string }

const backend = openLmdb({ path: process.argv[2]!, random: systemRandom, clock: systemClock })
const say = (message: object): void => void process.send!(message)

async function readText(key: string): Promise<{ text: string; version: string } | null> {
  const stored = (await backend.read([key])).get(key)
  return stored ? { text: Buffer.from(stored.value).toString(), version: stored.version } : null
}

async function put(key: string, text: string, version?: string | null): Promise<boolean> {
  const expect = new Map<string, string | null>()
  if (version !== undefined) expect.set(key, version)
  const writes = new Map([[key, Buffer.from(text)]])
  return (await backend.commit({ expect, writes })) === 'committed'
}

async function increment(key: string): Promise<void> {
  for (;;) {
    const before = await readText(key)
    const next = String(Number(before?.text ?? '0') + 1)
    if (await put(key, next, before?.version ?? null)) return
  }
}

async function hammer(name: string): Promise<void> {
  const run = async (lane: number): Promise<never> => {
    for (let n = lane; ; n += 4) {
      const value = Buffer.alloc(200 + (n % 5) * 900, `${name}${n}`)
      const writes = new Map([
        [`pair/${name}/${n}/a`, value],
        [`pair/${name}/${n}/b`, value],
        ['pair/latest', Buffer.from(`${name}${n}`)],
      ])
      await backend.commit({ expect: new Map(), writes })
      say({ notice: `${name}/${n}` })
    }
  }
  await Promise.all([0, 1, 2, 3].map(run))
}

function stayBusy(key: string): void {
  void Promise.resolve(backend.read([key])).then(() => setImmediate(() => stayBusy(key)))
}

async function answer(question: LmdbQuestion): Promise<unknown> {
  if ('read' in question) return (await readText(question.read))?.text ?? null
  if ('put' in question) return put(question.put, question.text)
  if ('increment' in question) {
    for (let i = 0; i < question.times; i++) await increment(question.increment)
    return true
  }
  if ('busy' in question) stayBusy(question.busy)
  else void hammer(question.hammer)
  return true
}

process.on('message', (question: LmdbQuestion) => {
  void answer(question)
    .catch((error: Error) => `failed: ${error.message}`)
    .then((result) => say({ answer: result }))
})
process.on('disconnect', () => process.exit())
