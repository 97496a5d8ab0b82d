// Tidying: what expired goes, with its revocation and its place on the lists; what is still valid, or not yet past
// its buffer, stays. Runs go on where they stopped, can be cancelled and begin by themselves.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serialText } from '../../src/crypto/x509/build-certificate.ts'
import { parseCrl, readRevoked } from '../../src/crypto/x509/crl.ts'
import { parsePem } from '../../src/crypto/x509/pem.ts'
import { call, eventually, fresh } from '../support/api-steps.ts'
import type { InProcess } from '../support/in-process.ts'
import { allServerKinds } from '../support/server-kinds.ts'
import { shiftedClock } from '../support/shifted-clock.ts'

let server: InProcess
let mount: string
const clock = shiftedClock()
const HOUR = 3600_000

const post = async (path: string, body: unknown = {}, status = 200) =>
  (await call(server, status, 'POST', `${mount}/${path}`, body)).body
const refused = async (path: string, body: unknown): Promise<string> =>
  (await call(server, 400, 'POST', `${mount}/${path}`, body)).body.errors[0]
const data = async (path: string) => (await call(server, 200, 'GET', `${mount}/${path}`)).body.data
const keys = async (path: string): Promise<string[]> =>
  (await server.call('LIST', `${mount}/${path}`)).body.data?.keys ?? []
const onList = async (): Promise<string[]> => {
  const { crl } = await data('issuer/default/crl')
  return [...readRevoked(parseCrl(parsePem(crl)[0]!.der).revoked)].map(({ serial }) =>
    serialText(serial),
  )
}
const issue = async (ttl: string): Promise<string> =>
  (await post('issue/web', { common_name: 'a.example.com', ttl })).data.serial_number
const finished = (state = 'Finished') =>
  eventually(
    () => data('tidy-status'),
    (status) => status.state === state,
  )
const tidied = async (fields: unknown) => {
  await post('tidy', fields, 202)
  return finished()
}

describe.each(allServerKinds)('tidying on $kind', ({ start }) => {
  beforeAll(async () => {
    server = await start({ clock })
  })
  afterAll(() => server.close())
  beforeEach(async () => {
    mount = fresh('pki')
    const config = { max_lease_ttl: '87600h' }
    await call(server, 204, 'POST', `sys/mounts/${mount}`, { type: 'pki', config })
    await post('root/generate/internal', { common_name: 'R', key_type: 'ec', ttl: '80000h' })
    await post('roles/web', { allow_any_name: true, key_type: 'ec', max_ttl: '2000h' })
  })

  it('removes what expired, in pages, and nothing else', async () => {
    const [root] = await keys('certs')
    const short = await Promise.all(Array.from({ length: 30 }, () => issue('1h')))
    const long = await issue('1000h')
    const [revoked] = short
    await post('revoke', { serial_number: revoked })
    await post('revoke', { serial_number: long })
    clock.advance(2 * HOUR)
    const tooEarly = await tidied({ tidy_cert_store: true, tidy_revoked_certs: true })
    expect(tooEarly).toMatchObject({ cert_store_deleted_count: 0, revoked_cert_deleted_count: 0 })
    expect(await keys('certs')).toHaveLength(32)
    clock.advance(100 * HOUR)
    const certsOnly = await tidied({ tidy_cert_store: true, revoked_safety_buffer: '1000h' })
    expect(certsOnly.cert_store_deleted_count).toBe(29)
    expect((await keys('certs')).sort()).toEqual([root!, long, revoked!].sort())
    expect((await onList()).sort()).toEqual([long, revoked!].sort())
    const all = await tidied({ tidy_cert_store: true, tidy_revoked_certs: true, page_size: 5 })
    expect(all).toMatchObject({
      cert_store_deleted_count: 1,
      revoked_cert_deleted_count: 1,
      safety_buffer: 259200,
      page_size: 5,
      error: null,
      message: null,
    })
    expect((await keys('certs')).sort()).toEqual([root!, long].sort())
    expect(await keys('certs/revoked')).toEqual([long])
    expect(await onList()).toEqual([long])
  })

  it('removes expired issuers but the default one', async () => {
    const fields = { common_name: 'X', key_type: 'ec', ttl: '1h', issuer_name: 'short' }
    const { data: made } = await post('root/generate/internal', fields)
    expect((await keys('issuers')).length).toBe(2)
    clock.advance(9000 * HOUR)
    await tidied({ tidy_expired_issuers: true })
    const left = await keys('issuers')
    expect(left).toHaveLength(1)
    expect(left).not.toContain(made.issuer_id)
  })

  it('finds the issuer of what was revoked without one', async () => {
    const fields = { common_name: 'Y', key_type: 'ec', ttl: '9000h', issuer_name: 'y' }
    const { data: made } = await post('root/generate/exported', fields)
    const leaf = (await post('issuer/y/issue/web', { common_name: 'b' })).data
    await call(server, 200, 'DELETE', `${mount}/issuer/y`)
    await post('revoke', { serial_number: leaf.serial_number })
    expect(await onList()).toEqual([leaf.serial_number])
    const bundle = { pem_bundle: `${made.certificate}\n${made.private_key}` }
    await post('issuers/import/bundle', bundle)
    const status = await tidied({ tidy_revoked_cert_issuer_associations: true })
    expect(status.missing_issuer_cert_count).toBe(1)
    expect(await onList()).toEqual([])
    const shown = await data(`cert/${leaf.serial_number}`)
    expect(await keys('issuers')).toContain(shown.issuer_id)
  })

  it('runs can be cancelled, and there is one at a time', async () => {
    expect(await data('tidy-status')).toMatchObject({ state: 'Inactive', time_started: null })
    const none = await post('tidy-cancel')
    expect(none.warnings[0]).toContain('cannot be cancelled')
    await Promise.all([issue('1h'), issue('1h')])
    clock.advance(100 * HOUR)
    await post('tidy', { tidy_cert_store: true, pause_duration: '1h' }, 202)
    const again = await post('tidy', { tidy_cert_store: true })
    expect(again.warnings).toEqual(['Tidy operation already in progress.'])
    await eventually(
      () => data('tidy-status'),
      (status) => status.cert_store_deleted_count === 1,
    )
    const { data: cancelling } = await post('tidy-cancel')
    expect(cancelling).toMatchObject({ state: 'Cancelling', pause_duration: '1h0m0s' })
    clock.advance(HOUR)
    await finished('Cancelled')
    expect(await keys('certs')).toHaveLength(2)
  })

  it('begins by itself', async () => {
    expect(await refused('config/auto-tidy', { enabled: true })).toContain('Enable at least one')
    expect(await refused('config/auto-tidy', { page_size: 2 })).toContain('at least 5')
    const settings = { enabled: true, tidy_cert_store: true, interval_duration: '1h' }
    const { data: set } = await post('config/auto-tidy', settings)
    expect(set).toMatchObject({ enabled: true, interval_duration: 3600, safety_buffer: 259200 })
    expect(await data('config/auto-tidy')).toEqual(set)
    await issue('1h')
    clock.advance(80 * HOUR)
    await eventually(
      () => keys('certs'),
      (left) => left.length === 1,
    )
    await post('config/auto-tidy', { enabled: false, maintain_stored_certificate_counts: true })
    expect(await data('tidy-status')).toMatchObject({
      current_cert_store_count: 1,
      current_revoked_cert_count: 0,
    })
  })

  it.each([
    [{ safety_buffer: 0 }, 'safety_buffer must be greater than zero'],
    [{ revoked_safety_buffer: 0 }, 'revokedSafetyBuffer must be greater than zero'],
    [{ issuer_safety_buffer: 0 }, 'issuer_safety_buffer must be greater than zero'],
    [{ page_size: 3 }, 'page_size must be greater than five'],
    [{ pause_duration: 'x' }, 'Error parsing pause_duration: time: invalid duration "x"'],
    [{ pause_duration: '-1s' }, 'received invalid, negative pause_duration'],
  ])('refuses %j', async (fields, message) => {
    expect(await refused('tidy', fields)).toBe(message)
  })
})
