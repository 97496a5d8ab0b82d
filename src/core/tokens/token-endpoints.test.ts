import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CoreServer, coreServer } from '../../../test/support/core-server.ts'
import type { CallOptions } from '../../../test/support/in-process.ts'
import type { AuthBlock } from '../../sdk/answer.ts'

let server: CoreServer
beforeAll(async () => {
  server = await coreServer()
  await policy('maker', 'path "auth/token/*" { capabilities = ["create","update","read","list"] }')
  await policy('sudo', 'path "auth/token/*" { capabilities = ["update","sudo"] }')
  await policy('app', 'path "secret/*" { capabilities = ["read"] }')
})
afterAll(() => server.close())

const policy = (name: string, text: string) =>
  server.call('PUT', `sys/policies/acl/${name}`, { policy: text })

/** Calls the token mount; answers the reply with its parts at hand. */
async function call(path: string, body: unknown = {}, options: CallOptions = {}, method = 'POST') {
  const { status, body: parsed } = await server.call(method, `auth/token/${path}`, body, options)
  return {
    status,
    auth: parsed?.auth ?? null,
    data: parsed?.data ?? null,
    warnings: parsed?.warnings ?? null,
    errors: parsed?.errors ?? null,
  }
}

async function create(body: unknown = {}, token?: string, path = 'create') {
  const reply = await call(path, body, token === undefined ? {} : { token })
  if (!reply.auth) throw new Error(`${reply.status} ${reply.errors}`)
  const auth: AuthBlock = reply.auth as unknown as AuthBlock
  return { ...auth, text: auth.client_token, warnings: reply.warnings }
}

const lookup = async (token: string) =>
  (await call('lookup', { token })).data as Record<string, unknown> | null

describe('create', () => {
  it('answers all of the auth block', async () => {
    const {
      text: _,
      warnings,
      ...auth
    } = await create({
      policies: ['App', 'app', 'nope'],
      meta: JSON.parse('{"team":"x","__proto__":"y"}'),
      ttl: '1h',
    })
    expect(auth).toEqual({
      client_token: expect.stringMatching(/^hvs\./),
      accessor: expect.any(String),
      policies: ['app', 'default', 'nope'],
      token_policies: ['app', 'default', 'nope'],
      metadata: JSON.parse('{"team":"x","__proto__":"y"}'),
      lease_duration: 3600,
      renewable: true,
      entity_id: '',
      token_type: 'service',
      orphan: false,
      mfa_requirement: null,
      num_uses: 0,
    })
    expect(warnings).toEqual(['Policy "nope" does not exist'])
  })

  it.each([
    [{}, ['root']],
    [{ policies: ['app'] }, ['app', 'default']],
    [{ policies: ['app'], no_default_policy: true }, ['app']],
    [{ policies: ['root', 'app'] }, ['root']],
  ])('root asking %j gets %j', async (body, policies) => {
    expect((await create(body)).policies).toEqual(policies)
  })

  it.each([
    [{}, ['app', 'default', 'maker']],
    [{ policies: ['app'] }, ['app', 'default']],
    [{ policies: ['app'], no_default_policy: true }, ['app']],
    [{ policies: ['APP ', 'maker'] }, ['app', 'default', 'maker']],
  ])('a token with maker and app asking %j gets %j', async (body, policies) => {
    const { text } = await create({ policies: ['maker', 'app'] })
    expect((await create(body, text)).policies).toEqual(policies)
  })

  it.each([
    [{ policies: ['sudo'] }, 'child policies must be subset of parent'],
    [{ policies: ['root'] }, 'child policies must be subset of parent'],
    [{ no_parent: true }, 'root or sudo privileges required to create orphan token'],
    [{ period: '1h' }, 'root or sudo privileges required to create periodic token'],
    [{ id: 'mine' }, 'root or sudo privileges required to specify token id'],
    [{ num_uses: -1 }, 'number of uses cannot be negative'],
    [{ ttl: '-1h' }, 'ttl must be positive'],
    [{ explicit_max_ttl: -1 }, 'explicit_max_ttl must be positive'],
    [{ type: 'other' }, "invalid 'token_type' value"],
    [{ type: 'batch', num_uses: 1 }, 'batch tokens cannot have "num_uses" set'],
    [{ type: 'batch', period: '1h' }, 'batch tokens cannot have "period" set'],
    [{ type: 'batch', explicit_max_ttl: 5 }, 'batch tokens cannot have "explicit_max_ttl" set'],
    [{ entity_alias: 'x' }, "'entity_alias' is only allowed in combination with token role"],
  ])('without sudo %j is refused', async (body, message) => {
    const { text } = await create({ policies: ['maker'] })
    const reply = await call('create', body, { token: text })
    expect([reply.status, reply.errors]).toEqual([400, [message]])
  })

  it('with sudo allows what is asked for, but never root', async () => {
    const { text } = await create({ policies: ['sudo'] })
    expect((await create({ policies: ['app'], no_parent: true }, text)).orphan).toBe(true)
    const reply = await call('create', { policies: ['root'] }, { token: text })
    expect(reply.errors).toEqual(['root tokens may not be created without parent token being root'])
  })

  it('refuses what may never be', async () => {
    expect((await call('create', { type: 'batch' })).errors).toEqual([
      'batch tokens cannot be root tokens',
    ])
    expect((await call('create', { policies: ['response-wrapping'] })).errors).toEqual([
      'cannot assign policy "response-wrapping"',
    ])
    const limited = await create({ policies: ['sudo'], num_uses: 5 })
    expect((await call('create', {}, { token: limited.text })).errors).toEqual([
      'restricted use token cannot generate child tokens',
    ])
    const batch = await create({ policies: ['sudo'], type: 'batch' })
    expect((await call('create', {}, { token: batch.text })).errors).toEqual([
      'batch tokens cannot create more tokens',
    ])
    const ending = await create({ policies: ['root'], ttl: '1h' })
    expect((await call('create', {}, { token: ending.text })).errors).toEqual([
      'expiring root tokens cannot create non-expiring root tokens',
    ])
  })

  it('takes an id of the creator only where it clashes with nothing', async () => {
    expect((await create({ id: 'my-token', policies: ['app'] })).text).toBe('my-token')
    expect((await lookup('my-token'))?.policies).toEqual(['app', 'default'])
    for (const [id, message] of [
      ['my-token', 'cannot create a token with a duplicate ID'],
      ['hvs.x', "custom token ID cannot have the 'hvs.' prefix"],
      ['s.x', "custom token ID cannot have the 's.' prefix"],
      ['a.b', "custom token ID cannot have a '.' in the value"],
    ]) {
      expect((await call('create', { id })).errors).toEqual([message])
    }
  })

  it('refuses a batch token that could not be sent', async () => {
    const reply = await call('create', {
      type: 'batch',
      policies: ['app'],
      meta: { a: 'x'.repeat(20_000) },
    })
    expect(reply.status).toBe(400)
  })

  it('caps lives and says so', async () => {
    const long = await create({ policies: ['app'], ttl: '1000h' })
    expect(long.lease_duration).toBe(2764800)
    expect(long.warnings).toEqual([
      'TTL of "1000h" exceeded the effective max_ttl of "768h"; TTL value is capped accordingly',
    ])
    const capped = await create({ policies: ['app'], ttl: '2h', explicit_max_ttl: '90m' })
    expect(capped.lease_duration).toBe(5400)
    expect(capped.warnings?.[0]).toContain('effective max_ttl of "1h30m"')
    const period = await create({ policies: ['app'], period: '800h' })
    expect(period.warnings).toEqual([
      'period of "800h" exceeded the effective max_ttl of "768h"; period value is capped accordingly',
    ])
  })

  it.each([
    [undefined, 'token'],
    ['ci', 'token-ci'],
    ['a b/c', 'token-a-b-c'],
    ['x!', 'token-x'],
  ])('makes of the display name %j %j', async (display_name, expected) => {
    const { text } = await create({ policies: ['app'], display_name })
    expect((await lookup(text))?.display_name).toBe(expected)
  })
})

describe('lookup', () => {
  it('has Vault’s fields', async () => {
    const { text, accessor } = await create({
      policies: ['app'],
      ttl: '1h',
      explicit_max_ttl: '2h',
      meta: { a: 'b' },
      num_uses: 3,
    })
    const data = await lookup(text)
    const now = server.clock.now()
    expect(data).toEqual({
      accessor,
      creation_time: now / 1000,
      creation_ttl: 3600,
      display_name: 'token',
      entity_id: '',
      expire_time: new Date(now + 3600_000).toISOString(),
      explicit_max_ttl: 7200,
      id: text,
      issue_time: new Date(now).toISOString(),
      meta: { a: 'b' },
      num_uses: 3,
      orphan: false,
      path: 'auth/token/create',
      policies: ['app', 'default'],
      renewable: true,
      ttl: 3600,
      type: 'service',
    })
    const byAccessor = await call('lookup-accessor', { accessor })
    expect(byAccessor.data).toEqual({ ...data, id: '' })
  })

  it('of oneself works by GET and POST and spends a use', async () => {
    const { text } = await create({ policies: ['app'], num_uses: 2 })
    const first = await call('lookup-self', undefined, { token: text }, 'GET')
    expect(first.data).toMatchObject({ id: text, num_uses: 1 })
    expect((await call('lookup-self', undefined, { token: text }, 'GET')).status).toBe(200)
    expect((await call('lookup-self', undefined, { token: text }, 'GET')).status).toBe(403)
    expect(await lookup(text)).toBeNull()
  })

  it.each([
    ['lookup', { token: 'hvs.nope' }, 403, 'bad token'],
    ['lookup', { token: 'garbage\0' }, 403, 'bad token'],
    ['lookup-accessor', { accessor: 'x' }, 400, '1 error occurred:\n\t* invalid accessor\n\n'],
    ['lookup-accessor', {}, 400, '1 error occurred:\n\t* missing accessor\n\n'],
    ['renew', {}, 400, 'missing token ID'],
    ['renew', { token: 'x' }, 400, 'token not found'],
    ['renew-accessor', { accessor: 'x' }, 400, '1 error occurred:\n\t* invalid accessor\n\n'],
    ['revoke', {}, 400, 'missing token ID'],
    ['revoke-orphan', { token: 'x' }, 400, 'token to revoke not found'],
  ])('%s of %j is %d', async (path, body, status, message) => {
    const reply = await call(path, body)
    expect([reply.status, reply.errors]).toEqual([status, [message]])
  })
})

describe('renew', () => {
  it('extends within the explicit maximum', async () => {
    const { text } = await create({ policies: ['app'], ttl: '1h', explicit_max_ttl: '3h' })
    server.clock.advance(1800_000)
    const again = await call('renew', { token: text })
    expect([again.auth?.lease_duration, again.warnings]).toEqual([3600, null])
    const more = await call('renew-self', { increment: '5h' }, { token: text })
    expect(more.auth).toMatchObject({ client_token: text, lease_duration: 9000, renewable: true })
    expect(more.warnings?.[0]).toContain('TTL value is capped accordingly')
    expect((await lookup(text))?.last_renewal_time).toBe(server.clock.now() / 1000)
  })

  it('keeps a periodic token alive beyond the maximum', async () => {
    const { text, accessor } = await create({ policies: ['app'], period: '700h' })
    for (let at = 0; at < 3; at++) {
      server.clock.advance(600 * 3600_000)
      const reply = await call('renew-accessor', { accessor })
      expect(reply.auth).toMatchObject({ lease_duration: 700 * 3600, client_token: '' })
    }
    expect((await lookup(text))?.period).toBe(700 * 3600)
  })

  it('refuses what cannot be renewed', async () => {
    const fixed = await create({ policies: ['app'], renewable: false })
    expect((await call('renew', { token: fixed.text })).errors).toEqual(['lease is not renewable'])
    const batch = await create({ policies: ['app'], type: 'batch' })
    expect((await call('renew', { token: batch.text })).errors).toEqual([
      'batch tokens cannot be renewed',
    ])
    expect((await call('renew-self')).errors).toEqual(['invalid lease ID'])
  })
})

describe('revoke', () => {
  it('takes the tree, or leaves orphans', async () => {
    const parent = await create({ policies: ['maker'] })
    const child = await create({}, parent.text)
    const grandchild = await create({}, child.text)
    expect((await call('revoke-orphan', { token: child.text })).status).toBe(204)
    expect((await lookup(grandchild.text))?.orphan).toBe(true)
    expect((await call('revoke', { token: parent.text })).status).toBe(204)
    expect(await lookup(parent.text)).toBeNull()
    expect(await lookup(grandchild.text)).not.toBeNull()
    const self = await call('revoke-self', {}, { token: grandchild.text })
    expect(self.status).toBe(204)
    expect((await call('revoke-self', {}, { token: grandchild.text })).status).toBe(403)
  })

  it('by accessor; one that is gone is only a warning', async () => {
    const { text, accessor } = await create({ policies: ['app'] })
    expect((await call('revoke-accessor', { accessor })).status).toBe(204)
    expect(await lookup(text)).toBeNull()
    const again = await call('revoke-accessor', { accessor })
    expect([again.status, again.warnings]).toEqual([200, ['No token found with this accessor']])
    expect((await call('revoke', { token: text })).status).toBe(204)
  })

  it('needs sudo to orphan, and never takes batch tokens', async () => {
    const { text } = await create({ policies: ['maker'] })
    const child = await create({}, text)
    expect((await call('revoke-orphan', { token: child.text }, { token: text })).errors).toEqual([
      'root or sudo privileges required to revoke and orphan',
    ])
    const batch = await create({ policies: ['app'], type: 'batch' })
    expect((await call('revoke', { token: batch.text })).errors).toEqual([
      'batch tokens cannot be revoked',
    ])
  })
})

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

describe('namespaces', () => {
  it('let nothing cross by token or accessor', async () => {
    for (const name of ['one', 'two']) await server.call('PUT', `sys/namespaces/${name}`, {})
    const make = async (namespace: string) =>
      (await server.call('POST', 'auth/token/create', { policies: ['default'] }, { namespace }))
        .body!.auth!
    const one = await make('one')
    expect(one.client_token).toMatch(/^hvs\.[\w-]+\.\w+$/)
    expect(one.accessor).toMatch(/^[\w-]{24}\.\w+$/)
    const inTwo = { namespace: 'two' }
    expect((await call('lookup', { token: one.client_token }, inTwo)).status).toBe(403)
    expect((await call('lookup-accessor', { accessor: one.accessor }, inTwo)).status).toBe(400)
    await call('revoke', { token: one.client_token }, inTwo)
    await call('revoke-accessor', { accessor: one.accessor }, inTwo)
    const inOne = { namespace: 'one' }
    const found = await call('lookup', { token: one.client_token }, inOne)
    expect(found.data?.namespace_path).toBe('one/')
    const own = { ...inOne, token: one.client_token }
    expect((await call('lookup-self', undefined, own, 'GET')).status).toBe(200)
    expect((await call('lookup-self', undefined, { token: one.client_token }, 'GET')).status).toBe(
      403,
    )
    const root = await call('create', { policies: ['root'] }, inOne)
    expect(root.errors).toEqual(['root tokens may not be created from a parent namespace'])
    expect((await call('create', { id: 'mine', policies: ['a'] }, inOne)).errors).toEqual([
      'token IDs can only be manually specified in the root namespace',
    ])
  })
})

describe('the store', () => {
  it('lists accessors with sudo only, and tidies', async () => {
    const { text } = await create({ policies: ['maker'] })
    expect((await call('accessors', undefined, { token: text }, 'LIST')).status).toBe(403)
    const { data } = await call('accessors', undefined, {}, 'LIST')
    expect((data as { keys: string[] }).keys.length).toBeGreaterThan(3)
    const tidy = await call('tidy')
    expect([tidy.status, tidy.warnings?.[0]]).toEqual([
      202,
      expect.stringContaining('successfully started'),
    ])
  })
})
