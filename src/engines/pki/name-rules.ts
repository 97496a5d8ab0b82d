// Whether a role allows the names of a request: common name, DNS and mail names, URIs, IP addresses, other
// names, serial numbers and user ids. Each rule answers the name that is refused, or null. The order of the
// rules, and what each lets through, is Vault's.
import { cidrContains, parseCidr } from '../../base/cidr.ts'
import { isHostName, isWildcardLabel, toAscii } from './host-name.ts'
import { globMatches } from './name-glob.ts'
import type { Role } from './role-fields.ts'

export type NameRole = Pick<
  Role,
  | 'allow_any_name'
  | 'allow_bare_domains'
  | 'allow_glob_domains'
  | 'allow_localhost'
  | 'allow_subdomains'
  | 'allow_wildcard_certificates'
  | 'allowed_domains'
  | 'allowed_domains_template'
  | 'cn_validations'
  | 'enforce_hostnames'
>

interface Parts {
  readonly whole: string
  readonly isEmail: boolean
  readonly isWildcard: boolean
  /** The name, or what is behind the @, without the label that holds the wildcard. */
  readonly reduced: string
  /** What is behind the @, or the name. */
  readonly domain: string
  readonly wildcardLabel: string
}

/** null: the name is not even formed as one. */
function partsOf(whole: string): Parts | null {
  const at = whole.split('@')
  if (at.length > 2) return null
  const isEmail = at.length === 2
  const domain = at.at(-1)!
  const isWildcard = domain.includes('*')
  if (!isWildcard) return { whole, isEmail, isWildcard, reduced: domain, domain, wildcardLabel: '' }
  if (isEmail || domain.indexOf('*') !== domain.lastIndexOf('*')) return null
  const dot = domain.indexOf('.')
  const wildcardLabel = dot < 0 ? domain : domain.slice(0, dot)
  const reduced = dot < 0 ? '' : domain.slice(dot + 1)
  if (reduced.includes('*')) return null
  return { whole, isEmail, isWildcard, reduced, domain, wildcardLabel }
}

/** The first name that the role doesn't allow; null: all are allowed. */
export function refusedName(role: NameRole, names: readonly string[]): string | null {
  for (let i = 0; i < names.length; i++) if (!isNameAllowed(role, names[i]!)) return names[i]!
  return null
}

function isNameAllowed(role: NameRole, name: string): boolean {
  const parts = partsOf(name)
  if (parts === null) return false
  if (parts.isWildcard && !role.allow_wildcard_certificates) return false
  if (role.enforce_hostnames && !isWellFormed(parts)) return false
  if (role.allow_any_name) return true
  if (role.allow_localhost && isLocal(role, parts)) return true
  return role.allowed_domains.some(
    (domain) =>
      domain !== '' &&
      !(role.allowed_domains_template && isTemplate(domain)) &&
      isOfDomain(role, parts, domain),
  )
}

function isWellFormed({ reduced, isWildcard, wildcardLabel }: Parts): boolean {
  if (reduced !== '') {
    const ascii = toAscii(reduced)
    if (ascii === null || !isHostName(ascii)) return false
  }
  return !isWildcard || isWildcardLabel(wildcardLabel)
}

const LOCAL = ['localhost', 'localdomain']

/** A wildcard of them is taken too, also without allow_subdomains, as in Vault. */
const isLocal = (role: NameRole, { reduced }: Parts): boolean =>
  LOCAL.some((name) => reduced === name || (role.allow_subdomains && reduced.endsWith(`.${name}`)))

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function isOfDomain(role: NameRole, parts: Parts, domain: string): boolean {
  const { whole, isEmail, reduced } = parts
  if (role.allow_bare_domains && (same(whole, domain) || (isEmail && same(parts.domain, domain))))
    return true
  if (role.allow_subdomains) {
    if (reduced.endsWith(`.${domain}`)) return true
    if (parts.isWildcard && same(reduced, domain)) return true
  }
  return role.allow_glob_domains && domain.includes('*') && globMatches(domain, whole)
}

/** Whether the role takes this common name. */
export function isCommonNameAllowed(role: NameRole, name: string): boolean {
  const kinds = role.cn_validations
  if (kinds.length === 1 && kinds[0] === 'disabled') return true
  if (!isNameAllowed(role, name)) return false
  return kinds.length === 0 || kinds.includes(name.includes('@') ? 'email' : 'hostname')
}

export const isUriAllowed = (
  role: Pick<Role, 'allowed_uri_sans' | 'allowed_uri_sans_template'>,
  uri: string,
): boolean =>
  role.allowed_uri_sans.some(
    (pattern) =>
      !(role.allowed_uri_sans_template && isTemplate(pattern)) && globMatches(pattern, uri),
  )

/** It would be filled in from the caller's identity; without one it matches nothing. */
const isTemplate = (text: string): boolean => text.includes('{{')

/** Whether the role has rules that need the caller's identity. */
export const needsIdentity = (
  role: Pick<
    Role,
    | 'allowed_domains'
    | 'allowed_domains_template'
    | 'allowed_uri_sans'
    | 'allowed_uri_sans_template'
  >,
): boolean =>
  (role.allowed_domains_template && role.allowed_domains.some(isTemplate)) ||
  (role.allowed_uri_sans_template && role.allowed_uri_sans.some(isTemplate))

export const isSerialAllowed = (
  role: Pick<Role, 'allowed_serial_numbers'>,
  serial: string,
): boolean =>
  role.allowed_serial_numbers.some((pattern) => pattern !== '' && globMatches(pattern, serial))

export const isUserIdAllowed = (role: Pick<Role, 'allowed_user_ids'>, id: string): boolean =>
  role.allowed_user_ids.some(
    (pattern) => same(pattern, id) || (pattern.includes('*') && globMatches(pattern, id)),
  )

/** Networks were checked when the role was written. */
export function isIpAllowed(role: Pick<Role, 'allowed_ip_sans_cidr'>, ip: string): boolean {
  const networks = role.allowed_ip_sans_cidr
  return networks.length === 0 || networks.some((network) => isInside(network, ip))
}

function isInside(network: string, ip: string): boolean {
  const cidr = parseCidr(network)
  return cidr !== null && cidrContains(cidr, ip)
}
