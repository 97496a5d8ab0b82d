// revoke and revoke-with-key: by serial number, or by a certificate that an issuer of the mount has signed.
import { badRequest } from '../../base/errors.ts'
import { serialText } from '../../crypto/x509/build-certificate.ts'
import { type Certificate, parseCertificate } from '../../crypto/x509/certificate.ts'
import { parsePem } from '../../crypto/x509/pem.ts'
import {
  isPrivateKeyBlock,
  keyPairOf,
  parsePrivateKeyBlock,
} from '../../crypto/x509/private-key.ts'
import { X509Error } from '../../crypto/x509/x509-error.ts'
import { integer, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { readDirectory } from './authority.ts'
import {
  issuerByCertificate,
  revokeCertificate,
  storedToRevoke,
  type ToRevoke,
} from './revocation.ts'
import { serialOf } from './revocation-store.ts'

const { write } = endpoints()

const input = {
  certificate: string('The certificate in PEM, in place of its serial number.'),
  serial_number: string('Serial number: "aa:bb:…" or "aa-bb-…".'),
}
const output = {
  revocation_time: integer('When it was revoked, seconds since 1970.'),
  revocation_time_rfc3339: string('The same as text.'),
  state: string('Always "revoked".'),
}

export const revocationRows = [
  write('revoke', {
    about: 'Revokes a certificate.',
    input,
    output,
    handle: async (ctx, sent) => revokeCertificate(ctx, await wanted(ctx, sent)),
  }),
  write('revoke-with-key', {
    about: 'Revokes a certificate for who has its private key.',
    input: {
      ...input,
      private_key: string("The certificate's private key in PEM.", { secret: true }),
    },
    output,
    handle: (ctx, sent) => revokeWithKey(ctx, sent),
  }),
]

interface Sent {
  readonly certificate: string | undefined
  readonly serial_number: string | undefined
}

/** Throws 400 where nothing, too much, or nothing that is known is named. */
async function wanted(ctx: RequestContext, sent: Sent): Promise<ToRevoke> {
  const { certificate, serial_number: serial } = sent
  if (serial === undefined && certificate === undefined)
    throw badRequest('The serial number or certificate to revoke must be provided.')
  if (serial !== undefined && certificate !== undefined)
    throw badRequest('Must provide either the certificate or the serial to revoke; not both.')
  if (certificate !== undefined) return presented(ctx, certificate)
  if (serial === '') throw badRequest('The serial number must be provided')
  const found = await storedToRevoke(ctx, serialOf(serial!))
  if (found) return found
  throw badRequest(`certificate with serial ${serial} not found.`)
}

/** Shorter text is a path of a file rather than a PEM block. */
const MIN_CERTIFICATE_CHARS = 75
const MIN_KEY_CHARS = 64

async function presented(ctx: RequestContext, text: string): Promise<ToRevoke> {
  if (text.length < MIN_CERTIFICATE_CHARS)
    throw badRequest(
      'provided certificate data was too short; perhaps a path was passed to the API rather than the contents of a PEM file',
    )
  const certificate = parsedOr400(text)
  const serial = serialText(certificate.serial)
  const stored = await storedToRevoke(ctx, serial)
  if (stored?.certificate.der.equals(certificate.der)) return stored
  if (stored)
    throw badRequest(
      "certificate with same serial but unequal value already present in this cluster's storage; refusing to revoke",
    )
  const issuer = await issuerByCertificate(ctx, await readDirectory(ctx.storage), certificate)
  if (issuer === null)
    throw badRequest(
      'unable to verify signature on presented cert from any present issuer in this mount; certificates from previous CAs will need to have their issuing CA and key re-imported if revocation is necessary',
    )
  return { certificate, issuerId: issuer.id, isStored: false }
}

function parsedOr400(text: string): Certificate {
  try {
    const [block] = parsePem(text)
    if (block) return parseCertificate(block.der)
  } catch (error) {
    if (!(error instanceof X509Error)) throw error
    throw badRequest(`certificate could not be parsed: ${error.message}`)
  }
  throw badRequest('certificate contains no PEM data')
}

async function revokeWithKey(
  ctx: RequestContext,
  sent: Sent & { readonly private_key: string | undefined },
): Promise<Answer> {
  const { private_key: key } = sent
  const isNamed = sent.certificate !== undefined || sent.serial_number !== undefined
  if (isNamed && key === undefined)
    throw badRequest('Must have private key to revoke via the /revoke-with-key path.')
  if (isNamed && key!.length < MIN_KEY_CHARS)
    throw badRequest(
      'Provided data for private_key was too short; perhaps a path was passed to the API rather than the contents of a PEM file?',
    )
  const found = await wanted(ctx, sent)
  assertKey(found.certificate, key!)
  return revokeCertificate(ctx, found)
}

/** Throws 400 unless it is the certificate's own key. */
function assertKey({ publicKey }: Certificate, text: string): void {
  const pair = keyOr400(text)
  if (publicKey.type !== pair.type)
    throw badRequest("provided private key type does not match certificate's public key type")
  if (!publicKey.keyBytes.equals(pair.publicKey.keyBytes) || publicKey.bits !== pair.publicKey.bits)
    throw badRequest("provided private key does not match certificate's public key")
}

function keyOr400(text: string): ReturnType<typeof keyPairOf> {
  try {
    const block = parsePem(text).find(isPrivateKeyBlock)
    if (block) return keyPairOf(parsePrivateKeyBlock(block))
  } catch (error) {
    if (!(error instanceof X509Error)) throw error
    throw badRequest(`failed to parse provided private key: ${error.message}`)
  }
  throw badRequest('provided key PEM block contained no data or failed to parse')
}
