// PKI with several issuers and keys: defaults, rotation, import, cross-signing, chains, leases, what is done at the
// same time, and where private keys are never found.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { generateKey } from '../../src/crypto/x509/private-key.ts'
import { call, eventually, fresh } from '../support/api-steps.ts'
import type { InProcess } from '../support/in-process.ts'
import { testRequest } from '../support/pki-requests.ts'
import { allServerKinds } from '../support/server-kinds.ts'

let server: InProcess
let mount: string
const logged: string[] = []

const post = async (path: string, body: unknown = {}) =>
  (await call(server, 200, 'POST', `${mount}/${path}`, body)).body
const get = async (path: string) => (await call(server, 200, 'GET', `${mount}/${path}`)).body.data
const list = async (path: string) => (await call(server, 200, 'LIST', `${mount}/${path}`)).body.data
const patch = (path: string, body: unknown) =>
  call(server, 200, 'PATCH', `${mount}/${path}`, body, {
    contentType: 'application/merge-patch+json',
  })
const root = async (fields: Readonly<Record<string, unknown>> = {}) =>
  (await post('root/generate/internal', { common_name: 'Root', key_type: 'ec', ...fields })).data

const role = { allow_any_name: true, key_type: 'ec', ttl: '1h' }

describe.each(allServerKinds)('PKI issuers on $kind', ({ start }) => {
  beforeAll(async () => {
    server = await start({ log: (line) => void logged.push(line) })
  })
  afterAll(() => server.close())
  beforeEach(async () => {
    mount = fresh('pki')
    const config = { max_lease_ttl: '87600h' }
    await call(server, 204, 'POST', `sys/mounts/${mount}`, { type: 'pki', config })
  })

  it('rotates the root and makes the next one the default', async () => {
    const first = await root({ issuer_name: 'first' })
    const next = (await post('root/rotate/internal', { common_name: 'R2', key_type: 'ec' })).data
    expect(next.issuer_name).toBe('next')
    expect((await get('config/issuers')).default).toBe(first.issuer_id)
    expect((await post('root/replace')).data.default).toBe(next.issuer_id)
    await post('roles/r', role)
    const leaf = (await post('issue/r', { common_name: 'a.com' })).data
    expect(leaf.issuing_ca).toBe(next.certificate)
    const old = (await post('issuer/first/issue/r', { common_name: 'a.com' })).data
    expect(old.issuing_ca).toBe(first.certificate)
    await patch('roles/r', { issuer_ref: 'first' })
    const again = (await post('issue/r', { common_name: 'a.com' })).data
    expect(again.issuing_ca).toBe(first.certificate)
  })

  it('follows the latest issuer where it is told to', async () => {
    const first = await root()
    await post('config/issuers', {
      default: first.issuer_id,
      default_follows_latest_issuer: true,
    })
    const second = await root({ common_name: 'Second' })
    expect((await get('config/issuers')).default).toBe(second.issuer_id)
    expect((await list('issuers')).key_info[second.issuer_id].is_default).toBe(true)
  })

  it('gives a key that comes later to the issuers that lack it', async () => {
    const made = (await post('root/generate/exported', { common_name: 'Out', key_type: 'ec' })).data
    mount = fresh('pki')
    await call(server, 204, 'POST', `sys/mounts/${mount}`, { type: 'pki' })
    const bundle = { pem_bundle: made.certificate }
    const imported = (await post('issuers/import/cert', bundle)).data
    const [id] = imported.imported_issuers
    expect(imported.mapping).toEqual({ [id]: '' })
    expect((await get('config/issuers')).default).toBe('')
    await post('roles/r', role)
    const refusal = await server.call('POST', `${mount}/issuer/${id}/issue/r`, {
      common_name: 'a.com',
    })
    expect(refusal.status).toBe(400)
    expect(refusal.text).toMatch(/unable to fetch corresponding key for issuer/)
    const key = (await post('keys/import', { pem_bundle: made.private_key, key_name: 'k' })).data
    expect((await get(`issuer/${id}`)).key_id).toBe(key.key_id)
    expect((await get('config/issuers')).default).toBe(id)
    await post('issue/r', { common_name: 'a.com' })
    const inUse = await server.call('DELETE', `${mount}/key/k`)
    expect(inUse.body.errors[0]).toBe(`Failed to Delete Key.  Key in Use by Issuer: ${id}`)
  })

  it('builds chains over reissued and cross-signed certificates', async () => {
    const old = await root({ issuer_name: 'old' })
    const fields = { common_name: 'Root', key_ref: old.key_id }
    const again = (await post('root/generate/existing', fields)).data
    const both = [old.certificate, again.certificate].map((pem) => `${pem}\n`)
    expect((await get('issuer/old')).ca_chain.sort()).toEqual([...both].sort())
    await post('issuers/generate/root/internal', {
      common_name: 'New',
      key_type: 'ec',
      issuer_name: 'new',
    })
    const key = (await get('issuer/new')).key_id
    const request = (await post('intermediate/cross-sign', { common_name: 'New', key_ref: key }))
      .data.csr
    const cross = (await post('root/sign-intermediate', { csr: request, ttl: '100h' })).data
    const imported = (await post('issuers/import/cert', { pem_bundle: cross.certificate })).data
    const [crossId] = imported.imported_issuers
    expect(imported.mapping[crossId]).toBe(key)
    const chain = (await get(`issuer/${crossId}`)).ca_chain
    expect(chain[0]).toBe(`${cross.certificate}\n`)
    expect(chain.slice(1).sort()).toEqual([...both].sort())
    await patch(`issuer/${crossId}`, { manual_chain: ['self', 'old'] })
    expect((await get(`issuer/${crossId}`)).ca_chain).toEqual([chain[0], both[0]])
    await call(server, 200, 'DELETE', `${mount}/issuer/old`)
    expect((await get(`issuer/${crossId}`)).ca_chain).toEqual([chain[0]])
  })

  it('ends a certificate with its lease, and leaves no trace of one that is not stored', async () => {
    await root()
    await post('roles/leased', { ...role, generate_lease: true })
    const leased = await post('issue/leased', { common_name: 'a.com' })
    expect(leased.lease_id).toMatch(new RegExp(`^${mount}/issue/leased/`))
    expect(leased.lease_duration).toBeGreaterThan(3500)
    const serial = leased.data.serial_number
    expect((await get(`cert/${serial}`)).revocation_time).toBe(0)
    await call(server, 204, 'POST', 'sys/leases/revoke', { lease_id: leased.lease_id, sync: true })
    expect((await get(`cert/${serial}`)).revocation_time).toBeGreaterThan(0)
    await post('roles/gone', { ...role, no_store: true, generate_lease: true })
    const gone = await post('issue/gone', { common_name: 'a.com' })
    expect(gone.lease_id).toBe('')
    expect((await server.call('GET', `${mount}/cert/${gone.data.serial_number}`)).status).toBe(404)
  })

  it('lists an issuer that is revoked on the list of the one that signed it', async () => {
    await root()
    const { pem, key } = await testRequest({ commonName: 'Below' })
    const below = (await post('root/sign-intermediate', { csr: pem, ttl: '100h' })).data
    const keyPem = key.export({ type: 'pkcs8', format: 'pem' })
    const bundle = { pem_bundle: `${below.certificate}\n${keyPem}` }
    const [id] = (await post('issuers/import/bundle', bundle)).data.imported_issuers
    const revoked = await post(`issuer/${id}/revoke`)
    expect(revoked.data.revoked).toBe(true)
    expect(revoked.data.usage).not.toMatch(/issuing/)
    expect((await list('certs/revoked')).keys).toContain(below.serial_number)
    await post('roles/r', role)
    const refused = await server.call('POST', `${mount}/issuer/${id}/issue/r`, {
      common_name: 'a.com',
    })
    expect(refused.status).toBe(400)
    const usage = { usage: ['issuing-certificates'] }
    const back = await server.call('PATCH', `${mount}/issuer/${id}`, usage, {
      contentType: 'application/merge-patch+json',
    })
    expect(back.body.errors[0]).toMatch(/This issuer was revoked/)
  })

  it('gives a name once, whoever asks at the same time', async () => {
    const asked = Array.from({ length: 4 }, (_, at) =>
      server.call('POST', `${mount}/root/generate/internal`, {
        common_name: `R${at}`,
        key_type: 'ec',
        issuer_name: 'same',
      }),
    )
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 400, 400, 400])
    expect((await list('issuers')).keys).toHaveLength(1)
  })

  it('removes all issuers and keys, more than one commit takes', async () => {
    const keys = await Promise.all(
      Array.from({ length: 85 }, async () => (await generateKey('ed25519', 0)).pem('pkcs8')),
    )
    const some = { pem_bundle: keys.slice(0, 50).join('\n') }
    await post('issuers/import/bundle', some)
    await post('issuers/import/bundle', { pem_bundle: keys.slice(50).join('\n') })
    expect((await list('keys')).keys).toHaveLength(85)
    expect(new Set((await post('issuers/import/bundle', some)).data.existing_keys).size).toBe(50)
    const tooMany = { pem_bundle: [...keys, ...keys].join('\n') }
    expect((await server.call('POST', `${mount}/config/ca`, tooMany)).status).toBe(400)
    const { uuid } = (await call(server, 200, 'GET', `sys/mounts/${mount}`)).body.data
    const stored = () => server.backend.range(`mount/${uuid}/key/`, { limit: 100 })
    expect(await stored()).toHaveLength(85)
    const removed = await call(server, 200, 'DELETE', `${mount}/root`)
    expect(removed.body.warnings[0]).toMatch(/deletes all keys and issuers/)
    expect((await server.call('LIST', `${mount}/keys`)).status).toBe(404)
    await eventually(stored, (entries) => entries.length === 0)
    await root()
  })

  it('shows private keys to nobody but those who asked for them', async () => {
    const made = (await post('root/generate/exported', { common_name: 'X', key_type: 'ec' })).data
    const secret = made.private_key.split('\n')[1]
    await post('roles/r', role)
    const leaf = (await post('issue/r', { common_name: 'a.com' })).data
    const broken = { pem_bundle: made.private_key.replace('EC PRIVATE', 'ODD') }
    const refused = await server.call('POST', `${mount}/keys/import`, broken)
    expect(refused.text).not.toContain(secret)
    const wrong = { pem_bundle: `${made.private_key}\n${made.certificate}junk` }
    expect((await server.call('POST', `${mount}/config/ca`, wrong)).text).not.toContain(secret)
    for (const path of ['issuer/default', 'issuer/default/json', 'key/default', 'config/keys'])
      expect((await server.call('GET', `${mount}/${path}`)).text).not.toContain('PRIVATE')
    for (const text of [secret, leaf.private_key.split('\n')[1]])
      expect(logged.some((line) => line.includes(text))).toBe(false)
    const kept = await get(`cert/${leaf.serial_number}`)
    expect(kept.certificate.trim()).toBe(leaf.certificate)
  })
})
