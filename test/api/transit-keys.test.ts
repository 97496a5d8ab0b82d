// The types of keys beyond those of OpenBao, what reading and listing show, certificates, the forms of import,
// and the commands that import.
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Logs } from '../../src/base/log.ts'
import { dispatch } from '../../src/cli/dispatch.ts'
import { environment } from '../../src/cli/environment.ts'
import { buildCertificate } from '../../src/crypto/x509/build-certificate.ts'
import { basicConstraintsExtension } from '../../src/crypto/x509/certificate-extensions.ts'
import {
  buildCertificateRequest,
  parseCertificateRequest,
  verifyRequest,
} from '../../src/crypto/x509/certificate-request.ts'
import { encodeName, nameText } from '../../src/crypto/x509/names.ts'
import { PEM, parsePem, toPem } from '../../src/crypto/x509/pem.ts'
import { signerOf } from '../../src/crypto/x509/signer.ts'
import { apiHandler } from '../../src/http/api-handler.ts'
import { type Listener, listen } from '../../src/http/listener.ts'
import { call } from '../support/api-steps.ts'
import { type InProcess, startInProcess } from '../support/in-process.ts'

let server: InProcess
const INPUT = Buffer.from('a message').toString('base64')

beforeAll(async () => {
  server = await startInProcess()
  await call(server, 204, 'POST', 'sys/mounts/transit', { type: 'transit' })
})
afterAll(() => server.close())

const post = (path: string, body: unknown = {}, status = 200) =>
  call(server, status, 'POST', `transit/${path}`, body)
const get = (path: string, status = 200) => call(server, status, 'GET', `transit/${path}`)

describe('key types', () => {
  const isNew = Number(process.versions.node.split('.')[0]) >= 24

  it.each([
    ['ml-dsa', '65', 3309],
    ['ml-dsa', '44', 2420],
    ['slh-dsa', 'slh-dsa-sha2-128f', 17088],
  ])('%s %s is there where Node has it, else a clear 400', async (type, set, bytes) => {
    const name = `pq-${set}`
    const fields = { type, parameter_set: set, exportable: true, allow_plaintext_backup: true }
    const made = await server.call('POST', `transit/keys/${name}`, fields)
    if (!isNew) {
      expect(made.status).toBe(400)
      expect(made.body.errors[0]).toContain('not supported by the Node.js')
      await get(`keys/${name}`, 404)
      return
    }
    expect(made.body.data.keys['1'].public_key).toContain('BEGIN PUBLIC KEY')
    const { signature } = (await post(`sign/${name}`, { input: INPUT })).body.data
    expect(Buffer.from(signature.split(':')[2], 'base64')).toHaveLength(bytes)
    const { backup } = (await get(`backup/${name}`)).body.data
    await post(`restore/${name}-copy`, { backup }, 204)
    const valid = await post(`verify/${name}-copy`, { input: INPUT, signature })
    expect(valid.body.data.valid).toBe(true)
    const forged = await post(`verify/${name}-copy`, { input: 'AAAA', signature })
    expect(forged.body.data.valid).toBe(false)
  })

  it('that are not served are refused', async () => {
    for (const type of ['managed_key', 'hybrid', 'aes-256', ''])
      await post('keys/unknown', { type }, 400)
    await post('keys/unknown', { type: 'ml-dsa', parameter_set: '64' }, 400)
    await post('keys/unknown', { type: 'ml-dsa' }, 400)
    await post('keys/unknown', { parameter_set: '65' }, 400)
    await get('keys/unknown', 404)
  })

  it('say that a key existed, and give hmac keys a length', async () => {
    await post('keys/twice', { type: 'hmac' })
    const again = await post('keys/twice', { type: 'ed25519' })
    expect(again.body.warnings).toEqual(['key twice already existed'])
    expect(again.body.data).toMatchObject({ type: 'hmac', key_size: 32 })
  })

  it('are listed without the wrapping key, in pages', { timeout: 60_000 }, async () => {
    await get('wrapping_key')
    for (const name of ['list-a', 'list-b', 'list-c']) await post(`keys/${name}`)
    const list = async (query: Record<string, string>) =>
      (await call(server, 200, 'LIST', 'transit/keys', undefined, { query })).body.data.keys
    expect(await list({ after: 'list-', limit: '2' })).toEqual(['list-a', 'list-b'])
    expect(await list({ after: 'list-b', limit: '1' })).toEqual(['list-c'])
    expect((await list({})).join()).not.toContain('import')
  })
})

describe('imports', () => {
  it('take one form of a key', async () => {
    const both = { ciphertext: 'AAAA', public_key: 'x', type: 'rsa-2048' }
    const refused = await post('keys/both/import', both, 400)
    expect(refused.body.errors[0]).toContain('only one of the following fields')
    await post('keys/neither/import', { type: 'hmac' }, 400)
    await post('keys/neither/import', { type: 'ed25519', derived: true, public_key: 'x' }, 400)
    await get('keys/both', 404)
  })
})

describe('certificates', () => {
  it.each(['ecdsa-p256', 'ed25519', 'rsa-2048'])('of a %s key', async (type) => {
    const name = `cert-${type}`
    await post(`keys/${name}`, { type })
    const empty = (await post(`keys/${name}/csr`)).body.data.csr as string
    const first = parseCertificateRequest(parsePem(empty)[0]!.der)
    expect(verifyRequest(first)).toBe(true)
    // Its subject and extensions come from the template, its key never does.
    await post(`keys/${name}-2`, { type })
    const other = (await post(`keys/${name}-2/csr`, { csr: empty })).body.data.csr as string
    const second = parseCertificateRequest(parsePem(other)[0]!.der)
    expect(verifyRequest(second)).toBe(true)
    expect(second.publicKey.spki.equals(first.publicKey.spki)).toBe(false)
    expect(nameText(second.subject)).toBe('')
  })

  it('are kept with the version whose key they are about', async () => {
    const authority = signerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
    const issuer = encodeName({ commonName: 'root.example' })
    const certify = async (subject: Buffer, spki: Uint8Array, isCa: boolean): Promise<string> => {
      const der = await buildCertificate(
        {
          ...{ serial: Buffer.of(7), issuer, subject, spki },
          ...{ notBeforeMs: Date.UTC(2026, 0), notAfterMs: Date.UTC(2036, 0) },
          extensions: [basicConstraintsExtension(isCa)],
        },
        authority,
      )
      return toPem(PEM.certificate, der)
    }
    const root = await certify(issuer, authority.publicKey.spki, true)
    await post('keys/leaf', { type: 'ecdsa-p256' })
    // The template's names and extensions are taken over, its key is not.
    const extension = basicConstraintsExtension(false)
    const subject = encodeName({ commonName: 'leaf.example', organization: ['Example'] })
    const template = await buildCertificateRequest({ subject, extensions: [extension] }, authority)
    const sent = { csr: toPem(PEM.request, template) }
    const { csr } = (await post('keys/leaf/csr', sent)).body.data
    const request = parseCertificateRequest(parsePem(csr)[0]!.der)
    expect(verifyRequest(request)).toBe(true)
    expect(request.subject.der).toEqual(subject)
    expect(request.basicConstraints?.isCa).toBe(false)
    expect(request.publicKey.spki).not.toEqual(authority.publicKey.spki)
    const leaf = await certify(subject, request.publicKey.spki, false)
    const chain = `${leaf}\n${root}`
    await post('keys/leaf/set-certificate', { certificate_chain: chain })
    const shown = (await get('keys/leaf')).body.data.keys['1'].certificate_chain as string
    expect(new X509Certificate(shown).subject).toContain('CN=leaf.example')
    expect(shown.match(/BEGIN/g)).toHaveLength(2)
    const exported = await get('export/certificate-chain/leaf')
    expect(exported.body.data.keys['1']).toBe(shown)
    await post('keys/leaf/rotate')
    const words = async (body: object) =>
      (await post('keys/leaf/set-certificate', body, 400)).body.errors[0]
    expect(await words({ certificate_chain: chain })).toContain('does not match the selected')
    expect(await words({ certificate_chain: root })).toContain('not a valid leaf')
    expect(await words({ certificate_chain: `${leaf}\n${leaf}` })).toContain('not a valid CA')
    const hostile = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----'
    expect(await words({ certificate_chain: hostile })).toContain('could not parse')
  })
})

describe('the command', () => {
  let listener: Listener
  beforeAll(async () => {
    const log = new Logs({ level: 'error', format: 'standard', sink: { write: () => {} } }).of('')
    const { handler, refused } = apiHandler(server.host)
    const at = { host: '127.0.0.1', port: 0 }
    listener = await listen({ name: 'tcp', address: at, handler, refused, clock: systemClock, log })
  })
  afterAll(() => listener.close(1000))

  async function run(line: string) {
    let stdout = ''
    let stderr = ''
    const env = environment('strongroom', {
      STRONGROOM_ADDR: `http://${listener.address}`,
      STRONGROOM_TOKEN: server.rootToken,
      STRONGROOM_CONFIG_PATH: '/nowhere',
    })
    const code = await dispatch(line.split(' '), env, {
      stdout: { write: (text) => void (stdout += text) },
      stderr: { write: (text) => void (stderr += text) },
    })
    return { code, stdout, stderr }
  }

  it('imports keys and versions, wrapped', { timeout: 60_000 }, async () => {
    const key = Buffer.alloc(32, 9).toString('base64')
    const made = await run(`transit import transit/keys/by-hand ${key} exportable=true`)
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toMatch(/Retrieving wrapping key[\s\S]*Success!\n$/)
    const next = Buffer.alloc(32, 8).toString('base64')
    const more = `transit import-version transit/keys/by-hand ${next} hash_function=SHA512`
    expect((await run(more)).code).toBe(0)
    const { keys } = (await get('export/encryption-key/by-hand')).body.data
    expect(keys).toEqual({ 1: key, 2: next })
  })

  it.each([
    ['transit import transit/keys/x', 1, 'Not enough arguments'],
    ['transit import transit/x AAAA', 1, 'expected transit path and key name'],
    ['transit import transit/keys/x !!', 1, 'error base64 decoding'],
    ['transit import transit/keys/x @/no/such/file', 1, 'error reading key material file'],
    ['transit import transit/keys/x AAAA hash_function=MD5', 1, 'unknown hash function'],
    ['transit import nothing/keys/x AAAA', 3, 'failed to fetch wrapping key'],
    ['transit import transit/keys/x AAAA', 3, 'failed to call import'],
  ])('%s fails in words', { timeout: 60_000 }, async (line, code, words) => {
    const ran = await run(line)
    expect(ran.code).toBe(code)
    expect(ran.stderr).toContain(words)
    expect(ran.stderr).not.toContain('!!')
  })
})
