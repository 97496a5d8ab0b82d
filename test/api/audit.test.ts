// Audit seen from outside: which lines a request leaves, what they never hold, and what happens when no
// device can take them.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, eventually, fresh, mountKv, newToken } from '../support/api-steps.ts'
import type { InProcess } from '../support/in-process.ts'
import { AuditMemory } from '../support/memory-audit.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'
import { serverKinds } from '../support/server-kinds.ts'

let server: InProcess
let memory: AuditMemory
let world: World
let kv: string
let folder: string
let logged: string[]

const hash = async (input: string): Promise<string> =>
  (await call(server, 200, 'POST', 'sys/audit-hash/memory', { input })).body.data.hash

/** A device that failed is tried again by itself. */
async function healed(): Promise<void> {
  memory.take()
  const ask = async () => {
    await server.call('GET', 'sys/mounts')
    return memory.lines.length
  }
  await eventually(ask, (count) => count > 0)
}

describe.each(serverKinds)('audit on $kind', ({ start }) => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'strongroom-audit-'))
    memory = new AuditMemory()
    world = new World()
    logged = []
    server = await start({
      auditPlugins: [memory.plugin],
      engines: [outsideEngine(world)],
      log: (line) => void logged.push(line),
    })
    await call(server, 204, 'POST', 'sys/audit/memory', { type: 'memory' })
    kv = await mountKv(server)
    await call(server, 204, 'POST', 'sys/mounts/out', { type: 'outside' })
    memory.take()
  })
  afterAll(async () => {
    memory.isBroken = false
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('writes a line for the request and one for the response', async () => {
    const { token } = await newToken(server, { policies: ['root'], ttl: '1h' })
    memory.take()
    const sent = { data: { password: 's3cret-value', number: 7, flag: true } }
    const written = await server.call('POST', `${kv}/data/app`, sent, {
      token,
      remoteAddress: '10.1.2.3',
    })
    const [request, response, ...rest] = memory.take()
    expect(rest).toEqual([])
    expect(request).toMatchObject({
      type: 'request',
      auth: {
        token_type: 'service',
        display_name: 'token',
        policies: ['root'],
        policy_results: { allowed: true },
      },
      request: {
        operation: 'create',
        path: `${kv}/data/app`,
        mount_type: 'kv',
        mount_class: 'secret',
        mount_point: `${kv}/`,
        namespace: { id: 'root' },
        remote_address: '10.1.2.3',
        data: { data: { number: 7, flag: true } },
      },
    })
    expect(response).toMatchObject({ type: 'response', request: { id: request?.request.id } })
    expect(response?.request.id).toBe(written.body.request_id)
    const text = JSON.stringify([request, response])
    for (const secret of ['s3cret-value', token]) {
      expect(text).not.toContain(secret)
      expect(text).toContain(await hash(secret))
    }
    memory.take()
  })

  it('never shows a token, a secret or a wrapping token', async () => {
    memory.texts.length = 0
    const { token } = await newToken(server, { meta: { app: 'shop' } })
    const of = { wrapTtlSeconds: 60 }
    const { body } = await server.call('GET', `${kv}/data/app`, undefined, of)
    await call(server, 200, 'POST', 'sys/wrapping/unwrap', { token: body.wrap_info.token })
    await call(server, 200, 'POST', 'auth/token/lookup', { token })
    await call(server, 204, 'POST', 'cubbyhole/x', { deep: { secret: 'inner-secret' } }, { token })
    await call(server, 200, 'GET', 'cubbyhole/x', undefined, { token })
    await server.call('GET', `${kv}/data/app`, undefined, { token: 'hvs.garbage-token' })
    const all = memory.texts.join('')
    const secrets = [
      token,
      server.rootToken,
      body.wrap_info.token,
      's3cret-value',
      'inner-secret',
      'hvs.garbage-token',
    ]
    for (const secret of secrets) expect(all).not.toContain(secret)
  })

  it('writes one line with the error for what fails', async () => {
    memory.take()
    const one = async (method: string, path: string, body?: unknown, options = {}) => {
      const reply = await server.call(method, path, body, options)
      const lines = memory.take()
      expect([path, lines.length]).toEqual([path, 1])
      expect(lines[0]?.error).toBe(reply.body.errors.join('; '))
      return [reply.status, lines[0]?.request.path, lines[0]?.request.operation]
    }
    const nobody = { token: null }
    expect(await one('GET', 'sys/mounts', undefined, nobody)).toEqual([403, 'sys/mounts', 'read'])
    expect(await one('GET', 'none/x')).toEqual([404, 'none/x', 'read'])
    expect(await one('POST', `${kv}/data/a`, undefined, { rawBody: '{' })).toEqual([
      400,
      `${kv}/data/a`,
      'update',
    ])
    expect(await one('PURGE', 'sys/mounts')).toEqual([405, 'sys/mounts', 'read'])
    expect((await one('GET', 'x', undefined, { namespace: 'none' }))[0]).toBe(404)
  })

  it('refuses in words what no device can record, and takes back what was issued', async () => {
    memory.isBroken = true
    const refusals = [
      await server.call('GET', `${kv}/data/app`),
      await server.call('POST', `${kv}/data/new`, { data: { x: 1 } }),
      await server.call('POST', 'auth/token/create', {}),
      await server.call('GET', 'out/creds/a'),
      await server.call('GET', 'sys/mounts', undefined, { token: null }),
    ]
    for (const { status, body, text } of refusals) {
      expect(status).toBe(500)
      expect(body.errors[0]).toMatch(/^no audit device could record the request.*memory\//)
      expect(text).not.toContain('s3cret-value')
    }
    const health = await server.call('GET', 'sys/health', undefined, { token: null })
    expect(health.status).toBe(200)
    memory.isBroken = false
    // What was refused has not happened.
    await healed()
    await call(server, 404, 'GET', `${kv}/data/new`)
    expect(world.accounts.size).toBe(0)
  })

  it('logs once what was refused, and why', async () => {
    memory.isBroken = true
    logged.length = 0
    const sent = await server.call('POST', `${kv}/data/new`, { data: { x: 1 } })
    expect(sent.status).toBe(500)
    const lines = logged.filter((line) => line.includes('request refused: no audit device'))
    expect(lines).toHaveLength(1)
    expect(lines[0]!.split('the device is broken')).toHaveLength(2)
    expect(logged.filter((line) => line.includes('request failed'))).toEqual([])
    const failed = (line: string): boolean => line.includes('audit device failed')
    expect(logged.filter(failed)).toHaveLength(1)
    memory.isBroken = false
    await healed()
  })

  it('refuses to disable a device while the only other one is broken', async () => {
    const options = { file_path: join(folder, fresh('audit')) }
    await call(server, 204, 'POST', 'sys/audit/file', { type: 'file', options })
    memory.isBroken = true
    const refused = await call(server, 400, 'DELETE', 'sys/audit/file')
    expect(refused.body.errors[0]).toContain('memory/: the device is broken')
    const listed = await call(server, 200, 'GET', 'sys/audit')
    expect(Object.keys(listed.body.data).sort()).toEqual(['file/', 'memory/'])
    memory.isBroken = false
    await healed()
    await call(server, 204, 'DELETE', 'sys/audit/file')
  })

  it('revokes a token and a lease whose answer could not be recorded', async () => {
    const before = (await call(server, 200, 'LIST', 'auth/token/accessors')).body.data.keys
    const isResponse = (line: string): boolean => line.includes('"type":"response"')
    const refused = async (method: string, path: string, of = {}) => {
      memory.refuses = isResponse
      const { status } = await server.call(method, path, undefined, of)
      memory.refuses = () => false
      expect([path, status]).toEqual([path, 500])
      await healed()
    }
    await refused('POST', 'auth/token/create')
    await refused('GET', 'out/creds/a')
    await refused('GET', `${kv}/data/app`, { wrapTtlSeconds: 60 })
    await eventually(
      async () => world.accounts.size,
      (size) => size === 0,
    )
    const after = await call(server, 200, 'LIST', 'auth/token/accessors')
    expect(after.body.data.keys).toEqual(before)
    const held = await server.backend.range('ns/root/wrapped/', { limit: 5 })
    expect(held).toEqual([])
  })

  it('lets a token live whose renewal could not be recorded', async () => {
    const { token } = await newToken(server, { ttl: '1h' })
    memory.refuses = (line) => line.includes('"type":"response"')
    const renewed = await server.call('POST', 'auth/token/renew', { token })
    memory.refuses = () => false
    expect(renewed.status).toBe(500)
    expect(renewed.body.errors[0]).toContain('was carried out, but its answer is withheld: memory/')
    await healed()
    await call(server, 200, 'GET', 'auth/token/lookup-self', undefined, { token })
  })

  it('is not silenced by a second device that fails', async () => {
    const second = join(folder, fresh('audit'))
    const options = { file_path: second }
    await call(server, 204, 'POST', 'sys/audit/file', { type: 'file', options })
    expect(statSync(second).mode & 0o777).toBe(0o600)
    const twice = await server.call('POST', 'sys/audit/again', { type: 'file', options })
    expect(twice.status).toBe(400)
    memory.isBroken = true
    await call(server, 200, 'GET', `${kv}/data/app`)
    memory.isBroken = false
    await healed()
    const lines = readFileSync(second, 'utf8').trim().split('\n')
    const last = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'response')
    expect(last.map(({ request }) => request.path)).toContain(`${kv}/data/app`)
    const listed = await call(server, 200, 'GET', 'sys/audit')
    expect(Object.keys(listed.body.data).sort()).toEqual(['file/', 'memory/'])
    await call(server, 204, 'DELETE', 'sys/audit/file')
    const fileHash = await server.call('POST', 'sys/audit-hash/file', { input: 'x' })
    expect(fileHash.status).toBe(400)
  })

  it('refuses devices that can not work', async () => {
    const refused = async (path: string, body: object) =>
      (await server.call('POST', `sys/audit/${path}`, body)).status
    expect(await refused('x', { type: 'none' })).toBe(400)
    expect(await refused('x', { type: 'file' })).toBe(400)
    expect(await refused('x', { type: 'file', options: { file_path: folder } })).toBe(400)
    const option = { file_path: join(folder, fresh('x')), log_raw: 'perhaps' }
    expect(await refused('x', { type: 'file', options: option })).toBe(400)
    expect(await refused('x', { type: 'file', options: { ...option, prefix: 'p' } })).toBe(400)
    expect(await refused('memory', { type: 'memory' })).toBe(400)
    expect((await server.call('DELETE', 'sys/audit/none')).status).toBe(204)
  })
})
