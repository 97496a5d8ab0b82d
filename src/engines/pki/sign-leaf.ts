// Makes one certificate for a leaf: its names and validity by the role, its key by the request or its CSR, and
// the signature by the issuer.
import { badRequest } from '../../base/errors.ts'
import { buildCertificate, randomSerial } from '../../crypto/x509/build-certificate.ts'
import type { CertificateRequest } from '../../crypto/x509/certificate-request.ts'
import { findExtension } from '../../crypto/x509/extension.ts'
import type { KeyType } from '../../crypto/x509/key-algorithms.ts'
import { encodeName } from '../../crypto/x509/names.ts'
import { OID } from '../../crypto/x509/oids.ts'
import { generateKey, type KeyPair } from '../../crypto/x509/private-key.ts'
import { type PublicKey, sha1KeyId } from '../../crypto/x509/public-key.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { extensionsOf } from './certificate-parts.ts'
import { builtOr400 } from './from-request.ts'
import type { Issuance } from './issuance.ts'
import { keyChoice } from './key-policy.ts'
import type { LeafValues } from './request-fields.ts'
import { type RequestedNames, requestedNames } from './requested-names.ts'
import type { Role } from './role-fields.ts'
import { type Validity, validityOf } from './validity.ts'

export interface SignedLeaf {
  readonly serial: Buffer
  readonly der: Buffer
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** null where the key came with a CSR. */
  readonly key: KeyPair | null
  readonly warnings: readonly string[]
}

/** A leaf with a new key. Throws 400. */
export async function issueLeaf(
  ctx: RequestContext,
  of: Issuance,
  values: LeafValues,
): Promise<SignedLeaf> {
  const names = requestedNames(of.role, values, null)
  const validity = leafValidity(ctx, of, values)
  const key = await generateKey(of.role.key_type as KeyType, of.role.key_bits)
  const made = await signLeaf(ctx, of, { names, validity, publicKey: key.publicKey, csr: null })
  return { ...made, key }
}

/** A leaf for the key of a CSR; `verbatim` copies the CSR's subject, names and extensions. Throws 400. */
export async function signRequest(
  ctx: RequestContext,
  of: Issuance,
  values: LeafValues,
  csr: CertificateRequest,
  verbatim: boolean,
): Promise<SignedLeaf> {
  checkRequestKey(of.role, csr.publicKey)
  const names = requestedNames(of.role, values, csr)
  const validity = leafValidity(ctx, of, values)
  const made = await signLeaf(ctx, of, {
    names,
    validity,
    publicKey: csr.publicKey,
    csr: verbatim ? csr : null,
  })
  const isIgnored =
    findExtension(csr.extensions, OID.basicConstraints) !== undefined &&
    !of.role.basic_constraints_valid_for_non_ca
  const warnings = isIgnored
    ? [
        ...made.warnings,
        'specified CSR contained a Basic Constraints extension that was ignored during issuance',
      ]
    : made.warnings
  return { ...made, key: null, warnings }
}

const leafValidity = (ctx: RequestContext, { role, ca }: Issuance, values: LeafValues): Validity =>
  validityOf({
    nowMs: ctx.clock.now(),
    role,
    mount: ctx.services.ttls(),
    ttl: values.ttl,
    notBefore: values.not_before,
    notAfter: values.not_after,
    issuer: { notAfterMs: ca.certificate.notAfterMs, leafNotAfter: ca.record.leafNotAfter },
  })

async function signLeaf(
  ctx: RequestContext,
  { role, ca, fixed }: Issuance,
  of: {
    readonly names: RequestedNames
    readonly validity: Validity
    readonly publicKey: PublicKey
    /** Whose subject, names and extensions are copied. */
    readonly csr: CertificateRequest | null
  },
): Promise<Omit<SignedLeaf, 'key'>> {
  const serial = randomSerial((count) => ctx.random.bytes(count))
  const { notBeforeMs, notAfterMs, warnings } = of.validity
  const der = await builtOr400('unable to create certificate: ', async () => {
    const subject = of.csr ? of.csr.subject.der : encodeName(of.names.subject)
    const extensions = extensionsOf(fixed, {
      subjectKeyId: sha1KeyId(of.publicKey),
      altNames: of.csr
        ? { ...of.csr.altNames, otherNames: of.names.altNames.otherNames }
        : of.names.altNames,
      isSubjectEmpty: subject.length <= 2,
      ...(of.csr ? { copied: of.csr.extensions } : {}),
    })
    return buildCertificate(
      {
        serial,
        issuer: ca.certificate.subject.der,
        subject,
        notBeforeMs,
        notAfterMs,
        spki: of.publicKey.spki,
        extensions,
      },
      leafSigner({ role, ca }),
    )
  })
  return { serial, der, notBeforeMs, notAfterMs, warnings }
}

/** The hash is the role's choice for RSA only: curves go with the hash of their size. */
const leafSigner = ({ role, ca }: Pick<Issuance, 'ca' | 'role'>) =>
  ca.signer({
    bits: ca.certificate.publicKey.type === 'rsa' ? role.signature_bits : 0,
    pss: role.use_pss,
  })

const MIN_RSA_BITS = 2048

/** Throws 400 for a key that the role doesn't take. */
export function checkRequestKey(role: Pick<Role, 'key_bits' | 'key_type'>, key: PublicKey): void {
  if (role.key_type !== 'any' && key.type !== role.key_type)
    throw badRequest(`role requires keys of type ${role.key_type}`)
  if (role.key_type === 'any' && key.type === 'rsa' && key.bits < MIN_RSA_BITS)
    throw badRequest('RSA keys < 2048 bits are unsafe and not supported')
  const least = role.key_type === 'any' ? 0 : role.key_bits
  if (key.type !== 'ed25519' && key.bits < least)
    throw badRequest(
      `role requires a minimum of a ${least}-bit key, but CSR's key is ${key.bits} bits`,
    )
}

/** The issuance with the key that a request chooses where the role leaves it open. Throws 400. */
export function withChosenKey(
  of: Issuance,
  type: string | undefined,
  bits: number | undefined,
): { readonly issuance: Issuance; readonly warnings: readonly string[] } {
  const { role } = of
  if (role.key_type !== 'any') {
    const isIgnored = type !== undefined || bits !== undefined
    return { issuance: of, warnings: isIgnored ? [IGNORED_KEY] : [] }
  }
  if (type === undefined)
    throw badRequest(
      'role key type "any" not allowed for issuing certificates without providing key_type and/or key_bits request parameters',
    )
  if (type === 'any') throw badRequest('failed to validate role: unknown key type any')
  const chosen = keyChoice(
    type,
    bits ?? role.key_bits,
    role.signature_bits,
    'failed to validate role: ',
  )
  const changed: Role = {
    ...role,
    key_type: chosen.keyType,
    key_bits: chosen.keyBits,
    signature_bits: chosen.signatureBits,
  }
  return { issuance: { ...of, role: changed }, warnings: [] }
}

const IGNORED_KEY = 'parameters key_type and key_bits ignored as role had specific values'
