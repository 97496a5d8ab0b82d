// A role and the issuer that serves it, ready to sign: one resource, so that issuing costs one look at the
// versions of what it was built from, and no parsing.
import { badRequest } from '../../base/errors.ts'
import { resourceKind } from '../../sdk/resource.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { type FixedParts, fixedParts } from './certificate-parts.ts'
import { parsedOr400 } from './from-request.ts'
import { assertUsable, buildIssuingCa, type IssuingCa } from './issuing-ca.ts'
import { parsePolicyIdentifiers } from './policy-identifiers.ts'
import type { Role } from './role-fields.ts'
import { readRole } from './role-rows.ts'
import { extKeyUsagesOf, keyUsageMask } from './usages.ts'

export interface Issuance {
  readonly role: Role
  readonly ca: IssuingCa
  readonly fixed: FixedParts
}

const IDLE_MS = 5 * 60 * 1000

/** `ref` null: the role's own issuer. Names come from paths and may hold anything, so they are quoted. */
export const issuanceKey = (role: string, ref: string | null): string => JSON.stringify([role, ref])

/** By issuanceKey. Throws 400 for an unknown role or issuer, or one that may not issue. */
export const issuances = resourceKind<Issuance>('issuance', {
  idleMs: IDLE_MS,
  async build({ storage }, key) {
    const [name, ref] = JSON.parse(key) as [string, string | null]
    const role = await roleOf(storage, name)
    const ca = await caFor(storage, ref ?? role.issuer_ref)
    return { role, ca, fixed: fixedFor(role, ca) }
  },
  dispose: async () => {},
})

/** Throws 400 where there is none. */
export async function roleOf(storage: ReadStorage, name: string): Promise<Role> {
  const role = await readRole(storage, name)
  if (role === null) throw badRequest(`unknown role: ${name}`)
  return role
}

const WHERE = 'could not fetch the CA certificate (was one set?): '

/** The issuer, which may issue; its faults in the words of those who want a certificate. */
export async function caFor(storage: ReadStorage, ref: string): Promise<IssuingCa> {
  const ca = await buildIssuingCa(storage, ref, WHERE)
  assertUsable(ca, 'issuing-certificates')
  return ca
}

/** The same by its reference, kept ready: for what is signed without a role. */
export const signingCas = resourceKind<IssuingCa>('signing-ca', {
  idleMs: IDLE_MS,
  build: ({ storage }, ref) => caFor(storage, ref),
  dispose: async () => {},
})

/** Of a leaf by this role. */
export const fixedFor = (role: Role, ca: IssuingCa): FixedParts =>
  parsedOr400('unable to create certificate: ', () =>
    fixedParts({
      keyUsage: keyUsageMask(role.key_usage),
      extKeyUsages: extKeyUsagesOf(role),
      basicConstraints: role.basic_constraints_valid_for_non_ca
        ? { isCa: false, maxPathLength: -1 }
        : null,
      authorityKeyId: ca.certificate.subjectKeyId,
      urls: ca.urls(),
      policies: parsePolicyIdentifiers(role.policy_identifiers),
    }),
  )
