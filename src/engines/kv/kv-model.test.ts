// Random histories of one mount against a naive model: a list of versions per key. Conflicts are thrown in,
// so that every transaction body is shown to be repeatable.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EngineHarness, engineHarness } from '../../../test/support/engine-harness.ts'
import { faultyStorage } from '../../../test/support/faulty-storage.ts'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { type JsonObject, parseJson, stringifyJson } from '../../base/json.ts'
import { memoryBackend } from '../../storage/memory/memory-backend.ts'
import { kv } from './kv.ts'
import { mergePatch } from './merge-patch.ts'

interface ModelVersion {
  data: string
  deleted: boolean
  destroyed: boolean
  expiresAtMs: number
}
interface ModelKey {
  versions: Map<number, ModelVersion>
  current: number
  oldest: number
  maxVersions: number
  casRequired: boolean
  deleteAfter: number
  metadataVersion: number
}
interface Model {
  keys: Map<string, ModelKey>
  maxVersions: number
}

const PATHS = ['a', 'a/b', 'a/c d', 'é']
/** 70,000 characters lie in an entry of their own. */
const LARGE = 'x'.repeat(70_000)
const path = fc.constantFrom(...PATHS)
const data = fc.oneof(
  fc.constantFrom('{"n":9007199254740993}', '{"f":1.0,"o":{"e":1e400}}', '{}', '{"__proto__":1}'),
  fc.constant(`{"large":"${LARGE}"}`),
  fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
)
const numbers = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 })
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('write' as const), path, data }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('cas' as const), path, data, cas: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('patch' as const), path, data }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), path }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constantFrom('delete' as const, 'undelete' as const, 'destroy' as const),
      path,
      numbers,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('metadata' as const),
      path,
      max: fc.nat(4),
      casRequired: fc.boolean(),
      deleteAfter: fc.constantFrom(0, 0, 60),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('drop' as const), path }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('config' as const), max: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('wait' as const) }) },
)
type Step = typeof operation extends fc.Arbitrary<infer T> ? T : never

const isGone = (version: ModelVersion, now: number): boolean =>
  version.destroyed || version.deleted || (version.expiresAtMs !== 0 && version.expiresAtMs <= now)

function newKey(): ModelKey {
  return {
    versions: new Map(),
    current: 0,
    oldest: 0,
    maxVersions: 0,
    casRequired: false,
    deleteAfter: 0,
    metadataVersion: 0,
  }
}

function addVersion(model: Model, path: string, data: string, now: number): number {
  const key = model.keys.get(path) ?? newKey()
  model.keys.set(path, key)
  key.current += 1
  const expiresAtMs = key.deleteAfter === 0 ? 0 : now + key.deleteAfter * 1000
  key.versions.set(key.current, { data, deleted: false, destroyed: false, expiresAtMs })
  const window = Math.max(key.maxVersions, model.maxVersions) || 10
  if (key.current - key.oldest >= window) {
    key.oldest = key.current - window + 1
    for (const version of key.versions.keys()) {
      if (version < key.oldest) key.versions.delete(version)
    }
  }
  return 200
}

/** Does the step on the model; answers the status that is to be expected. */
function stepOfModel(model: Model, step: Step, now: number): number {
  if (step.op === 'wait') return 0
  if (step.op === 'config') {
    model.maxVersions = step.max
    return 204
  }
  const key = model.keys.get(step.path)
  switch (step.op) {
    case 'write':
      return key?.casRequired ? 400 : addVersion(model, step.path, step.data, now)
    case 'cas':
      return step.cas === (key?.current ?? 0) ? addVersion(model, step.path, step.data, now) : 400
    case 'patch': {
      if (!key) return 404
      if (key.casRequired) return 400
      const last = key.versions.get(key.current)
      if (!last || isGone(last, now)) return 404
      const merged = mergePatch(parseJson(last.data), parseJson(step.data))
      return addVersion(model, step.path, stringifyJson(merged), now)
    }
    case 'remove': {
      const last = key?.versions.get(key.current)
      if (last && !isGone(last, now)) last.deleted = true
      return 204
    }
    case 'drop':
      model.keys.delete(step.path)
      return 204
    case 'metadata': {
      const changed = key ?? newKey()
      model.keys.set(step.path, changed)
      changed.maxVersions = step.max
      changed.casRequired = step.casRequired
      changed.deleteAfter = step.deleteAfter
      changed.metadataVersion += 1
      return 204
    }
    default: {
      for (const number of step.numbers) {
        const version = key?.versions.get(number)
        if (!version || version.destroyed) continue
        if (step.op === 'destroy') version.destroyed = true
        else if (step.op === 'undelete') {
          version.deleted = false
          version.expiresAtMs = key!.deleteAfter === 0 ? 0 : now + key!.deleteAfter * 1000
        } else if (!isGone(version, now)) version.deleted = true
      }
      return 204
    }
  }
}

async function stepOfEngine(engine: EngineHarness, step: Step): Promise<number> {
  const call = async (...of: Parameters<EngineHarness['call']>): Promise<number> =>
    (await engine.call(...of)).status
  switch (step.op) {
    case 'wait':
      engine.clock.advance(45_000)
      return 0
    case 'config':
      return call('write', 'config', { max_versions: step.max })
    case 'write':
      return call('write', `data/${step.path}`, { data: parseJson(step.data) })
    case 'cas':
      return call('write', `data/${step.path}`, {
        data: parseJson(step.data),
        options: { cas: step.cas },
      })
    case 'patch':
      return call('patch', `data/${step.path}`, { data: parseJson(step.data) })
    case 'remove':
      return call('remove', `data/${step.path}`)
    case 'drop':
      return call('remove', `metadata/${step.path}`)
    case 'metadata':
      return call('write', `metadata/${step.path}`, {
        max_versions: step.max,
        cas_required: step.casRequired,
        delete_version_after: step.deleteAfter,
      })
    default:
      return call('write', `${step.op}/${step.path}`, { versions: step.numbers })
  }
}

/** Everything that can be read is as the model has it, and nothing else is stored. */
async function compare(engine: EngineHarness, model: Model): Promise<void> {
  const now = engine.clock.now()
  let stored = 0
  for (const path of PATHS) {
    const key = model.keys.get(path)
    for (let version = 0; version <= (key?.current ?? 0) + 1; version++) {
      const number = version === 0 ? (key?.current ?? 0) : version
      const wanted = key?.versions.get(number)
      const reply = await engine.call('read', `data/${path}`, { version })
      if (!wanted) expect(reply).toEqual({ status: 404, text: '{"errors":[]}' })
      else if (isGone(wanted, now)) {
        expect(reply.status).toBe(404)
        expect(JSON.parse(reply.text).data).toMatchObject({
          data: null,
          metadata: { version: number, destroyed: wanted.destroyed },
        })
      } else {
        expect(reply.status).toBe(200)
        expect(reply.text).toContain(`"data":{"data":${wanted.data},"metadata":{`)
      }
      if (version !== 0 && wanted && !wanted.destroyed) {
        const isInside = number === key!.current && Buffer.byteLength(wanted.data) <= 65_536
        stored += isInside ? 0 : 1
      }
    }
    const metadata = await engine.call('read', `metadata/${path}`)
    expect(metadata.status).toBe(key ? 200 : 404)
    if (key) {
      const shown = JSON.parse(metadata.text).data as JsonObject
      expect(shown).toMatchObject({
        current_version: key.current,
        oldest_version: key.oldest,
        current_metadata_version: key.metadataVersion,
      })
      expect(Object.keys(shown.versions as JsonObject).map(Number)).toEqual([
        ...key.versions.keys(),
      ])
    }
  }
  expect(await engine.storage.range('v/')).toHaveLength(stored)
  expect(await engine.storage.range('gone/')).toEqual([])
  const all = await engine.call('scan', 'metadata')
  const names = [...model.keys.keys()].sort()
  expect(all.status === 404 ? [] : JSON.parse(all.text).data.keys).toEqual(names)
}

describe('KV v2 against a model', () => {
  it.each([0, 0.2])('holds over random histories, %d of the commits in conflict', async (rate) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 1, maxLength: 25 }),
        fc.nat(1000),
        async (steps, seed) => {
          const random = seededRandom(seed)
          const memory = memoryBackend({ clock: manualClock(), random })
          const backend = faultyStorage(memory, () =>
            random.fraction() < rate ? 'conflict' : undefined,
          )
          const options = { version: '2' }
          const engine = await engineHarness({ engine: kv, options, backend })
          const model: Model = { keys: new Map(), maxVersions: 0 }
          for (const step of steps) {
            const expected = stepOfModel(model, step, engine.clock.now())
            expect(await stepOfEngine(engine, step), JSON.stringify(step).slice(0, 200)).toBe(
              expected,
            )
          }
          await compare(engine, model)
        },
      ),
      { numRuns: rate === 0 ? 60 : 15 },
    )
  })
})
