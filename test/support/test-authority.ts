// A certificate authority of a test's own, made in it, and what it signs.

import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import { buildCertificate, randomSerial } from '../../src/crypto/x509/build-certificate.ts'
import { standardExtensions } from '../../src/crypto/x509/certificate-extensions.ts'
import { encodeName } from '../../src/crypto/x509/names.ts'
import { KEY_USAGE } from '../../src/crypto/x509/oids.ts'
import { PEM, toPem } from '../../src/crypto/x509/pem.ts'
import { generateKey, privateKeyPem } from '../../src/crypto/x509/private-key.ts'
import { sha1KeyId } from '../../src/crypto/x509/public-key.ts'
import { signerOf } from '../../src/crypto/x509/signer.ts'

export interface TestKeyPair {
  /** PEM. */
  readonly certificate: string
  readonly privateKey: string
}

export interface TestAuthority extends TestKeyPair {
  /** A certificate of a server or client with these alternative names. */
  sign(commonName: string, names?: { dnsNames?: string[]; ips?: string[] }): Promise<TestKeyPair>
}

const DAY_MS = 86_400_000

export async function testAuthority(name = 'Test authority'): Promise<TestAuthority> {
  const key = await generateKey('ec', 256)
  const signer = signerOf(key.privateKey)
  const issuer = encodeName({ commonName: name })
  const keyId = sha1KeyId(key.publicKey)
  const now = systemClock.now()
  const common = {
    issuer,
    notBeforeMs: now - DAY_MS,
    notAfterMs: now + 30 * DAY_MS,
  }
  const serial = (): Buffer => randomSerial((count) => systemRandom.bytes(count))
  const own = await buildCertificate(
    {
      ...common,
      serial: serial(),
      subject: issuer,
      spki: key.publicKey.spki,
      extensions: standardExtensions({
        keyUsage: KEY_USAGE.CertSign | KEY_USAGE.CRLSign,
        basicConstraints: { isCa: true },
        subjectKeyId: keyId,
      }),
    },
    signer,
  )
  return {
    certificate: toPem(PEM.certificate, own),
    privateKey: privateKeyPem(key.privateKey, 'pkcs8'),
    async sign(commonName, names = {}) {
      const pair = await generateKey('ec', 256)
      const der = await buildCertificate(
        {
          ...common,
          serial: serial(),
          subject: encodeName({ commonName }),
          spki: pair.publicKey.spki,
          extensions: standardExtensions({
            keyUsage: KEY_USAGE.DigitalSignature,
            authorityKeyId: keyId,
            altNames: { dnsNames: names.dnsNames ?? [], ips: names.ips ?? [] },
          }),
        },
        signer,
      )
      return {
        certificate: toPem(PEM.certificate, der),
        privateKey: privateKeyPem(pair.privateKey, 'pkcs8'),
      }
    },
  }
}
