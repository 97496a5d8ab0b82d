// What a hostile caller sends to sign, and what many callers do at once: nothing of a request's extensions gives it
// more than the row grants, nothing odd is more than a 400, and the set of issuers stays whole.
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCertificate } from '../../src/crypto/x509/certificate.ts'
import { parsePem, toPem } from '../../src/crypto/x509/pem.ts'
import { call, eventually, fresh } from '../support/api-steps.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'
import { rawExtension, testRequest } from '../support/pki-requests.ts'

let server: InProcess
let mount: string

const post = async (path: string, body: unknown = {}) =>
  (await call(server, 200, 'POST', `${mount}/${path}`, body)).body.data
const refused = async (path: string, body: unknown): Promise<string> =>
  (await call(server, 400, 'POST', `${mount}/${path}`, body)).body.errors[0]
const read = (pem: string) => parseCertificate(parsePem(pem)[0]!.der)

beforeAll(async () => {
  server = await startInProcess()
  mount = fresh('pki')
  await call(server, 204, 'POST', `sys/mounts/${mount}`, { type: 'pki' })
  await post('root/generate/internal', { common_name: 'R', key_type: 'ec', ttl: '700h' })
  await post('roles/any', { key_type: 'any', allow_any_name: true, enforce_hostnames: false })
})
afterAll(() => server.close())

/** A request that OpenSSL signs: kinds that the library doesn't make. */
const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', ['req', '-new', '-nodes', '-keyout', '/dev/null', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString()

const SUBJECT = ['-subj', '/CN=a.example.com']

describe('requests to sign', () => {
  it.each([
    ['secp256k1', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], 'elliptic curve'],
    [
      'a curve of its own',
      ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'],
      'elliptic curve',
    ],
    ['Ed448', ['-newkey', 'ed448'], 'empty PublicKey'],
    ['RSA of 1024 bits', ['-newkey', 'rsa:1024'], 'RSA keys < 2048 bits'],
    ['SHA-1', ['-newkey', 'rsa:2048', '-sha1'], 'algorithm is not supported'],
  ])('by %s are refused in words', async (_, args, words) => {
    const csr = openssl(...args, ...SUBJECT)
    for (const path of ['sign/any', 'sign-verbatim', 'root/sign-intermediate'])
      expect(await refused(path, { csr, common_name: 'a' }), path).toContain(words)
  })

  it('that ask to be a CA get a leaf, and no identifiers of somebody else', async () => {
    const { pem } = await testRequest({ commonName: 'a.example.com' }, [
      rawExtension('2.5.29.19', Buffer.from('30030101ff', 'hex'), true),
      rawExtension('2.5.29.14', Buffer.from('0404deadbeef', 'hex')),
      rawExtension('2.5.29.35', Buffer.from('30068004deadbeef', 'hex')),
    ])
    for (const path of ['sign/any', 'sign-verbatim']) {
      const leaf = read((await post(path, { csr: pem, ttl: '1h' })).certificate)
      expect(leaf.isCa, path).toBe(false)
      expect(leaf.subjectKeyId?.toString('hex')).not.toBe('deadbeef')
      expect(leaf.authorityKeyId?.toString('hex')).not.toBe('deadbeef')
    }
  })

  it('that were changed, cut or written oddly are a 400, byte by byte', async () => {
    const [block] = parsePem((await testRequest({ commonName: 'a.example.com' })).pem)
    const der = block!.der
    const count = async () =>
      (await call(server, 200, 'LIST', `${mount}/certs`)).body.data.keys.length
    const before = await count()
    const send = async (bytes: Buffer): Promise<number> => {
      const csr = toPem('CERTIFICATE REQUEST', bytes)
      return (await server.call('POST', `${mount}/sign-verbatim`, { csr, ttl: '1h' })).status
    }
    expect(await send(der)).toBe(200)
    for (let at = 0; at < der.length; at += 3) {
      const changed = Buffer.from(der)
      changed[at]! ^= 0x41
      expect(await send(changed), `byte ${at}`).toBe(400)
      expect(await send(der.subarray(0, at)), `up to ${at}`).toBe(400)
    }
    expect(await send(Buffer.concat([der, Buffer.alloc(1)]))).toBe(400)
    expect(await count()).toBe(before + 1)
  })
})

describe('many at once', () => {
  it('imports, new defaults and removals leave a set that is whole', async () => {
    mount = fresh('busy')
    await call(server, 204, 'POST', `sys/mounts/${mount}`, { type: 'pki' })
    const roots: { certificate: string; issuer_id: string }[] = []
    for (let i = 0; i < 4; i++) {
      const fields = { common_name: `R${i}`, key_type: 'ec', ttl: '700h', format: 'pem_bundle' }
      roots.push(await post('root/generate/exported', fields))
      await call(server, 200, 'DELETE', `${mount}/root`)
    }
    const statuses = new Set<number>()
    const run = async (method: string, path: string, body?: unknown): Promise<void> => {
      statuses.add((await server.call(method, `${mount}/${path}`, body)).status)
    }
    await Promise.all(
      Array.from({ length: 6 }, (_, round) =>
        roots.flatMap(({ certificate }, at) => [
          run('POST', 'issuers/import/bundle', { pem_bundle: certificate }),
          run('POST', 'config/issuers', { default: roots[(at + round) % 4]!.issuer_id }),
          run('POST', 'issuer/default', { issuer_name: `n${round}` }),
          run('GET', 'crl/rotate'),
        ]),
      ).flat(),
    )
    for (const status of statuses) expect([200, 400, 503]).toContain(status)
    const { keys, key_info } = (await call(server, 200, 'LIST', `${mount}/issuers`)).body.data
    expect(keys).toHaveLength(4)
    for (const id of keys) {
      expect(key_info[id].key_id).not.toBe('')
      const { crl } = (await call(server, 200, 'GET', `${mount}/issuer/${id}/crl`)).body.data
      expect(crl).toContain('BEGIN X509 CRL')
    }
    await Promise.all(keys.map((id: string) => run('DELETE', `issuer/${id}`)))
    await eventually(
      () => server.call('LIST', `${mount}/issuers`),
      ({ status }) => status === 404,
    )
  })
})
