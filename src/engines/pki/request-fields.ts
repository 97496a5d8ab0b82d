// Fields of the requests that make certificates, shared by their endpoints. Names, defaults and meanings are
// Vault's.
import { boolean, duration, type Field, integer, list, string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import { subjectListFields } from './role-fields.ts'

/** What any certificate takes. */
const anyCertificate = {
  alt_names: list('DNS names and mail addresses beside the common name.', { default: [] }),
  common_name: string('Common name.', { default: '' }),
  exclude_cn_from_sans: boolean('Leave the common name out of the alternative names.', {
    default: false,
  }),
  format: string('pem, der (as base64) or pem_bundle.', { default: 'pem' }),
  ip_sans: list('IP addresses.', { default: [] }),
  not_after: string('End of validity, instead of a ttl (2030-01-02T15:04:05Z).'),
  not_before: string('Begin of validity.'),
  other_sans: list('Other names: <oid>;UTF8:<value>.', { default: [] }),
  private_key_format: string('der, or pkcs8 for a key in PKCS#8.', { default: 'der' }),
  serial_number: string("Serial number in the subject; not the certificate's.", { default: '' }),
  ttl: duration("Life; 0: the role's or the mount's.", { default: 0 }),
  uri_sans: list('URIs.', { default: [] }),
}

export const issuerRefField = string('Issuer: default, an id or a name.', { default: 'default' })

/** issue, sign and sign-verbatim. */
export const leafFields = {
  ...anyCertificate,
  remove_roots_from_chain: boolean('Leave self-signed certificates out of ca_chain.', {
    default: false,
  }),
  user_ids: list('User ids for the subject.', { default: [] }),
}

export const csrField = string('Certificate signing request, PEM.', { default: '' })

export const usageFields = {
  ext_key_usage: list("Extended key usages, by Go's names."),
  ext_key_usage_oids: list('Further extended key usages, by object identifier.'),
  key_usage: list("Key usages, by Go's names."),
}

export const signatureFields = {
  signature_bits: integer('Bits of the hash; 0: what the key suggests.', { default: 0 }),
  use_pss: boolean('Sign with RSA-PSS where the signing key is RSA.', { default: false }),
}

export const verbatimFields = {
  ...leafFields,
  ...signatureFields,
  ...usageFields,
  basic_constraints_valid_for_non_ca: boolean('Say in the certificate that it is no CA.'),
  csr: csrField,
}

/** Roots, intermediates and what is signed as one. */
export const caFields = {
  ...anyCertificate,
  ...subjectListFields,
  not_before_duration: duration('How far the certificate is backdated.', { default: 30 }),
}

export const keyNameField = string('Name for the key.')
export const keyRefField = string('Key to use: default, an id or a name.', { default: 'default' })

export const keyChoiceFields = {
  key_bits: integer("Length of the key; 0: the type's default."),
  key_type: string('rsa, ec or ed25519.'),
}

export const caKeyFields = {
  ...keyChoiceFields,
  ...signatureFields,
  key_name: keyNameField,
  key_ref: keyRefField,
}

const domains = (about: string): Field<readonly string[]> => list(about, { default: [] })

/** What a new CA may sign for. Only the first is Vault's older API; the others are its newer one's. */
export const constraintFields = {
  excluded_dns_domains: domains('Domains that the CA must not sign for.'),
  excluded_email_addresses: domains('Mail addresses and domains that it must not sign for.'),
  excluded_ip_ranges: domains('Networks that it must not sign for.'),
  excluded_uri_domains: domains('Domains of URIs that it must not sign for.'),
  permitted_dns_domains: domains('Domains that it may sign for; empty: any.'),
  permitted_email_addresses: domains('Mail addresses and domains that it may sign for.'),
  permitted_ip_ranges: domains('Networks that it may sign for.'),
  permitted_uri_domains: domains('Domains of URIs that it may sign for.'),
}

export const caIssueFields = {
  ...usageFields,
  ...constraintFields,
  issuer_name: string('Name for the issuer.'),
  max_path_length: integer('CAs that may follow below; -1: any number.'),
}

export type LeafValues = Parsed<typeof leafFields>
export type CaValues = Parsed<typeof caFields>
export type CaKeyValues = Parsed<typeof caKeyFields>
export type Constraints = Parsed<typeof constraintFields>
export type UsageValues = Parsed<typeof usageFields>
