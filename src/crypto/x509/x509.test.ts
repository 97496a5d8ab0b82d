import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { buildCertificate, parseSerialText, serialText } from './build-certificate.ts'
import { isIssuedBy, isSelfSigned, parseCertificate } from './certificate.ts'
import { standardExtensions } from './certificate-extensions.ts'
import {
  buildCertificateRequest,
  parseCertificateRequest,
  verifyRequest,
} from './certificate-request.ts'
import type { KeyType, SignatureBits } from './key-algorithms.ts'
import { encodeName, nameText, parseName, subjectFields } from './names.ts'
import { EXT_KEY_USAGE, KEY_USAGE } from './oids.ts'
import { toPem } from './pem.ts'
import { generateKey } from './private-key.ts'
import { sha1KeyId } from './public-key.ts'
import { signerOf } from './signer.ts'

const START = Date.UTC(2026, 0, 1)
const END = Date.UTC(2056, 0, 1)
const SUBJECT = {
  country: ['AT', 'DE'],
  organization: ['Müller & Söhne'],
  organizationalUnit: ['Ops'],
  commonName: 'root.example.com',
  serialNumber: '4711',
}

const KINDS: readonly (readonly [KeyType, number, SignatureBits | 0, boolean])[] = [
  ['rsa', 2048, 0, false],
  ['rsa', 2048, 512, false],
  ['rsa', 2048, 256, true],
  ['rsa', 2048, 384, true],
  ['ec', 224, 0, false],
  ['ec', 256, 0, false],
  ['ec', 384, 0, false],
  ['ec', 521, 0, false],
  ['ed25519', 0, 0, false],
]

describe('certificates', () => {
  it.each(KINDS)(
    'a root of %s %d with %d, PSS %s reads everywhere',
    async (type, bits, hash, pss) => {
      const key = await generateKey(type, bits)
      const signer = signerOf(key.privateKey, { bits: hash, pss })
      const id = sha1KeyId(key.publicKey)
      const subject = encodeName(SUBJECT)
      const der = await buildCertificate(
        {
          serial: Buffer.from('7f00aa', 'hex'),
          issuer: subject,
          subject,
          notBeforeMs: START,
          notAfterMs: END,
          spki: key.publicKey.spki,
          extensions: standardExtensions({
            keyUsage: KEY_USAGE.CertSign | KEY_USAGE.CRLSign,
            extKeyUsages: [EXT_KEY_USAGE.ServerAuth],
            basicConstraints: { isCa: true, maxPathLength: 0 },
            subjectKeyId: id,
            authorityKeyId: id,
            ocspServers: ['http://ocsp.example.com'],
            issuingUrls: ['http://ca.example.com/ca'],
            crlDistributionPoints: ['http://crl.example.com/1', 'http://crl.example.com/2'],
            altNames: {
              dnsNames: ['a.example.com', '*.b.example.com'],
              emails: ['me@example.com'],
              ips: ['10.1.2.3', '2001:db8::1'],
              uris: ['spiffe://example.com/x'],
              otherNames: [{ oid: '1.3.6.1.4.1.311.20.2.3', value: 'user@example.com' }],
            },
            policies: [{ oid: '1.2.3.4', cps: 'https://cps', notice: 'hi' }, { oid: '2.999.1' }],
            nameConstraints: {
              permittedDnsDomains: ['example.com'],
              excludedIpRanges: ['10.0.0.0/8', '2001:db8::/33'],
            },
          }),
        },
        signer,
      )
      const theirs = new X509Certificate(der)
      expect(theirs.verify(theirs.publicKey)).toBe(true)
      expect(theirs.ca).toBe(true)
      expect(theirs.serialNumber).toBe('7F00AA')
      expect(theirs.subjectAltName).toContain('DNS:a.example.com')
      expect(theirs.toString().trim()).toBe(toPem('CERTIFICATE', der))
      const ours = parseCertificate(der)
      expect(isSelfSigned(ours)).toBe(true)
      expect(serialText(ours.serial)).toBe('7f:00:aa')
      expect([ours.notBeforeMs, ours.notAfterMs]).toEqual([START, END])
      expect(subjectFields(ours.subject)).toEqual(SUBJECT)
      expect(ours.altNames.ips).toEqual(['10.1.2.3', '2001:db8::1'])
      expect(ours.altNames.otherNames).toEqual([
        { oid: '1.3.6.1.4.1.311.20.2.3', value: 'user@example.com' },
      ])
      expect(ours.basicConstraints).toEqual({ isCa: true, maxPathLength: 0 })
      expect(ours.keyUsage).toBe(KEY_USAGE.CertSign | KEY_USAGE.CRLSign)
      expect(ours.subjectKeyId).toEqual(id)
      expect(ours.authorityKeyId).toEqual(id)
      expect(ours.crlDistributionPoints).toHaveLength(2)
      expect(ours.ocspServers).toEqual(['http://ocsp.example.com'])
      expect(ours.policies).toEqual(['1.2.3.4', '2.999.1'])
      expect(ours.nameConstraints?.excludedIpRanges).toEqual(['10.0.0.0/8', '2001:db8::/33'])
      expect(ours.publicKey.bits).toBe(bits)
      const spoiled = Buffer.from(der)
      spoiled[200]! ^= 1
      expect(() => isIssuedBy(parseCertificate(spoiled), ours)).toSatisfy((run: () => boolean) => {
        try {
          return run() === false
        } catch {
          return true
        }
      })
    },
  )

  it('signing requests carry what is asked for and prove the key', async () => {
    const key = await generateKey('ec', 256)
    const der = await buildCertificateRequest(
      {
        subject: encodeName({ commonName: 'a' }),
        extensions: standardExtensions({ altNames: { dnsNames: ['a'] }, keyUsage: 1 }),
      },
      signerOf(key.privateKey),
    )
    const request = parseCertificateRequest(der)
    expect(verifyRequest(request)).toBe(true)
    expect(request.altNames.dnsNames).toEqual(['a'])
    expect(request.keyUsage).toBe(1)
    der[der.length - 20]! ^= 1
    expect(verifyRequest(parseCertificateRequest(der))).toBe(false)
  })
})

describe('text', () => {
  it('names print as in RFC 2253', () => {
    expect(nameText(parseName(encodeName(SUBJECT)))).toBe(
      'SERIALNUMBER=4711,CN=root.example.com,OU=Ops,O=Müller & Söhne,C=AT+C=DE',
    )
  })

  it('serial numbers', () => {
    expect(serialText(Buffer.from('00aabb', 'hex'))).toBe('aa:bb')
    expect(parseSerialText('aa-bb')).toEqual(Buffer.from('aabb', 'hex'))
    expect(parseSerialText('aabb')).toEqual(Buffer.from('aabb', 'hex'))
    expect(parseSerialText('zz')).toBeNull()
  })
})
