// The fields of a role. What is stored of a role are these fields by their names on the wire, so that reading
// a role answers what was written, with its defaults.
import { boolean, duration, type Field, integer, list, string } from '../../schema/field.ts'
import type { Fields, Parsed } from '../../schema/parse-fields.ts'
import { policyIdentifiersField } from './policy-identifiers.ts'

const flag = (about: string, initially = false): Field<boolean> =>
  boolean(about, { default: initially })
const names = (about: string, initially: readonly string[] = []): Field<readonly string[]> =>
  list(about, { default: initially })

/** What goes into the subject of each certificate of a role. */
export const subjectListFields = {
  ou: names('Organizational units of the subject.'),
  organization: names('Organizations of the subject.'),
  country: names('Countries of the subject.'),
  locality: names('Localities of the subject.'),
  province: names('Provinces or states of the subject.'),
  street_address: names('Street addresses of the subject.'),
  postal_code: names('Postal codes of the subject.'),
}

export const DEFAULT_KEY_USAGE = ['DigitalSignature', 'KeyAgreement', 'KeyEncipherment']

const nameRules = {
  allow_localhost: flag('Allow "localhost" and "localdomain".', true),
  allowed_domains: names('Domains that names may be of.'),
  allowed_domains_template: flag('Allowed domains are identity templates.'),
  allow_globs_in_identity_templates: flag('What a template puts in may hold "*".'),
  allow_bare_domains: flag('Allow the domains themselves.'),
  allow_subdomains: flag('Allow names below the domains, wildcards included.'),
  allow_glob_domains: flag('Domains may hold "*".'),
  allow_wildcard_certificates: flag('Allow names with a wildcard.', true),
  allow_any_name: flag('Allow any name.'),
  enforce_hostnames: flag('Names must be host names.', true),
  allow_ip_sans: flag('Allow IP addresses.', true),
  allowed_ip_sans_cidr: names('Networks that IP addresses must be in; empty: any.'),
  allowed_uri_sans: names('URIs that are allowed; "*" stands for any text.'),
  allowed_uri_sans_template: flag('Allowed URIs are identity templates.'),
  allowed_other_sans: names('Other names that are allowed: <oid>;UTF8:<value>, or "*".'),
  allowed_serial_numbers: names('Serial numbers of the subject that are allowed.'),
  allowed_user_ids: names('User ids of the subject that are allowed.'),
  require_cn: flag('A common name must be given.', true),
  cn_validations: names('What a common name may be: email, hostname; or disabled.', [
    'email',
    'hostname',
  ]),
}

const purposes = {
  server_flag: flag('For servers of TLS.', true),
  client_flag: flag('For clients of TLS.', true),
  code_signing_flag: flag('For signing code.'),
  email_protection_flag: flag('For protecting mail.'),
  key_usage: names("Key usages, by Go's names.", DEFAULT_KEY_USAGE),
  ext_key_usage: names("Extended key usages, by Go's names."),
  ext_key_usage_oids: names('Further extended key usages, by object identifier.'),
  policy_identifiers: policyIdentifiersField(
    'Certificate policies: object identifiers, or JSON with "oid", "cps" and "notice".',
  ),
  basic_constraints_valid_for_non_ca: flag('Say in certificates that they are no CA.'),
}

const keys = {
  key_type: string('rsa, ec, ed25519 or any.', { default: 'rsa' }),
  key_bits: integer("Length of the key; 0: the type's default.", { default: 0 }),
  signature_bits: integer('Bits of the hash; 0: what the key suggests.', { default: 0 }),
  use_pss: flag('Sign with RSA-PSS where the issuer has an RSA key.'),
  use_csr_common_name: flag("Take the common name from the request's CSR.", true),
  use_csr_sans: flag("Take the alternative names from the request's CSR.", true),
}

const life = {
  ttl: duration("Life of a certificate; 0: the mount's.", { default: 0 }),
  max_ttl: duration("Longest life; 0: the mount's.", { default: 0 }),
  generate_lease: flag('Give each certificate a lease.'),
  no_store: flag('Keep no certificate: it can be neither listed nor revoked by its number.'),
  not_before_duration: duration('How far certificates are backdated.', { default: 30 }),
  not_before: string('Begin of validity, for all certificates.', { default: '' }),
  not_before_bound: string('permit, duration or forbid: may a request set its begin?', {
    default: 'permit',
  }),
  not_after: string('End of validity, for all certificates.', { default: '' }),
  not_after_bound: string('permit, ttl-limited, forbid, or the last end that is allowed.', {
    default: 'permit',
  }),
  issuer_ref: string('Issuer of the certificates: default, an id or a name.', {
    default: 'default',
  }),
}

export const roleFields = { ...nameRules, ...purposes, ...keys, ...subjectListFields, ...life }

/** A role as it is stored. */
export type Role = Parsed<typeof roleFields>

type WithoutDefaults<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? Field<T | undefined> : never
}

/** For a partial change: what is not sent stays undefined. */
export function withoutDefaults<F extends Fields>(fields: F): WithoutDefaults<F> {
  const entries = Object.entries(fields).map(([name, field]) => [
    name,
    { ...field, fallback: undefined, initial: undefined },
  ])
  return Object.fromEntries(entries) as WithoutDefaults<F>
}

export const roleKey = (name: string): string => `role/${name}`
