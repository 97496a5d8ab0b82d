import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { handleRequest } from '../../src/core/request.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'

let clock: ManualClock
let server: InProcess

beforeEach(async () => {
  clock = manualClock()
  server = await startInProcess({ clock, settings: { sanitized: { enable_ui: false } } })
})
afterEach(() => server.close())

const get = (path: string, query = {}) => server.call('GET', path, undefined, { query })
const post = (path: string, body?: unknown) => server.call('POST', path, body)

async function tokenWith(policy: string): Promise<string> {
  await post('sys/policies/acl/granted', { policy })
  const made = await post('auth/token/create', { policies: ['granted'] })
  return made.body.auth.client_token
}

describe('the machine and the server', () => {
  it('are described', async () => {
    const info = (await get('sys/host-info')).body.data
    expect(info.memory.total).toBeGreaterThan(0)
    expect(info.cpu.length).toBe(info.cpu_times.length)
    expect(info.host.hostname).toBeTypeOf('string')
    const history = await server.call('LIST', 'sys/version-history')
    const [version] = history.body.data.keys
    expect(version).toMatch(/^\d+\.\d+\.\d+\+strongroom/)
    expect(history.body.data.key_info[version]).toMatchObject({ previous_version: null })
    const status = await get('sys/ha-status')
    expect(status.body.nodes).toEqual(status.body.data.nodes)
    expect(status.body.data.nodes[0]).toMatchObject({ active_node: true })
    expect((await post('sys/step-down')).status).toBe(204)
    expect((await get('sys/config/state/sanitized')).body.data).toEqual({ enable_ui: false })
  })

  it('show the requests in flight to those who may read them', async () => {
    const shown = await get('sys/in-flight-req')
    expect(Object.values(shown.body)).toEqual([
      expect.objectContaining({ request_method: 'GET', request_path: '/v1/sys/in-flight-req' }),
    ])
    const refused = await server.call('GET', 'sys/in-flight-req', undefined, { token: null })
    expect(refused.status).toBe(403)
    const token = await tokenWith('path "sys/in-flight-req" { capabilities = ["read"] }')
    expect((await server.call('GET', 'sys/in-flight-req', undefined, { token })).status).toBe(200)
  })

  it('are looked into', async () => {
    const inspected = (await get('sys/internal/inspect/request')).body.data.req
    expect(inspected).toMatchObject({ path: 'internal/inspect/request', policies: ['root'] })
    const router = (await get('sys/internal/inspect/router/uuid')).body.data.uuid
    expect(router.map((one: { mount_type: string }) => one.mount_type)).toContain('cubbyhole')
    expect((await get('sys/internal/inspect/router/other')).status).toBe(404)
    await post('auth/token/create', { policies: ['default'] })
    const { counters } = (await get('sys/internal/counters/tokens')).body.data
    expect(counters.service_tokens.total).toBe(2)
    expect((await get('sys/locked-users')).body.data).toMatchObject({ total: 0 })
  })

  it('take the pad off a generated token', async () => {
    const decoded = await post('sys/decode-token', { encoded_token: 'Ly8vLw', otp: 'abcd' })
    expect(decoded.body.data.token).toBe('NMLK')
    expect((await post('sys/decode-token', { encoded_token: 'Ly8v', otp: 'abcd' })).status).toBe(
      400,
    )
    expect((await post('sys/decode-token', {})).status).toBe(400)
  })
})

describe('metrics', () => {
  it('are shown to those who may read them, as JSON and for Prometheus', async () => {
    await get('sys/mounts')
    const json = (await server.bytes('sys/metrics')).text
    const names = JSON.parse(json).Samples.map((one: { Name: string }) => one.Name)
    expect(names).toContain('vault.route.read.sys-')
    const text = (await server.bytes('sys/metrics', { query: { format: 'prometheus' } })).text
    expect(text).toContain('vault_core_unsealed 1\n')
    expect(text).toMatch(/vault_barrier_put \d/)
    expect(text).toMatch(/strongroom_storage_entries \d|process_resident_memory_bytes\{/)
    const accept = { headers: { accept: 'application/openmetrics-text' } }
    expect((await server.bytes('sys/metrics', accept)).text).toContain('# TYPE')
    const bad = await server.bytes('sys/metrics', { query: { format: 'own' } })
    expect(bad).toEqual({ status: 400, text: 'metric response format "own" unknown' })
    expect((await server.bytes('sys/metrics', { token: null })).status).toBe(403)
  })

  it('are open to all, sealed or not, where the configuration says so', async () => {
    const open = await startInProcess({ settings: { unauthenticatedMetrics: true } })
    expect((await open.bytes('sys/metrics', { token: null })).status).toBe(200)
    await open.call('POST', 'sys/seal')
    const of = { token: null, query: { format: 'prometheus' } }
    expect((await open.bytes('sys/metrics', of)).text).toContain('vault_core_unsealed 0\n')
    await server.call('POST', 'sys/seal')
    expect((await server.bytes('sys/metrics')).status).toBe(503)
    await open.close()
  })
})

describe('loggers', () => {
  it('have levels that can be set and put back', async () => {
    const all = (await get('sys/loggers')).body.data
    expect(all.audit).toBe('trace')
    expect((await post('sys/loggers/audit', { level: 'WARNING' })).status).toBe(204)
    expect((await get('sys/loggers/audit')).body.data).toEqual({ audit: 'warn' })
    expect((await post('sys/loggers', { level: 'error' })).status).toBe(204)
    expect((await get('sys/loggers')).body.data).toMatchObject({ audit: 'error', jobs: 'error' })
    await server.call('DELETE', 'sys/loggers')
    expect((await get('sys/loggers')).body.data).toEqual(all)
    expect((await post('sys/loggers', { level: 'loud' })).body.errors).toEqual([
      'invalid level provided: unknown log level: loud',
    ])
    expect((await post('sys/loggers/none', { level: 'info' })).status).toBe(400)
    expect((await get('sys/loggers/none')).body.data).toEqual({})
  })

  it('are heard at a level of the listener’s own', async () => {
    const stream = await monitor({ log_level: 'debug', log_format: 'json' })
    server.host.logs.setLevel('error')
    const log = server.host.logs.of('audit')
    const next = stream.next()
    log.trace('too quiet')
    log.debug('heard')
    const line = Buffer.from((await next).value as Uint8Array).toString()
    expect(JSON.parse(line)).toMatchObject({ level: 'debug', msg: 'heard', logger: 'audit' })
    const pending = stream.next()
    await stream.return?.()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect((await get('sys/monitor', { log_level: 'loud' })).body.errors).toEqual([
      'unknown log level',
    ])
  })

  it('do not wait for a slow listener', async () => {
    const stream = await monitor({})
    for (let count = 0; count < 600; count++) server.host.logs.of('audit').info(`line ${count}`)
    const text = Buffer.from((await stream.next()).value as Uint8Array).toString()
    expect(text).toMatch(/^88 lines were lost/)
    expect(text).toContain('line 599')
    await stream.return?.()
  })

  async function monitor(query: Record<string, string>): Promise<AsyncIterator<Uint8Array>> {
    const { body } = await handleRequest(
      server.host,
      server.request('GET', 'sys/monitor', { query }),
    )
    return (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  }
})

describe('browsers of other origins', () => {
  it('may call once their origins are named', async () => {
    expect((await get('sys/config/cors')).body.data).toEqual({ enabled: false })
    const set = { allowed_origins: ['http://a.example'], allowed_headers: 'X-Own, x-vault-token' }
    expect((await post('sys/config/cors', set)).status).toBe(204)
    const shown = (await get('sys/config/cors')).body
    expect(shown).toMatchObject({ enabled: true, allowed_origins: ['http://a.example'] })
    expect(shown.data.allowed_headers).toContain('X-Own')
    expect(shown.data.allowed_headers).not.toContain('x-vault-token')
    expect((await post('sys/config/cors', {})).status).toBe(400)
    expect((await post('sys/config/cors', { allowed_origins: '*,http://a' })).status).toBe(400)
    const open = { allowed_origins: '*', allow_credentials: true }
    expect((await post('sys/config/cors', open)).status).toBe(400)
    expect((await server.call('DELETE', 'sys/config/cors')).status).toBe(204)
    expect((await get('sys/config/cors')).body.enabled).toBe(false)
  })

  it('are told headers of the user interface by name', async () => {
    const path = 'sys/config/ui/headers/X-Own'
    expect((await post(path, { values: ['a', 'b'] })).status).toBe(204)
    expect((await get(path)).body.data).toEqual({ value: 'a' })
    expect((await get(path, { multivalue: 'true' })).body.data).toEqual({ values: ['a', 'b'] })
    const names = await server.call('LIST', 'sys/config/ui/headers')
    expect(names.body.data.keys).toEqual(['X-Own'])
    expect((await post('sys/config/ui/headers/X-Vault-Own', { values: ['a'] })).status).toBe(400)
    expect((await post('sys/config/ui/headers/X-A', { values: ['a\nb'] })).status).toBe(400)
    await server.call('DELETE', path)
    expect((await server.call('LIST', 'sys/config/ui/headers')).status).toBe(404)
  })
})

describe('plugins', () => {
  it('are those of the program', async () => {
    const catalog = (await get('sys/plugins/catalog')).body.data
    expect(catalog.secret).toContain('kv')
    expect(catalog.secret).not.toContain('system')
    expect((await server.call('LIST', 'sys/plugins/catalog/secret')).body.data.keys).toContain('kv')
    expect((await get('sys/plugins/catalog/secret/kv')).body.data).toMatchObject({ builtin: true })
    expect((await get('sys/plugins/catalog/secret/none')).status).toBe(404)
    const added = await post('sys/plugins/catalog/secret/own', { command: 'x', sha256: '00' })
    expect(added.status).toBe(400)
    expect((await post('sys/plugins/reload/backend', { plugin: 'kv' })).status).toBe(200)
    expect((await post('sys/plugins/reload/backend', {})).status).toBe(400)
  })
})

describe('stored entries', () => {
  it('are read, written, listed and deleted in clear', async () => {
    expect((await post('sys/raw/own/a', { value: 'hello' })).status).toBe(204)
    expect((await get('sys/raw/own/a')).body.data.value).toBe('hello')
    expect((await get('sys/raw/own/a', { encoding: 'base64' })).body.data.value).toBe('aGVsbG8=')
    expect((await server.call('LIST', 'sys/raw')).body.data.keys).toContain('own/')
    expect((await server.call('LIST', 'sys/raw/own')).body.data.keys).toEqual(['a'])
    expect((await server.call('DELETE', 'sys/raw/own/a')).status).toBe(204)
    expect((await get('sys/raw/own/a')).status).toBe(404)
  })

  it('never show the keys of the barrier', async () => {
    for (const key of ['core/keyring', 'core/seal', 'core/root-key', 'core/token-salt']) {
      expect((await get(`sys/raw/${key}`)).body.errors).toEqual([`cannot access "${key}"`])
      expect((await post(`sys/raw/${key}`, { value: 'x' })).status).toBe(400)
      expect((await server.call('DELETE', `sys/raw/${key}`)).status).toBe(400)
    }
  })

  it('take effect at once where they are cached', async () => {
    const token = await tokenWith('path "cubbyhole/a" { capabilities = ["deny"] }')
    const of = { token }
    expect((await server.call('POST', 'cubbyhole/a', { v: 1 }, of)).status).toBe(403)
    await server.call('DELETE', 'sys/raw/ns/root/policy/granted')
    expect((await server.call('POST', 'cubbyhole/a', { v: 1 }, of)).status).toBe(204)
  })

  it('are not there without the setting, nor without sudo', async () => {
    const token = await tokenWith('path "sys/raw/*" { capabilities = ["read", "list"] }')
    expect((await server.call('GET', 'sys/raw/core/mounts', undefined, { token })).status).toBe(403)
    const closed = await startInProcess({ settings: { rawStorageEndpoint: false } })
    expect((await closed.call('GET', 'sys/raw/core/version')).status).toBe(404)
    await closed.close()
  })
})

describe('policies', () => {
  const text = 'path "cubbyhole/a" { capabilities = ["deny"] }'

  it('are patched, and guarded by their version', async () => {
    const path = 'sys/policies/acl/own'
    expect((await server.call('PATCH', path, { policy: text })).body.errors).toEqual([
      'policy not found',
    ])
    await post(path, { policy: text, cas_required: true })
    expect((await server.call('PATCH', path, { cas_required: false })).status).toBe(400)
    expect((await server.call('PATCH', path, { cas_required: false, cas: 1 })).status).toBe(204)
    expect((await get(path)).body.data).toMatchObject({
      policy: text,
      version: 2,
      cas_required: false,
    })
    const bad = await server.call('PATCH', path, { policy: 'path "a" {' })
    expect(bad.status).toBe(400)
    const detailed = await server.call('LIST', 'sys/policies/detailed/acl')
    expect(detailed.body.data.key_info.own).toMatchObject({ policy: text, name: 'own' })
  })

  it('end at their time', async () => {
    await post('sys/policies/acl/short', { policy: text, ttl: '60s' })
    const made = await post('auth/token/create', { policies: ['short'] })
    const of = { token: made.body.auth.client_token }
    expect((await server.call('POST', 'cubbyhole/a', { v: 1 }, of)).status).toBe(403)
    clock.advance(61_000)
    expect((await server.call('POST', 'cubbyhole/a', { v: 1 }, of)).status).toBe(204)
    const past = { policy: text, expiration: '2001-01-01T00:00:00Z' }
    expect((await post('sys/policies/acl/short', past)).status).toBe(400)
  })
})
