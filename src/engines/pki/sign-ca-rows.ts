// sign-intermediate and sign-self-issued: an issuer of the mount signs another CA. What it signs is not
// imported; an intermediate is kept among the issued certificates, so that it can be revoked.
import { badRequest } from '../../base/errors.ts'
import { buildCertificate, serialText } from '../../crypto/x509/build-certificate.ts'
import { type Certificate, parseCertificate } from '../../crypto/x509/certificate.ts'
import { encodeExtension } from '../../crypto/x509/extension.ts'
import { OID } from '../../crypto/x509/oids.ts'
import { parsePem } from '../../crypto/x509/pem.ts'
import { boolean, string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { isWithoutUrls, NO_AIA_WARNING } from './aia.ts'
import { certificateText, type Format } from './answered-certificate.ts'
import { type MadeCertificate, signIntermediate } from './ca-certificate.ts'
import { certificateOutput } from './certificate-output.ts'
import { fixedParts } from './certificate-parts.ts'
import { builtOr400, parsedOr400, signingRequest } from './from-request.ts'
import { signingCas } from './issuance.ts'
import type { IssuingCa } from './issuing-ca.ts'
import {
  caFields,
  caIssueFields,
  csrField,
  issuerRefField,
  signatureFields,
} from './request-fields.ts'
import { recordIssued } from './revocation-store.ts'
import { subjectWarning } from './root-rows.ts'
import { checkRequestKey } from './sign-leaf.ts'
import { sortedData } from './sorted-data.ts'

const { write } = endpoints()

const { issuer_name: _issuerName, ...caIssueFieldsWithoutName } = caIssueFields
const intermediateInput = {
  ...caFields,
  ...caIssueFieldsWithoutName,
  csr: csrField,
  ...signatureFields,
  skid: string('Subject key identifier, in hex; only to mimic another certificate.'),
  use_csr_values: boolean("Copy the CSR's subject, names and extensions.", { default: false }),
}
const selfIssuedInput = {
  certificate: string('The self-issued certificate, PEM.', { default: '' }),
  require_matching_certificate_algorithms: boolean(
    'Refuse a certificate whose key is of another type than the issuer.',
    { default: false },
  ),
}
const { not_before: _notBefore, ...intermediateOutput } = certificateOutput
const selfIssuedOutput = {
  certificate: certificateOutput.certificate,
  issuing_ca: certificateOutput.issuing_ca,
}
const issuer_ref = { ...issuerRefField, required: true }

export const signCaRows = [
  write('root/sign-intermediate', {
    about: 'Signs an intermediate CA.',
    input: { ...intermediateInput, issuer_ref: issuerRefField },
    output: intermediateOutput,
    handle: (ctx, values) => answerIntermediate(ctx, values.issuer_ref, values),
  }),
  write('issuer/:issuer_ref/sign-intermediate', {
    about: 'Signs an intermediate CA by this issuer.',
    params: { issuer_ref },
    input: intermediateInput,
    output: intermediateOutput,
    handle: (ctx, values) => answerIntermediate(ctx, values.issuer_ref, values),
  }),
  write('root/sign-self-issued', {
    about: 'Signs a self-issued CA certificate as it is.',
    auth: 'sudo',
    input: { ...selfIssuedInput, issuer_ref: issuerRefField },
    output: selfIssuedOutput,
    handle: (ctx, values) => answerSelfIssued(ctx, values.issuer_ref, values),
  }),
  write('issuer/:issuer_ref/sign-self-issued', {
    about: 'Signs a self-issued CA certificate as it is, by this issuer.',
    params: { issuer_ref },
    input: selfIssuedInput,
    output: selfIssuedOutput,
    handle: (ctx, values) => answerSelfIssued(ctx, values.issuer_ref, values),
  }),
]

async function answerIntermediate(
  ctx: RequestContext,
  ref: string,
  values: Parsed<typeof intermediateInput>,
): Promise<Answer> {
  const { format } = values
  if (format !== 'pem' && format !== 'der' && format !== 'pem_bundle')
    throw badRequest('The "format" path parameter must be "pem" or "der"')
  return ctx.use(signingCas, ref, async (ca): Promise<Answer> => {
    const csr = signingRequest(values.csr)
    checkRequestKey({ key_type: 'any', key_bits: 0 }, csr.publicKey)
    const made = await signIntermediate(ctx, ca, csr, values)
    await ctx.storage.transaction(async (tx) => recordIssued(tx, { ...made, issuerId: ca.info.id }))
    return intermediateAnswer(ca, made, format)
  })
}

function intermediateAnswer(ca: IssuingCa, made: MadeCertificate, format: Format): Answer {
  const own = certificateText(format, made.der)
  const chain = ca.chain.map(({ der }) => certificateText(format, der))
  return {
    data: sortedData({
      ca_chain: [own, ...chain],
      certificate: format === 'pem_bundle' ? [own, ...chain].join('\n') : own,
      expiration: Math.floor(made.notAfterMs / 1000),
      issuing_ca: certificateText(format, ca.certificate.der),
      serial_number: serialText(made.serial),
    }),
    warnings: [
      ...(ca.certificate.notAfterMs < made.notAfterMs ? [OUTLIVES_WARNING] : []),
      ...subjectWarning(made.isSubjectEmpty),
      ...(isWithoutUrls(ca.urls()) ? [NO_AIA_WARNING] : []),
      ...(made.maxPathLength === 0
        ? [
            'Max path length of the signed certificate is zero. This certificate cannot be used to issue intermediate CA certificates.',
          ]
        : []),
      ...made.warnings,
    ],
  }
}

const OUTLIVES_WARNING =
  "The expiration time for the signed certificate is after the CA's expiration time. If the new certificate is not treated as a root, validation paths with the certificate past the issuing CA's expiration time will fail."

async function answerSelfIssued(
  ctx: RequestContext,
  ref: string,
  values: Parsed<typeof selfIssuedInput>,
): Promise<Answer> {
  const certificate = selfIssued(values.certificate)
  return ctx.use(signingCas, ref, async (ca): Promise<Answer> => {
    const own = ca.certificate.publicKey.type
    const theirs = certificate.publicKey.type
    if (own !== theirs && values.require_matching_certificate_algorithms)
      throw badRequest(
        `signing certificate's public key algorithm (${goKeyType(own)}) does not match submitted certificate's (${goKeyType(theirs)}), and require_matching_certificate_algorithms is true`,
      )
    const der = await crossSigned(ca, certificate)
    return {
      data: {
        certificate: certificateText('pem', der),
        issuing_ca: ca.certificatePem,
      },
    }
  })
}

export const goKeyType = (type: string | null): string =>
  type === 'rsa' ? 'RSA' : type === 'ec' ? 'ECDSA' : type === 'ed25519' ? 'Ed25519' : '0'

function selfIssued(text: string): Certificate {
  const [block] = parsedOr400('certificate could not be PEM-decoded: ', () => parsePem(text))
  if (!block || block.der.length === 0) throw badRequest('certificate could not be PEM-decoded')
  const certificate = parsedOr400('error parsing certificate: ', () => parseCertificate(block.der))
  if (!certificate.isCa) throw badRequest('given certificate is not a CA certificate')
  if (!certificate.issuer.der.equals(certificate.subject.der))
    throw badRequest('given certificate is not self-issued')
  return certificate
}

/** What says who the issuer is, and where to ask it. */
const REPLACED: readonly string[] = [
  OID.authorityKeyId,
  OID.authorityInfoAccess,
  OID.crlDistributionPoints,
  OID.freshestCrl,
]

/** The same certificate, but by this issuer. */
const crossSigned = (ca: IssuingCa, certificate: Certificate): Promise<Buffer> =>
  builtOr400('error signing self-issued certificate: ', async () => {
    const kept = certificate.extensions.filter(({ oid }) => !REPLACED.includes(oid))
    const fixed = fixedParts({
      keyUsage: 0,
      extKeyUsages: [],
      basicConstraints: null,
      authorityKeyId: ca.certificate.subjectKeyId,
      urls: ca.urls(),
      policies: [],
    })
    const algorithm = certificate.signatureAlgorithm
    const isSameType = algorithm?.keyType === 'rsa' && ca.certificate.publicKey.type === 'rsa'
    return buildCertificate(
      {
        serial: certificate.serial,
        issuer: ca.certificate.subject.der,
        subject: certificate.subject.der,
        notBeforeMs: certificate.notBeforeMs,
        notAfterMs: certificate.notAfterMs,
        spki: certificate.publicKey.spki,
        extensions: [
          ...kept.map(({ oid, critical, value }) => encodeExtension(oid, critical, value)),
          ...[...fixed.authority, ...fixed.tail].map((part) => part.der),
        ],
      },
      ca.signer({
        bits: isSameType ? algorithm.hashBits : 0,
        pss: isSameType && algorithm.isPss,
      }),
    )
  })
