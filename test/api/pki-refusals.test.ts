// PKI: what is refused and in which words, and that what was refused has changed nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/api-steps.ts'
import type { InProcess } from '../support/in-process.ts'
import { allServerKinds } from '../support/server-kinds.ts'
import { issueRefusals } from './pki-issue-refusals.ts'
import { type Refusal, refusals } from './pki-refusals.ts'

let server: InProcess

async function refuse(refusal: Refusal): Promise<void> {
  const { path, body, message } = refusal
  const method = refusal.method ?? 'POST'
  const reply = await server.call(method, `pki/${path}`, body ?? undefined)
  const at = `${method} ${path} ${JSON.stringify(body)} -> ${reply.status} ${reply.text}`
  expect(reply.status, at).toBe(400)
  expect(reply.body.errors[0], at).toBe(message)
}

/** Everything that a list shows. */
async function state(): Promise<readonly string[]> {
  const lists = ['issuers', 'keys', 'roles']
  return Promise.all(lists.map(async (name) => (await server.call('LIST', `pki/${name}`)).text))
}

const post = (path: string, body: unknown) => call(server, 200, 'POST', `pki/${path}`, body)

describe.each(allServerKinds)('PKI refuses on $kind', ({ start }) => {
  beforeAll(async () => {
    server = await start()
    const config = { max_lease_ttl: '87600h' }
    await call(server, 204, 'POST', 'sys/mounts/pki', { type: 'pki', config })
  })
  afterAll(() => server.close())

  const before = ['an empty mount', 'addresses', 'roots', 'roles']
  it.each(before)('%s', async (name) => {
    for (const refusal of refusals[name]!) await refuse(refusal)
    const texts = (await state()).map((text) => JSON.parse(text))
    for (const text of texts) expect(text).toEqual({ errors: [] })
  })

  it('with a root, and by the rules of roles', async () => {
    const root = { common_name: 'Root X', key_type: 'ec', ttl: '1000h' }
    await post('root/generate/internal', { ...root, issuer_name: 'root', key_name: 'rk' })
    await post('keys/generate/internal', { key_type: 'ec', key_name: 'k2' })
    await makeRoles()
    const before = await stateWithoutIds()
    for (const refusal of refusals['with a root']!) await refuse(refusal)
    for (const refusal of issueRefusals) await refuse(refusal)
    expect(await stateWithoutIds()).toEqual(before)
  })
})

const stateWithoutIds = async (): Promise<readonly unknown[]> =>
  (await state()).map((text) => JSON.parse(text).data)

async function makeRoles(): Promise<void> {
  await post('roles/r', { allow_any_name: true, key_type: 'ec' })
  await post('roles/domain', {
    allowed_domains: 'example.com,*.glob.com',
    allow_subdomains: true,
    allow_glob_domains: true,
    key_type: 'ec',
    allow_wildcard_certificates: false,
    allow_ip_sans: false,
    allow_localhost: false,
    allowed_uri_sans: 'spiffe://a/*',
    allowed_other_sans: '1.2.3;utf8:a*',
    allowed_serial_numbers: 's*',
    allowed_user_ids: 'u*',
  })
  await post('roles/any', {
    allow_any_name: true,
    key_type: 'any',
    allowed_ip_sans_cidr: '10.0.0.0/8',
    require_cn: false,
  })
  await post('roles/fixed', {
    allow_any_name: true,
    key_type: 'ec',
    not_after_bound: 'forbid',
    not_before_bound: 'forbid',
    cn_validations: 'email',
  })
}
