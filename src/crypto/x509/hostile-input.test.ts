import { beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { buildCertificate } from './build-certificate.ts'
import { parseCertificate } from './certificate.ts'
import { standardExtensions } from './certificate-extensions.ts'
import {
  buildCertificateRequest,
  parseCertificateRequest,
  verifyRequest,
} from './certificate-request.ts'
import { buildCrl, CrlEntries, parseCrl, readRevoked } from './crl.ts'
import { reasonCodeExtension } from './crl-extensions.ts'
import { DerReader, readOnly } from './der-reader.ts'
import { integer, namedBits, octetString, sequence, TAG, time, tlv } from './der-writer.ts'
import { encodeName, encodeNameText, nameText, parseName } from './names.ts'
import { buildOcspRequest, parseOcspRequest } from './ocsp-request.ts'
import { decodeOid, encodeOid, isOid } from './oid-codec.ts'
import { parsePem, pemOrBase64, toPem } from './pem.ts'
import { generateKey, parsePrivateKeyDer, privateKeyDer } from './private-key.ts'
import { signerOf, verifySignature } from './signer.ts'
import { X509Error } from './x509-error.ts'

const random = seededRandom(20261124)
const pick = (below: number): number => random.bytes(4).readUInt32BE() % below
const samples: { certificate: Buffer; request: Buffer; crl: Buffer; ocsp: Buffer; key: Buffer } =
  {} as never

beforeAll(async () => {
  const key = await generateKey('ec', 256)
  const signer = signerOf(key.privateKey)
  const subject = encodeName({ commonName: 'x', organization: ['Ö'], country: ['DE'] })
  const extensions = standardExtensions({
    keyUsage: 5,
    extKeyUsages: ['1.3.6.1.5.5.7.3.1'],
    basicConstraints: { isCa: true, maxPathLength: 3 },
    subjectKeyId: Buffer.alloc(20, 1),
    authorityKeyId: Buffer.alloc(20, 1),
    altNames: {
      dnsNames: ['a.b'],
      ips: ['1.2.3.4', '::1'],
      uris: ['a:b'],
      emails: ['a@b'],
      otherNames: [{ oid: '1.2.3', value: 'o' }],
    },
    ocspServers: ['http://o'],
    crlDistributionPoints: ['http://c'],
    policies: [{ oid: '1.2.3', cps: 'c', notice: 'n' }],
    nameConstraints: { permittedIpRanges: ['10.0.0.0/8'], excludedDnsDomains: ['.z'] },
  })
  samples.certificate = await buildCertificate(
    {
      serial: Buffer.from('77aabbcc', 'hex'),
      issuer: subject,
      subject,
      notBeforeMs: 0,
      notAfterMs: Date.UTC(2060, 0),
      spki: key.publicKey.spki,
      extensions,
    },
    signer,
  )
  samples.request = await buildCertificateRequest({ subject, extensions }, signer)
  const entries = new CrlEntries()
  for (let i = 1; i < 6; i++) entries.add(Buffer.from([i]), i * 1e9, [reasonCodeExtension(i)])
  const crl = { issuer: subject, thisUpdateMs: 0, nextUpdateMs: 1e12, extensions: [] }
  samples.crl = await buildCrl(crl, entries, signer)
  const id = { hash: 'sha1' as const, issuerNameHash: subject, issuerKeyHash: subject }
  samples.ocsp = buildOcspRequest({
    certificates: [{ ...id, serial: Buffer.from([1]) }],
    nonce: Buffer.alloc(16),
  })
  samples.key = privateKeyDer(key.privateKey, 'pkcs8')
})

/** Flips, cuts, repeats, inserts and lengthens: what a hostile sender would try. */
function mutated(original: Buffer): Buffer {
  let bytes = Buffer.from(original)
  for (let n = 1 + pick(3); n > 0; n--) {
    const at = pick(bytes.length)
    const kind = pick(6)
    if (kind === 0) bytes[at] = pick(256)
    else if (kind === 1) bytes[at]! ^= 1 << pick(8)
    else if (kind === 2) bytes = bytes.subarray(0, at)
    else if (kind === 3) bytes = Buffer.concat([bytes, random.bytes(1 + pick(9))])
    else if (kind === 4) {
      const end = at + pick(20)
      bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    } else bytes[at] = [0x80, 0x84, 0xff, 0x30, 0x00, 0x7f][pick(6)]!
    if (bytes.length === 0) return bytes
  }
  return bytes
}

/** Runs it; anything thrown that is not the library's own error fails the test. */
function survives(run: () => void): boolean {
  try {
    run()
    return true
  } catch (error) {
    if (error instanceof X509Error) return false
    throw error
  }
}

const READERS: Readonly<Record<keyof typeof samples, (bytes: Buffer) => void>> = {
  certificate(bytes) {
    const certificate = parseCertificate(bytes)
    nameText(certificate.subject)
    const { signature, tbs, signatureAlgorithm: algorithm, publicKey: key } = certificate
    verifySignature({ key, algorithm, signed: tbs, signature })
  },
  request: (bytes) => void verifyRequest(parseCertificateRequest(bytes)),
  crl: (bytes) => void [...readRevoked(parseCrl(bytes).revoked)],
  ocsp: (bytes) => void parseOcspRequest(bytes),
  key: (bytes) => void parsePrivateKeyDer(bytes, 'pkcs8'),
}

describe('hostile bytes', () => {
  it.each(Object.keys(READERS) as (keyof typeof samples)[])(
    '%s: changed ones are read or refused, never anything else',
    (kind) => {
      expect(survives(() => READERS[kind](samples[kind]))).toBe(true)
      let refused = 0
      for (let i = 0; i < 4000; i++) {
        const bytes = mutated(samples[kind])
        if (!survives(() => READERS[kind](bytes))) refused++
      }
      expect(refused).toBeGreaterThan(1000)
    },
  )

  it('noise is refused quickly', () => {
    for (let i = 0; i < 3000; i++) {
      const bytes = random.bytes(1 + pick(200))
      bytes[0] = TAG.sequence
      for (const read of [READERS.certificate, READERS.crl, READERS.ocsp])
        expect(survives(() => read(bytes))).toBe(false)
    }
  })

  it('every cut of a certificate is refused', () => {
    for (let end = 0; end < samples.certificate.length; end++)
      expect(() => parseCertificate(samples.certificate.subarray(0, end))).toThrow(X509Error)
  })

  it.each([
    ['an indefinite length', '3080020101 0000'],
    ['a length that is not minimal', '308103020101'],
    ['a length beyond the end', '300502010100'],
    ['a high tag number', '3f8101020101'],
    ['trailing data', '300302010100'],
    ['a length of five bytes', '308500000000030201'],
  ])('%s is refused', (_, hex) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    expect(() => {
      const reader = readOnly(bytes)
      reader.unsigned()
      reader.end()
    }).toThrow(X509Error)
  })

  it.each(['0200', '02020001', '020180', '0203008000 '])('integer %s', (hex) => {
    const read = () => new DerReader(Buffer.from(hex.trim(), 'hex')).unsigned()
    if (hex.startsWith('0203')) expect(read()).toEqual(Buffer.from('8000', 'hex'))
    else expect(read).toThrow(X509Error)
  })

  it.each([
    '20251301000000Z',
    '20250230000000Z',
    '20250101240000Z',
    '2025010100000Z',
    '20250101000000+0100',
  ])('the time %s is refused', (text) => {
    const bytes = tlv(TAG.generalizedTime, Buffer.from(text))
    expect(() => new DerReader(bytes).time()).toThrow(X509Error)
  })

  it('deep nesting is refused', () => {
    let der = sequence()
    for (let i = 0; i < 100; i++) der = sequence(der)
    const descend = () => {
      let reader = readOnly(der)
      for (;;) reader = reader.enter()
    }
    expect(descend).toThrow('nested too deeply')
  })
})

describe('round trips', () => {
  it('object identifiers of any arcs', () => {
    const fixed = ['2.5.29.17', '1.2.840.113549.1.1.11', '0.39', '2.999.3', '1.0']
    fixed.push('2.25.329800735698586629295641978511506172918')
    for (let i = 0; i < 2000; i++) {
      const arcs = Array.from({ length: 1 + pick(8) }, () => pick(2 ** 31) >>> pick(31))
      fixed.push(`${1}.${pick(40)}.${arcs.join('.')}`)
    }
    for (const dotted of fixed) expect(decodeOid(encodeOid(dotted))).toBe(dotted)
    for (const text of ['', '1', '3.1', '1.40', '1.02', '1..2', '1.2.', '1.2.x', '0.99'])
      expect(isOid(text)).toBe(false)
  })

  it('times', () => {
    for (let i = 0; i < 2000; i++) {
      const at = (pick(2 ** 31) - 2 ** 30) * 4000
      expect(new DerReader(time(at)).time()).toBe(at)
    }
    expect(new DerReader(time(Date.UTC(9999, 11, 31, 23, 59, 59))).time()).toBe(253402300799000)
    expect(() => time(Number.NaN)).toThrow(X509Error)
  })

  it('elements of every length class', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65535, 65536, 70000]) {
      const bytes = random.bytes(length)
      expect(new DerReader(octetString(bytes)).octets()).toEqual(bytes)
    }
    expect(integer(128)).toEqual(Buffer.from('02020080', 'hex'))
    expect(integer(Buffer.from('0000', 'hex'))).toEqual(Buffer.from('020100', 'hex'))
    expect(namedBits(0x60)).toEqual(Buffer.from('0106', 'hex'))
    expect(namedBits(0x180)).toEqual(Buffer.from('070180', 'hex'))
  })

  it.each([
    ['CN=a\\,b\\+c,O=\\#x\\ ', 'CN=a\\,b\\+c,O=\\#x\\ '],
    ['cn = plain , o=y', 'CN=plain,O=y'],
    ['CN=L\\C3\\BCbeck+OU=x,C=DE', 'OU=x+CN=Lübeck,C=DE'],
    ['UID=me', '0.9.2342.19200300.100.1.1=#13026d65'],
    ['', ''],
  ])('the name %s', (text, back) => {
    expect(nameText(parseName(encodeNameText(text)))).toBe(back)
  })

  it.each(['x', '=x', 'CN=a,b', '9.9=x', 'CN=#zz'])('the name %s is refused', (text) => {
    expect(() => encodeNameText(text)).toThrow(X509Error)
  })

  it('PEM bundles, with text around them', () => {
    const blocks = [random.bytes(48), random.bytes(1), random.bytes(1000)]
    const text = blocks.map((der, i) => `note ${i}\r\n${toPem('CERTIFICATE', der)}`).join('\r\n')
    expect(parsePem(text).map((block) => block.der)).toEqual(blocks)
    expect(pemOrBase64(blocks[0]!.toString('base64'))).toEqual(blocks[0])
    expect(pemOrBase64('!')).toBeNull()
    for (const bad of ['-----BEGIN A-----\nAAAA', '-----BEGIN A-----\n!!\n-----END A-----'])
      expect(() => parsePem(bad)).toThrow(X509Error)
    const many = toPem('A', Buffer.from('x')).concat('\n').repeat(513)
    expect(() => parsePem(many)).toThrow('too many')
  })
})
