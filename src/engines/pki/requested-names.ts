// Which names a certificate gets: those of the request or of its CSR, as the role says, each allowed by the
// role or refused in Vault's words. A CSR is data from outside: nothing in it is taken that no rule allows.
import { isIP } from 'node:net'
import { badRequest } from '../../base/errors.ts'
import { MAX_CERTIFICATE_NAMES } from '../../base/limits.ts'
import type { CertificateRequest } from '../../crypto/x509/certificate-request.ts'
import type { AltNames, OtherName } from '../../crypto/x509/general-names.ts'
import { attributeValues, type SubjectFields, subjectFields } from '../../crypto/x509/names.ts'
import { OID } from '../../crypto/x509/oids.ts'
import { asciiName, isHostName } from './host-name.ts'
import {
  isCommonNameAllowed,
  isIpAllowed,
  isSerialAllowed,
  isUriAllowed,
  isUserIdAllowed,
  refusedName,
} from './name-rules.ts'
import { assertOtherNameAllowed, parseOtherNames } from './other-names.ts'
import type { LeafValues } from './request-fields.ts'
import type { Role } from './role-fields.ts'
import { uriName } from './uri-name.ts'

export type RequestedValues = Pick<
  LeafValues,
  'alt_names' | 'common_name' | 'exclude_cn_from_sans' | 'ip_sans' | 'other_sans' | 'serial_number'
> &
  Pick<LeafValues, 'uri_sans'> & { readonly user_ids?: readonly string[] }

export interface RequestedNames {
  readonly subject: SubjectFields
  readonly altNames: Omit<AltNames, 'others'>
}

/** Throws 400 for what the role doesn't allow. `csr` is null where the server makes the key. */
export function requestedNames(
  role: Role,
  values: RequestedValues,
  csr: CertificateRequest | null,
): RequestedNames {
  const fromCsr = csr !== null && role.use_csr_sans ? csr.altNames : null
  limitNames(values, fromCsr)
  const csrSubject = csr === null ? null : subjectFields(csr.subject)
  const commonName = commonNameOf(role, values, csrSubject?.commonName ?? '')
  const serial = values.serial_number || csrSubject?.serialNumber || ''
  const { dnsNames, emails } = hostNames(values, fromCsr, commonName)
  if (commonName !== '' && !isCommonNameAllowed(role, commonName))
    throw badRequest(`common name ${commonName} not allowed by this role`)
  if (serial !== '' && !isSerialAllowed(role, serial))
    throw badRequest(`serial_number ${serial} not allowed by this role`)
  const badDns = refusedName(role, dnsNames)
  if (badDns !== null) throw badRequest(`subject alternate name ${badDns} not allowed by this role`)
  const badMail = refusedName(role, emails)
  if (badMail !== null) throw badRequest(`email address ${badMail} not allowed by this role`)
  const otherNames = otherNamesOf(role, values, fromCsr)
  const ips = ipsOf(role, values, fromCsr)
  const uris = urisOf(role, values, fromCsr)
  const userIds = userIdsOf(role, values, csr)
  return {
    subject: {
      ...subjectOf(role),
      commonName,
      serialNumber: serial,
      extra: userIds.map((value) => ({ oid: OID.userId, value })),
    },
    altNames: {
      dnsNames: unique(dnsNames),
      emails: unique(emails).sort(),
      ips,
      uris,
      otherNames,
    },
  }
}

function limitNames(values: RequestedValues, fromCsr: AltNames | null): void {
  const { alt_names, ip_sans, uri_sans, other_sans, user_ids = [] } = values
  const lists = [alt_names, ip_sans, uri_sans, other_sans, user_ids]
  const sent = lists.reduce((sum, list) => sum + list.length, 0)
  const asked = fromCsr
    ? Object.values(fromCsr).reduce((sum, list) => sum + (list as readonly unknown[]).length, 0)
    : 0
  if (sent + asked > MAX_CERTIFICATE_NAMES)
    throw badRequest(`a certificate takes at most ${MAX_CERTIFICATE_NAMES} names`)
}

function commonNameOf(role: Role, values: RequestedValues, csrName: string): string {
  const name = (role.use_csr_common_name ? csrName : '') || values.common_name
  if (name === '' && role.require_cn)
    throw badRequest(
      'the common_name field is required, or must be provided in a CSR with "use_csr_common_name" set to true, unless "require_cn" is set to false',
    )
  return name
}

/** DNS names and mail addresses: the CSR's or the request's, and the common name where it is one. */
function hostNames(
  values: RequestedValues,
  fromCsr: AltNames | null,
  commonName: string,
): { dnsNames: string[]; emails: string[] } {
  const dnsNames = [...(fromCsr?.dnsNames ?? [])]
  const emails = [...(fromCsr?.emails ?? [])]
  const add = (name: string): void => {
    if (name.includes('@')) emails.push(name)
    else {
      const ascii = asciiName(name)
      if (isHostName(ascii)) dnsNames.push(ascii)
    }
  }
  if (commonName !== '' && !values.exclude_cn_from_sans) add(commonName)
  if (fromCsr === null) for (const name of unique(values.alt_names)) add(name)
  return { dnsNames, emails }
}

/** Trimmed, each once, in order, as Vault does with lists of names. */
export function unique(list: readonly string[]): string[] {
  return [...new Set(list.map((item) => item.trim()))].filter((item) => item !== '')
}

const subjectOf = (role: Role): SubjectFields => ({
  country: unique(role.country),
  organization: unique(role.organization),
  organizationalUnit: unique(role.ou),
  locality: unique(role.locality),
  province: unique(role.province),
  streetAddress: unique(role.street_address),
  postalCode: unique(role.postal_code),
})

function otherNamesOf(
  role: Role,
  values: RequestedValues,
  fromCsr: AltNames | null,
): readonly OtherName[] {
  const wanted = [
    ...parseOtherNames(values.other_sans, 'could not parse requested other SAN'),
    ...(fromCsr?.otherNames ?? []),
  ]
  for (const name of wanted) assertOtherNameAllowed(role.allowed_other_sans, name)
  return wanted
}

function ipsOf(role: Role, values: RequestedValues, fromCsr: AltNames | null): readonly string[] {
  const ips = fromCsr ? fromCsr.ips : values.ip_sans
  // A zone is of one machine alone, and has no place in a certificate.
  for (const ip of ips)
    if (isIP(ip) === 0 || ip.includes('%'))
      throw badRequest(`the value "${ip}" is not a valid IP address`)
  if (ips.length === 0) return ips
  if (!role.allow_ip_sans)
    throw badRequest(
      `IP Subject Alternative Names are not allowed in this role, but was provided via ${fromCsr ? 'CSR' : 'the API'}`,
    )
  const refused = ips.find((ip) => !isIpAllowed(role, ip))
  if (refused !== undefined)
    throw badRequest(`the IP address "${refused}" is not allowed in this role`)
  return ips
}

function urisOf(role: Role, values: RequestedValues, fromCsr: AltNames | null): readonly string[] {
  const uris = fromCsr ? fromCsr.uris : values.uri_sans
  if (uris.length === 0) return uris
  const source = fromCsr ? 'CSR' : 'the API'
  if (role.allowed_uri_sans.length === 0)
    throw badRequest(
      `URI Subject Alternative Names are not allowed in this role, but were provided via ${source}`,
    )
  return uris.map((uri) => {
    const written = uriName(uri)
    // A role is asked about what a CSR holds as it will be written, and about what a caller sends as it was sent.
    const asked = fromCsr && written !== null ? written : uri
    if (!isUriAllowed(role, asked))
      throw badRequest(
        `URI Subject Alternative Names were provided via ${source} which are not valid for this role`,
      )
    if (written === null)
      throw badRequest(
        `the provided URI Subject Alternative Name ${JSON.stringify(uri)} is not a valid URI`,
      )
    return written
  })
}

function userIdsOf(
  role: Role,
  values: RequestedValues,
  csr: CertificateRequest | null,
): readonly string[] {
  if (values.user_ids === undefined) return []
  const fromCsr = csr === null ? [] : attributeValues(csr.subject, OID.userId)
  const ids = values.user_ids.length > 0 ? values.user_ids : fromCsr
  const refused = ids.find((id) => !isUserIdAllowed(role, id))
  if (refused !== undefined) throw badRequest(`user_id ${refused} is not allowed by this role`)
  return ids
}
