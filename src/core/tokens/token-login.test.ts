import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CoreServer, coreServer } from '../../../test/support/core-server.ts'
import { badRequest } from '../../base/errors.ts'
import { string } from '../../schema/field.ts'
import type { Login } from '../../sdk/answer.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { authMethod } from '../../sdk/plugin.ts'

const { write } = endpoints()
let login: Partial<Login> = {}

/** An auth method that lets anyone in, on the terms that a test sets. */
const open = authMethod({
  type: 'open',
  about: 'Lets anyone in.',
  renewLogin: async (_mount, { internal, displayName }) => {
    if (internal?.user === 'locked') throw badRequest(`user ${displayName} is locked`)
    return typeof internal?.ttl === 'number' ? { ttlSeconds: internal.ttl } : {}
  },
  endpoints: [
    write('login/:name', {
      about: 'Log in.',
      auth: 'none',
      params: { name: string('Who.') },
      handle: async (_ctx, { name }) => ({
        login: { alias: { name }, displayName: name, policies: ['app'], ...login },
      }),
    }),
  ],
})

let server: CoreServer
beforeAll(async () => {
  server = await coreServer([open])
  await server.call('POST', 'sys/auth/open', { type: 'open' })
  await server.call('POST', 'sys/auth/team/open', { type: 'open', config: { max_lease_ttl: '2h' } })
})
afterAll(() => server.close())

async function logIn(as: Partial<Login>, path = 'auth/open/login/ann') {
  login = as
  return await server.call('POST', path, {}, { token: null })
}

const lookup = async (token: string) =>
  (await server.call('POST', 'auth/token/lookup', { token })).body?.data

describe('a login', () => {
  it('gives a token of the method’s making', async () => {
    const reply = await logIn({ metadata: { a: 'b' }, ttlSeconds: 600, numUses: 9 })
    expect(reply.body?.auth).toMatchObject({
      lease_duration: 600,
      metadata: { a: 'b' },
      num_uses: 9,
      orphan: true,
      renewable: true,
      token_policies: ['app', 'default'],
      token_type: 'service',
    })
    expect(await lookup(reply.body!.auth!.client_token)).toMatchObject({
      display_name: 'open-ann',
      path: 'auth/open/login/ann',
    })
  })

  it('stays within the limits of its mount, at renewals too', async () => {
    const reply = await logIn({ ttlSeconds: 90_000 }, 'auth/team/open/login/bob')
    const { client_token: token, lease_duration } = reply.body!.auth!
    expect(lease_duration).toBe(7200)
    expect(reply.body?.warnings?.[0]).toContain('effective max_ttl of "2h"')
    expect((await lookup(token))?.display_name).toBe('team-open-bob')
    server.clock.advance(3600_000)
    const renewed = await server.call('POST', 'auth/token/renew', { token, increment: '9h' })
    expect(renewed.body?.auth?.lease_duration).toBe(3600)
  })

  it('is renewed by what its method says then', async () => {
    const renew = async (as: Partial<Login>) => {
      const token = (await logIn({ ttlSeconds: 600, ...as })).body!.auth!.client_token
      return await server.call('POST', 'auth/token/renew', { token })
    }
    expect((await renew({})).body?.auth?.lease_duration).toBe(600)
    expect((await renew({ internal: { ttl: 60 } })).body?.auth?.lease_duration).toBe(60)
    const refused = await renew({ internal: { user: 'locked' } })
    expect([refused.status, refused.body?.errors]).toEqual([400, ['user open-ann is locked']])
  })

  it.each([
    [{ policies: ['root'] }, 'auth methods cannot create root tokens'],
    [{ policies: ['response-wrapping'] }, 'cannot assign policy "response-wrapping"'],
  ])('with %j is refused', async (as, message) => {
    const reply = await logIn(as)
    expect([reply.status, reply.body?.errors]).toEqual([400, [message]])
  })

  it('gives batch tokens where method or mount say so', async () => {
    expect((await logIn({ tokenType: 'batch' })).body?.auth).toMatchObject({
      accessor: '',
      renewable: false,
      token_type: 'batch',
    })
    await server.call('POST', 'sys/auth/open/tune', { token_type: 'batch' })
    expect((await logIn({ tokenType: 'service' })).body?.auth?.token_type).toBe('batch')
    await server.call('POST', 'sys/auth/open/tune', { token_type: 'default-service' })
  })

  it('can be wrapped, without default policy, periodic', async () => {
    const reply = await logIn({ noDefaultPolicy: true, periodSeconds: 60 })
    expect(reply.body?.auth?.policies).toEqual(['app'])
    const token = reply.body!.auth!.client_token
    expect(await lookup(token)).toMatchObject({ period: 60, ttl: 60 })
  })
})
