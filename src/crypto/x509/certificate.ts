// Reads a certificate (RFC 5280): every field that an engine looks at, decoded once; all else stays as data.
// Strict where a wrong reading would be dangerous, and never anything but X509Error for bad bytes.
import { MAX_CERTIFICATE_BYTES } from '../../base/limits.ts'
import { bitMask, type DerReader, readOnly } from './der-reader.ts'
import { contextTag, TAG } from './der-writer.ts'
import { type Extension, findExtension, readExtensions } from './extension.ts'
import { type AltNames, NO_ALT_NAMES, parseAltNames, uriNames } from './general-names.ts'
import { algorithmOfDer, legacyName, type SignatureAlgorithm } from './key-algorithms.ts'
import { type NameConstraints, parseNameConstraints } from './name-constraints.ts'
import { type Name, parseName } from './names.ts'
import { OID } from './oids.ts'
import { type PublicKey, parsePublicKey } from './public-key.ts'
import { verifySignature } from './signer.ts'
import { malformed } from './x509-error.ts'

/** What is signed, by what, and how: certificates, requests and lists share this frame. */
export interface SignedFrame {
  readonly der: Buffer
  /** The bytes under the signature. */
  readonly tbs: Buffer
  /** null: an algorithm that is not supported; such a signature never verifies. */
  readonly signatureAlgorithm: SignatureAlgorithm | null
  /** Go's name of it, or its identifier. */
  readonly signatureAlgorithmName: string
  readonly signature: Buffer
}

export interface Certificate extends SignedFrame {
  readonly version: number
  /** Big-endian bytes without leading zeros. */
  readonly serial: Buffer
  readonly issuer: Name
  readonly subject: Name
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly publicKey: PublicKey
  readonly extensions: readonly Extension[]
  /** null: no such extension. */
  readonly basicConstraints: { readonly isCa: boolean; readonly maxPathLength: number } | null
  readonly isCa: boolean
  /** A mask of KEY_USAGE bits; 0 where the extension is absent. */
  readonly keyUsage: number
  readonly extKeyUsages: readonly string[]
  readonly subjectKeyId: Buffer | null
  readonly authorityKeyId: Buffer | null
  readonly altNames: AltNames
  readonly ocspServers: readonly string[]
  readonly issuingUrls: readonly string[]
  readonly crlDistributionPoints: readonly string[]
  readonly policies: readonly string[]
  readonly nameConstraints: Required<NameConstraints> | null
}

/** Reads the outer frame; the reader of what is signed stands inside it. */
export function readSignedFrame(der: Buffer): { frame: SignedFrame; body: DerReader } {
  const outer = readOnly(der)
  const tbs = outer.whole()
  const algorithm = outer.whole()
  const signature = outer.bitString()
  outer.end()
  const known = algorithmOfDer(algorithm)
  const id = readOnly(algorithm).oid()
  return {
    frame: {
      der,
      tbs,
      signatureAlgorithm: known ?? null,
      signatureAlgorithmName: known?.goName ?? legacyName(id) ?? id,
      signature,
    },
    body: readOnly(tbs),
  }
}

/** Throws X509Error. */
export function parseCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length > MAX_CERTIFICATE_BYTES) throw malformed('certificate is too large')
  const { frame, body } = readSignedFrame(Buffer.from(bytes))
  const versionField = body.enterOptional(contextTag(0))
  const version = versionField === null ? 1 : versionField.smallInteger() + 1
  versionField?.end()
  if (version > 3) throw malformed('certificate version is unknown')
  const serial = body.unsigned()
  if (serial.length > 64) throw malformed('serial number is too long')
  const innerAlgorithm = body.whole()
  const outerAlgorithm = readOuterAlgorithm(frame.der)
  if (!innerAlgorithm.equals(outerAlgorithm)) throw malformed('signature algorithms differ')
  const issuer = parseName(body.whole())
  const validity = body.enter()
  const notBeforeMs = validity.time()
  const notAfterMs = validity.time()
  validity.end()
  const subject = parseName(body.whole())
  const publicKey = parsePublicKey(body.whole())
  body.optional(contextTag(1, false))
  body.optional(contextTag(2, false))
  const wrapper = body.enterOptional(contextTag(3))
  const extensions = wrapper ? readExtensions(wrapper.enter()) : []
  wrapper?.end()
  body.end()
  return {
    ...frame,
    ...{ version, serial, issuer, subject, notBeforeMs, notAfterMs, publicKey, extensions },
    ...decodeExtensions(extensions),
  }
}

function readOuterAlgorithm(der: Buffer): Buffer {
  const outer = readOnly(der)
  outer.whole()
  return outer.whole()
}

type Decoded = Pick<
  Certificate,
  | 'basicConstraints'
  | 'isCa'
  | 'keyUsage'
  | 'extKeyUsages'
  | 'subjectKeyId'
  | 'authorityKeyId'
  | 'altNames'
  | 'ocspServers'
  | 'issuingUrls'
  | 'crlDistributionPoints'
  | 'policies'
  | 'nameConstraints'
>

/** The extensions that this library knows, decoded; of requests too. Throws X509Error. */
export function decodeExtensions(extensions: readonly Extension[]): Decoded {
  const read = <T>(id: string, otherwise: T, decode: (value: Buffer) => T): T => {
    const found = findExtension(extensions, id)
    return found ? decode(found.value) : otherwise
  }
  const basicConstraints = read(OID.basicConstraints, null, decodeBasicConstraints)
  const access = read(OID.authorityInfoAccess, NO_ACCESS, decodeAccess)
  return {
    basicConstraints,
    isCa: basicConstraints?.isCa ?? false,
    keyUsage: read(OID.keyUsage, 0, decodeKeyUsage),
    extKeyUsages: read(OID.extKeyUsage, [], decodeOids),
    subjectKeyId: read<Buffer | null>(OID.subjectKeyId, null, decodeOctets),
    authorityKeyId: read(OID.authorityKeyId, null, decodeAuthorityKeyId),
    altNames: read(OID.subjectAltName, NO_ALT_NAMES, parseAltNames),
    ...access,
    crlDistributionPoints: read(OID.crlDistributionPoints, [], decodeDistributionPoints),
    policies: read(OID.certificatePolicies, [], decodePolicies),
    nameConstraints: read(OID.nameConstraints, null, parseNameConstraints),
  }
}

function decodeBasicConstraints(value: Buffer): { isCa: boolean; maxPathLength: number } {
  const reader = readOnly(value)
  const isCa = reader.peek() === TAG.boolean ? reader.boolean() : false
  const maxPathLength = reader.isDone ? -1 : reader.smallInteger()
  reader.end()
  return { isCa, maxPathLength }
}

const decodeKeyUsage = (value: Buffer): number => bitMask(only(value, TAG.bitString))
const decodeOctets = (value: Buffer): Buffer => only(value, TAG.octetString)

function only(value: Buffer, tag: number): Buffer {
  readOnly(value, tag)
  return value.subarray(value.length - contentLength(value))
}

/** Of an element that readOnly has accepted. */
const contentLength = (der: Buffer): number =>
  der[1]! < 0x80 ? der[1]! : der.readUIntBE(2, der[1]! & 0x7f)

function decodeOids(value: Buffer): readonly string[] {
  const reader = readOnly(value)
  const all: string[] = []
  while (!reader.isDone) all.push(reader.oid())
  return all
}

function decodeAuthorityKeyId(value: Buffer): Buffer | null {
  return readOnly(value).optional(contextTag(0, false))
}

const NO_ACCESS: { ocspServers: readonly string[]; issuingUrls: readonly string[] } = {
  ocspServers: [],
  issuingUrls: [],
}

function decodeAccess(value: Buffer): typeof NO_ACCESS {
  const ocspServers: string[] = []
  const issuingUrls: string[] = []
  const reader = readOnly(value)
  while (!reader.isDone) {
    const one = reader.enter()
    const method = one.oid()
    const urls = uriNames(one)
    if (method === OID.ocsp) ocspServers.push(...urls)
    else if (method === OID.caIssuers) issuingUrls.push(...urls)
  }
  return { ocspServers, issuingUrls }
}

/** The URLs of distribution points; what is named otherwise is left out. */
export function decodeDistributionPoints(value: Buffer): readonly string[] {
  const reader = readOnly(value)
  const urls: string[] = []
  while (!reader.isDone) {
    const fullName = reader.enter().enterOptional(contextTag(0))?.enterOptional(contextTag(0))
    if (fullName) urls.push(...uriNames(fullName))
  }
  return urls
}

function decodePolicies(value: Buffer): readonly string[] {
  const reader = readOnly(value)
  const all: string[] = []
  while (!reader.isDone) all.push(reader.enter().oid())
  return all
}

/** Was `child` signed with the key of `parent`, whose subject is its issuer? Times are not looked at. */
export function isIssuedBy(child: Certificate, parent: Certificate): boolean {
  return child.issuer.der.equals(parent.subject.der) && isSignedBy(child, parent.publicKey)
}

export const isSignedBy = (frame: SignedFrame, key: PublicKey): boolean =>
  verifySignature({
    key,
    algorithm: frame.signatureAlgorithm,
    signed: frame.tbs,
    signature: frame.signature,
  })

/** True where issuer and subject are one name and the key has signed itself. */
export const isSelfSigned = (certificate: Certificate): boolean =>
  isIssuedBy(certificate, certificate)
