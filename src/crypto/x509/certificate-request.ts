// Certificate signing requests (PKCS #10, RFC 2986): reading, the check that the sender has the key, and
// building. What a request asks for in extensions is data, for whoever signs to judge; none is taken over here.
import { MAX_CERTIFICATE_BYTES } from '../../base/limits.ts'
import { decodeExtensions, isSignedBy, readSignedFrame, type SignedFrame } from './certificate.ts'
import { DerReader } from './der-reader.ts'
import { bitString, context, contextTag, integer, oid, sequence, setOf, TAG } from './der-writer.ts'
import { type Extension, findExtension, readExtensions } from './extension.ts'
import type { AltNames } from './general-names.ts'
import { type Name, parseName } from './names.ts'
import { OID } from './oids.ts'
import { type PublicKey, parsePublicKey } from './public-key.ts'
import type { Signer } from './signer.ts'
import { malformed } from './x509-error.ts'

export interface CertificateRequest extends SignedFrame {
  readonly subject: Name
  readonly publicKey: PublicKey
  readonly extensions: readonly Extension[]
  readonly altNames: AltNames
  /** A mask of KEY_USAGE bits; 0 where none is asked for. */
  readonly keyUsage: number
  readonly extKeyUsages: readonly string[]
  readonly basicConstraints: { readonly isCa: boolean; readonly maxPathLength: number } | null
}

/** Throws X509Error. The signature is not checked: see verifyRequest. */
export function parseCertificateRequest(bytes: Uint8Array): CertificateRequest {
  if (bytes.length > MAX_CERTIFICATE_BYTES) throw malformed('certificate request is too large')
  const { frame, body } = readSignedFrame(Buffer.from(bytes))
  if (body.smallInteger() !== 0) throw malformed('certificate request version is unknown')
  const subject = parseName(body.whole())
  const publicKey = parsePublicKey(body.whole())
  const attributes = body.optional(contextTag(0))
  body.end()
  const extensions = attributes === null ? [] : requestedExtensions(new DerReader(attributes))
  const { altNames, keyUsage, extKeyUsages, basicConstraints } = decodeExtensions(extensions)
  return {
    ...frame,
    ...{ subject, publicKey, extensions, altNames, keyUsage, extKeyUsages, basicConstraints },
  }
}

/** All requested extensions: of every such attribute, in order; one that occurs twice is refused. */
function requestedExtensions(attributes: DerReader): readonly Extension[] {
  const all: Extension[] = []
  while (!attributes.isDone) {
    const attribute = attributes.enter()
    const type = attribute.oid()
    const values = attribute.enter(TAG.set)
    attribute.end()
    if (type !== OID.extensionRequest) continue
    while (!values.isDone) all.push(...readExtensions(values.enter()))
  }
  for (const one of all) {
    if (findExtension(all, one.oid) !== one) throw malformed('an extension occurs twice')
  }
  return all
}

/** Is the request signed with the key that it asks a certificate for? */
export const verifyRequest = (request: CertificateRequest): boolean =>
  isSignedBy(request, request.publicKey)

/** The whole request in DER; `extensions` are whole Extension elements. */
export async function buildCertificateRequest(
  of: { readonly subject: Uint8Array; readonly extensions?: readonly Uint8Array[] },
  signer: Signer,
): Promise<Buffer> {
  const extensions = of.extensions ?? []
  const attributes =
    extensions.length === 0
      ? []
      : [sequence(oid(OID.extensionRequest), setOf(sequence(...extensions)))]
  const tbs = sequence(integer(0), of.subject, signer.publicKey.spki, context(0, ...attributes))
  return sequence(tbs, signer.algorithm.der, bitString(await signer.sign(tbs)))
}
