// KV through the whole request pipeline: the table of facts, who wrote, and rights that tell create from
// update.
import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { splitQuery } from '../support/engine-harness.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { allServerKinds } from '../support/server-kinds.ts'
import { differenceTo, type KvStep } from './kv-fact.ts'
import { kvFacts } from './kv-facts.ts'

let server: InProcess

let mounts = 0
/** A new mount of the one server. */
async function mountKv(version: string): Promise<string> {
  const mount = `kv${++mounts}`
  const mounted = await server.call('POST', `sys/mounts/${mount}`, {
    type: 'kv',
    options: { version },
  })
  expect(mounted.status).toBe(204)
  return mount
}

async function replay(mount: string, step: KvStep): Promise<void> {
  if (step.afterMs) await new Promise((resolve) => setTimeout(resolve, step.afterMs))
  const { path, query } = splitQuery(step.path)
  const reply = await server.call(
    step.method,
    path === '' ? mount : `${mount}/${path}`,
    undefined,
    {
      query,
      ...(step.body === undefined ? undefined : { rawBody: step.body }),
    },
  )
  const at = `${step.method} ${step.path} ${step.body ?? ''} -> ${reply.status} ${reply.text}`
  expect(reply.status, at).toBe(step.expectStatus)
  if (step.expectBody === null) expect(reply.text, at).toBe('')
  else if (step.expectBody !== undefined)
    expect(differenceTo(step.expectBody, reply.body), at).toBe(null)
  if (step.expectText !== undefined) expect(reply.text).toContain(step.expectText)
}

describe.each(allServerKinds)('KV on $kind', ({ start }) => {
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())

  it.each(kvFacts)('$name (version $mountVersion)', async ({ mountVersion, steps }) => {
    const mount = await mountKv(mountVersion)
    for (const step of steps) await replay(mount, step)
  })

  it('never keeps the token of who wrote', async () => {
    const kv = await mountKv('2')
    const made = await server.call('POST', 'auth/token/create', { display_name: 'ci' })
    const token = made.body.auth.client_token as string
    await server.call('POST', `${kv}/data/a`, { data: { x: 1 } }, { token })
    const { body, text } = await server.call('GET', `${kv}/metadata/a`)
    expect(body.data.versions['1'].created_by).toEqual({
      actor: 'token-ci',
      client_id: hash('sha256', made.body.auth.accessor, 'base64url').slice(0, 24),
      operation: 'create',
    })
    expect(text).not.toContain(token)
  })

  it('tells create from update', async () => {
    const kv = await mountKv('2')
    const policy = `path "${kv}/data/*" { capabilities = ["create"] }`
    await server.call('POST', 'sys/policies/acl/creator', { policy })
    const made = await server.call('POST', 'auth/token/create', { policies: ['creator'] })
    const token = made.body.auth.client_token as string
    const write = (path: string) =>
      server.call('POST', path, { data: { x: 1 } }, { token }).then(({ status }) => status)
    expect(await write(`${kv}/data/a`)).toBe(200)
    expect(await write(`${kv}/data/a`)).toBe(403)
    await server.call('DELETE', `${kv}/data/a`)
    expect(await write(`${kv}/data/a`)).toBe(403)
    await server.call('DELETE', `${kv}/metadata/a`)
    expect(await write(`${kv}/data/a`)).toBe(200)
  })
})

describe('a mount that is upgraded', () => {
  it('lets no write of version 1 land after the upgrade to version 2', async () => {
    let whileCommitting: (() => Promise<void>) | null = null
    const inner = memoryBackend({ clock: systemClock, random: systemRandom })
    const backend: StorageBackend = {
      read: (keys) => inner.read(keys),
      list: (prefix, page) => inner.list(prefix, page),
      range: (prefix, page) => inner.range(prefix, page),
      changes: (onChange) => inner.changes(onChange),
      scan: (prefix) => inner.scan(prefix),
      close: () => inner.close(),
      async commit(batch) {
        const isSecret = [...batch.writes.keys()].some((key) => key.endsWith('/s/a'))
        const hook = isSecret ? whileCommitting : null
        if (hook) whileCommitting = null
        await hook?.()
        return inner.commit(batch)
      },
    }
    const other = await startInProcess({ backend })
    await other.call('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '1' } })
    await other.call('POST', 'kv/a', { n: 'first' })
    whileCommitting = async () => {
      await other.call('POST', 'sys/mounts/kv/tune', { options: { version: '2' } })
      expect((await other.call('POST', 'kv/data/a', { data: { n: 'second' } })).status).toBe(200)
    }
    expect((await other.call('POST', 'kv/a', { n: 'late' })).status).toBe(503)
    expect(whileCommitting).toBe(null)
    const metadata = await other.call('GET', 'kv/metadata/a')
    expect(metadata.body.data.current_version).toBe(2)
    expect((await other.call('GET', 'kv/data/a')).body.data.data).toEqual({ n: 'second' })
    const old = await other.call('GET', 'kv/data/a', undefined, { query: { version: '1' } })
    expect(old.body.data.data).toEqual({ n: 'first' })
    await other.close()
  })
})
