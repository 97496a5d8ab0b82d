// What must still be answered, and how, when something else is broken or asked for wrongly.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { call } from '../support/api-steps.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { AuditMemory } from '../support/memory-audit.ts'

let server: InProcess
let audit: AuditMemory
beforeEach(async () => {
  audit = new AuditMemory()
  server = await startInProcess({ auditPlugins: [audit.plugin] })
})
afterEach(() => server.close())

describe('while no audit device can write', () => {
  it('health, seal status and leader answer, and nothing else does', {
    timeout: 40_000,
  }, async () => {
    await call(server, 204, 'POST', 'sys/audit/memory', { type: 'memory' })
    audit.isBroken = true
    await call(server, 200, 'GET', 'sys/health')
    await call(server, 200, 'GET', 'sys/seal-status')
    await call(server, 200, 'GET', 'sys/leader', undefined, { token: 'hvs.nobody' })
    const refused = await call(server, 500, 'GET', 'sys/mounts')
    expect(refused.text).toContain('memory/')
    audit.isBroken = false
  })
})

describe('an unwrap that is to be wrapped', () => {
  it('gives a new wrapping token and nothing in clear', async () => {
    const first = await call(
      server,
      200,
      'POST',
      'sys/wrapping/wrap',
      { s: 'in-clear' },
      {
        wrapTtlSeconds: 60,
      },
    )
    const token = first.body.wrap_info.token
    const again = await call(
      server,
      200,
      'POST',
      'sys/wrapping/unwrap',
      { token },
      {
        wrapTtlSeconds: 30,
      },
    )
    expect(again.text).not.toContain('in-clear')
    expect(again.body.wrap_info).toMatchObject({
      ttl: 30,
      creation_path: 'sys/wrapping/unwrap',
    })
    const inner = again.body.wrap_info.token
    const taken = await call(server, 200, 'POST', 'sys/wrapping/unwrap', { token: inner })
    expect(taken.body.data).toEqual({ s: 'in-clear' })
    await call(server, 400, 'POST', 'sys/wrapping/unwrap', { token })
  })
})

describe('mounts asked for wrongly', () => {
  it('are refused and not made', async () => {
    await call(server, 400, 'POST', 'sys/mounts/x', { type: 'kv', config: 'x' })
    await call(server, 400, 'POST', 'sys/mounts/x', { type: 'kv', options: { version: '3' } })
    const { body } = await call(server, 200, 'GET', 'sys/mounts')
    expect(Object.keys(body.data)).not.toContain('x/')
  })
})

describe('namespaces', () => {
  it('are shown with their whole path, their default policy with a time', async () => {
    await call(server, 200, 'POST', 'sys/namespaces/a')
    const of = { namespace: 'a' }
    const inner = await call(server, 200, 'POST', 'sys/namespaces/b', undefined, of)
    expect(inner.body.data.path).toBe('a/b/')
    const policy = await call(server, 200, 'GET', 'sys/policies/acl/default', undefined, of)
    expect(Date.parse(policy.body.data.modified)).toBeGreaterThan(Date.parse('2020-01-01'))
  })
})

describe('unlocking a namespace', () => {
  it('takes the right key, or root without one', async () => {
    await call(server, 200, 'POST', 'sys/namespaces/a')
    const { body } = await call(server, 200, 'POST', 'sys/namespaces/api-lock/lock/a')
    const key = body.data.unlock_key as string
    const path = 'sys/namespaces/api-lock/unlock/a'
    await call(server, 400, 'POST', path, { unlock_key: 'wrong' })
    await call(server, 204, 'POST', path, { unlock_key: key })
    await call(server, 200, 'POST', 'sys/namespaces/api-lock/lock/a')
    await call(server, 204, 'POST', path)
  })
})

describe('the OpenAPI document', () => {
  it('names each operation once, whatever is mounted', async () => {
    for (const mount of ['one', 'two']) {
      const body = { type: 'kv', options: { version: '2' } }
      await call(server, 204, 'POST', `sys/mounts/${mount}`, body)
    }
    const { text } = await call(server, 200, 'GET', 'sys/internal/specs/openapi')
    const ids = [...text.matchAll(/"operationId":"([^"]*)"/g)].map(([, id]) => id)
    expect(ids.length).toBeGreaterThan(100)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('raw entries', () => {
  it('that are marks of an index are empty', async () => {
    const read = await call(server, 200, 'GET', 'sys/raw/core/epoch')
    expect(read.body.data).toEqual({ value: '' })
  })
})

describe('help on a path', () => {
  it('is for the addresses that the token is bound to', async () => {
    const role = { token_bound_cidrs: ['10.1.0.0/16'] }
    await call(server, 204, 'POST', 'auth/token/roles/bound', role)
    const made = await call(server, 200, 'POST', 'auth/token/create/bound', {
      policies: ['default'],
    })
    const token = made.body.auth.client_token as string
    const of = { token, wantsHelp: true }
    await call(server, 200, 'GET', 'sys/mounts', undefined, { ...of, remoteAddress: '10.1.2.3' })
    await call(server, 403, 'GET', 'sys/mounts', undefined, { ...of, remoteAddress: '10.2.2.3' })
  })
})
