import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type MemoryCoreStorage,
  memoryCoreStorage,
} from '../../../test/support/memory-core-storage.ts'
import { systemClock } from '../../base/clock.ts'
import { ApiError } from '../../base/errors.ts'
import { systemRandom } from '../../base/random.ts'
import { type AuditDevice, type AuditPlugin, AuditWriteError } from '../../sdk/audit.ts'
import type { Log } from '../../sdk/log.ts'
import { AuditBroker, type AuditRules, type NewAuditMount } from './audit-broker.ts'
import type { AuditRequest } from './audit-entry.ts'
import { verifyChains } from './verify-chain.ts'

const silent: Log = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  named: () => silent,
}

/** A device in memory that fails, hangs or takes only a part when told to. */
class MemoryDevice implements AuditDevice {
  readonly type = 'memory'
  lines: string[] = []
  writes = 0
  closed = false
  behave: (lines: readonly Uint8Array[], signal: AbortSignal) => Promise<void> = async () =>
    undefined
  async write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    this.writes++
    await this.behave(lines, signal)
    this.lines.push(...lines.map(String))
  }
  async close(): Promise<void> {
    this.closed = true
  }
  get entries(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}

let storage: MemoryCoreStorage
let devices: Map<string, MemoryDevice>
const brokers: AuditBroker[] = []
const memoryAudit: AuditPlugin = {
  type: 'memory',
  about: 'Keeps lines in memory.',
  open: async ({ name = 'a' }) => {
    const device = devices.get(name) ?? new MemoryDevice()
    devices.set(name, device)
    return device
  },
}

function newBroker(rules: Partial<AuditRules> = {}): AuditBroker {
  const made = new AuditBroker({
    storage,
    plugins: [memoryAudit],
    clock: systemClock,
    random: systemRandom,
    log: silent,
    rules: {
      checkpointMs: 60_000,
      limits: { maxBytes: 100_000, deadlineMs: 100, retryMs: 20, maxRetryMs: 50 },
      ...rules,
    },
  })
  brokers.push(made)
  return made
}

beforeEach(() => {
  storage = memoryCoreStorage()
  devices = new Map()
})
afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.close()))
})

const mount = (
  path: string,
  options: Record<string, string> = {},
  type = 'memory',
): NewAuditMount => ({
  path,
  type,
  description: '',
  options,
  local: false,
  fromRequest: true,
})
let ids = 0
const request = (path = 'secret/data/app'): AuditRequest => ({
  timeMs: Date.UTC(2026, 0, 2),
  id: `id-${++ids}`,
  operation: 'read',
  namespace: { id: 'root', path: '' },
  path,
  auth: null,
})
const answer = { timeMs: Date.UTC(2026, 0, 2), data: { key: 'value' } }
const device = (name = 'a'): MemoryDevice => devices.get(name)!
const sleep = (ms: number): Promise<void> => systemClock.sleep(ms)
const failureOf = async (promise: Promise<void> | undefined): Promise<ApiError> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('it did not fail')
}
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error('it never became true')
    await sleep(5)
  }
}

describe('AuditBroker', () => {
  it('records nothing while no device is enabled', () => {
    const broker = newBroker()
    expect(broker.isEnabled).toBe(false)
    expect(broker.request(request())).toBeUndefined()
    expect(broker.pair(request(), answer)).toBeUndefined()
  })

  it('writes the lines of a tick together, request before response', async () => {
    const broker = newBroker()
    await broker.enable(mount('a'))
    const { writes } = device()
    await Promise.all([1, 2, 3].map(() => broker.pair(request(), answer)))
    expect(device().writes).toBe(writes + 1)
    const types = device().entries.map((entry) => entry.type)
    expect(types).toEqual([
      'audit-start',
      'request',
      ...Array(3).fill(['request', 'response']).flat(),
    ])
    const report = await verifyChains([
      { name: 'a', chunks: device().lines.map((l) => Buffer.from(l)) },
    ])
    expect(report.failures).toEqual([])
  })

  it('hashes as that device does in its lines, and each device otherwise', async () => {
    const broker = newBroker()
    await broker.enable(mount('a'))
    await broker.enable(mount('b', { name: 'b' }))
    await broker.pair(request(), answer)
    await until(() => device('b').entries.at(-1)!.type === 'response')
    const shown = (device('b').entries.at(-1)!.response as { data: { key: string } }).data.key
    expect(broker.hash('b', 'value')).toBe(shown)
    expect(broker.hash('a/', 'value')).not.toBe(shown)
    const salt = broker.list().find((record) => record.path === 'b/')!.salt
    const expected = createHmac('sha256', salt).update('value').digest('hex')
    expect(shown).toBe(`hmac-sha256:${expected}`)
    expect(() => broker.hash('c', 'x')).toThrow('unknown audit backend "c/"')
  })

  it('refuses in words what no device can record, and records it later', async () => {
    const broker = newBroker()
    await broker.enable(mount('a'))
    device().behave = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }
    const first = await failureOf(broker.request(request('one')))
    expect(first.status).toBe(500)
    expect(first.message).toMatch(
      /^no audit device could record the request, so it was refused: a\/: no space left on device \(make/,
    )
    const answered = await failureOf(broker.response(request(), answer))
    expect(answered.message).toContain('was carried out, but its answer is withheld: a/: no space')
    const failed = await failureOf(broker.response(request(), { timeMs: 0, error: 'bad' }))
    expect(failed.message).toContain('what went wrong is withheld: a/: no space')
    const started = performance.now()
    await failureOf(broker.request(request('two')))
    expect(performance.now() - started).toBeLessThan(50)
    expect(broker.troubles().get('a/')).toBe('no space left on device')
    device().behave = async () => undefined
    await until(() => broker.troubles().get('a/') === undefined)
    await broker.request(request('three'))
    const paths = device().entries.map((entry) => (entry.request as { path: string })?.path)
    expect(paths.slice(2)).toEqual(['one', 'secret/data/app', 'secret/data/app', 'two', 'three'])
  })

  it('is not held up by a stuck device while another takes lines', async () => {
    const broker = newBroker()
    await broker.enable(mount('a'))
    await broker.enable(mount('b', { name: 'b' }))
    let release: () => void = () => undefined
    device('b').behave = () => new Promise((resolve) => (release = resolve))
    const started = performance.now()
    for (let n = 0; n < 50; n++) await broker.pair(request(), answer)
    expect(performance.now() - started).toBeLessThan(1000)
    await until(() => broker.troubles().get('b/') !== undefined)
    expect(broker.troubles().get('b/')).toBe('it did not take lines within 100 ms')
    expect(broker.troubles().get('a/')).toBeUndefined()
    device('b').behave = async () => undefined
    release()
    await until(() => broker.troubles().get('b/') === undefined)
    await until(() => device('b').lines.length === 2 + 100)
    for (const name of ['a', 'b']) {
      const chunks = device(name).lines.map((line) => Buffer.from(line))
      expect((await verifyChains([{ name, chunks }])).failures).toEqual([])
    }
  })

  it('refuses within the deadline when its only device is stuck', async () => {
    const broker = newBroker()
    await broker.enable(mount('a'))
    let aborted = false
    device().behave = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(signal.reason as Error)
        })
      })
    const [one, two] = [broker.request(request()), broker.request(request())]
    await sleep(50)
    const late = broker.request(request())
    const started = performance.now()
    for (const refused of [one, two, late]) {
      expect((await failureOf(refused)).message).toContain('did not take lines within 100 ms')
    }
    expect(performance.now() - started).toBeLessThan(90)
    expect(aborted).toBe(true)
    device().behave = async () => undefined
  })

  it('keeps a bound on waiting lines and says in the log how many were lost', async () => {
    const broker = newBroker({ checkpointMs: 30 })
    await broker.enable(mount('a'))
    await broker.enable(mount('b', { name: 'b' }))
    device('b').behave = async () => {
      throw new AuditWriteError('broken')
    }
    const long = { timeMs: 0, data: { list: Array.from({ length: 100 }, (_, n) => String(n)) } }
    for (let n = 0; n < 30; n++) await broker.pair(request(), long)
    device('b').behave = async () => undefined
    await until(() =>
      device('b').entries.some((entry) => 'audit' in entry && 'lost' in (entry.audit as object)),
    )
    const chunks = device('b').lines.map((line) => Buffer.from(line))
    expect((await verifyChains([{ name: 'b', chunks }])).failures).toEqual([])
  })

  it('offers again only what was not taken, and skips what never can be', async () => {
    const broker = newBroker()
    await broker.enable(mount('a'))
    let tries = 0
    device().behave = async (lines) => {
      if (tries++ > 0) return
      device().lines.push(String(lines[0]))
      throw new AuditWriteError('half', { takenLines: 1 })
    }
    await failureOf(broker.pair(request(), answer))
    await until(() => broker.troubles().get('a/') === undefined)
    expect(
      device()
        .entries.map((entry) => entry.type)
        .slice(2),
    ).toEqual(['request', 'response'])
    tries = 0
    device().behave = async () => {
      if (tries++ === 0) throw new AuditWriteError('too long', { hopeless: true })
    }
    await failureOf(broker.pair(request(), answer))
    await broker.request(request())
    expect(
      device()
        .entries.map((entry) => entry.type)
        .slice(4),
    ).toEqual(['response', 'request'])
  })

  it('enables only what takes a line, unless told not to test, and refuses a taken path', async () => {
    const broker = newBroker()
    const bad = new MemoryDevice()
    bad.behave = async () => {
      throw new Error('connection refused')
    }
    devices.set('bad', bad)
    await expect(broker.enable(mount('bad', { name: 'bad' }))).rejects.toThrow(
      'audit backend failed test message: connection refused',
    )
    expect(bad.closed).toBe(true)
    expect(broker.list()).toEqual([])
    await broker.enable(mount('bad', { name: 'bad', skip_test: 'true' }))
    await expect(broker.enable(mount('bad/deeper'))).rejects.toThrow('path already in use')
    await expect(broker.enable(mount(''))).rejects.toThrow('path must be specified')
    await expect(broker.enable(mount('x', {}, 'jsonx'))).rejects.toThrow(
      'unknown backend type: "jsonx"',
    )
    await expect(broker.enable(mount('x', { format: 'jsonx' }))).rejects.toThrow('format')
    await expect(broker.enable(mount('x', { log_raw: 'maybe' }))).rejects.toThrow('ParseBool')
    await expect(broker.enable(mount('x', { prefix: '@' }))).rejects.toThrow(
      'prefixing is not allowed',
    )
    await broker.disable('x')
    expect(broker.list()).toHaveLength(1)
  })

  it('disables no device while the others can record nothing', async () => {
    const broker = newBroker()
    await broker.enable(mount('a'))
    await broker.enable(mount('b', { name: 'b' }))
    device('b').behave = async () => {
      throw new Error('connection refused')
    }
    // Whether or not its trouble is known yet.
    for (let tries = 0; tries < 2; tries++) {
      const refused = await failureOf(broker.disable('a'))
      expect(refused.status).toBe(400)
      expect(refused.message).toContain('would be refused: b/: connection refused')
    }
    expect(broker.list()).toHaveLength(2)
    await broker.request(request())
    await broker.disable('b')
    await broker.disable('a')
    expect(broker.isEnabled).toBe(false)
  })

  it('shares devices and headers with other processes through storage', async () => {
    const [one, two] = [newBroker(), newBroker()]
    await one.enable(mount('a'))
    await one.setHeader('X-Trace', { hmac: false })
    expect(two.isEnabled).toBe(false)
    await two.reload()
    expect(two.list().map((record) => record.path)).toEqual(['a/'])
    expect(two.hash('a', 'x')).toBe(one.hash('a', 'x'))
    await two.request({ ...request(), headers: { 'x-trace': 'abc', authorization: 'no' } })
    const entry = device().entries.at(-1)!
    expect((entry.request as { headers: unknown }).headers).toEqual({ 'x-trace': ['abc'] })
    expect(await two.publicKey()).toBe(await one.publicKey())
    await one.disable('a')
    await two.reload()
    expect(two.isEnabled).toBe(false)
    const report = await verifyChains(
      [{ name: 'a', chunks: device().lines.map((line) => Buffer.from(line)) }],
      { publicKeys: [await one.publicKey()], heads: await one.heads() },
    )
    expect(report).toMatchObject({ failures: [], notes: [] })
    expect(report.writers.map((writer) => writer.hasEnded)).toEqual([true, true])
  })

  it('signs checkpoints and keeps heads while lines come, and rests when none do', async () => {
    const broker = newBroker({ checkpointMs: 20 })
    await broker.enable(mount('a'))
    await broker.request(request())
    await until(() => device().entries.some((entry) => entry.type === 'audit-checkpoint'))
    await sleep(80)
    const checkpoints = device().entries.filter((entry) => entry.type === 'audit-checkpoint')
    expect(checkpoints.length).toBeLessThanOrEqual(2)
    const [head] = await broker.heads()
    expect(head).toMatchObject({ device: 'a/', n: device().lines.length, ended: false })
  })
})
