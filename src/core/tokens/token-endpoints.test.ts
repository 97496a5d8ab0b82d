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
