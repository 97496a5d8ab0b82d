// Lists that a caller puts together: joined from others, or of given entries; and what is refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serialText } from '../../src/crypto/x509/build-certificate.ts'
import { parseCrl, readRevoked } from '../../src/crypto/x509/crl.ts'
import { findExtension } from '../../src/crypto/x509/extension.ts'
import { OID } from '../../src/crypto/x509/oids.ts'
import { parsePem } from '../../src/crypto/x509/pem.ts'
import { call } from '../support/api-steps.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'

let server: InProcess
const sign = async (path: string, body: unknown, status = 200) =>
  (await call(server, status, 'POST', `pki/issuer/${path}`, body)).body

beforeAll(async () => {
  server = await startInProcess()
  await call(server, 204, 'POST', 'sys/mounts/pki', { type: 'pki' })
  for (const name of ['one', 'two'])
    await call(server, 200, 'POST', 'pki/root/generate/internal', {
      ...{ common_name: name, key_type: 'ec', issuer_name: name, ttl: '1000h' },
    })
})
afterAll(() => server.close())

const read = (text: string) => {
  const crl = parseCrl(text.startsWith('-') ? parsePem(text)[0]!.der : Buffer.from(text, 'base64'))
  const entries = [...readRevoked(crl.revoked)]
  return { crl, serials: entries.map(({ serial }) => serialText(serial)), entries }
}
const given = (...entries: readonly (readonly [string, string])[]) => ({
  revoked_certs: entries.map(([serial_number, revocation_time]) => ({
    serial_number,
    revocation_time,
  })),
})

describe('signed lists', () => {
  it('of given entries and extensions', async () => {
    const { data } = await sign('one/sign-revocation-list', {
      revoked_certs: [
        {
          serial_number: 'aa:bb-cc',
          revocation_time: '2026-01-01T00:00:00Z',
          extensions: [{ id: '2.5.29.21', value: 'CgEB' }],
        },
        { serial_number: '0001', revocation_time: 1767225600 },
      ],
      extensions: [{ id: '1.2.3', critical: 'true', value: 'BQA=' }],
      crl_number: 7,
      delta_crl_base_number: 5,
      format: 'der',
    })
    const { crl, serials, entries } = read(data.crl)
    expect(serials).toEqual(['aa:bb:cc', '01'])
    expect(entries[0]!.extensions[0]!.oid).toBe(OID.reasonCode)
    expect(entries.map(({ revokedAtMs }) => revokedAtMs)).toEqual([1767225600000, 1767225600000])
    expect(findExtension(crl.extensions, '1.2.3')).toMatchObject({ critical: true })
    expect(findExtension(crl.extensions, OID.deltaCrlIndicator)).toBeDefined()
  })

  it('joined from others; the oldest time counts', async () => {
    const first = given(['aa', '2026-01-02T00:00:00Z'], ['bb', '2026-01-01T00:00:00Z'])
    const second = given(['aa', '2026-01-01T00:00:00Z'], ['cc', '2026-01-01T00:00:00Z'])
    const lists = []
    for (const body of [first, second])
      lists.push((await sign('one/sign-revocation-list', body)).data.crl)
    const joined = await sign('one/resign-crls', { crls: lists, crl_number: 1 })
    const { serials, entries } = read(joined.data.crl)
    expect(serials.sort()).toEqual(['aa', 'bb', 'cc'])
    expect(new Set(entries.map(({ revokedAtMs }) => revokedAtMs))).toEqual(new Set([1767225600000]))
    expect(joined.warnings).toEqual([
      'Duplicate serial aa with different revocation times detected, using oldest revocation time',
    ])
    const refused = await sign('two/resign-crls', { crls: lists }, 400)
    expect(refused.errors[0]).toBe('CRL index: 0 was not signed by requested issuer')
  })

  it('warn of some of what is wrong, and are of a bearable size', async () => {
    const serials = Array.from({ length: 300 }, (_, at) => (0x1000 + at).toString(16))
    const of = async (year: number) =>
      (
        await sign(
          'one/sign-revocation-list',
          given(...serials.map((one) => [one, `${year}-01-01T00:00:00Z`] as const)),
        )
      ).data.crl
    const crls = [await of(2025), await of(2026)]
    const { warnings } = await sign('one/resign-crls', { crls })
    expect(warnings).toHaveLength(21)
    expect(warnings.at(-1)).toBe('The same is so of 280 more serials')
    const many = await sign('one/resign-crls', { crls: Array(101).fill(crls[0]) }, 400)
    expect(many.errors[0]).toBe('at most 100 lists are joined into one')
    const entry = { serial_number: 'aa', revocation_time: 1 }
    const long = { revoked_certs: Array(200_001).fill(entry) }
    const { errors } = await sign('one/sign-revocation-list', long, 400)
    expect(errors[0]).toBe('a revocation list takes at most 200000 entries here')
  })

  it.each([
    ['nobody/resign-crls', {}, 'failed to resolve issuer issuer_ref: unable to find PKI issuer'],
    ['one/resign-crls', { crls: ['x'] }, 'failed decoding crl 0'],
    ['one/resign-crls', { next_update: '0' }, 'must be greater than 0'],
    ['one/resign-crls', { crl_number: -1 }, 'must be 0 or greater'],
    ['one/sign-revocation-list', { format: 'x' }, 'unknown format value of x'],
    ['one/sign-revocation-list', given(['zz', '1']), 'failed converting to bytes'],
    ['one/sign-revocation-list', given(['', '1']), 'failed converting to bytes'],
    ['one/sign-revocation-list', given(['aa', 'x']), 'failed parsing revocation_time from entry 0'],
    ['one/sign-revocation-list', given(['aa'.repeat(21), '1']), 'longer than 20'],
    ['one/sign-revocation-list', given(['aa', '1'], ['00aa', '1']), 'duplicate serial number'],
    ['one/sign-revocation-list', { extensions: [{ id: '2.5.29.20', value: '' }] }, 'is reserved'],
    ['one/sign-revocation-list', { extensions: [{ id: '9.9', value: '' }] }, 'identifier'],
    ['one/sign-revocation-list', { extensions: [{ id: '1.2', value: '!' }] }, 'base64'],
    ['one/sign-revocation-list', { extensions: [1] }, 'not a map'],
    ['one/sign-revocation-list', { revoked_certs: 'x' }, 'did not contain a slice'],
  ])('%s refuses %j', async (path, body, message) => {
    expect((await sign(path, body, 400)).errors[0]).toContain(message)
  })
})
