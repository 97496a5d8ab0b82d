// The role of sign-verbatim: it allows everything and takes what the CSR asks for; a real role may lend it life,
// issuer and the rules for storing. Also the role by which CAs are made.
import type { Parsed } from '../../schema/parse-fields.ts'
import type { UsageValues, verbatimFields } from './request-fields.ts'
import { DEFAULT_KEY_USAGE, type Role, roleFields } from './role-fields.ts'

export type VerbatimValues = Pick<
  Parsed<typeof verbatimFields>,
  'basic_constraints_valid_for_non_ca' | 'signature_bits' | 'use_pss'
> &
  UsageValues

const DEFAULTS = Object.fromEntries(
  Object.entries(roleFields).map(([name, field]) => [name, field.fallback]),
) as unknown as Role

/** Names of any kind are allowed; it says nothing of use or life. */
export const PERMISSIVE_ROLE: Role = {
  ...DEFAULTS,
  allow_any_name: true,
  allowed_other_sans: ['*'],
  allowed_serial_numbers: ['*'],
  allowed_uri_sans: ['*'],
  allowed_user_ids: ['*'],
  client_flag: false,
  cn_validations: ['disabled'],
  enforce_hostnames: false,
  ext_key_usage: [],
  key_type: 'any',
  key_usage: [],
  require_cn: false,
  server_flag: false,
}

export function verbatimRole(values: VerbatimValues, base: Role | null): Role {
  return {
    ...PERMISSIVE_ROLE,
    basic_constraints_valid_for_non_ca:
      values.basic_constraints_valid_for_non_ca ??
      base?.basic_constraints_valid_for_non_ca ??
      false,
    ext_key_usage: values.ext_key_usage ?? [],
    ext_key_usage_oids: values.ext_key_usage_oids ?? [],
    generate_lease: base?.generate_lease ?? false,
    issuer_ref: base?.issuer_ref ?? 'default',
    key_usage: values.key_usage ?? DEFAULT_KEY_USAGE,
    max_ttl: base?.max_ttl ?? 0,
    no_store: base?.no_store ?? false,
    not_before_duration: base?.not_before_duration ?? 30,
    signature_bits: values.signature_bits,
    ttl: base?.ttl ?? 0,
    use_pss: values.use_pss,
  }
}
