// Makes the certificates of CAs: self-signed roots, requests for intermediates, and intermediates signed by an
// issuer of the mount.
import type { KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { buildCertificate, randomSerial } from '../../crypto/x509/build-certificate.ts'
import {
  altNamesExtension,
  basicConstraintsExtension,
} from '../../crypto/x509/certificate-extensions.ts'
import {
  buildCertificateRequest,
  type CertificateRequest,
} from '../../crypto/x509/certificate-request.ts'
import { type AltNames, hasAltNames } from '../../crypto/x509/general-names.ts'
import type { NameConstraints } from '../../crypto/x509/name-constraints.ts'
import { encodeName } from '../../crypto/x509/names.ts'
import { KEY_USAGE } from '../../crypto/x509/oids.ts'
import { sha1KeyId } from '../../crypto/x509/public-key.ts'
import { signerOf } from '../../crypto/x509/signer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { extensionsOf, fixedParts } from './certificate-parts.ts'
import { builtOr400 } from './from-request.ts'
import type { AiaUrls } from './issuer-record.ts'
import type { IssuingCa } from './issuing-ca.ts'
import type { CaValues, Constraints, UsageValues } from './request-fields.ts'
import { type RequestedNames, requestedNames } from './requested-names.ts'
import type { Role } from './role-fields.ts'
import { extKeyUsageOids, keyUsageMask } from './usages.ts'
import { validityOf } from './validity.ts'
import { PERMISSIVE_ROLE } from './verbatim-role.ts'

export interface MadeCertificate {
  readonly serial: Buffer
  readonly der: Buffer
  readonly notAfterMs: number
  readonly isSubjectEmpty: boolean
  readonly maxPathLength: number
  readonly warnings: readonly string[]
}

/** A CA's names and life come from its request alone. */
export function caRole(values: CaValues): Role {
  const { country, locality, organization, ou, postal_code, province, street_address } = values
  return {
    ...PERMISSIVE_ROLE,
    ...{ country, locality, organization, ou, postal_code, province, street_address },
    not_before_duration: values.not_before_duration,
    use_csr_common_name: false,
    use_csr_sans: false,
  }
}

interface SignatureChoice {
  readonly signature_bits: number
  readonly use_pss: boolean
}

/** Signing certificates and lists is what a CA is for; it may sign other things only if asked for. */
const caKeyUsage = (names: readonly string[] | undefined): number =>
  KEY_USAGE.CertSign | KEY_USAGE.CRLSign | (keyUsageMask(names ?? []) & KEY_USAGE.DigitalSignature)

const caExtKeyUsages = (values: UsageValues): readonly string[] => [
  ...extKeyUsageOids(values.ext_key_usage ?? []),
  ...(values.ext_key_usage_oids ?? []),
]

export const constraintsOf = (values: Constraints): NameConstraints => ({
  permittedDnsDomains: values.permitted_dns_domains,
  excludedDnsDomains: values.excluded_dns_domains,
  permittedIpRanges: values.permitted_ip_ranges,
  excludedIpRanges: values.excluded_ip_ranges,
  permittedEmailAddresses: values.permitted_email_addresses,
  excludedEmailAddresses: values.excluded_email_addresses,
  permittedUriDomains: values.permitted_uri_domains,
  excludedUriDomains: values.excluded_uri_domains,
})

type RootValues = CaValues & UsageValues & Constraints & SignatureChoice

/** What makes the key, or has it: called once all else is known to be right. */
type MakeKey = () => Promise<KeyObject>

/** A certificate that its own key signs. Throws 400. */
export async function makeRoot(
  ctx: RequestContext,
  makeKey: MakeKey,
  urls: AiaUrls,
  values: RootValues & { readonly max_path_length: number | undefined },
): Promise<MadeCertificate & { readonly key: KeyObject }> {
  const role = caRole(values)
  const names = requestedNames(role, values, null)
  const validity = validityOf({
    nowMs: ctx.clock.now(),
    role,
    mount: ctx.services.ttls(),
    ttl: values.ttl,
    notBefore: values.not_before,
    notAfter: values.not_after,
    issuer: null,
  })
  const key = await makeKey()
  const maxPathLength = values.max_path_length ?? -1
  const serial = randomSerial((count) => ctx.random.bytes(count))
  return builtOr400('unable to create certificate: ', async () => {
    const signer = signerOf(key, { bits: hashBits(key, values), pss: values.use_pss })
    const keyId = sha1KeyId(signer.publicKey)
    const subject = encodeName(names.subject)
    const fixed = fixedParts({
      keyUsage: caKeyUsage(values.key_usage),
      extKeyUsages: caExtKeyUsages(values),
      basicConstraints: { isCa: true, maxPathLength },
      authorityKeyId: keyId,
      urls,
      policies: [],
    })
    const extensions = extensionsOf(fixed, {
      subjectKeyId: keyId,
      altNames: names.altNames,
      isSubjectEmpty: subject.length <= 2,
      nameConstraints: constraintsOf(values),
    })
    const { notBeforeMs, notAfterMs, warnings } = validity
    const spki = signer.publicKey.spki
    const der = await buildCertificate(
      { serial, issuer: subject, subject, notBeforeMs, notAfterMs, spki, extensions },
      signer,
    )
    return {
      ...{ key, serial, der, notAfterMs, maxPathLength, warnings },
      isSubjectEmpty: subject.length <= 2,
    }
  })
}

/** The hash can be chosen for RSA only. */
const hashBits = (key: KeyObject, of: SignatureChoice): number =>
  key.asymmetricKeyType === 'rsa' ? of.signature_bits : 0

/** A signing request for a CA's key. Throws 400. */
export async function makeCaRequest(
  makeKey: MakeKey,
  values: CaValues & {
    readonly add_basic_constraints: boolean
    readonly signature_bits: number
  },
): Promise<{ readonly der: Buffer; readonly key: KeyObject }> {
  const names = requestedNames(caRole(values), values, null)
  const key = await makeKey()
  return builtOr400('unable to create certificate request: ', async () => {
    const subject = encodeName(names.subject)
    const extensions: Buffer[] = []
    if (hasAltNames(names.altNames))
      extensions.push(altNamesExtension(names.altNames, subject.length <= 2))
    if (values.add_basic_constraints) extensions.push(basicConstraintsExtension(true))
    const signer = signerOf(key, { bits: hashBits(key, { ...values, use_pss: false }) })
    return { der: await buildCertificateRequest({ subject, extensions }, signer), key }
  })
}

export type IntermediateValues = RootValues & {
  readonly max_path_length: number | undefined
  readonly use_csr_values: boolean
  readonly skid: string | undefined
}

/** A CA's certificate for the key of a request, signed by an issuer. Throws 400. */
export async function signIntermediate(
  ctx: RequestContext,
  ca: IssuingCa,
  csr: CertificateRequest,
  values: IntermediateValues,
): Promise<MadeCertificate> {
  const role: Role = {
    ...caRole(values),
    allowed_user_ids: ['*'],
    use_csr_common_name: values.common_name === '',
  }
  const names = requestedNames(role, values, csr)
  const validity = validityOf({
    nowMs: ctx.clock.now(),
    role,
    mount: ctx.services.ttls(),
    ttl: values.ttl,
    notBefore: values.not_before,
    notAfter: values.not_after,
    issuer: { notAfterMs: ca.certificate.notAfterMs, leafNotAfter: 'permit' },
  })
  const maxPathLength = pathLengthBelow(ca, values.max_path_length)
  const subjectKeyId = requestedKeyId(values.skid) ?? sha1KeyId(csr.publicKey)
  const serial = randomSerial((count) => ctx.random.bytes(count))
  return builtOr400('unable to create certificate: ', async () => {
    const subject = values.use_csr_values ? csr.subject.der : encodeName(names.subject)
    const fixed = fixedParts({
      keyUsage: caKeyUsage(values.key_usage),
      extKeyUsages: caExtKeyUsages(values),
      basicConstraints: { isCa: true, maxPathLength },
      authorityKeyId: ca.certificate.subjectKeyId,
      urls: ca.urls(),
      policies: [],
    })
    const extensions = extensionsOf(fixed, {
      subjectKeyId,
      altNames: values.use_csr_values ? csrNames(csr, names) : names.altNames,
      isSubjectEmpty: subject.length <= 2,
      nameConstraints: constraintsOf(values),
      ...(values.use_csr_values ? { copied: csr.extensions } : {}),
    })
    const { notBeforeMs, notAfterMs, warnings } = validity
    const signer = ca.signer({
      bits: ca.certificate.publicKey.type === 'rsa' ? values.signature_bits : 0,
      pss: values.use_pss,
    })
    const issuer = ca.certificate.subject.der
    const spki = csr.publicKey.spki
    const der = await buildCertificate(
      { serial, issuer, subject, notBeforeMs, notAfterMs, spki, extensions },
      signer,
    )
    return {
      ...{ serial, der, notAfterMs, maxPathLength, warnings },
      isSubjectEmpty: subject.length <= 2,
    }
  })
}

const csrNames = (csr: CertificateRequest, names: RequestedNames): Partial<AltNames> => ({
  ...csr.altNames,
  otherNames: names.altNames.otherNames,
})

/** One less than the issuer's, unless the request says so. Throws 400 below an issuer that allows none. */
function pathLengthBelow(ca: IssuingCa, asked: number | undefined): number {
  const issuers = ca.certificate.basicConstraints?.maxPathLength ?? -1
  if (issuers === 0)
    throw badRequest(
      'signing certificate has a max path length of zero, and cannot issue further CA certificates',
    )
  return asked ?? (issuers < 0 ? -1 : issuers - 1)
}

/** null where none was asked for. Throws 400 for text that is no hex. */
function requestedKeyId(text: string | undefined): Buffer | null {
  if (text === undefined || text === '') return null
  const hex = text.replaceAll(/[:\- ]/g, '')
  if (!/^(?:[0-9a-fA-F]{2}){1,64}$/.test(hex))
    throw badRequest('cannot parse requested SKID value as hex')
  return Buffer.from(hex, 'hex')
}
