// Lists of revoked certificates when the process dies between a change and its lists, when lists are built at once,
// and when certificates change their list: what was answered, or would have been, gets onto its list by itself.
import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/base/random.ts'
import { serialText } from '../../src/crypto/x509/build-certificate.ts'
import { type Crl, parseCrl, readRevoked } from '../../src/crypto/x509/crl.ts'
import { decodeCrlNumber } from '../../src/crypto/x509/crl-extensions.ts'
import { findExtension } from '../../src/crypto/x509/extension.ts'
import { OID } from '../../src/crypto/x509/oids.ts'
import { parsePem } from '../../src/crypto/x509/pem.ts'
import type { Batch } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { call, eventually } from '../support/api-steps.ts'
import { type Fault, faultyStorage } from '../support/faulty-storage.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { shiftedClock } from '../support/shifted-clock.ts'

const HOUR = 3600_000
const SIGNER = { key_type: 'ec', ttl: '700h' }
const clock = shiftedClock()
let server: InProcess
let faultOf: (batch: Batch) => Fault | undefined = () => undefined

const post = async (path: string, body: unknown = {}) =>
  (await call(server, 200, 'POST', `pki/${path}`, body)).body.data

async function start(): Promise<void> {
  faultOf = () => undefined
  const inner = memoryBackend({ clock, random: systemRandom })
  const backend = faultyStorage(inner, (_, batch) => faultOf(batch))
  server = await startInProcess({ backend, clock })
  await call(server, 204, 'POST', 'sys/mounts/pki', {
    type: 'pki',
    config: { max_lease_ttl: '8000h' },
  })
  await post('roles/r', { allow_any_name: true, key_type: 'ec', ttl: '600h' })
}
afterEach(() => server.close())

const newRoot = (name: string) =>
  post('issuers/generate/root/internal', { common_name: name, issuer_name: name, ...SIGNER })

async function listOf(issuer: string, kind = 'crl'): Promise<Crl | null> {
  const { body } = await server.call('GET', `pki/issuer/${issuer}/${kind}`)
  const text = (body as { data: { crl: string } }).data.crl
  return text === '' ? null : parseCrl(parsePem(text)[0]!.der)
}

async function serialsOf(issuer: string, kind?: string): Promise<string[]> {
  const list = await listOf(issuer, kind)
  return list ? [...readRevoked(list.revoked)].map(({ serial }) => serialText(serial)) : ['none']
}

const numberOf = (list: Crl | null, oid: string = OID.crlNumber): number =>
  Number(decodeCrlNumber(findExtension(list!.extensions, oid)!.value).readUIntBE(0, 1))

/** As after kill -9: what would build lists finds no storage, until it is alive again. */
async function dyingBeforeLists(request: () => Promise<unknown>): Promise<void> {
  faultOf = ({ writes }) =>
    [...writes.keys()].some((key) => /\/crl(-chunk|-unnamed)?\//.test(key)) ? 'before' : undefined
  await request()
  faultOf = () => undefined
}

describe('a process that dies before its lists are made', () => {
  it('leaves a revoked issuer to the next one', async () => {
    await start()
    await newRoot('top')
    const { csr } = await post('intermediate/generate/internal', { common_name: 'Mid', ...SIGNER })
    const signed = await post('root/sign-intermediate', { csr, common_name: 'Mid', ttl: '600h' })
    const { imported_issuers } = await post('intermediate/set-signed', signed)
    const path = `pki/issuer/${imported_issuers[0]}/revoke`
    await dyingBeforeLists(() => call(server, 503, 'POST', path))
    expect(await serialsOf('top')).toEqual([])
    clock.advance(2 * 60_000)
    await eventually(
      () => serialsOf('top'),
      (serials) => serials.includes(signed.serial_number),
    )
  })

  it('leaves the lists of a new issuer, and of changed settings, to the next one', async () => {
    await start()
    await dyingBeforeLists(() =>
      call(server, 503, 'POST', 'pki/root/generate/internal', { common_name: 'R', ...SIGNER }),
    )
    expect(await listOf('default')).toBeNull()
    clock.advance(2 * 60_000)
    const first = await eventually(
      () => listOf('default'),
      (list) => list !== null,
    )
    const settings = { auto_rebuild: true, enable_delta: true, expiry: '24h' }
    await dyingBeforeLists(() => call(server, 503, 'POST', 'pki/config/crl', settings))
    clock.advance(2 * 60_000)
    const second = await eventually(
      () => listOf('default'),
      (list) => numberOf(list) > numberOf(first),
    )
    clock.advance(20 * HOUR)
    await eventually(
      () => listOf('default'),
      (list) => numberOf(list) > numberOf(second),
    )
  })
})

describe('a change of an issuer', () => {
  it('makes its list anew only where the list depends on it', async () => {
    await start()
    const { issuer_id } = await post('root/generate/internal', {
      common_name: 'R',
      key_type: 'rsa',
      ttl: '700h',
    })
    await newRoot('other')
    const path = `issuer/${issuer_id}`
    const numbers = async () => [numberOf(await listOf(issuer_id)), numberOf(await listOf('other'))]
    const [own, other] = await numbers()
    await post(path, { revocation_signature_algorithm: 'SHA256WithRSA', issuer_name: 'a' })
    await post(path, {
      ...{ revocation_signature_algorithm: 'SHA256WithRSA', issuer_name: 'b' },
      ...{ leaf_not_after_behavior: 'truncate', usage: 'issuing-certificates,crl-signing' },
      ...{ crl_distribution_points: 'http://a.example.com/crl', manual_chain: 'self' },
    })
    expect(await numbers()).toEqual([own, other])
    await post(path, { revocation_signature_algorithm: 'SHA512WithRSA' })
    const [second, same] = await numbers()
    expect([second! > own!, same]).toEqual([true, other])
    expect((await listOf(issuer_id))?.signatureAlgorithm?.hashBits).toBe(512)
    await post(path, {
      revocation_signature_algorithm: 'SHA512WithRSA',
      crl_distribution_points: 'http://a.example.com/crl',
      delta_crl_distribution_points: 'http://a.example.com/delta',
    })
    expect(await numbers()).toEqual([second! + 1, other])
    expect(findExtension((await listOf(issuer_id))!.extensions, OID.freshestCrl)).toBeDefined()
  })

  it('takes the lists of the last one of its kind away, and their numbers go on', async () => {
    await start()
    await newRoot('kept')
    const { issuer_id, certificate } = await newRoot('gone')
    const before = numberOf(await listOf('gone'))
    const chunks = async (): Promise<number> => {
      const keys = await server.backend.range('mount/', { limit: 1000 })
      return keys.filter((key) => key.includes('/crl-chunk/')).length
    }
    expect(await chunks()).toBe(4)
    await call(server, 200, 'DELETE', `pki/issuer/${issuer_id}`)
    expect(await chunks()).toBe(2)
    const { imported_issuers } = await post('issuers/import/cert', { certificate })
    expect(numberOf(await listOf(imported_issuers[0]))).toBeGreaterThan(before)
  })
})

describe('delta lists', () => {
  const AUTOMATIC = { auto_rebuild: true, enable_delta: true }

  it('hold what no issuer lists, and follow it to its issuer', async () => {
    await start()
    const gone = await newRoot('gone')
    const { serial_number } = await post('issue/r', { common_name: 'a' })
    await newRoot('kept')
    await post('config/issuers', { default: 'kept' })
    await call(server, 200, 'DELETE', 'pki/issuer/gone')
    await post('config/crl', AUTOMATIC)
    await post('revoke', { serial_number })
    clock.advance(HOUR)
    await eventually(
      () => serialsOf('kept', 'crl/delta'),
      (serials) => serials.includes(serial_number),
    )
    const { imported_issuers } = await post('issuers/import/cert', gone)
    expect(await serialsOf('kept', 'crl/delta')).toEqual([])
    const tidied = { tidy_revoked_cert_issuer_associations: true }
    await call(server, 202, 'POST', 'pki/tidy', tidied)
    await eventually(
      () => server.call('GET', 'pki/tidy-status'),
      ({ body }) => (body as { data: { state: string } }).data.state === 'Finished',
    )
    clock.advance(HOUR)
    await eventually(
      () => serialsOf(imported_issuers[0], 'crl/delta'),
      (serials) => serials.includes(serial_number),
    )
  })

  it('are never numbered below the list that they add to, and always add to the current one', async () => {
    await start()
    await newRoot('r')
    await post('config/crl', AUTOMATIC)
    for (let round = 0; round < 8; round++) {
      const { serial_number } = await post('issue/r', { common_name: 'a' })
      await post('revoke', { serial_number })
      await Promise.all(
        ['rotate-delta', 'rotate', 'rotate-delta', 'rotate'].map((path) =>
          call(server, 200, 'GET', `pki/crl/${path}`),
        ),
      )
      const complete = await listOf('r')
      const delta = await listOf('r', 'crl/delta')
      const base = numberOf(delta, OID.deltaCrlIndicator)
      expect(base).toBe(numberOf(complete))
      expect(numberOf(delta)).toBeGreaterThan(base)
    }
  })
})
