// sprig's certificates: authorities, self-signed and signed ones, each with its key. Their contents are those that
// sprig gives them: usages, a random serial number, validity in days from now. Made while the template runs.
import { type KeyObject, sign } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { encodeTbsCertificate } from '../crypto/x509/build-certificate.ts'
import { type Certificate, parseCertificate } from '../crypto/x509/certificate.ts'
import { standardExtensions } from '../crypto/x509/certificate-extensions.ts'
import { bitString, sequence } from '../crypto/x509/der-writer.ts'
import { ipBytes, ipText } from '../crypto/x509/ip-bytes.ts'
import { signatureAlgorithm } from '../crypto/x509/key-algorithms.ts'
import { encodeName } from '../crypto/x509/names.ts'
import { EXT_KEY_USAGE, KEY_USAGE } from '../crypto/x509/oids.ts'
import { toPem } from '../crypto/x509/pem.ts'
import { publicKeyOf, sha256KeyId } from '../crypto/x509/public-key.ts'
import { keyKindOf } from '../crypto/x509/signer.ts'
import { X509Error } from '../crypto/x509/x509-error.ts'
import { byteStringOf, fromByteString } from './byte-strings.ts'
import { decodeBase64 } from './decode-text.ts'
import { valueText } from './format-values.ts'
import type { GoType } from './go-types.ts'
import {
  type FunctionTable,
  GoList,
  GoStruct,
  type GoValue,
  type Rendering,
  type TemplateFunction,
} from './go-values.ts'
import { firstBlock, newRsaKey, privateKeyFromPem, privateKeyText } from './private-keys.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

const CERTIFICATE: GoType = { name: 'sprig.certificate', kind: 'struct' }
/** Bits of the key usage: signatures and key encipherment, for authorities also certificates. */
const USAGE = KEY_USAGE.DigitalSignature | KEY_USAGE.KeyEncipherment
const AUTHORITY_USAGE = USAGE | KEY_USAGE.CertSign
const RSA_BITS = 2048
const DAY_MS = 24 * 3600 * 1000
/** Making an RSA key takes some 100 ms: a rendering may make a few dozen. */
const KEY_STEPS = 200_000

interface Request {
  readonly commonName: string
  readonly ips: GoValue
  readonly names: GoValue
  readonly days: number
  readonly isCa: boolean
}
interface Issuer {
  readonly subject: Uint8Array
  readonly key: KeyObject
  readonly keyId: Uint8Array | null
}

const pair = (cert: string, key: string): GoStruct =>
  new GoStruct(
    CERTIFICATE,
    new Map([
      ['Cert', cert],
      ['Key', key],
    ]),
  )

function texts(list: GoValue, refuse: (value: GoValue) => string): string[] {
  const items = list instanceof GoList ? list.items : []
  return items.map((item) => {
    if (typeof item !== 'string') throw new FunctionError(refuse(item))
    return fromByteString(item)
  })
}

function certificateOf(pem: string, what: string): Certificate {
  const block = firstBlock(fromByteString(pem))
  if (!block) throw new FunctionError('unable to decode certificate')
  try {
    return parseCertificate(block.der)
  } catch (error) {
    if (!(error instanceof X509Error)) throw error
    throw new FunctionError(`error parsing certificate: ${what}: ${error.message}`)
  }
}

function keyOf(pem: string, prefix: string): KeyObject {
  try {
    return privateKeyFromPem(fromByteString(pem))
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    throw new FunctionError(`${prefix}: ${error.message}`)
  }
}

/** A certificate given as base64 of PEM, checked and answered with its key. */
function custom(cert64: string, key64: string): GoStruct {
  const decoded = (text: string, what: string): string => {
    try {
      return byteStringOf(decodeBase64(text))
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error
      throw new FunctionError(`unable to decode base64 ${what}`)
    }
  }
  const cert = decoded(cert64, 'certificate')
  const key = decoded(key64, 'private key')
  certificateOf(cert, 'decodedCert.Bytes')
  keyOf(key, 'error parsing private key')
  return pair(cert, key)
}

class CertificateMaker {
  private readonly random: Random
  private readonly clock: Clock

  constructor(random: Random, clock: Clock) {
    this.random = random
    this.clock = clock
  }

  /** Signed by the issuer, or by itself where there is none. */
  make(of: Request, key: KeyObject, issuer: Issuer | null, rendering: Rendering): GoStruct {
    const ips = texts(of.ips, (value) => {
      return `error parsing ip: ${valueText(value, rendering)} is not a string`
    }).map((text) => {
      const bytes = ipBytes(text)
      if (!bytes) throw new FunctionError(`error parsing ip: ${text}`)
      return ipText(bytes)
    })
    const dnsNames = texts(of.names, (value) => {
      return `error processing alternate dns name: ${valueText(value, rendering)} is not a string`
    })
    try {
      const der = this.sign(of, { ips, dnsNames }, key, issuer)
      return pair(`${toPem('CERTIFICATE', der)}\n`, privateKeyText(key))
    } catch (error) {
      if (!(error instanceof X509Error)) throw error
      throw new FunctionError(`error creating certificate: ${error.message}`)
    }
  }

  private sign(
    of: Request,
    altNames: { ips: string[]; dnsNames: string[] },
    key: KeyObject,
    issuer: Issuer | null,
  ): Buffer {
    const publicKey = publicKeyOf(key)
    const subject = encodeName({ commonName: fromByteString(of.commonName) })
    const signer = issuer?.key ?? key
    const kind = keyKindOf(signer)
    const algorithm =
      kind && signatureAlgorithm({ keyType: kind.type, keyBits: kind.bits, bits: 0, pss: false })
    if (!algorithm) throw new FunctionError('error creating certificate: unsupported private key')
    const now = this.clock.now()
    const tbs = encodeTbsCertificate(
      {
        serial: this.random.bytes(16),
        issuer: issuer?.subject ?? subject,
        subject,
        notBeforeMs: now,
        notAfterMs: now + of.days * DAY_MS,
        spki: publicKey.spki,
        extensions: standardExtensions({
          keyUsage: of.isCa ? AUTHORITY_USAGE : USAGE,
          extKeyUsages: [EXT_KEY_USAGE.ServerAuth, EXT_KEY_USAGE.ClientAuth],
          basicConstraints: { isCa: of.isCa },
          ...(of.isCa ? { subjectKeyId: sha256KeyId(publicKey) } : {}),
          ...(issuer?.keyId ? { authorityKeyId: issuer.keyId } : {}),
          altNames,
          isSubjectEmpty: of.commonName === '',
        }),
      },
      algorithm.der,
    )
    return sequence(tbs, algorithm.der, bitString(sign(algorithm.hash, tbs, signer)))
  }
}

function issuerOf(ca: GoValue): Issuer {
  const fields = (ca as GoStruct).fields
  const cert = certificateOf(fields.get('Cert') as string, 'decodedSignerCert.Bytes')
  const key = keyOf(fields.get('Key') as string, 'error parsing private key')
  return { subject: cert.subject.der, key, keyId: cert.subjectKeyId }
}

export function certificateFunctions(sources: { random: Random; clock: Clock }): FunctionTable {
  const maker = new CertificateMaker(sources.random, sources.clock)
  const fresh = (rendering: Rendering): KeyObject => {
    rendering.spend(KEY_STEPS)
    return newRsaKey(RSA_BITS)
  }
  const given = (pem: GoValue): KeyObject => keyOf(pem as string, 'parsing private key')
  const request = ([commonName, ips, names, days]: readonly GoValue[]): Request => ({
    commonName: commonName as string,
    ips,
    names,
    days: Number(days),
    isCa: false,
  })
  const authority = ([commonName, days]: readonly GoValue[]): Request => ({
    commonName: commonName as string,
    ips: null,
    names: null,
    days: Number(days),
    isCa: true,
  })
  const withIssuer = (signature: string, call: TemplateFunction['call']): TemplateFunction => {
    const made = goFunction(signature, call)
    const params = [...made.params]
    params[4] = CERTIFICATE
    return { ...made, params }
  }
  return functionTable({
    buildCustomCert: goFunction('string, string', ([cert, key]) =>
      custom(cert as string, key as string),
    ),
    genCA: goFunction('string, int', (args, of) =>
      maker.make(authority(args), fresh(of), null, of),
    ),
    genCAWithKey: goFunction('string, int, string', (args, of) =>
      maker.make(authority(args), given(args[2]), null, of),
    ),
    genSelfSignedCert: goFunction('string, list, list, int', (args, of) =>
      maker.make(request(args), fresh(of), null, of),
    ),
    genSelfSignedCertWithKey: goFunction('string, list, list, int, string', (args, of) =>
      maker.make(request(args), given(args[4]), null, of),
    ),
    genSignedCert: withIssuer('string, list, list, int, any', (args, of) =>
      maker.make(request(args), fresh(of), issuerOf(args[4]), of),
    ),
    genSignedCertWithKey: withIssuer('string, list, list, int, any, string', (args, of) =>
      maker.make(request(args), given(args[5]), issuerOf(args[4]), of),
    ),
  })
}
