// Revocation through the whole request pipeline: by serial number, certificate and key; the lists that everybody
// may read, OCSP, and what happens to them when issuers, configuration and time change.
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { handleRequest } from '../../src/core/request.ts'
import { parseSerialText, serialText } from '../../src/crypto/x509/build-certificate.ts'
import { isSignedBy, parseCertificate } from '../../src/crypto/x509/certificate.ts'
import { type Crl, parseCrl, readRevoked } from '../../src/crypto/x509/crl.ts'
import { decodeCrlNumber } from '../../src/crypto/x509/crl-extensions.ts'
import { findExtension } from '../../src/crypto/x509/extension.ts'
import { buildOcspRequest } from '../../src/crypto/x509/ocsp-request.ts'
import { issuerHashes, parseOcspResponse } from '../../src/crypto/x509/ocsp-response.ts'
import { OID } from '../../src/crypto/x509/oids.ts'
import { PEM, parsePem, toPem } from '../../src/crypto/x509/pem.ts'
import { call, eventually, fresh } from '../support/api-steps.ts'
import type { InProcess } from '../support/in-process.ts'
import { allServerKinds } from '../support/server-kinds.ts'
import { shiftedClock } from '../support/shifted-clock.ts'

let server: InProcess
let mount: string
const clock = shiftedClock()

const post = async (path: string, body: unknown = {}) =>
  (await call(server, 200, 'POST', `${mount}/${path}`, body)).body
const get = async (path: string, token: string | null = null) =>
  (await call(server, 200, 'GET', `${mount}/${path}`, undefined, { token })).body.data
const refused = async (path: string, body: unknown): Promise<string> =>
  (await call(server, 400, 'POST', `${mount}/${path}`, body)).body.errors[0]

interface RawReply {
  readonly status: number
  readonly type: string | undefined
  readonly body: Buffer
}

/** As anybody: without a token. */
async function raw(
  method: string,
  path: string,
  body: Buffer = Buffer.alloc(0),
): Promise<RawReply> {
  const request = { ...server.request(method, `${mount}/${path}`, { token: null }), body }
  const reply = await handleRequest(server.host, request)
  const names = reply.headers as readonly string[]
  const at = names.findIndex((name) => name.toLowerCase() === 'content-type')
  const bytes =
    reply.body instanceof Uint8Array ? reply.body : Buffer.from(String(reply.body ?? ''))
  return { status: reply.status, type: names[at + 1], body: Buffer.from(bytes) }
}

const list = async (path = 'crl'): Promise<Crl> => parseCrl((await raw('GET', path)).body)
const serialsOn = (crl: Crl): string[] =>
  [...readRevoked(crl.revoked)].map(({ serial }) => serialText(serial))
const numberOf = (crl: Crl): number =>
  decodeCrlNumber(findExtension(crl.extensions, OID.crlNumber)!.value).readUIntBE(0, 1)
const read = (pem: string) => parseCertificate(new X509Certificate(pem).raw)

const newRoot = async (fields: Readonly<Record<string, unknown>> = {}) =>
  (
    await post('root/generate/internal', {
      common_name: 'Root',
      key_type: 'ec',
      ttl: '10000h',
      ...fields,
    })
  ).data
const issue = async (fields: Readonly<Record<string, unknown>> = {}) =>
  (await post('issue/web', { common_name: 'a.example.com', ...fields })).data

async function newMount(): Promise<void> {
  mount = fresh('pki')
  await call(server, 204, 'POST', `sys/mounts/${mount}`, {
    type: 'pki',
    config: { max_lease_ttl: '87600h' },
  })
  await post('roles/web', { allow_any_name: true, key_type: 'ec', ttl: '100h' })
}

/** The same certificate but for its serial number, which is of 20 bytes in both. */
function withSerial(pem: string, serial: string): string {
  const der = Buffer.from(new X509Certificate(pem).raw)
  const old = read(pem).serial
  der.set(parseSerialText(serial)!, der.indexOf(old))
  return toPem(PEM.certificate, der)
}

async function askOcsp(issuerPem: string, serials: readonly string[], nonce?: Buffer) {
  const issuer = read(issuerPem)
  const { nameHash, keyHash } = issuerHashes(issuer, 'sha1')
  const request = buildOcspRequest({
    certificates: serials.map((serial) => ({
      hash: 'sha1',
      issuerNameHash: nameHash,
      issuerKeyHash: keyHash,
      serial: parseSerialText(serial)!,
    })),
    ...(nonce ? { nonce } : {}),
  })
  const reply = await raw('POST', 'ocsp', request)
  return { request, reply, response: parseOcspResponse(reply.body), key: issuer.publicKey }
}

describe.each(allServerKinds)('revocation on $kind', ({ start }) => {
  beforeAll(async () => {
    server = await start({ clock })
  })
  afterAll(() => server.close())
  beforeEach(newMount)

  it('a new root has an empty list, and what is revoked stands on the next', async () => {
    const root = await newRoot()
    const before = await list()
    expect(serialsOn(before)).toEqual([])
    expect(isSignedBy(before, read(root.certificate).publicKey)).toBe(true)
    const leaf = await issue()
    const { data } = await post('revoke', { serial_number: leaf.serial_number })
    expect(data.state).toBe('revoked')
    expect(Date.parse(data.revocation_time_rfc3339) / 1000).toBeCloseTo(data.revocation_time, -1)
    const after = await list()
    expect(serialsOn(after)).toEqual([leaf.serial_number])
    expect(numberOf(after)).toBeGreaterThan(numberOf(before))
    expect(isSignedBy(after, read(root.certificate).publicKey)).toBe(true)
    const again = await post('revoke', {
      serial_number: leaf.serial_number.toUpperCase().replaceAll(':', '-'),
    })
    expect(again.data.revocation_time).toBe(data.revocation_time)
    const shown = await get(`cert/${leaf.serial_number}`)
    expect(shown).toMatchObject({
      certificate: leaf.certificate,
      revocation_time: data.revocation_time,
      revocation_time_rfc3339: data.revocation_time_rfc3339,
      issuer_id: root.issuer_id,
    })
    const listed = await call(server, 200, 'LIST', `${mount}/certs/revoked`)
    expect(listed.body.data.keys).toEqual([leaf.serial_number])
  })

  it('a certificate that was revoked stays on the list when it is imported as an issuer', async () => {
    await newRoot()
    const { csr } = (await post('intermediate/generate/internal', { common_name: 'Between' })).data
    const signed = (await post('root/sign-intermediate', { csr, ttl: '100h' })).data
    const serial = signed.serial_number
    await post('revoke', { serial_number: serial })
    expect(serialsOn(await list())).toEqual([serial])
    const { data } = await post('issuers/import/cert', { pem_bundle: signed.certificate })
    const id = data.imported_issuers[0]
    await call(server, 200, 'GET', `${mount}/crl/rotate`)
    expect(serialsOn(await list())).toEqual([serial])
    await post(`issuer/${id}/revoke`)
    expect(serialsOn(await list())).toEqual([serial])
    expect(serialsOn(await list(`issuer/${id}/crl/der`))).toEqual([])
  })

  it('another certificate with a stored serial number is refused', async () => {
    await newRoot()
    const leaf = await issue()
    const own = mount
    await newMount()
    await newRoot()
    const other = await issue()
    mount = own
    const forged = withSerial(other.certificate, leaf.serial_number)
    expect(await refused('revoke', { certificate: forged })).toMatch(
      /same serial but unequal value/,
    )
    expect(serialsOn(await list())).toEqual([])
  })

  it('raw paths answer bytes to everybody, with the types of the original', async () => {
    for (const path of ['ca', 'ca/pem', 'ca_chain', 'crl', 'crl/pem', 'crl/delta', 'cert/aa/raw'])
      expect((await raw('GET', path)).status, path).toBe(204)
    const root = await newRoot()
    const leaf = await issue()
    const der = new X509Certificate(leaf.certificate).raw
    const rootDer = new X509Certificate(root.certificate).raw
    const { serial_number: serial, certificate } = leaf
    const pem = Buffer.from(certificate)
    const chainType = 'application/pem-certificate-chain'
    const rows: readonly (readonly [string, string, Buffer])[] = [
      ['ca', 'application/pkix-cert', rootDer],
      ['ca/pem', chainType, Buffer.from(root.certificate)],
      ['cert/ca/raw', 'application/pkix-cert', rootDer],
      ['cert/ca/raw/pem', chainType, Buffer.from(root.certificate)],
      ['ca_chain', 'application/pkix-cert', Buffer.from(root.certificate)],
      [`cert/${serial}/raw`, 'application/pkix-cert', der],
      [`cert/${serial.replaceAll(':', '-')}/raw/pem`, chainType, pem],
    ]
    for (const [path, type, body] of rows) {
      const reply = await raw('GET', path)
      expect([path, reply.status, reply.type, reply.body]).toEqual([path, 200, type, body])
    }
    for (const path of ['crl', 'issuer/default/crl/der'])
      expect((await raw('GET', path)).type).toBe('application/pkix-crl')
    const crlPem = await raw('GET', 'crl/pem')
    expect(crlPem.type).toBe('application/x-pem-file')
    expect((await raw('GET', 'issuer/default/crl/pem')).body.toString()).toBe(`${crlPem.body}\n`)
    expect(parsePem(crlPem.body.toString())[0]!.der).toEqual((await raw('GET', 'crl')).body)
    expect((await get('issuer/default/crl')).crl).toBe(`${crlPem.body}\n`)
    expect((await get('cert/crl')).certificate).toBe(crlPem.body.toString())
    expect((await get('cert/ca_chain')).ca_chain).toBe(root.certificate)
    expect(await get('cert/ca')).toEqual({
      certificate: root.certificate,
      revocation_time: 0,
      revocation_time_rfc3339: '',
    })
    const none = { token: null }
    await call(server, 404, 'GET', `${mount}/cert/aa:bb`, undefined, none)
    await call(server, 404, 'GET', `${mount}/cert/nothex`, undefined, none)
    await call(server, 400, 'GET', `${mount}/issuer/nobody/crl`, undefined, none)
    await call(server, 403, 'POST', `${mount}/revoke`, { serial_number: serial }, none)
    await call(server, 403, 'LIST', `${mount}/certs`, undefined, none)
    const detailed = await call(server, 200, 'LIST', `${mount}/certs/detailed`)
    expect(detailed.body.data.key_info[serial]).toMatchObject({
      common_name: 'a.example.com',
      issuer: 'CN=Root',
      key_type: 'ec',
      key_bits: 256,
    })
  })

  it("revokes by certificate and by key, and nothing that is not the mount's", async () => {
    await newRoot()
    const leaf = await issue()
    expect(await refused('revoke', {})).toContain('must be provided')
    expect(
      await refused('revoke', { serial_number: 'aa', certificate: leaf.certificate }),
    ).toContain('not both')
    expect(await refused('revoke', { serial_number: 'aa:bb' })).toBe(
      'certificate with serial aa:bb not found.',
    )
    expect(await refused('revoke', { certificate: 'x' })).toContain('too short')
    expect(await refused('revoke', { certificate: 'x'.repeat(100) })).toContain('no PEM data')
    const { serial_number } = leaf
    expect(await refused('revoke-with-key', { serial_number })).toContain('Must have private key')
    const other = await issue()
    expect(
      await refused('revoke-with-key', { serial_number, private_key: other.private_key }),
    ).toBe("provided private key does not match certificate's public key")
    expect((await call(server, 404, 'LIST', `${mount}/certs/revoked`)).body.errors).toEqual([])
    await post('revoke-with-key', { serial_number, private_key: leaf.private_key })
    expect(serialsOn(await list())).toEqual([serial_number])
    await post('roles/web', { allow_any_name: true, key_type: 'ec', ttl: '1h', no_store: true })
    const unstored = await issue()
    expect(await refused('revoke', { serial_number: unstored.serial_number })).toContain(
      'not found',
    )
    await post('revoke', { certificate: unstored.certificate })
    expect(serialsOn(await list()).sort()).toEqual([serial_number, unstored.serial_number].sort())
    expect((await get(`cert/${unstored.serial_number}`)).certificate).toBe(unstored.certificate)
    const { certificate } = await issue()
    await newMount()
    const own = await newRoot()
    expect(await refused('revoke', { certificate })).toContain('unable to verify signature')
    expect(await refused('revoke', { serial_number: own.serial_number })).toContain(
      'to its own CRL is not allowed',
    )
  })

  it('what is revoked at once stands on the list, all of it', async () => {
    await newRoot()
    const leaves = await Promise.all(Array.from({ length: 12 }, () => issue()))
    await Promise.all(
      leaves.map(async ({ serial_number }) => {
        await post('revoke', { serial_number })
        expect(serialsOn(await list())).toContain(serial_number)
      }),
    )
    expect(serialsOn(await list()).sort()).toEqual(
      leaves.map(({ serial_number }) => serial_number).sort(),
    )
  })

  it('OCSP answers good, revoked and unknown, signed by the issuer', async () => {
    const root = await newRoot()
    const leaf = await issue()
    const revoked = await issue()
    await post('revoke', { serial_number: revoked.serial_number })
    const nonce = Buffer.from('0011223344556677')
    const serials = [leaf.serial_number, revoked.serial_number]
    const asked = await askOcsp(root.certificate, serials, nonce)
    expect(asked.reply).toMatchObject({ status: 200, type: 'application/ocsp-response' })
    expect(asked.response.isSignedBy(asked.key)).toBe(true)
    expect(asked.response.statuses.map(({ is }) => is.status)).toEqual(['good', 'revoked'])
    expect(asked.response.nonce?.subarray(2)).toEqual(nonce)
    const path = `ocsp/${asked.request.toString('base64')}`
    const viaPath = parseOcspResponse((await raw('GET', path)).body)
    expect(viaPath.statuses).toEqual(asked.response.statuses)
    const ours = mount
    await newMount()
    const stranger = (await newRoot({ common_name: 'Stranger' })).certificate
    mount = ours
    const unknown = await askOcsp(stranger, [leaf.serial_number])
    expect(unknown.response.statuses[0]!.is.status).toBe('unknown')
    expect((await raw('POST', 'ocsp', Buffer.from('x'))).status).toBe(400)
    expect((await raw('GET', 'ocsp/!!')).status).toBe(400)
    await post('config/crl', { ocsp_disable: true })
    const off = await askOcsp(root.certificate, serials)
    expect([off.reply.status, off.response.status]).toEqual([401, 6])
  })

  it('an expired certificate is revoked only where that is allowed', async () => {
    await newRoot()
    const leaf = await issue({ ttl: '10m' })
    clock.advance(3600_000)
    const { serial_number } = leaf
    const first = await post('revoke', { serial_number })
    expect(first.warnings[0]).toContain('already expired')
    expect(serialsOn(await list())).toEqual([])
    await post('config/crl', { allow_expired_cert_revocation: true })
    await post('revoke', { serial_number })
    expect(serialsOn(await list())).toEqual([serial_number])
  })

  it('each issuer has its list; equal ones share it; revoked intermediates stand on theirs', async () => {
    const root = await newRoot()
    const second = await newRoot({ common_name: 'Other', issuer_name: 'other' })
    const own = (await post(`issuer/other/issue/web`, { common_name: 'b' })).data
    await post('revoke', { serial_number: own.serial_number })
    expect(serialsOn(await list('issuer/other/crl/der'))).toEqual([own.serial_number])
    expect(serialsOn(await list())).toEqual([])
    const { csr } = (
      await post('intermediate/generate/internal', { common_name: 'Between', key_type: 'ec' })
    ).data
    const signed = (await post('root/sign-intermediate', { csr, ttl: '5000h' })).data
    const bundle = { certificate: `${signed.certificate}\n${root.certificate}` }
    const imported = (await post('intermediate/set-signed', bundle)).data
    const [between] = imported.imported_issuers.filter((id: string) => id !== root.issuer_id)
    await post(`issuer/${between}/revoke`)
    expect(serialsOn(await list())).toEqual([signed.serial_number])
    expect(serialsOn(await list(`issuer/${between}/crl/der`))).toEqual([])
    await call(server, 200, 'DELETE', `${mount}/issuer/other`)
    await call(server, 200, 'GET', `${mount}/crl/rotate`)
    expect(serialsOn(await list()).sort()).toEqual([signed.serial_number, own.serial_number].sort())
    expect(second.issuer_id).not.toBe(root.issuer_id)
  })

  it('lists are disabled, made by themselves, and have deltas', async () => {
    await newRoot()
    expect(await refused('config/crl', { enable_delta: true })).toContain('auto rebuilding')
    expect(await refused('config/crl', { expiry: 'x' })).toContain('could not be decoded')
    expect(
      await refused('config/crl', { auto_rebuild: true, auto_rebuild_grace_period: '100h' }),
    ).toContain('strictly shorter')
    const settings = { auto_rebuild: true, enable_delta: true, delta_rebuild_interval: '30m' }
    const set = await post('config/crl', settings)
    expect(set.data).toMatchObject({ ...settings, expiry: '72h' })
    const complete = await list()
    expect(serialsOn(await list('crl/delta'))).toEqual([])
    const { serial_number } = await issue()
    await post('revoke', { serial_number })
    expect(serialsOn(await list())).toEqual([])
    await call(server, 200, 'GET', `${mount}/crl/rotate-delta`)
    const delta = await list('crl/delta')
    expect(serialsOn(delta)).toEqual([serial_number])
    const base = findExtension(delta.extensions, OID.deltaCrlIndicator)!
    expect(decodeCrlNumber(base.value).readUIntBE(0, 1)).toBe(numberOf(complete))
    clock.advance(61 * 3600_000)
    const renewed = await eventually(
      () => list(),
      (crl) => numberOf(crl) > numberOf(complete),
    )
    expect(serialsOn(renewed)).toEqual([serial_number])
    const emptied = await eventually(
      () => list('crl/delta'),
      (crl) => numberOf(crl) > numberOf(delta),
    )
    expect(serialsOn(emptied)).toEqual([])
    await post('config/crl', { disable: true })
    expect(serialsOn(await list())).toEqual([])
    await post('config/crl', { disable: false })
    expect(serialsOn(await list())).toEqual([serial_number])
  })

  it('the end of a lease revokes its certificate', async () => {
    await newRoot()
    await post('roles/web', {
      allow_any_name: true,
      key_type: 'ec',
      ttl: '1h',
      generate_lease: true,
    })
    const { lease_id, data } = await post('issue/web', { common_name: 'a.example.com' })
    await call(server, 204, 'POST', 'sys/leases/revoke', { lease_id, sync: true })
    await eventually(
      async () => serialsOn(await list()),
      (serials) => serials.includes(data.serial_number),
    )
  })
})
