// OCSP responses (RFC 6960, 4.2), signed by the issuer itself, so that they carry no certificate; the
// responder is named by its subject. The three errors have fixed bytes.
import { createHash } from 'node:crypto'
import type { Certificate } from './certificate.ts'

import { type DerReader, parseTime, readOnly } from './der-reader.ts'
import {
  bitString,
  context,
  contextPrimitive,
  contextTag,
  enumerated,
  generalizedTime,
  octetString,
  oid,
  sequence,
  TAG,
} from './der-writer.ts'
import { encodeExtension } from './extension.ts'
import { algorithmOfDer } from './key-algorithms.ts'
import type { CertificateId } from './ocsp-request.ts'
import { OID } from './oids.ts'
import type { PublicKey } from './public-key.ts'
import type { Signer } from './signer.ts'
import { verifySignature } from './signer.ts'
import { malformed } from './x509-error.ts'

/** A response that only says why there is none. */
export const OCSP_ERROR = {
  malformed: sequence(enumerated(1)),
  internal: sequence(enumerated(2)),
  tryLater: sequence(enumerated(3)),
  unauthorized: sequence(enumerated(6)),
} as const

export type CertificateStatus =
  | { readonly status: 'good' | 'unknown' }
  | { readonly status: 'revoked'; readonly revokedAtMs: number; readonly reason?: number }

export interface SingleResponse {
  /** The CertID of the request. */
  readonly id: CertificateId
  readonly is: CertificateStatus
  readonly thisUpdateMs: number
  /** null: newer information is always there. */
  readonly nextUpdateMs: number | null
}

export interface OcspParts {
  /** The whole Name of who signs. */
  readonly responder: Uint8Array
  readonly producedAtMs: number
  readonly responses: readonly SingleResponse[]
  /** The nonce extension's value of the request. */
  readonly nonce: Uint8Array | null
}

export async function buildOcspResponse(of: OcspParts, signer: Signer): Promise<Buffer> {
  const extensions = of.nonce
    ? [context(1, sequence(encodeExtension(OID.ocspNonce, false, of.nonce)))]
    : []
  const tbs = sequence(
    context(1, of.responder),
    generalizedTime(of.producedAtMs),
    sequence(...of.responses.map(encodeSingle)),
    ...extensions,
  )
  const basic = sequence(tbs, signer.algorithm.der, bitString(await signer.sign(tbs)))
  return sequence(enumerated(0), context(0, sequence(oid(OID.ocspBasic), octetString(basic))))
}

const NO_BYTES = Buffer.alloc(0)

function encodeSingle({ id, is, thisUpdateMs, nextUpdateMs }: SingleResponse): Buffer {
  const next = nextUpdateMs === null ? [] : [context(0, generalizedTime(nextUpdateMs))]
  return sequence(id.der, encodeStatus(is), generalizedTime(thisUpdateMs), ...next)
}

function encodeStatus(is: CertificateStatus): Buffer {
  if (is.status !== 'revoked') return contextPrimitive(is.status === 'good' ? 0 : 2, NO_BYTES)
  const reason = is.reason ? [context(0, enumerated(is.reason))] : []
  return context(1, generalizedTime(is.revokedAtMs), ...reason)
}

export interface IssuerHashes {
  readonly nameHash: Buffer
  readonly keyHash: Buffer
}

/** What a CertID holds of an issuer. */
export const issuerHashes = (
  issuer: Pick<Certificate, 'subject' | 'publicKey'>,
  hash: string,
): IssuerHashes => ({
  nameHash: createHash(hash).update(issuer.subject.der).digest(),
  keyHash: createHash(hash).update(issuer.publicKey.keyBytes).digest(),
})

/** Is the certificate that is asked about one of this issuer? */
export function isOfIssuer(
  id: CertificateId,
  issuer: Pick<Certificate, 'subject' | 'publicKey'>,
): boolean {
  if (id.hash === null) return false
  const { nameHash, keyHash } = issuerHashes(issuer, id.hash)
  return id.issuerNameHash.equals(nameHash) && id.issuerKeyHash.equals(keyHash)
}

export interface ParsedOcspResponse {
  /** 0: successful; else one of the errors. */
  readonly status: number
  readonly statuses: readonly { readonly serial: Buffer; readonly is: CertificateStatus }[]
  readonly nonce: Buffer | null
  isSignedBy(key: PublicKey): boolean
}

/** Reads a response, for clients and tests. Throws X509Error. */
export function parseOcspResponse(bytes: Buffer): ParsedOcspResponse {
  const outer = readOnly(bytes)
  const status = outer.smallInteger(TAG.enumerated)
  const wrapper = outer.enterOptional(contextTag(0))
  outer.end()
  if (wrapper === null) return { status, statuses: [], nonce: null, isSignedBy: () => false }
  const typed = wrapper.enter()
  if (typed.oid() !== OID.ocspBasic) throw malformed('OCSP response is of an unknown type')
  const basic = readOnly(typed.octets())
  const tbs = basic.whole()
  const algorithm = algorithmOfDer(basic.whole()) ?? null
  const signature = basic.bitString()
  const data = readOnly(tbs)
  data.optional(contextTag(0))
  data.element()
  data.time()
  const list = data.enter()
  const statuses: { serial: Buffer; is: CertificateStatus }[] = []
  while (!list.isDone) statuses.push(readSingle(list.enter()))
  const extensions = data.enterOptional(contextTag(1))
  return {
    status,
    statuses,
    nonce: extensions ? readNonceValue(extensions.enter()) : null,
    isSignedBy: (key) => verifySignature({ key, algorithm, signed: tbs, signature }),
  }
}

function readSingle(one: DerReader): { serial: Buffer; is: CertificateStatus } {
  const id = one.enter()
  id.whole()
  id.octets()
  id.octets()
  const serial = id.unsigned()
  const { tag, content } = one.element()
  if (tag === contextTag(0, false)) return { serial, is: { status: 'good' } }
  if (tag === contextTag(2, false)) return { serial, is: { status: 'unknown' } }
  const length = content[1] ?? 0
  const revokedAtMs = parseTime(TAG.generalizedTime, content.subarray(2, 2 + length))
  return { serial, is: { status: 'revoked', revokedAtMs } }
}

function readNonceValue(list: DerReader): Buffer | null {
  while (!list.isDone) {
    const one = list.enter()
    if (one.oid() === OID.ocspNonce) return one.octets()
  }
  return null
}
