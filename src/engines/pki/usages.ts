// Key usages by the names that requests and roles use: Go's, in any letter case; unknown ones are left out,
// as in Vault.
import { EXT_KEY_USAGE, KEY_USAGE } from '../../crypto/x509/oids.ts'
import type { Role } from './role-fields.ts'

const lowerCased = <T>(table: Readonly<Record<string, T>>): ReadonlyMap<string, T> =>
  new Map(Object.entries(table).map(([name, value]) => [name.toLowerCase(), value]))

const KEY_USAGES = lowerCased<number>(KEY_USAGE)
const EXT_KEY_USAGES = lowerCased<string>(EXT_KEY_USAGE)
/** The order in which Vault writes them. */
const EXT_ORDER: readonly string[] = Object.values(EXT_KEY_USAGE)

/** The mask of the extension. */
export function keyUsageMask(names: readonly string[]): number {
  let mask = 0
  for (const name of names) mask |= KEY_USAGES.get(name.trim().toLowerCase()) ?? 0
  return mask
}

export function extKeyUsageOids(names: readonly string[]): readonly string[] {
  const found = new Set(names.map((name) => EXT_KEY_USAGES.get(name.trim().toLowerCase())))
  return EXT_ORDER.filter((id) => found.has(id))
}

type Purposes = Pick<
  Role,
  | 'client_flag'
  | 'code_signing_flag'
  | 'email_protection_flag'
  | 'ext_key_usage'
  | 'ext_key_usage_oids'
  | 'server_flag'
>

/** All extended usages of a role's certificates. */
export function extKeyUsagesOf(role: Purposes): readonly string[] {
  const names = [...role.ext_key_usage]
  if (role.server_flag) names.push('serverauth')
  if (role.client_flag) names.push('clientauth')
  if (role.code_signing_flag) names.push('codesigning')
  if (role.email_protection_flag) names.push('emailprotection')
  return [...new Set([...extKeyUsageOids(names), ...role.ext_key_usage_oids])]
}
