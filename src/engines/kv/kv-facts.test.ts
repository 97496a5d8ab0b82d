import { describe, expect, it } from 'vitest'
import { differenceTo, type KvStep } from '../../../test/api/kv-fact.ts'
import { kvFacts } from '../../../test/api/kv-facts.ts'
import {
  asObject,
  type EngineHarness,
  engineHarness,
  operationOf,
  splitQuery,
} from '../../../test/support/engine-harness.ts'
import { isJsonObject, parseJson } from '../../base/json.ts'
import { kv } from './kv.ts'

async function replay(engine: EngineHarness, step: KvStep): Promise<void> {
  engine.clock.advance(step.afterMs ?? 0)
  const { path, query } = splitQuery(step.path)
  const sent = step.body === undefined ? query : parseJson(step.body)
  if (!isJsonObject(sent)) return expect(step.expectStatus).toBe(400)
  const reply = await engine.call(operationOf(step.method), path, asObject(sent))
  const at = `${step.method} ${step.path} ${step.body ?? ''} -> ${reply.text}`
  expect(reply.status, at).toBe(step.expectStatus)
  if (step.expectBody === null) expect(reply.text, at).toBe('')
  else if (step.expectBody !== undefined)
    expect(differenceTo(step.expectBody, JSON.parse(reply.text)), at).toBe(null)
  if (step.expectText !== undefined) expect(reply.text).toContain(step.expectText)
}

describe('what clients see of a KV mount', () => {
  it.each(kvFacts)('$name (version $mountVersion)', async ({ mountVersion, steps }) => {
    const engine = await engineHarness({ engine: kv, options: { version: mountVersion } })
    for (const step of steps) await replay(engine, step)
    expect(engine.bugs).toEqual([])
  })
})
