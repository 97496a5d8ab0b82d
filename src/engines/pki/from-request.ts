// What a request holds in DER or PEM is parsed here, so that whatever is wrong with it becomes a 400 and never
// anything else.
import type { KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import {
  type CertificateRequest,
  parseCertificateRequest,
  verifyRequest,
} from '../../crypto/x509/certificate-request.ts'
import { encodeOid } from '../../crypto/x509/oid-codec.ts'
import { OID } from '../../crypto/x509/oids.ts'
import { type PemBlock, parsePem } from '../../crypto/x509/pem.ts'
import { parsePrivateKeyDer } from '../../crypto/x509/private-key.ts'
import { X509Error } from '../../crypto/x509/x509-error.ts'

/** Runs `parse`; what is wrong with the bytes is a 400 that begins with `where`. */
export function parsedOr400<T>(where: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof X509Error) throw badRequest(`${where}${error.message}`)
    throw error
  }
}

/** The same for what is built from a request's values. */
export async function builtOr400<T>(where: string, build: () => Promise<T>): Promise<T> {
  try {
    return await build()
  } catch (error) {
    if (error instanceof X509Error) throw badRequest(`${where}${error.message}`)
    throw error
  }
}

/** All blocks of a bundle; text behind the last one is refused too. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks = parsedOr400('error when parsing PEM bundle: ', () => parsePem(text))
  const end = text.lastIndexOf('-----END ')
  const rest = end < 0 ? text : text.slice(text.indexOf('-----', end + 9) + 5)
  if (rest.trim() !== '' || blocks.length === 0)
    throw badRequest(`error when parsing block ${blocks.length + 1}: invalid PEM data`)
  return blocks
}

/** The request of a `csr` field, its signature checked. */
export function signingRequest(text: string): CertificateRequest {
  if (text === '') throw badRequest('"csr" is empty')
  const [block] = parsedOr400('certificate request could not be parsed: ', () => parsePem(text))
  if (!block) throw badRequest('csr contains no data')
  const request = parsedOr400('certificate request could not be parsed: ', () =>
    parseCertificateRequest(block.der),
  )
  if (request.publicKey.type === null && request.publicKey.spki.includes(EC_KEY))
    throw badRequest('certificate request could not be parsed: unsupported elliptic curve')
  if (request.publicKey.type === null)
    throw badRequest(
      'Refusing to sign CSR with empty PublicKey. This usually means the SubjectPublicKeyInfo field has an OID not recognized by Go, such as 1.2.840.113549.1.1.10 for rsaPSS.',
    )
  if (request.signatureAlgorithm === null)
    throw badRequest(
      'request signature invalid: its algorithm is not supported (MD5 and SHA-1 are not, nor DSA)',
    )
  if (!verifyRequest(request)) throw badRequest('request signature invalid')
  return request
}

/** The identifier of a key on a curve, which may be another one than the three that are supported. */
const EC_KEY = encodeOid(OID.ecPublicKey)

const KEY_FORMS = ['sec1', 'pkcs1', 'pkcs8'] as const

/** The private key of a block, whatever its label says. */
export function privateKeyOf(block: PemBlock): KeyObject {
  for (const form of KEY_FORMS) {
    try {
      return parsePrivateKeyDer(block.der, form)
    } catch (error) {
      if (!(error instanceof X509Error)) throw error
    }
  }
  throw badRequest('failed to parse PEM block: invalid or unsupported private key')
}
