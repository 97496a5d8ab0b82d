// KV through the whole request pipeline: the table of facts, who wrote, and rights that tell create from
// update.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { splitQuery } from '../support/engine-harness.ts'
import type { InProcess } from '../support/in-process.ts'
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
      client_id: made.body.auth.accessor,
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
