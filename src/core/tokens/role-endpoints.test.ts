import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CoreServer, coreServer } from '../../../test/support/core-server.ts'
import { type TokenCalls, tokenCalls } from '../../../test/support/token-calls.ts'

let server: CoreServer
let call: TokenCalls['call']
let create: TokenCalls['create']
let lookup: TokenCalls['lookup']
beforeAll(async () => {
  server = await coreServer()
  ;({ call, create, lookup } = await tokenCalls(server))
})
afterAll(() => server.close())

describe('roles', () => {
  const role = (name: string, body: unknown) => call(`roles/${name}`, body)

  it('can be written in parts, read, listed, deleted', async () => {
    expect((await role('one', { allowed_policies: 'app,dev', period: '1h' })).status).toBe(204)
    expect((await role('one', { orphan: true })).status).toBe(204)
    const { data } = await call('roles/one', undefined, {}, 'GET')
    expect(data).toEqual({
      allowed_entity_aliases: null,
      allowed_policies: ['app', 'dev'],
      allowed_policies_glob: [],
      disallowed_policies: [],
      disallowed_policies_glob: [],
      explicit_max_ttl: 0,
      name: 'one',
      orphan: true,
      path_suffix: '',
      period: 3600,
      renewable: true,
      token_explicit_max_ttl: 0,
      token_no_default_policy: false,
      token_period: 3600,
      token_type: 'default-service',
    })
    await role('one', { token_period: 60 })
    const after = (await call('roles/one', undefined, {}, 'GET')).data
    expect([after?.period, after?.token_period]).toEqual([0, 60])
    expect((await call('roles', undefined, {}, 'LIST')).data).toEqual({ keys: ['one'] })
    expect((await call('roles/one', undefined, {}, 'DELETE')).status).toBe(204)
    expect((await call('roles/one', undefined, {}, 'GET')).status).toBe(404)
    expect((await call('create/one')).errors).toEqual(['unknown role one'])
  })

  it.each([
    [{ allowed_policies: ['app', 'dev'] }, {}, ['app', 'default', 'dev']],
    [{ allowed_policies: ['app', 'dev'] }, { policies: ['dev'] }, ['default', 'dev']],
    [{ allowed_policies_glob: ['team-*'] }, { policies: ['team-a'] }, ['default', 'team-a']],
    [{ allowed_policies_glob: ['*'] }, { policies: ['x'] }, ['default', 'x']],
    [{ allowed_policies_glob: ['team-*'] }, {}, ['default']],
    [{ disallowed_policies: ['dev'] }, { policies: ['app'] }, ['app', 'default']],
    [{ allowed_policies: 'app', token_no_default_policy: true }, {}, ['app']],
    [{ disallowed_policies: ['default'] }, { policies: ['app'] }, ['app']],
  ])('%j gives a request for %j the policies %j', async (body, asked, policies) => {
    await role('rule', body)
    const { text } = await create({ policies: ['maker'] })
    expect((await create(asked, text, 'create/rule')).policies).toEqual(policies)
    await call('roles/rule', undefined, {}, 'DELETE')
  })

  it.each([
    [
      { allowed_policies: ['app'] },
      { policies: ['dev'] },
      'token policies (["default" "dev"]) must be subset of the role\'s allowed policies (["app" "default"]) or glob policies ([])',
    ],
    [
      { disallowed_policies: ['dev'] },
      { policies: ['dev'] },
      'token policy "dev" is disallowed by this role',
    ],
    [
      { disallowed_policies_glob: ['d*'] },
      { policies: ['dev'] },
      'token policy "dev" is disallowed by this role',
    ],
    [
      { allowed_policies: ['root'] },
      {},
      'root tokens may not be created without parent token being root',
    ],
    [{ allowed_policies: ['app'] }, { entity_alias: 'x' }, "invalid 'entity_alias' value"],
  ])('%j refuses %j', async (body, asked, message) => {
    await role('rule', body)
    const { text } = await create({ policies: ['maker'] })
    expect((await call('create/rule', asked, { token: text })).errors).toEqual([message])
    await call('roles/rule', undefined, {}, 'DELETE')
  })

  it.each([
    [{ token_type: 'x' }, 'invalid \'token_type\' value "x"'],
    [
      { token_type: 'batch' },
      "'token_type' cannot be 'batch' when role is set to generate non-orphan tokens",
    ],
    [
      { token_type: 'batch', orphan: true },
      "'token_type' cannot be 'batch' when role is set to generate renewable tokens",
    ],
    [
      { path_suffix: '%%' },
      'given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w',
    ],
    [
      { token_bound_cidrs: ['x'] },
      'error parsing role fields: error parsing address "x": Unable to convert "x" to an IPv4 or IPv6 address, or a UNIX Socket',
    ],
  ])('%j cannot be stored', async (body, message) => {
    const reply = await role('bad', body)
    expect([reply.status, reply.errors]).toEqual([400, [message]])
  })

  it('shape the token', async () => {
    await role('shape', {
      orphan: true,
      renewable: false,
      path_suffix: 'v1.0',
      token_num_uses: 3,
      token_explicit_max_ttl: '1h',
      token_bound_cidrs: '10.0.0.0/8',
    })
    const { text, warnings } = await create(
      { policies: ['app'], num_uses: 9, explicit_max_ttl: '2h' },
      undefined,
      'create/shape',
    )
    expect(warnings).toEqual([
      'Explicit max TTL specified both during creation call and in role; using the lesser value of 3600 seconds',
      'TTL of "768h" exceeded the effective max_ttl of "1h"; TTL value is capped accordingly',
    ])
    expect(await lookup(text)).toMatchObject({
      bound_cidrs: ['10.0.0.0/8'],
      creation_ttl: 3600,
      num_uses: 3,
      orphan: true,
      path: 'auth/token/create/shape/v1.0',
      renewable: false,
      role: 'shape',
    })
    expect((await call('lookup-self', undefined, { token: text }, 'GET')).status).toBe(403)
    const inside = { token: text, remoteAddress: '10.9.9.9' }
    expect((await call('lookup-self', undefined, inside, 'GET')).status).toBe(200)
  })

  it('never let a renewal pass what the request itself limited', async () => {
    await role('wide', { token_period: '1h' })
    const made = await create(
      { policies: ['app'], explicit_max_ttl: '90m' },
      undefined,
      'create/wide',
    )
    server.clock.advance(3000_000)
    const renewed = await call('renew', { token: made.text })
    expect(renewed.auth?.lease_duration).toBe(2400)
  })

  it('decide a renewal as they are then', async () => {
    await role('later', { token_period: '1h' })
    const { text } = await create({ policies: ['app'] }, undefined, 'create/later')
    await role('later', { token_period: '2h' })
    expect((await call('renew', { token: text })).auth?.lease_duration).toBe(7200)
    await call('roles/later', undefined, {}, 'DELETE')
    expect((await call('renew', { token: text })).errors).toEqual([
      'original token role "later" could not be found, not renewing',
    ])
  })
})
