// The extensions of certificates (RFC 5280, 4.2), each as a whole Extension element, ready for a builder.
// `standardExtensions` writes them in Go's order, the order of Vault's certificates. What is the same for
// every certificate of a role or an issuer may be made once and reused.
import {
  boolean,
  context,
  contextPrimitive,
  ia5String,
  integer,
  NULL,
  namedBits,
  octetString,
  oid,
  sequence,
  TAG,
  tlv,
  utf8String,
} from './der-writer.ts'
import { encodeExtension } from './extension.ts'
import { type AltNames, encodeAltNames, hasAltNames, uriName } from './general-names.ts'
import {
  encodeNameConstraints,
  hasNameConstraints,
  type NameConstraints,
} from './name-constraints.ts'
import { OID } from './oids.ts'

/** A mask of KEY_USAGE bits. Vault always marks it critical. */
export const keyUsageExtension = (bits: number): Buffer =>
  encodeExtension(OID.keyUsage, true, tlv(TAG.bitString, namedBits(bits)))

/** Identifiers in dotted text. */
export const extKeyUsageExtension = (usages: readonly string[]): Buffer =>
  encodeExtension(OID.extKeyUsage, false, sequence(...usages.map(oid)))

/** `maxPathLength` -1 or absent: unlimited; only a CA has one. */
export function basicConstraintsExtension(isCa: boolean, maxPathLength = -1): Buffer {
  const parts = isCa ? [boolean(true)] : []
  if (isCa && maxPathLength >= 0) parts.push(integer(maxPathLength))
  return encodeExtension(OID.basicConstraints, true, sequence(...parts))
}

export const subjectKeyIdExtension = (id: Uint8Array): Buffer =>
  encodeExtension(OID.subjectKeyId, false, octetString(id))

export const authorityKeyIdExtension = (id: Uint8Array): Buffer =>
  encodeExtension(OID.authorityKeyId, false, sequence(contextPrimitive(0, id)))

/** Where OCSP is served, and where the issuer's certificate is. */
export function authorityInfoExtension(of: {
  readonly ocspServers?: readonly string[]
  readonly issuingUrls?: readonly string[]
}): Buffer {
  const access = (method: string) => (url: string) => sequence(oid(method), uriName(url))
  const all = [
    ...(of.ocspServers ?? []).map(access(OID.ocsp)),
    ...(of.issuingUrls ?? []).map(access(OID.caIssuers)),
  ]
  return encodeExtension(OID.authorityInfoAccess, false, sequence(...all))
}

const distributionPoints = (urls: readonly string[]): Buffer =>
  sequence(...urls.map((url) => sequence(context(0, context(0, uriName(url))))))

export const crlDistributionPointsExtension = (urls: readonly string[]): Buffer =>
  encodeExtension(OID.crlDistributionPoints, false, distributionPoints(urls))

/** Where delta lists are, in certificates and complete lists. */
export const freshestCrlExtension = (urls: readonly string[]): Buffer =>
  encodeExtension(OID.freshestCrl, false, distributionPoints(urls))

/** Critical exactly where the subject is empty (RFC 5280, 4.2.1.6). */
export const altNamesExtension = (names: Partial<AltNames>, critical: boolean): Buffer =>
  encodeExtension(OID.subjectAltName, critical, sequence(...encodeAltNames(names)))

export interface PolicyIdentifier {
  readonly oid: string
  /** Where the statement of practice is. */
  readonly cps?: string
  /** A text for people. */
  readonly notice?: string
}

export function certificatePoliciesExtension(policies: readonly PolicyIdentifier[]): Buffer {
  const all = policies.map(({ oid: id, cps, notice }) => {
    const qualifiers: Buffer[] = []
    if (cps) qualifiers.push(sequence(oid(OID.policyCps), ia5String(cps)))
    if (notice) qualifiers.push(sequence(oid(OID.policyUserNotice), sequence(utf8String(notice))))
    return qualifiers.length > 0 ? sequence(oid(id), sequence(...qualifiers)) : sequence(oid(id))
  })
  return encodeExtension(OID.certificatePolicies, false, sequence(...all))
}

export const nameConstraintsExtension = (of: NameConstraints, critical = true): Buffer =>
  encodeExtension(OID.nameConstraints, critical, encodeNameConstraints(of))

/** For certificates that sign OCSP answers: nobody asks whether they are revoked. */
export const ocspNoCheckExtension = (): Buffer => encodeExtension(OID.ocspNoCheck, false, NULL)

export interface StandardExtensions {
  /** A mask of KEY_USAGE bits; 0: no extension. */
  readonly keyUsage?: number
  /** Dotted identifiers; empty: no extension. */
  readonly extKeyUsages?: readonly string[]
  /** Absent: no extension. */
  readonly basicConstraints?: { readonly isCa: boolean; readonly maxPathLength?: number }
  readonly subjectKeyId?: Uint8Array
  readonly authorityKeyId?: Uint8Array
  readonly ocspServers?: readonly string[]
  readonly issuingUrls?: readonly string[]
  readonly altNames?: Partial<AltNames>
  /** True: the subject is empty, so that the alternative names are critical. */
  readonly isSubjectEmpty?: boolean
  readonly policies?: readonly PolicyIdentifier[]
  readonly nameConstraints?: NameConstraints
  readonly crlDistributionPoints?: readonly string[]
  readonly deltaCrlDistributionPoints?: readonly string[]
}

const has = (list: readonly unknown[] | undefined): boolean => list !== undefined && list.length > 0

/** Elements for buildCertificate, in Go's order; what is absent or empty is left out. */
export function standardExtensions(of: StandardExtensions): Buffer[] {
  const out: Buffer[] = []
  if (of.keyUsage) out.push(keyUsageExtension(of.keyUsage))
  if (has(of.extKeyUsages)) out.push(extKeyUsageExtension(of.extKeyUsages!))
  if (of.basicConstraints) {
    const { isCa, maxPathLength } = of.basicConstraints
    out.push(basicConstraintsExtension(isCa, maxPathLength))
  }
  if (of.subjectKeyId?.length) out.push(subjectKeyIdExtension(of.subjectKeyId))
  if (of.authorityKeyId?.length) out.push(authorityKeyIdExtension(of.authorityKeyId))
  if (has(of.ocspServers) || has(of.issuingUrls)) out.push(authorityInfoExtension(of))
  if (of.altNames && hasAltNames(of.altNames))
    out.push(altNamesExtension(of.altNames, of.isSubjectEmpty ?? false))
  if (has(of.policies)) out.push(certificatePoliciesExtension(of.policies!))
  if (of.nameConstraints && hasNameConstraints(of.nameConstraints))
    out.push(nameConstraintsExtension(of.nameConstraints))
  if (has(of.crlDistributionPoints))
    out.push(crlDistributionPointsExtension(of.crlDistributionPoints!))
  if (has(of.deltaCrlDistributionPoints))
    out.push(freshestCrlExtension(of.deltaCrlDistributionPoints!))
  return out
}
