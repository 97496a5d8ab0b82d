// Extensions of revocation lists and their entries (RFC 5280, 5.2 and 5.3), as whole Extension elements.
import { readOnly } from './der-reader.ts'
import {
  boolean,
  context,
  contextPrimitive,
  enumerated,
  generalizedTime,
  integer,
  sequence,
  TAG,
} from './der-writer.ts'
import { encodeExtension } from './extension.ts'
import { uriName } from './general-names.ts'
import { OID } from './oids.ts'

/** A safe number, or big-endian bytes of at most 20. */
export const crlNumberExtension = (number: number | Uint8Array): Buffer =>
  encodeExtension(OID.crlNumber, false, integer(number))

/** Marks a delta list: `base` is the number of the complete list that it extends. */
export const deltaIndicatorExtension = (base: number | Uint8Array): Buffer =>
  encodeExtension(OID.deltaCrlIndicator, true, integer(base))

export interface DistributionScope {
  readonly urls?: readonly string[]
  readonly onlyUserCertificates?: boolean
  readonly onlyCaCertificates?: boolean
  readonly isIndirect?: boolean
}

/** For which certificates the list speaks. */
export function issuingDistributionPointExtension(of: DistributionScope): Buffer {
  const parts: Buffer[] = []
  if (of.urls && of.urls.length > 0)
    parts.push(context(0, context(0, ...of.urls.map((url) => uriName(url)))))
  const flag = (n: number, value: boolean | undefined): void => {
    if (value) parts.push(contextPrimitive(n, TRUE))
  }
  flag(1, of.onlyUserCertificates)
  flag(2, of.onlyCaCertificates)
  flag(4, of.isIndirect)
  return encodeExtension(OID.issuingDistributionPoint, true, sequence(...parts))
}

const TRUE = boolean(true).subarray(2)

/** Reasons of RFC 5280, 5.3.1. */
export const REVOCATION_REASON = {
  unspecified: 0,
  keyCompromise: 1,
  caCompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCrl: 8,
  privilegeWithdrawn: 9,
  aaCompromise: 10,
} as const

export const reasonCodeExtension = (reason: number): Buffer =>
  encodeExtension(OID.reasonCode, false, enumerated(reason))

export const invalidityDateExtension = (atMs: number): Buffer =>
  encodeExtension(OID.invalidityDate, false, generalizedTime(atMs))

/** The number in a crlNumber or deltaCrlIndicator extension's value. Throws X509Error. */
export const decodeCrlNumber = (value: Buffer): Buffer => {
  readOnly(value, TAG.integer)
  return value.subarray(2).subarray(value[2] === 0 && value.length > 3 ? 1 : 0)
}
