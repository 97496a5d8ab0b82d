// The extensions of what an issuer signs, in Go's order. Those that are the same for every certificate of a
// role and an issuer are made once; what a CSR asks for verbatim takes the place of ours, except where only
// the issuer can know what is right.
import {
  altNamesExtension,
  authorityInfoExtension,
  authorityKeyIdExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  crlDistributionPointsExtension,
  extKeyUsageExtension,
  freshestCrlExtension,
  keyUsageExtension,
  nameConstraintsExtension,
  subjectKeyIdExtension,
} from '../../crypto/x509/certificate-extensions.ts'
import { type Extension, encodeExtension } from '../../crypto/x509/extension.ts'
import { type AltNames, hasAltNames } from '../../crypto/x509/general-names.ts'
import { hasNameConstraints, type NameConstraints } from '../../crypto/x509/name-constraints.ts'
import { OID } from '../../crypto/x509/oids.ts'
import type { AiaUrls } from './issuer-record.ts'
import type { PolicyIdentifier } from './policy-identifiers.ts'

interface Part {
  readonly oid: string
  readonly der: Buffer
}

/** What doesn't depend on a single certificate. */
export interface FixedParts {
  readonly head: readonly Part[]
  readonly authority: readonly Part[]
  readonly policies: readonly Part[]
  readonly tail: readonly Part[]
}

export interface FixedInput {
  /** Mask; 0: no extension. */
  readonly keyUsage: number
  readonly extKeyUsages: readonly string[]
  /** null: no extension. */
  readonly basicConstraints: { readonly isCa: boolean; readonly maxPathLength: number } | null
  readonly authorityKeyId: Uint8Array | null
  readonly urls: AiaUrls
  readonly policies: readonly PolicyIdentifier[]
}

/** Throws X509Error for identifiers or URLs that can't be encoded. */
export function fixedParts(of: FixedInput): FixedParts {
  const { urls } = of
  const head: Part[] = []
  if (of.keyUsage !== 0) head.push({ oid: OID.keyUsage, der: keyUsageExtension(of.keyUsage) })
  if (of.extKeyUsages.length > 0)
    head.push({ oid: OID.extKeyUsage, der: extKeyUsageExtension(of.extKeyUsages) })
  if (of.basicConstraints) {
    const { isCa, maxPathLength } = of.basicConstraints
    head.push({ oid: OID.basicConstraints, der: basicConstraintsExtension(isCa, maxPathLength) })
  }
  const authority: Part[] = []
  if (of.authorityKeyId)
    authority.push({ oid: OID.authorityKeyId, der: authorityKeyIdExtension(of.authorityKeyId) })
  if (urls.ocspServers.length + urls.issuingCertificates.length > 0)
    authority.push({
      oid: OID.authorityInfoAccess,
      der: authorityInfoExtension({
        ocspServers: urls.ocspServers,
        issuingUrls: urls.issuingCertificates,
      }),
    })
  const policies: Part[] = []
  if (of.policies.length > 0)
    policies.push({ oid: OID.certificatePolicies, der: certificatePoliciesExtension(of.policies) })
  return { head, authority, policies, tail: distribution(urls) }
}

function distribution(urls: AiaUrls): Part[] {
  const tail: Part[] = []
  if (urls.crlDistributionPoints.length > 0)
    tail.push({
      oid: OID.crlDistributionPoints,
      der: crlDistributionPointsExtension(urls.crlDistributionPoints),
    })
  if (urls.deltaCrlDistributionPoints.length > 0)
    tail.push({ oid: OID.freshestCrl, der: freshestCrlExtension(urls.deltaCrlDistributionPoints) })
  return tail
}

export interface OwnParts {
  readonly subjectKeyId: Uint8Array
  readonly altNames: Partial<AltNames>
  readonly isSubjectEmpty: boolean
  readonly nameConstraints?: NameConstraints
  /** Of a CSR, to be taken over as they are. */
  readonly copied?: readonly Extension[]
}

/** Only the issuer knows these; a CSR's are never copied. */
const ISSUERS_OWN: readonly string[] = [OID.basicConstraints, OID.authorityKeyId, OID.subjectKeyId]

/** Whole elements for buildCertificate. Throws X509Error for names that can't be encoded. */
export function extensionsOf(fixed: FixedParts, own: OwnParts): Buffer[] {
  const out: Buffer[] = []
  const hasOther = (own.altNames.otherNames?.length ?? 0) > 0
  const copied = (own.copied ?? []).filter(
    ({ oid }) => !ISSUERS_OWN.includes(oid) && !(hasOther && oid === OID.subjectAltName),
  )
  const add = (oid: string, der: Buffer): void => {
    if (!copied.some((one) => one.oid === oid)) out.push(der)
  }
  for (const part of fixed.head) add(part.oid, part.der)
  out.push(subjectKeyIdExtension(own.subjectKeyId))
  for (const part of fixed.authority) add(part.oid, part.der)
  if (hasAltNames(own.altNames))
    add(OID.subjectAltName, altNamesExtension(own.altNames, own.isSubjectEmpty))
  for (const part of fixed.policies) add(part.oid, part.der)
  if (own.nameConstraints && hasNameConstraints(own.nameConstraints))
    add(OID.nameConstraints, nameConstraintsExtension(own.nameConstraints))
  for (const part of fixed.tail) add(part.oid, part.der)
  for (const { oid, critical, value } of copied) out.push(encodeExtension(oid, critical, value))
  return out
}
