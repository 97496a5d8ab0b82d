// What is refused, in which words: each row was asked of the system that this one is compatible with. A row
// marked `was500` is a server error there and the caller's fault here.

export interface Refusal {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>> | null
  /** 'POST' unless said otherwise. */
  readonly method?: 'GET'
  readonly message: string
  readonly was500?: true
}

export const refusals: Readonly<Record<string, readonly Refusal[]>> = {
  'an empty mount': [
    {
      method: 'GET',
      path: 'issuer/nope',
      body: null,
      message: 'unable to find PKI issuer for reference: nope',
      was500: true,
    },
    {
      method: 'GET',
      path: 'issuer/default',
      body: null,
      message: 'no default issuer currently configured',
      was500: true,
    },
    {
      method: 'GET',
      path: 'key/nope',
      body: null,
      message: 'unable to find PKI key for reference: nope',
      was500: true,
    },
    {
      method: 'GET',
      path: 'key/default',
      body: null,
      message: 'no default key currently configured',
      was500: true,
    },
    {
      path: 'config/issuers',
      body: { default: 'x' },
      message: 'Error resolving issuer reference: unable to find PKI issuer for reference: x',
    },
    {
      path: 'config/issuers',
      body: {},
      message: "Invalid issuer specification; must be non-empty and can't be 'default'.",
    },
    {
      path: 'config/keys',
      body: { default: 'x' },
      message: 'Error resolving issuer reference: unable to find PKI key for reference: x',
    },
    {
      path: 'config/keys',
      body: {},
      message: "Invalid key specification; must be non-empty and can't be 'default'.",
    },
    {
      path: 'root/replace',
      body: {},
      message: 'Error resolving issuer reference: unable to find PKI issuer for reference: next',
    },
    { path: 'issue/none', body: { common_name: 'a.com' }, message: 'unknown role: none' },
    { path: 'sign/none', body: {}, message: 'unknown role: none' },
    { path: 'sign-verbatim/none', body: {}, message: 'unknown role: none' },
    {
      path: 'issuer/none/revoke',
      body: {},
      message: 'unable to find PKI issuer for reference: none',
      was500: true,
    },
    {
      path: 'issuer/none/sign-intermediate',
      body: { csr: 'x' },
      message:
        'could not fetch the CA certificate (was one set?): unable to find PKI issuer for reference: none',
      was500: true,
    },
    {
      path: 'intermediate/cross-sign',
      body: { common_name: 'X', key_ref: 'none' },
      message:
        'failed to lookup public key from existing key: unable to find PKI key for reference: none',
    },
    {
      path: 'root/generate/existing',
      body: { common_name: 'X', key_ref: 'none' },
      message:
        'failed to lookup public key from existing key: unable to find PKI key for reference: none',
    },
  ],
  addresses: [
    {
      path: 'config/urls',
      body: { issuing_certificates: 'nourl' },
      message:
        'invalid URL found in Authority Information Access (AIA) parameter issuing_certificates: nourl',
    },
    {
      path: 'config/urls',
      body: { ocsp_servers: 'http://ok,/x' },
      message: 'invalid URL found in Authority Information Access (AIA) parameter ocsp_servers: /x',
    },
    {
      path: 'config/cluster',
      body: { path: 'nourl' },
      message: 'invalid, non-URL path given to cluster: nourl',
      was500: true,
    },
    {
      path: 'config/cluster',
      body: { aia_path: 'x:y' },
      message: 'invalid, non-URL aia_path given to cluster: x:y',
      was500: true,
    },
  ],
  roots: [
    {
      path: 'root/generate/bogus',
      body: { common_name: 'x', key_type: 'ec' },
      message: 'the "exported" path parameter must be "internal", "existing", exported" or "kms"',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'dsa' },
      message: 'unknown key type dsa',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'rsa', key_bits: 1024 },
      message: 'RSA keys < 2048 bits are unsafe and not supported: got 1024',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'rsa', key_bits: 2049 },
      message: 'unsupported bit length for RSA key: 2049',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', format: 'zz' },
      message: 'the "format" path parameter must be "pem", "der", or "pem_bundle"',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', key_bits: 255 },
      message: 'unsupported bit length for EC key: 255',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'rsa', signature_bits: 100 },
      message: 'unsupported hash signature algorithm: 100',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', issuer_name: 'default' },
      message: "reserved keyword 'default' can not be used as issuer name",
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', issuer_name: 'a b' },
      message: 'issuer name contained invalid characters',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', issuer_name: '' },
      message: 'expected non-empty issuer name',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', key_name: 'Default' },
      message: "reserved keyword 'default' can not be used as key name",
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', key_name: 'a b' },
      message: 'key name contained invalid characters',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', ip_sans: 'zz' },
      message: 'the value "zz" is not a valid IP address',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'a..b', key_type: 'ec' },
      message: 'idna: invalid label "a..b"',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', not_after: 'zz' },
      message: 'parsing time "zz" as "2006-01-02T15:04:05Z07:00": cannot parse "zz" as "2006"',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', other_sans: 'zz' },
      message: 'could not parse requested other SAN: expected a semicolon in other SAN "zz"',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', ttl: '1h', not_after: '2040-01-01T00:00:00Z' },
      message:
        'Either ttl or not_after should be provided. Both should not be provided in the same request.',
    },
    {
      path: 'root/generate/existing',
      body: { common_name: 'x', key_type: 'ec' },
      message:
        'invalid parameter for the kms/existing path parameter, key_type nor key_bits arguments can be set in this mode',
    },
    {
      path: 'intermediate/generate/bogus',
      body: { common_name: 'x' },
      message: 'the "exported" path parameter must be "internal", "existing", exported" or "kms"',
    },
    {
      path: 'keys/generate/internal',
      body: { key_type: 'zz' },
      message: 'Validation for key_type, key_bits failed: unknown key type zz',
    },
    {
      path: 'keys/generate/internal',
      body: { key_type: 'rsa', key_bits: 512 },
      message:
        'Validation for key_type, key_bits failed: RSA keys < 2048 bits are unsafe and not supported: got 512',
    },
    {
      path: 'keys/generate/kms',
      body: {},
      message: 'keys in outside devices or services (kms, managed keys) are not supported',
    },
  ],
  roles: [
    { path: 'roles/r2', body: { key_type: 'zz' }, message: 'unknown key type zz' },
    {
      path: 'roles/r2',
      body: { key_type: 'rsa', key_bits: 1000 },
      message: 'RSA keys < 2048 bits are unsafe and not supported: got 1000',
    },
    {
      path: 'roles/r2',
      body: { ttl: '2h', max_ttl: '1h' },
      message: '"ttl" value must be less than "max_ttl" value',
    },
    {
      path: 'roles/r2',
      body: { ext_key_usage_oids: 'a.b' },
      message: '"a.b" could not be parsed as a valid oid for an extended key usage',
    },
    {
      path: 'roles/r2',
      body: { cn_validations: 'zz' },
      message: 'cn_validations value incorrect: unknown type: `zz`',
      was500: true,
    },
    {
      path: 'roles/r2',
      body: { cn_validations: 'email,email' },
      message: 'cn_validations value incorrect: `email` specified multiple times',
      was500: true,
    },
    {
      path: 'roles/r2',
      body: { cn_validations: 'email,disabled' },
      message:
        'cn_validations value incorrect: cannot specify `disabled` along with `email` or `hostname`',
      was500: true,
    },
    {
      path: 'roles/r2',
      body: { allowed_other_sans: 'zz' },
      message: 'error parsing allowed_other_sans: expected a semicolon in other SAN "zz"',
    },
    {
      path: 'roles/r2',
      body: { allowed_other_sans: '1.2.3;zz' },
      message: 'error parsing allowed_other_sans: expected a colon in other SAN "1.2.3;zz"',
    },
    {
      path: 'roles/r2',
      body: { allowed_other_sans: '1.2.3;ia5:x' },
      message:
        'error parsing allowed_other_sans: only utf8 other SANs are supported; found non-supported type in other SAN "1.2.3;ia5:x"',
    },
    {
      path: 'roles/r2',
      body: { allowed_ip_sans_cidr: 'zz' },
      message: 'error parsing allowed_ip_sans_cidr: invalid CIDR address: zz',
    },
    {
      path: 'roles/r2',
      body: { not_after_bound: 'zz' },
      message:
        'Unknown value for field `not_after_bound`. Possible values are `permit`, `ttl-limited`, `forbid`, or an explicit timestamp.',
    },
    {
      path: 'roles/r2',
      body: { not_before_bound: 'zz' },
      message:
        'Unknown value for field `not_before_bound`. Possible values are `permit` `duration` or `forbid`',
    },
  ],
  'with a root': [
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', issuer_name: 'root' },
      message: 'issuer name already in use',
    },
    {
      path: 'root/generate/internal',
      body: { common_name: 'x', key_type: 'ec', key_name: 'k2' },
      message: 'key name already in use',
    },
    {
      path: 'keys/generate/internal',
      body: { key_type: 'ec', key_name: 'k2' },
      message: 'key name already in use',
    },
    {
      path: 'issuer/root',
      body: { issuer_name: 'root', leaf_not_after_behavior: 'zz' },
      message:
        'Unknown value for field `leaf_not_after_behavior`. Possible values are `err`, `truncate`, and `permit`.',
    },
    {
      path: 'issuer/root',
      body: { issuer_name: 'root', usage: 'zz' },
      message:
        'Unable to parse specified usages: [zz] - valid values are crl-signing,issuing-certificates,ocsp-signing,read-only',
    },
    {
      path: 'issuer/root',
      body: { issuer_name: 'root', revocation_signature_algorithm: 'sha256withrsa' },
      message: 'unable to use issuer of type ECDSA to sign with SHA256-RSA key type',
      was500: true,
    },
    {
      path: 'issuer/root',
      body: { issuer_name: 'root', manual_chain: 'zz' },
      message: 'unable to find PKI issuer for reference: zz',
      was500: true,
    },
    {
      path: 'issuer/root',
      body: { issuer_name: 'root', issuing_certificates: 'zz' },
      message:
        'invalid URL found in Authority Information Access (AIA) parameter issuing_certificates: zz',
    },
    {
      path: 'issuer/root',
      body: { issuer_name: 'root', crl_distribution_points: '{{cluster_path}}/crl' },
      message:
        'invalid URL found in Authority Information Access (AIA) parameter crl_distribution_points: {{cluster_path}}/crl',
    },
    { path: 'issuer/root', body: { issuer_name: '' }, message: 'expected non-empty issuer name' },
    {
      path: 'issuer/root',
      body: { issuer_name: 'a b' },
      message: 'issuer name contained invalid characters',
    },
    {
      path: 'issuer/root',
      body: { issuer_name: 'default' },
      message: "reserved keyword 'default' can not be used as issuer name",
    },
    {
      path: 'key/rk',
      body: { key_name: 'a b' },
      message: 'new key name outside of valid character limits',
    },
    {
      path: 'keys/import',
      body: {},
      message:
        'provided data for import was too short; perhaps a path was passed to the API rather than the contents of a PEM file',
    },
    {
      path: 'keys/import',
      body: {
        pem_bundle:
          'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      },
      message: 'error when parsing block 1: invalid PEM data',
    },
    {
      path: 'issuers/import/cert',
      body: {},
      message: "'pem_bundle' and 'certificate' parameters were empty",
    },
    {
      path: 'issuers/import/cert',
      body: { pem_bundle: 'x' },
      message:
        'provided data for import was too short; perhaps a path was passed to the API rather than the contents of a PEM file',
    },
    {
      path: 'issuers/import/bundle',
      body: {
        pem_bundle:
          'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      },
      message: 'error when parsing block 1: invalid PEM data',
    },
    {
      path: 'intermediate/set-signed',
      body: {},
      message: "'pem_bundle' and 'certificate' parameters were empty",
    },
    {
      path: 'intermediate/generate/existing',
      body: { common_name: 'x', key_type: 'ec' },
      message:
        'invalid parameter for the kms/existing path parameter, key_type nor key_bits arguments can be set in this mode',
    },
    { path: 'root/sign-intermediate', body: {}, message: '"csr" is empty' },
    { path: 'root/sign-intermediate', body: { csr: 'x' }, message: 'csr contains no data' },
    {
      path: 'root/sign-intermediate',
      body: { format: 'zz' },
      message: 'The "format" path parameter must be "pem" or "der"',
    },
    { path: 'root/sign-self-issued', body: {}, message: 'certificate could not be PEM-decoded' },
    {
      path: 'root/sign-self-issued',
      body: { certificate: 'x' },
      message: 'certificate could not be PEM-decoded',
    },
    { path: 'sign-verbatim', body: {}, message: '"csr" is empty' },
    { path: 'sign-verbatim', body: { csr: 'x' }, message: 'csr contains no data' },
  ],
}
