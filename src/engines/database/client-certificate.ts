// Certificates that dynamic users log in with: a new key, signed by the authority that the role names.
// Extensions as Vault's: digital signature, client authentication, the keys' ids.
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Random } from '../../base/random.ts'
import { buildCertificate, randomSerial } from '../../crypto/x509/build-certificate.ts'
import { type Certificate, parseCertificate } from '../../crypto/x509/certificate.ts'
import { standardExtensions } from '../../crypto/x509/certificate-extensions.ts'
import { encodeName, nameText, parseName } from '../../crypto/x509/names.ts'
import { EXT_KEY_USAGE, KEY_USAGE } from '../../crypto/x509/oids.ts'
import { PEM, parsePem, toPem } from '../../crypto/x509/pem.ts'
import {
  generateKey,
  isPrivateKeyBlock,
  parsePrivateKeyBlock,
  privateKeyPem,
} from '../../crypto/x509/private-key.ts'
import { sha1KeyId } from '../../crypto/x509/public-key.ts'
import { signerOf } from '../../crypto/x509/signer.ts'
import { X509Error } from '../../crypto/x509/x509-error.ts'
import type { CertificateSettings } from './credential-settings.ts'

export interface Authority {
  readonly certificate: Certificate
  readonly key: KeyObject
}

/** The authority of the settings, or why it is none. */
export function readAuthority(
  of: Pick<CertificateSettings, 'caCert' | 'caPrivateKey'>,
): Authority | string {
  try {
    const blocks = parsePem(`${of.caCert}\n${of.caPrivateKey}`)
    const keyBlock = blocks.find(isPrivateKeyBlock)
    if (!keyBlock) return 'private key not found in the PEM bundle'
    const certificateBlock = blocks.find(({ label }) => label === PEM.certificate)
    if (!certificateBlock) return 'certificate not found in the PEM bundle'
    const certificate = parseCertificate(certificateBlock.der)
    const key = parsePrivateKeyBlock(keyBlock)
    if (!certificate.isCa) return 'the given certificate is not marked for CA use'
    const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
    if (!spki.equals(certificate.publicKey.spki)) {
      return 'public key of certificate does not match private key'
    }
    return { certificate, key }
  } catch (error) {
    if (error instanceof X509Error) return error.message
    throw error
  }
}

export interface MadeCertificate {
  /** PEM. */
  readonly certificate: string
  readonly privateKey: string
  /** As text of RFC 2253. */
  readonly subject: string
}

const NOT_BEFORE_MS = 30_000

/** `authority` is what readAuthority gave for the same settings. RSA keys are made off the main thread. */
export async function makeCertificate(
  settings: CertificateSettings,
  authority: Authority,
  of: { commonName: string; nowMs: number; expiresAtMs: number; random: Random },
): Promise<MadeCertificate> {
  const pair = await generateKey(settings.keyType, settings.keyBits)
  const issuer = authority.certificate
  const subject = encodeName({ commonName: of.commonName })
  const bits = authority.key.asymmetricKeyType === 'rsa' ? settings.signatureBits : 0
  const der = await buildCertificate(
    {
      serial: randomSerial((count) => of.random.bytes(count)),
      issuer: issuer.subject.der,
      subject,
      notBeforeMs: of.nowMs - NOT_BEFORE_MS,
      notAfterMs: of.expiresAtMs,
      spki: pair.publicKey.spki,
      extensions: standardExtensions({
        keyUsage: KEY_USAGE.DigitalSignature,
        extKeyUsages: [EXT_KEY_USAGE.ClientAuth],
        subjectKeyId: sha1KeyId(pair.publicKey),
        authorityKeyId: issuer.subjectKeyId ?? sha1KeyId(issuer.publicKey),
      }),
    },
    signerOf(authority.key, { bits }),
  )
  return {
    certificate: toPem(PEM.certificate, der),
    privateKey: privateKeyPem(pair.privateKey, 'traditional'),
    subject: nameText(parseName(subject)),
  }
}
