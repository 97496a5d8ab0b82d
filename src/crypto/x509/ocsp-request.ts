// OCSP requests (RFC 6960, 4.1): which certificates are asked about. Signatures of requesters are not looked
// at: everybody may ask.
import { MAX_OCSP_CERTIFICATES, MAX_OCSP_REQUEST_BYTES } from '../../base/limits.ts'
import { type DerReader, readOnly } from './der-reader.ts'
import { context, contextTag, integer, NULL, octetString, oid, sequence } from './der-writer.ts'
import { encodeExtension, findExtension, readExtensions } from './extension.ts'
import { HASH_ALGORITHMS } from './key-algorithms.ts'
import { OID } from './oids.ts'
import { malformed } from './x509-error.ts'

export type OcspHash = keyof typeof HASH_ALGORITHMS

/** One certificate, named by its issuer's hashed name and key and by its serial number. */
export interface CertificateId {
  /** The whole CertID, as it is to stand in the answer. */
  readonly der: Buffer
  /** null: a hash that is not supported. */
  readonly hash: OcspHash | null
  readonly issuerNameHash: Buffer
  readonly issuerKeyHash: Buffer
  /** Big-endian bytes without leading zeros. */
  readonly serial: Buffer
}

export interface OcspRequest {
  /** At least one. */
  readonly certificates: readonly CertificateId[]
  /** The value of the nonce extension as it stands in the request; null without one. */
  readonly nonce: Buffer | null
}

/** RFC 8954: a longer nonce only serves to have chosen bytes signed. */
const MAX_NONCE_BYTES = 32

/** Throws X509Error. */
export function parseOcspRequest(bytes: Uint8Array): OcspRequest {
  if (bytes.length > MAX_OCSP_REQUEST_BYTES) throw malformed('OCSP request is too large')
  const outer = readOnly(Buffer.from(bytes))
  const tbs = outer.enter()
  outer.enterOptional(contextTag(0))
  outer.end()
  const version = tbs.enterOptional(contextTag(0))
  if (version && version.smallInteger() !== 0) throw malformed('OCSP version is unknown')
  tbs.optional(contextTag(1))
  const certificates = readCertificates(tbs.enter())
  const extensions = tbs.enterOptional(contextTag(2))
  tbs.end()
  return { certificates, nonce: extensions ? readNonce(extensions) : null }
}

function readCertificates(list: DerReader): readonly CertificateId[] {
  const all: CertificateId[] = []
  while (!list.isDone) {
    if (all.length === MAX_OCSP_CERTIFICATES) throw malformed('OCSP request asks for too much')
    const one = list.enter()
    all.push(readCertificateId(one.whole()))
    one.optional(contextTag(0))
    one.end()
  }
  if (all.length === 0) throw malformed('OCSP request asks for nothing')
  return all
}

function readCertificateId(der: Buffer): CertificateId {
  const reader = readOnly(der)
  const algorithm = reader.enter().oid()
  const found = Object.entries(HASH_ALGORITHMS).find(([, id]) => id === algorithm)
  const issuerNameHash = reader.octets()
  const issuerKeyHash = reader.octets()
  const serial = reader.unsigned()
  reader.end()
  const hash = (found?.[0] ?? null) as OcspHash | null
  return { der, hash, issuerNameHash, issuerKeyHash, serial }
}

function readNonce(wrapper: DerReader): Buffer | null {
  const extensions = readExtensions(wrapper.enter())
  wrapper.end()
  const value = findExtension(extensions, OID.ocspNonce)?.value ?? null
  if (value === null) return null
  if (value.length > MAX_NONCE_BYTES + 2) throw malformed('OCSP nonce is too long')
  return value
}

/** A request for certificates by their ids, for clients and tests. */
export function buildOcspRequest(of: {
  readonly certificates: readonly Omit<CertificateId, 'der'>[]
  readonly nonce?: Uint8Array
}): Buffer {
  const list = of.certificates.map((one) =>
    sequence(
      sequence(
        sequence(oid(HASH_ALGORITHMS[one.hash ?? 'sha1']), NULL),
        octetString(one.issuerNameHash),
        octetString(one.issuerKeyHash),
        integer(one.serial),
      ),
    ),
  )
  const extensions = of.nonce
    ? [context(2, sequence(encodeExtension(OID.ocspNonce, false, octetString(of.nonce))))]
    : []
  return sequence(sequence(sequence(...list), ...extensions))
}
