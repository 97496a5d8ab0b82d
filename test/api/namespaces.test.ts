// Namespaces: what lives in one is out of reach from every other, whatever id, accessor, lease or token
// names it; and a deleted one is gone at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, eventually, mountKv, newToken, writePolicy } from '../support/api-steps.ts'
import type { CallOptions, InProcess } from '../support/in-process.ts'
import { outsideEngine, World } from '../support/outside-engine.ts'
import { serverKinds } from '../support/server-kinds.ts'

let server: InProcess
let world: World
const A: CallOptions = { namespace: 'team-a' }
const B: CallOptions = { namespace: 'team-b' }

describe.each(serverKinds)('namespaces on $kind', ({ start }) => {
  beforeAll(async () => {
    world = new World()
    server = await start({ engines: [outsideEngine(world)] })
    for (const name of ['team-a', 'team-b']) {
      await call(server, 200, 'POST', `sys/namespaces/${name}`, {})
    }
    await call(server, 200, 'POST', 'sys/namespaces/inner', {}, A)
  })
  afterAll(() => server.close())

  it('are made, shown, listed and found by header and by path', async () => {
    const shown = await call(server, 200, 'GET', 'sys/namespaces/team-a')
    expect(shown.body.data).toMatchObject({ path: 'team-a/', tainted: false })
    const listed = await call(server, 200, 'LIST', 'sys/namespaces')
    expect(listed.body.data.keys).toEqual(['team-a/', 'team-b/'])
    const nested = await call(server, 200, 'LIST', 'sys/namespaces', undefined, A)
    expect(nested.body.data.keys).toEqual(['inner/'])
    const kv = await mountKv(server, '2', { namespace: 'team-a/inner' })
    await call(server, 200, 'POST', `team-a/inner/${kv}/data/x`, { data: { v: 1 } })
    await call(server, 200, 'GET', `inner/${kv}/data/x`, undefined, A)
    await call(server, 200, 'GET', `${kv}/data/x`, undefined, { namespace: 'team-a/inner' })
    await call(server, 404, 'GET', `${kv}/data/x`, undefined, B)
    await call(server, 404, 'GET', `${kv}/data/x`)
    for (const namespace of ['none', 'team-a/none', 'team-a/../team-b', '__proto__']) {
      await call(server, 404, 'GET', 'sys/mounts', undefined, { namespace })
    }
  })

  it('hold names that are reserved or taken', async () => {
    for (const name of ['root', 'sys', 'auth', 'cubbyhole', 'identity', 'a b', '+', 'a*']) {
      const { status } = await server.call('POST', `sys/namespaces/${name}`, {})
      expect([name, status]).toEqual([name, 400])
    }
    await call(server, 400, 'POST', 'sys/mounts/team-a', { type: 'kv' })
    await call(server, 204, 'POST', 'sys/mounts/taken', { type: 'kv' })
    await call(server, 400, 'POST', 'sys/namespaces/taken', {})
  })

  it('keep tokens to their own and below', async () => {
    await writePolicy(server, 'all', 'path "*" { capabilities = ["read", "list", "sudo"] }', A)
    const { token, auth } = await newToken(server, { policies: ['all'] }, A)
    expect(token).toMatch(/^hvs\..+\.[A-Za-z0-9]{6}$/)
    expect(auth.policies).toEqual(['all', 'default'])
    await call(server, 200, 'GET', 'sys/mounts', undefined, { ...A, token })
    const below = { namespace: 'team-a/inner', token }
    await call(server, 200, 'GET', 'sys/mounts', undefined, below)
    await call(server, 403, 'GET', 'sys/mounts', undefined, { ...B, token })
    await call(server, 403, 'GET', 'sys/mounts', undefined, { token })
    await call(server, 403, 'GET', 'team-b/sys/mounts', undefined, { token })
    const self = await call(server, 200, 'GET', 'auth/token/lookup-self', undefined, {
      ...A,
      token,
    })
    expect(self.body.data.namespace_path).toBe('team-a/')
  })

  it('do not share policies of the same name', async () => {
    const kvA = await mountKv(server, '1', A)
    const kvB = await mountKv(server, '1', B)
    for (const [kv, at] of [
      [kvA, A],
      [kvB, B],
    ] as const) {
      await call(server, 204, 'POST', `${kv}/x`, { v: 1 }, at)
    }
    await writePolicy(server, 'same', `path "${kvA}/*" { capabilities = ["read"] }`, A)
    const inA = await newToken(server, { policies: ['same'] }, A)
    const inB = await newToken(server, { policies: ['same'] }, B)
    await call(server, 200, 'GET', `${kvA}/x`, undefined, { ...A, token: inA.token })
    await call(server, 403, 'GET', `${kvB}/x`, undefined, { ...B, token: inB.token })
    await writePolicy(server, 'same', `path "${kvB}/*" { capabilities = ["read"] }`, B)
    await call(server, 200, 'GET', `${kvB}/x`, undefined, { ...B, token: inB.token })
    await call(server, 204, 'DELETE', 'sys/policies/acl/same', undefined, B)
    await call(server, 200, 'GET', `${kvA}/x`, undefined, { ...A, token: inA.token })
  })

  it('let no token or accessor of another be looked up, renewed or revoked', async () => {
    const mine = await newToken(server, { policies: ['default'] }, A)
    const { token, accessor } = mine
    const rows: readonly [string, string, object][] = [
      ['POST', 'auth/token/lookup', { token }],
      ['POST', 'auth/token/lookup-accessor', { accessor }],
      ['POST', 'auth/token/renew', { token }],
      ['POST', 'auth/token/renew-accessor', { accessor }],
      ['POST', 'auth/token/revoke', { token }],
      ['POST', 'auth/token/revoke-accessor', { accessor }],
      ['POST', 'auth/token/revoke-orphan', { token }],
      ['POST', 'sys/capabilities', { token, paths: 'x' }],
      ['POST', 'sys/capabilities-accessor', { accessor, paths: 'x' }],
    ]
    for (const at of [B, { namespace: 'team-a/inner' }]) {
      const made = await newToken(server, { policies: ['default'] }, at)
      expect(made.token).not.toBe(token)
      for (const [method, path, body] of rows) {
        const { status, text } = await server.call(method, path, body, at)
        expect([path, text.includes('default')]).toEqual([path, false])
        // What is not there is revoked already; a look-up of it fails.
        if (!path.includes('revoke')) expect([path, status]).not.toEqual([path, 200])
      }
      await call(server, 200, 'POST', 'auth/token/lookup', { token }, A)
    }
    const listed = await call(server, 200, 'LIST', 'auth/token/accessors', undefined, B)
    expect(listed.body.data.keys).not.toContain(accessor)
  })

  it('let no lease of another be looked up, renewed or revoked', async () => {
    await call(server, 204, 'POST', 'sys/mounts/out', { type: 'outside' }, A)
    await call(server, 204, 'POST', 'sys/mounts/out', { type: 'outside' }, B)
    const { lease_id } = (await call(server, 200, 'GET', 'out/creds/app', undefined, A)).body
    const before = world.accounts.size
    for (const at of [B, {}, { namespace: 'team-a/inner' }]) {
      await call(server, 400, 'POST', 'sys/leases/lookup', { lease_id }, at)
      await call(server, 400, 'POST', 'sys/leases/renew', { lease_id }, at)
      await server.call('POST', 'sys/leases/revoke', { lease_id, sync: true }, at)
      await server.call('POST', `sys/leases/revoke-force/out/creds`, {}, at)
      await server.call('POST', `sys/leases/revoke-prefix/out/creds`, { sync: true }, at)
      expect(world.accounts.size).toBe(before)
    }
    await call(server, 204, 'POST', 'sys/leases/revoke', { lease_id, sync: true }, A)
    expect(world.accounts.size).toBe(before - 1)
  })

  it('give no wrapped response to the policies of another', async () => {
    const wrapped = await server.call('GET', 'sys/mounts', undefined, { ...A, wrapTtlSeconds: 60 })
    const { token } = wrapped.body.wrap_info
    await writePolicy(server, 'none', 'path "x" { capabilities = ["read"] }', B)
    const other = await newToken(server, { policies: ['none'], no_default_policy: true }, B)
    await call(server, 403, 'POST', 'sys/wrapping/unwrap', { token }, { ...B, token: other.token })
    await call(server, 200, 'POST', 'sys/wrapping/unwrap', { token }, { ...A, token: null })
  })

  it('change nothing of the whole server from within', async () => {
    for (const path of ['sys/audit/x', 'sys/rotate', 'sys/seal', 'sys/config/cors']) {
      const { status } = await server.call('POST', path, { type: 'file' }, A)
      expect([path, status >= 400 && status < 500]).toEqual([path, true])
    }
    expect(
      (await server.call('GET', 'sys/seal-status', undefined, { token: null })).body.sealed,
    ).toBe(false)
  })

  it('are locked and unlocked with all below', async () => {
    const locked = await call(server, 200, 'POST', 'sys/namespaces/api-lock/lock/team-b', {})
    const refused = await server.call('GET', 'sys/mounts', undefined, B)
    expect([refused.status, refused.body.errors.length]).toEqual([503, 1])
    await call(server, 400, 'POST', 'sys/namespaces/api-lock/lock/team-b', {})
    const unlock = { unlock_key: locked.body.data.unlock_key }
    await call(server, 204, 'POST', 'sys/namespaces/api-lock/unlock/team-b', unlock)
    await call(server, 200, 'GET', 'sys/mounts', undefined, B)
  })

  it('are gone at once when deleted, with their tokens, leases and data', async () => {
    await call(server, 200, 'POST', 'sys/namespaces/short', {})
    const at = { namespace: 'short' }
    const kv = await mountKv(server, '2', at)
    await call(server, 200, 'POST', `${kv}/data/x`, { data: { v: 1 } }, at)
    await call(server, 204, 'POST', 'sys/mounts/out', { type: 'outside' }, at)
    const before = world.accounts.size
    await call(server, 200, 'GET', 'out/creds/app', undefined, at)
    const { token } = await newToken(server, { policies: ['default'] }, at)
    const { id } = (await call(server, 200, 'GET', 'sys/namespaces/short')).body.data
    await call(server, 400, 'DELETE', 'sys/namespaces/team-a')
    await call(server, 200, 'DELETE', 'sys/namespaces/short')
    await call(server, 404, 'GET', `${kv}/data/x`, undefined, at)
    const asked = await server.call('GET', 'auth/token/lookup-self', undefined, { ...at, token })
    expect([403, 404]).toContain(asked.status)
    await call(server, 403, 'GET', 'auth/token/lookup-self', undefined, { token })
    await eventually(
      async () => world.accounts.size,
      (size) => size === before,
      1000,
    )
    await eventually(
      () => server.backend.range(`ns/${id}/`, { limit: 100 }),
      (keys) => keys.length === 0,
      1000,
    )
    await call(server, 200, 'POST', 'sys/namespaces/short', {})
    await call(server, 404, 'GET', `${kv}/data/x`, undefined, at)
  })
})
