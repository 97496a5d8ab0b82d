// issue, sign and sign-verbatim, by role or by issuer: what applications call. One commit stores the
// certificate with its place in the index; nothing is stored where something was refused.
import { serialText } from '../../crypto/x509/build-certificate.ts'
import type { Certificate } from '../../crypto/x509/certificate.ts'
import { string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { certificateText, type Format, formatOf, keyFields } from './answered-certificate.ts'
import { certificateLease } from './certificate-lease.ts'
import { certificateOutput, privateKeyOutput } from './certificate-output.ts'
import { signingRequest } from './from-request.ts'
import { fixedFor, type Issuance, issuanceKey, issuances, roleOf, signingCas } from './issuance.ts'
import type { IssuingCa } from './issuing-ca.ts'
import {
  csrField,
  issuerRefField,
  keyChoiceFields,
  type LeafValues,
  leafFields,
  verbatimFields,
} from './request-fields.ts'
import { recordIssued } from './revocation-store.ts'
import { issueLeaf, type SignedLeaf, signRequest, withChosenKey } from './sign-leaf.ts'
import { sortedData } from './sorted-data.ts'
import { type VerbatimValues, verbatimRole } from './verbatim-role.ts'

const { write } = endpoints()

const role = string('Name of the role.', { required: true })
const issuer = { ...issuerRefField, required: true }
const signInput = { ...leafFields, csr: csrField }
const issueInput = { ...leafFields, ...keyChoiceFields }
const issueOutput = { ...certificateOutput, ...privateKeyOutput }

type IssueValues = LeafValues & {
  readonly key_type: string | undefined
  readonly key_bits: number | undefined
}
type SignValues = LeafValues & { readonly csr: string }

export const issueRows = [
  write('issue/:role', {
    about: 'Makes a key and issues a certificate for it.',
    params: { role },
    input: issueInput,
    output: issueOutput,
    handle: (ctx, values) => issue(ctx, issuanceKey(values.role, null), values),
  }),
  write('issuer/:issuer_ref/issue/:role', {
    about: 'Makes a key and issues a certificate for it by this issuer.',
    params: { issuer_ref: issuer, role },
    input: issueInput,
    output: issueOutput,
    handle: (ctx, values) => issue(ctx, issuanceKey(values.role, values.issuer_ref), values),
  }),
  write('sign/:role', {
    about: 'Issues a certificate for a signing request, by the rules of a role.',
    params: { role },
    input: signInput,
    output: certificateOutput,
    handle: (ctx, values) => sign(ctx, issuanceKey(values.role, null), values),
  }),
  write('issuer/:issuer_ref/sign/:role', {
    about: 'Issues a certificate for a signing request by this issuer.',
    params: { issuer_ref: issuer, role },
    input: signInput,
    output: certificateOutput,
    handle: (ctx, values) => sign(ctx, issuanceKey(values.role, values.issuer_ref), values),
  }),
  write('sign-verbatim', {
    about: 'Issues a certificate as a signing request asks for it.',
    input: { ...verbatimFields, issuer_ref: issuerRefField },
    output: certificateOutput,
    handle: (ctx, values) => signVerbatim(ctx, null, values.issuer_ref, values),
  }),
  write('sign-verbatim/:role', {
    about: "Issues a certificate as a signing request asks for it, with a role's life and issuer.",
    params: { role },
    input: verbatimFields,
    output: certificateOutput,
    handle: (ctx, values) => signVerbatim(ctx, values.role, null, values),
  }),
  write('issuer/:issuer_ref/sign-verbatim', {
    about: 'Issues a certificate by this issuer as a signing request asks for it.',
    params: { issuer_ref: issuer },
    input: verbatimFields,
    output: certificateOutput,
    handle: (ctx, values) => signVerbatim(ctx, null, values.issuer_ref, values),
  }),
  write('issuer/:issuer_ref/sign-verbatim/:role', {
    about:
      "Issues a certificate by this issuer as a signing request asks for it, with a role's life.",
    params: { issuer_ref: issuer, role },
    input: verbatimFields,
    output: certificateOutput,
    handle: (ctx, values) => signVerbatim(ctx, values.role, values.issuer_ref, values),
  }),
]

const issue = (ctx: RequestContext, key: string, values: IssueValues): Promise<Answer> =>
  ctx.use(issuances, key, async (found) => {
    const format = formatOf(values.format)
    const { issuance, warnings } = withChosenKey(found, values.key_type, values.key_bits)
    const made = await issueLeaf(ctx, issuance, values)
    return finish(ctx, issuance, { made, format, values, warnings })
  })

const sign = (ctx: RequestContext, key: string, values: SignValues): Promise<Answer> =>
  ctx.use(issuances, key, async (issuance) => {
    const format = formatOf(values.format)
    const csr = signingRequest(values.csr)
    const made = await signRequest(ctx, issuance, values, csr, false)
    const warnings = overridden(issuance.role, values)
    return finish(ctx, issuance, { made, format, values, warnings })
  })

async function signVerbatim(
  ctx: RequestContext,
  roleName: string | null,
  ref: string | null,
  values: VerbatimValues & SignValues,
): Promise<Answer> {
  const base = roleName === null ? null : await roleOf(ctx.storage, roleName)
  const role = verbatimRole(values, base)
  const format = formatOf(values.format)
  return ctx.use(signingCas, ref ?? role.issuer_ref, async (ca) => {
    const issuance = { role, ca, fixed: fixedFor(role, ca) }
    const csr = signingRequest(values.csr)
    const made = await signRequest(ctx, issuance, values, csr, true)
    return finish(ctx, issuance, { made, format, values, warnings: overridden(role, values) })
  })
}

/** Warns of what was asked for where the request to sign says it instead. */
function overridden(
  role: Issuance['role'],
  values: Pick<LeafValues, 'common_name' | 'alt_names'>,
): readonly string[] {
  const warnings: string[] = []
  if (role.use_csr_common_name && values.common_name !== '')
    warnings.push(
      'the common_name field was provided but the role is set with "use_csr_common_name" set to true',
    )
  if (role.use_csr_sans && values.alt_names.length > 0)
    warnings.push(
      'the alt_names field was provided but the role is set with "use_csr_sans" set to true',
    )
  return warnings
}

/** Stores the certificate, with a lease where the role says so, and answers it. */
async function finish(
  ctx: RequestContext,
  { role, ca }: Issuance,
  of: {
    readonly made: SignedLeaf
    readonly format: Format
    readonly values: LeafValues
    readonly warnings: readonly string[]
  },
): Promise<Answer> {
  const { made } = of
  const data = sortedData({ ...certificateFields(ca, of), ...keyPart(of) })
  const warnings = [...of.warnings, ...made.warnings]
  if (role.no_store) return { data, warnings }
  const serial = serialText(made.serial)
  const lease = role.generate_lease
    ? await ctx.lease(certificateLease, {
        internal: { serial },
        ttlSeconds: Math.max(1, Math.floor((made.notAfterMs - ctx.clock.now()) / 1000)),
      })
    : null
  await ctx.storage.transaction(async (tx) => recordIssued(tx, { ...made, issuerId: ca.info.id }))
  return lease ? { data, warnings, lease } : { data, warnings }
}

const keyPart = (of: { made: SignedLeaf; format: Format; values: LeafValues }) =>
  of.made.key === null ? {} : keyFields(of.format, of.values.private_key_format, of.made.key)

function certificateFields(
  ca: IssuingCa,
  { made, format, values }: { made: SignedLeaf; format: Format; values: LeafValues },
): Readonly<Record<string, unknown>> {
  const chain = values.remove_roots_from_chain
    ? ca.chain.filter((certificate) => !isRoot(certificate))
    : ca.chain
  const chainTexts = chain.map(({ der }) => certificateText(format, der))
  const own = certificateText(format, made.der)
  return {
    ca_chain: chainTexts.length > 0 ? chainTexts : undefined,
    certificate: format === 'pem_bundle' ? bundle(made, own, ca.chainPem) : own,
    expiration: Math.floor(made.notAfterMs / 1000),
    issuing_ca: certificateText(format, ca.certificate.der),
    not_before: Math.floor(made.notBeforeMs / 1000),
    serial_number: serialText(made.serial),
  }
}

/** Key, certificate and the whole chain in one text. */
function bundle(made: SignedLeaf, own: string, chain: readonly string[]): string {
  const key = made.key === null ? [] : [keyFields('pem', 'der', made.key).private_key]
  return [...key, own, ...chain].join('\n')
}

/** By its key identifiers, or by its names where it has none. */
const isRoot = (certificate: Certificate): boolean => {
  const { authorityKeyId, subjectKeyId } = certificate
  if (authorityKeyId && authorityKeyId.length > 0)
    return subjectKeyId !== null && authorityKeyId.equals(subjectKeyId)
  return certificate.issuer.der.equals(certificate.subject.der)
}
