// Policies decide, through the whole pipeline: what a user writes in HCL is what the API then allows. The
// decision itself is tested beside its code; here stand the stories and the mistakes that peers made.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, fresh, mountKv, newToken, writePolicy } from '../support/api-steps.ts'
import type { CallOptions, InProcess } from '../support/in-process.ts'
import { serverKinds } from '../support/server-kinds.ts'

let server: InProcess
let kv: string

/** The status of calls by a new token that has this policy and no other. */
async function holder(policy: string) {
  const name = fresh('policy')
  await writePolicy(server, name, policy)
  const { token } = await newToken(server, { policies: [name], no_default_policy: true })
  const ask = (method: string, path: string, body?: unknown, options: CallOptions = {}) =>
    server.call(method, path, body, { token, ...options })
  const status = async (method: string, path: string, body?: unknown, options?: CallOptions) =>
    (await ask(method, path, body, options)).status
  return { name, token, ask, status }
}

describe.each(serverKinds)('policies on $kind', ({ start }) => {
  beforeAll(async () => {
    server = await start()
    kv = await mountKv(server)
    for (const path of ['app/db', 'app/deep/key', 'team/x', 'other']) {
      await call(server, 200, 'POST', `${kv}/data/${path}`, { data: { password: 's3cret' } })
    }
  })
  afterAll(() => server.close())

  it('allow what a rule names and nothing else', async () => {
    const { status } = await holder(`path "${kv}/data/app/*" { capabilities = ["read"] }`)
    expect(await status('GET', `${kv}/data/app/db`)).toBe(200)
    expect(await status('HEAD', `${kv}/data/app/db`)).toBe(200)
    expect(await status('GET', `${kv}/data/other`)).toBe(403)
    expect(await status('POST', `${kv}/data/app/db`, { data: {} })).toBe(403)
    expect(await status('DELETE', `${kv}/data/app/db`)).toBe(403)
    expect(await status('LIST', `${kv}/metadata/app`)).toBe(403)
    expect(await status('GET', 'sys/mounts')).toBe(403)
    expect(await status('GET', 'no/such/mount')).toBe(403)
    expect(await status('POST', `${kv}/no-such-row`)).toBe(403)
  })

  it('count from the next request on when they change, and are gone when deleted', async () => {
    const { name, status } = await holder(`path "${kv}/data/other" { capabilities = ["read"] }`)
    expect(await status('GET', `${kv}/data/other`)).toBe(200)
    await writePolicy(server, name, `path "${kv}/data/team/x" { capabilities = ["read"] }`)
    expect(await status('GET', `${kv}/data/other`)).toBe(403)
    expect(await status('GET', `${kv}/data/team/x`)).toBe(200)
    await call(server, 204, 'DELETE', `sys/policies/acl/${name}`)
    expect(await status('GET', `${kv}/data/team/x`)).toBe(403)
    await call(server, 404, 'GET', `sys/policies/acl/${name}`)
  })

  it('let deny win over every other policy, for lists too', async () => {
    const { status } = await holder(`
      path "${kv}/*" { capabilities = ["read", "list", "scan"] }
      path "${kv}/data/app/db" { capabilities = ["deny"] }
      path "${kv}/metadata/app" { capabilities = ["deny"] }`)
    expect(await status('GET', `${kv}/data/team/x`)).toBe(200)
    expect(await status('GET', `${kv}/data/app/db`)).toBe(403)
    for (const method of ['LIST', 'SCAN']) {
      expect(await status(method, `${kv}/metadata/team`)).toBe(200)
      expect(await status(method, `${kv}/metadata/app`)).toBe(403)
      expect(await status(method, `${kv}/metadata/app/`)).toBe(403)
    }
  })

  it('tell create, update and patch apart', async () => {
    const creator = await holder(`path "${kv}/data/*" { capabilities = ["create"] }`)
    const path = `${kv}/data/${fresh('new')}`
    expect(await creator.status('POST', path, { data: { x: 1 } })).toBe(200)
    expect(await creator.status('POST', path, { data: { x: 1 } })).toBe(403)
    const updater = await holder(`path "${kv}/data/*" { capabilities = ["update"] }`)
    expect(await updater.status('POST', path, { data: { x: 2 } })).toBe(200)
    expect(await updater.status('POST', `${kv}/data/${fresh('new')}`, { data: {} })).toBe(403)
    expect(await updater.status('PATCH', path, { data: { x: 2 } })).toBe(403)
    const patcher = await holder(`path "${kv}/data/*" { capabilities = ["patch"] }`)
    expect(await patcher.status('PATCH', path, { data: { x: 3 } })).toBe(200)
    expect(await patcher.status('POST', path, { data: { x: 3 } })).toBe(403)
  })

  it('hold parameters to what they allow, also for names of the prototype', async () => {
    const v1 = await mountKv(server, '1')
    const { status } = await holder(`
      path "${v1}/allowed" { capabilities = ["create", "update"]
        allowed_parameters = { "size" = ["small", "m*"], "note" = [] } }
      path "${v1}/denied" { capabilities = ["create", "update"]
        denied_parameters = { "admin" = [] } }
      path "${v1}/required" { capabilities = ["create", "update"]
        required_parameters = ["owner"] }`)
    expect(await status('POST', `${v1}/allowed`, { size: 'small', note: 'x' })).toBe(204)
    expect(await status('POST', `${v1}/allowed`, { size: 'medium' })).toBe(204)
    expect(await status('POST', `${v1}/allowed`, { size: 'large' })).toBe(403)
    expect(await status('POST', `${v1}/allowed`, { other: 'x' })).toBe(403)
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const rawBody = `{"${name}":"x"}`
      expect([name, await status('POST', `${v1}/allowed`, undefined, { rawBody })]).toEqual([
        name,
        403,
      ])
      expect(await status('POST', `${v1}/required`, undefined, { rawBody })).toBe(403)
      expect(await status('POST', `${v1}/denied`, undefined, { rawBody })).toBe(204)
    }
    expect(await status('POST', `${v1}/denied`, { admin: 'x', y: 1 })).toBe(403)
    expect(await status('POST', `${v1}/denied`, { ADMIN: 'x' })).toBe(403)
    expect(await status('POST', `${v1}/required`, { owner: 'x' })).toBe(204)
    expect(await status('POST', `${v1}/required`, { y: 'x' })).toBe(403)
  })

  it('bound the wrapping of an answer', async () => {
    const { status } = await holder(`path "${kv}/data/other" { capabilities = ["read"]
      min_wrapping_ttl = "10s"
      max_wrapping_ttl = "1m" }`)
    expect(await status('GET', `${kv}/data/other`)).toBe(403)
    const wrapped = (wrapTtlSeconds: number) =>
      status('GET', `${kv}/data/other`, undefined, { wrapTtlSeconds })
    expect(await wrapped(5)).toBe(403)
    expect(await wrapped(30)).toBe(200)
    expect(await wrapped(120)).toBe(403)
  })

  it('limit the pages of lists', async () => {
    const { ask } = await holder(`path "${kv}/metadata/*" { capabilities = ["list"]
      pagination_limit = 2 }`)
    const keys = async (query = {}) => {
      const { status, body } = await ask('LIST', `${kv}/metadata/`, undefined, { query })
      return status === 200 ? (body.data.keys.length as number) : status
    }
    expect(await keys()).toBe(2)
    expect(await keys({ limit: '1' })).toBe(1)
    expect(await keys({ limit: '3' })).toBe(403)
    expect(await keys({ limit: 'max' })).toBe(2)
    const all = await server.call('LIST', `${kv}/metadata/`, undefined, { query: { limit: 'max' } })
    expect(all.status).toBe(400)
  })

  it('filter the names of lists by what may be read', async () => {
    const { ask } = await holder(`
      path "${kv}/metadata/*" { capabilities = ["list", "scan"]
        list_scan_response_keys_filter_path = "{{ .path }}{{ .key }}" }
      path "${kv}/metadata/other" { capabilities = ["read"] }
      path "${kv}/metadata/app/db" { capabilities = ["read"] }
      path "${kv}/metadata/team/" { capabilities = ["deny"] }`)
    const keys = async (method: string, path: string) => {
      const { status, body } = await ask(method, `${kv}/metadata/${path}`)
      return status === 200 ? body.data.keys : status
    }
    expect(await keys('LIST', '')).toEqual(['app/', 'other'])
    expect(await keys('LIST', 'app')).toEqual(['db', 'deep/'])
    expect(await keys('SCAN', '')).toEqual(['app/db', 'other'])
    expect(await keys('LIST', 'app/deep')).toBe(404)
  })

  it('need sudo where the API says so', async () => {
    const without = await holder('path "sys/audit" { capabilities = ["read"] }')
    expect(await without.status('GET', 'sys/audit')).toBe(403)
    const withSudo = await holder('path "sys/audit" { capabilities = ["read", "sudo"] }')
    expect(await withSudo.status('GET', 'sys/audit')).toBe(200)
  })

  it('take values from templates and never pass a wildcard on', async () => {
    const { status } = await holder(`
      path "${kv}/data/{{identity.entity.name}}/*" { capabilities = ["read"] }
      path "${kv}/data/other" { capabilities = ["read"] }`)
    expect(await status('GET', `${kv}/data/other`)).toBe(200)
    expect(await status('GET', `${kv}/data/app/db`)).toBe(403)
    // A rule that denies and cannot be resolved must not silently vanish.
    const denying = await holder(`
      path "${kv}/data/*" { capabilities = ["read"] }
      path "${kv}/data/{{identity.entity.name}}" { capabilities = ["deny"] }`)
    expect(await denying.status('GET', `${kv}/data/other`)).toBe(403)
  })

  it('that do not parse say where and change nothing', async () => {
    const name = fresh('policy')
    const path = `sys/policies/acl/${name}`
    const policy = 'path "a" { capabilities = ["read"] }\npath "b" { capabilities = ["raed"] }'
    const refused = await server.call('POST', path, { policy })
    expect(refused.status).toBe(400)
    expect(refused.body.errors[0]).toMatch(/ 2:28: /)
    await call(server, 404, 'GET', path)
    const cut = await server.call('POST', path, { policy: 'path "a" {' })
    expect([cut.status, cut.body.errors.length]).toEqual([400, 1])
    expect((await server.call('POST', path, {})).status).toBe(400)
    expect((await server.call('POST', path, { policy: ['x'] })).status).toBe(400)
    expect((await server.call('POST', 'sys/policies/acl/root', { policy: 'x' })).status).toBe(400)
    expect((await server.call('DELETE', 'sys/policies/acl/default')).status).toBe(400)
  })

  it('named __proto__ are policies like others', async () => {
    await writePolicy(server, '__proto__', `path "${kv}/data/other" { capabilities = ["read"] }`)
    const { token } = await newToken(server, { policies: ['__proto__'] })
    await call(server, 200, 'GET', `${kv}/data/other`, undefined, { token })
    const listed = await call(server, 200, 'LIST', 'sys/policies/detailed/acl')
    expect(listed.text).toContain('"__proto__":{')
  })

  it('are shown by capabilities exactly as they decide', async () => {
    const { token } = await holder(`
      path "${kv}/data/app/*" { capabilities = ["read", "patch"] }
      path "${kv}/data/app/db" { capabilities = ["deny"] }
      path "__proto__" { capabilities = ["list"] }`)
    const paths = [`${kv}/data/app/x`, `${kv}/data/app/db`, 'none', '__proto__']
    const body = { token, paths }
    const { text } = await call(server, 200, 'POST', 'sys/capabilities', body)
    const data = JSON.parse(text).data
    expect(data[paths[0]!]).toEqual(['patch', 'read'])
    expect(data[paths[1]!]).toEqual(['deny'])
    expect(data.none).toEqual(['deny'])
    expect(Object.hasOwn(data, '__proto__')).toBe(true)
    expect(Object.entries(data).find(([name]) => name === '__proto__')?.[1]).toEqual(['list'])
    const root = await call(server, 200, 'POST', 'sys/capabilities-self', { paths: 'x' })
    expect(root.body.data).toEqual({ x: ['root'], capabilities: ['root'] })
    expect(root.body.capabilities).toEqual(['root'])
    const bad = await server.call('POST', 'sys/capabilities', { token: 'hvs.x', paths: 'x' })
    expect(bad.status).toBe(400)
  })

  it('show the mounts with a right below them, by table and by path', async () => {
    const { ask, status } = await holder(`path "${kv}/data/app/*" { capabilities = ["read"] }`)
    const seen = await ask('GET', 'sys/internal/ui/mounts')
    expect(Object.keys(seen.body.data.secret)).toEqual([`${kv}/`])
    const one = await ask('GET', `sys/internal/ui/mounts/${kv}/app`)
    expect(one.body.data).toMatchObject({ path: `${kv}/`, type: 'kv', options: { version: '2' } })
    expect(await status('GET', 'sys/internal/ui/mounts/sys/x')).toBe(403)
    expect(await status('GET', 'sys/internal/ui/mounts/none')).toBe(403)
    const anyone = await server.call('GET', `sys/internal/ui/mounts/${kv}`, undefined, {
      token: null,
    })
    expect(anyone.status).toBe(403)
    const hidden = await server.call('GET', 'sys/internal/ui/mounts', undefined, { token: null })
    expect(hidden.body.data).toEqual({ auth: {}, secret: {} })
  })
})
