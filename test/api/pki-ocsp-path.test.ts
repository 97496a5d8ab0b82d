// OCSP by GET (RFC 6960, A.1) over real HTTP: base64 holds slashes, which clients write as they are or encoded. Only
// that row takes them, only behind its own path, and nowhere else does any of it open a way around a path's rules.
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseSerialText } from '../../src/crypto/x509/build-certificate.ts'
import { parseCertificate } from '../../src/crypto/x509/certificate.ts'
import { buildOcspRequest } from '../../src/crypto/x509/ocsp-request.ts'
import { issuerHashes, parseOcspResponse } from '../../src/crypto/x509/ocsp-response.ts'
import { type HttpServer, startHttp } from '../support/http-server.ts'

let server: HttpServer
let certificate: ReturnType<typeof parseCertificate>

beforeAll(async () => {
  server = await startHttp()
  await server.call('POST', 'sys/namespaces/team')
  for (const mount of ['pki', 'team/pki'])
    await server.call(
      'POST',
      `sys/mounts/${mount}`.replace('sys/mounts/team/', 'team/sys/mounts/'),
      {
        type: 'pki',
      },
    )
  const fields = { common_name: 'Root', key_type: 'ec' }
  const made = await server.call('POST', 'pki/root/generate/internal', fields)
  await server.call('POST', 'team/pki/root/generate/internal', fields)
  const { data } = made.body as { data: { certificate: string } }
  certificate = parseCertificate(new X509Certificate(data.certificate).raw)
})
afterAll(() => server.close())

/** One whose base64 holds two slashes side by side. */
function askedInBase64(): string {
  const { nameHash, keyHash } = issuerHashes(certificate, 'sha1')
  const request = buildOcspRequest({
    certificates: [
      {
        hash: 'sha1',
        issuerNameHash: nameHash,
        issuerKeyHash: keyHash,
        serial: parseSerialText('7f:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff')!,
      },
    ],
  })
  const text = request.toString('base64')
  expect(text).toContain('//')
  return text
}

async function get(path: string): Promise<{ status: number; body: Buffer }> {
  const reply = await server.raw(
    `GET /v1/${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  )
  const end = reply.indexOf('\r\n\r\n') + 4
  return {
    status: Number(reply.slice(9, 12)),
    body: Buffer.from(reply.slice(end), 'latin1'),
  }
}

describe('OCSP by GET', () => {
  it('takes slashes in base64 as they are and encoded', async () => {
    const plain = askedInBase64()
    const encoded = encodeURIComponent(plain)
    const mixed = plain.replace('/', '%2f')
    for (const text of [plain, encoded, mixed]) {
      const { status, body } = await get(`pki/ocsp/${text}`)
      expect(status, text).toBe(200)
      expect(parseOcspResponse(body).statuses).toHaveLength(1)
    }
    expect((await get(`team/pki/ocsp/${encoded}`)).status).toBe(200)
  })

  it('refuses them everywhere else, and anything that could be another path', async () => {
    const encoded = encodeURIComponent(askedInBase64())
    for (const path of [
      `pki%2Focsp/${encoded}`,
      `pki/ocsp%2F${encoded}`,
      `pki//ocsp/${encoded}`,
      `/pki/ocsp/${encoded}`,
      `team%2Fpki/ocsp/${encoded}`,
      `team//pki/ocsp/${encoded}`,
      `pki/ocsp/..%2F${encoded}`,
      `pki/ocsp/a%2F..%2F..%2Fca`,
      `pki/ocsp/a//../ca`,
      `pki/ocsp/a%2F%2e%2e%2Fca`,
      `pki/ocsp/a%2Fb%00`,
      'pki/cert%2Fca',
      'pki/cert//ca',
      'pki//ca',
      'pki/ca%2fpem',
      'sys%2Fhealth',
      'sys//seal-status',
      'none%2Fx',
    ]) {
      const { status, body } = await get(path)
      expect(status, path).toBe(400)
      expect(body.toString(), path).toContain('path')
    }
    // Nothing but reading takes them.
    expect((await server.call('DELETE', 'pki/ocsp/a%2Fb')).status).toBe(400)
    expect((await server.call('POST', 'pki/ocsp/a%2Fb')).status).toBe(400)
  })

  it('is refused as any other request where more is wrong, and while sealed', async () => {
    const path = `pki/ocsp/${encodeURIComponent(askedInBase64())}`
    const headers = { 'X-Vault-Wrap-TTL': 'x' }
    expect((await server.call('GET', path, undefined, { headers })).status).toBe(400)
    await server.call('POST', 'sys/seal')
    expect((await get(path)).status).toBe(503)
  })
})
