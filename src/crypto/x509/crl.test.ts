import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildCertificate } from './build-certificate.ts'
import { type Certificate, isSignedBy, parseCertificate } from './certificate.ts'
import { authorityKeyIdExtension, standardExtensions } from './certificate-extensions.ts'
import { buildCrl, CrlEntries, parseCrl, readRevoked } from './crl.ts'
import {
  crlNumberExtension,
  decodeCrlNumber,
  deltaIndicatorExtension,
  invalidityDateExtension,
  issuingDistributionPointExtension,
  reasonCodeExtension,
} from './crl-extensions.ts'
import { encodeName } from './names.ts'
import { buildOcspRequest, parseOcspRequest } from './ocsp-request.ts'
import {
  buildOcspResponse,
  isOfIssuer,
  issuerHashes,
  OCSP_ERROR,
  parseOcspResponse,
} from './ocsp-response.ts'
import { OID } from './oids.ts'
import { PEM, toPem } from './pem.ts'
import { generateKey } from './private-key.ts'
import { sha1KeyId } from './public-key.ts'
import { type Signer, signerOf } from './signer.ts'

const NOW = Date.now()
const DAY = 24 * 3600 * 1000
let folder: string
let signer: Signer
let issuer: Certificate
let leaf: Certificate

async function certificateOf(serial: string, isCa: boolean): Promise<Certificate> {
  const key = isCa ? null : await generateKey('ec', 256)
  const publicKey = key?.publicKey ?? signer.publicKey
  const parts = {
    serial: Buffer.from(serial, 'hex'),
    issuer: encodeName({ commonName: 'CA' }),
    subject: encodeName({ commonName: isCa ? 'CA' : 'leaf' }),
    notBeforeMs: NOW - DAY,
    notAfterMs: NOW + DAY,
    spki: publicKey.spki,
    extensions: standardExtensions({
      keyUsage: isCa ? 0x60 : 1,
      basicConstraints: { isCa },
      subjectKeyId: sha1KeyId(publicKey),
      authorityKeyId: sha1KeyId(signer.publicKey),
      crlDistributionPoints: ['http://crl.example.com'],
    }),
  }
  return parseCertificate(await buildCertificate(parts, signer))
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'strongroom-crl-'))
  signer = signerOf((await generateKey('ec', 256)).privateKey)
  issuer = await certificateOf('01', true)
  leaf = await certificateOf('0badcafe', false)
  writeFileSync(join(folder, 'ca.pem'), toPem(PEM.certificate, issuer.der))
  writeFileSync(join(folder, 'leaf.pem'), toPem(PEM.certificate, leaf.der))
})
afterAll(() => rmSync(folder, { recursive: true }))

function openssl(...args: string[]): string {
  const run = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  if (run.error) throw new Error('this test needs openssl: apt-get install openssl')
  return run.stdout + run.stderr
}

const listOf = (entries: CrlEntries, extensions: Buffer[] = []): Promise<Buffer> =>
  buildCrl(
    {
      issuer: issuer.subject.der,
      thisUpdateMs: NOW,
      nextUpdateMs: NOW + DAY,
      extensions: [
        authorityKeyIdExtension(sha1KeyId(signer.publicKey)),
        crlNumberExtension(258),
        ...extensions,
      ],
    },
    entries,
    signer,
  )

describe('revocation lists', () => {
  it('are read by OpenSSL, which refuses what they hold', async () => {
    const entries = new CrlEntries()
    entries.add(leaf.serial, NOW, [reasonCodeExtension(1), invalidityDateExtension(NOW)])
    const der = await listOf(entries, [
      issuingDistributionPointExtension({ urls: ['http://crl.example.com'] }),
    ])
    writeFileSync(join(folder, 'crl.pem'), toPem(PEM.crl, der))
    const text = openssl('crl', '-in', 'crl.pem', '-CAfile', 'ca.pem', '-noout', '-text')
    expect(text).toContain('verify OK')
    expect(text).toContain('0BADCAFE')
    expect(text).toContain('Key Compromise')
    expect(text).toContain('http://crl.example.com')
    const check = openssl(
      ...['verify', '-crl_check', '-extended_crl', '-CAfile', 'ca.pem'],
      ...['-CRLfile', 'crl.pem', 'leaf.pem'],
    )
    expect(check).toContain('certificate revoked')
  })

  it('empty ones and deltas too', async () => {
    const der = await listOf(new CrlEntries(), [deltaIndicatorExtension(257)])
    writeFileSync(join(folder, 'delta.pem'), toPem(PEM.crl, der))
    const text = openssl('crl', '-in', 'delta.pem', '-CAfile', 'ca.pem', '-noout', '-text')
    expect(text).toContain('verify OK')
    expect(text).toContain('No Revoked Certificates')
    expect(text).toContain('Delta CRL Indicator: critical')
    const crl = parseCrl(der)
    expect(isSignedBy(crl, issuer.publicKey)).toBe(true)
    const number = crl.extensions.find((one) => one.oid === OID.crlNumber)!
    expect(decodeCrlNumber(number.value)).toEqual(Buffer.from('0102', 'hex'))
  })

  it('every entry comes back as it was added, serial numbers of any length', async () => {
    const entries = new CrlEntries()
    const serials = Array.from({ length: 20_000 }, (_, i) => {
      const length = 1 + (i % 20)
      const serial = Buffer.alloc(length, i)
      serial[0] = i % 3 === 0 ? 0x80 : (i & 0x7f) | 1
      return serial
    })
    for (const [i, serial] of serials.entries()) entries.add(serial, NOW - i * 1000)
    const crl = parseCrl(await listOf(entries))
    const back = [...readRevoked(crl.revoked)]
    expect(back.map((entry) => entry.serial.toString('hex'))).toEqual(
      serials.map((serial) => serial.toString('hex')),
    )
    expect(back.map((entry) => entry.revokedAtMs)).toEqual(
      serials.map((_, i) => Math.floor((NOW - i * 1000) / 1000) * 1000),
    )
  })

  it('100,000 entries cost less than two seconds', async () => {
    const entries = new CrlEntries()
    const serial = Buffer.alloc(20, 0x55)
    const before = process.cpuUsage()
    for (let i = 0; i < 100_000; i++) {
      serial.writeUInt32BE(i, 4)
      entries.add(serial, NOW - (i % 977) * 1000)
    }
    const der = await listOf(entries)
    const used = process.cpuUsage(before)
    expect(der.length).toBeGreaterThan(3_000_000)
    expect((used.user + used.system) / 1000).toBeLessThan(2000)
  })
})

describe('OCSP', () => {
  const idOf = (hash: 'sha1' | 'sha256', serial: Buffer) => {
    const { nameHash, keyHash } = issuerHashes(issuer, hash)
    return { hash, issuerNameHash: nameHash, issuerKeyHash: keyHash, serial }
  }

  it.each(['sha1', 'sha256'] as const)('answers OpenSSL, which asks by %s', async (hash) => {
    openssl(
      ...['ocsp', `-${hash}`, '-issuer', 'ca.pem', '-cert', 'leaf.pem'],
      ...['-serial', '77', '-reqout', 'req.der'],
    )
    const request = parseOcspRequest(readFileSync(join(folder, 'req.der')))
    expect(request.certificates).toHaveLength(2)
    expect(request.certificates.every((id) => isOfIssuer(id, issuer))).toBe(true)
    expect(request.nonce).not.toBeNull()
    const response = await buildOcspResponse(
      {
        responder: issuer.subject.der,
        producedAtMs: NOW,
        nonce: request.nonce,
        responses: request.certificates.map((id) => ({
          id,
          is: id.serial.equals(leaf.serial)
            ? { status: 'revoked' as const, revokedAtMs: NOW, reason: 1 }
            : { status: 'good' as const },
          thisUpdateMs: NOW,
          nextUpdateMs: NOW + DAY,
        })),
      },
      signer,
    )
    writeFileSync(join(folder, 'resp.der'), response)
    const text = openssl(
      ...[
        'ocsp',
        `-${hash}`,
        '-no_nonce',
        '-respin',
        'resp.der',
        '-reqin',
        'req.der',
        '-issuer',
        'ca.pem',
      ],
      ...['-CAfile', 'ca.pem', '-cert', 'leaf.pem', '-serial', '77'],
    )
    expect(text).toContain('Response verify OK')
    expect(text).not.toContain('nonce')
    expect(text).toContain('leaf.pem: revoked')
    expect(text).toContain('77: good')
  })

  it('reads what it writes', async () => {
    const nonce = Buffer.from('0123456789abcdef')
    const asked = buildOcspRequest({
      certificates: [idOf('sha256', Buffer.from([1])), idOf('sha1', leaf.serial)],
      nonce,
    })
    const request = parseOcspRequest(asked)
    const der = await buildOcspResponse(
      {
        responder: issuer.subject.der,
        producedAtMs: NOW,
        nonce: request.nonce,
        responses: request.certificates.map((id) => ({
          id,
          is: { status: 'unknown' as const },
          thisUpdateMs: NOW,
          nextUpdateMs: null,
        })),
      },
      signer,
    )
    const back = parseOcspResponse(der)
    expect(back.isSignedBy(issuer.publicKey)).toBe(true)
    expect(back.statuses).toEqual([
      { serial: Buffer.from([1]), is: { status: 'unknown' } },
      { serial: leaf.serial, is: { status: 'unknown' } },
    ])
    expect(back.nonce).toEqual(request.nonce)
    expect(parseOcspResponse(OCSP_ERROR.unauthorized).status).toBe(6)
  })

  it('refuses more than it should answer', () => {
    const many = Array.from({ length: 21 }, () => idOf('sha1', Buffer.from([1])))
    expect(() => parseOcspRequest(buildOcspRequest({ certificates: many }))).toThrow('too much')
    expect(() => parseOcspRequest(buildOcspRequest({ certificates: [] }))).toThrow('nothing')
    const nonce = Buffer.alloc(33)
    const long = buildOcspRequest({ certificates: many.slice(0, 1), nonce })
    expect(() => parseOcspRequest(long)).toThrow('nonce')
  })
})
