// What is refused by the rules of roles, in which words; see pki-refusals.ts.
import type { Refusal } from './pki-refusals.ts'

export const issueRefusals: readonly Refusal[] = [
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', format: 'x' },
    message: 'the "format" path parameter must be "pem", "der", or "pem_bundle"',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a..com', ttl: '1h' },
    message: 'idna: invalid label "a..com"',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a b', ttl: '1h' },
    message: 'common name a b not allowed by this role',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.*.com', ttl: '1h' },
    message: 'common name a.*.com not allowed by this role',
  },
  {
    path: 'issue/r',
    body: { common_name: 'x@y@a.com', ttl: '1h' },
    message: 'common name x@y@a.com not allowed by this role',
  },
  {
    path: 'issue/r',
    body: { common_name: 'x@*.com', ttl: '1h' },
    message: 'common name x@*.com not allowed by this role',
  },
  {
    path: 'issue/r',
    body: { common_name: '', ttl: '1h' },
    message:
      'the common_name field is required, or must be provided in a CSR with "use_csr_common_name" set to true, unless "require_cn" is set to false',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', uri_sans: 'http://x' },
    message:
      'URI Subject Alternative Names are not allowed in this role, but were provided via the API',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', ip_sans: '1.2.3' },
    message: 'the value "1.2.3" is not a valid IP address',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', other_sans: '1.2.3;utf8:x' },
    message: 'other SAN OID 1.2.3 not allowed by this role',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', other_sans: '1.2.3' },
    message: 'could not parse requested other SAN: expected a semicolon in other SAN "1.2.3"',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', other_sans: '1.2.3;zz' },
    message: 'could not parse requested other SAN: expected a colon in other SAN "1.2.3;zz"',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', other_sans: '1.2.3;a:b' },
    message:
      'could not parse requested other SAN: only utf8 other SANs are supported; found non-supported type in other SAN "1.2.3;a:b"',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', serial_number: 'x' },
    message: 'serial_number x not allowed by this role',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', user_ids: 'x' },
    message: 'user_id x is not allowed by this role',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', not_after: '2040-01-01T00:00:00Z' },
    message:
      'Either ttl or not_after should be provided. Both should not be provided in the same request.',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', not_before: 'zz' },
    message: 'parsing time "zz" as "2006-01-02T15:04:05Z07:00": cannot parse "zz" as "2006"',
  },
  {
    path: 'issue/r',
    body: { common_name: 'a.com', ttl: '1h', alt_names: 'b..c' },
    message: 'idna: invalid label "b..c"',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.com', ttl: '1h' },
    message: 'common name a.com not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'example.com', ttl: '1h' },
    message: 'common name example.com not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'xexample.com', ttl: '1h' },
    message: 'common name xexample.com not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: '*.example.com', ttl: '1h' },
    message: 'common name *.example.com not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.example.com', ttl: '1h', alt_names: 'b.org' },
    message: 'subject alternate name b.org not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.example.com', ttl: '1h', alt_names: 'me@b.org' },
    message: 'email address me@b.org not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.example.com', ttl: '1h', ip_sans: '1.2.3.4' },
    message:
      'IP Subject Alternative Names are not allowed in this role, but was provided via the API',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.example.com', ttl: '1h', uri_sans: 'spiffe://b/x' },
    message:
      'URI Subject Alternative Names were provided via the API which are not valid for this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.example.com', ttl: '1h', other_sans: '1.2.3;utf8:b' },
    message: 'other SAN b not allowed for OID 1.2.3 by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.example.com', ttl: '1h', other_sans: '1.2.4;utf8:a' },
    message: 'other SAN OID 1.2.4 not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.example.com', ttl: '1h', serial_number: 't1' },
    message: 'serial_number t1 not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'a.example.com', ttl: '1h', user_ids: 'v1' },
    message: 'user_id v1 is not allowed by this role',
  },
  {
    path: 'issue/domain',
    body: { common_name: 'localhost', ttl: '1h' },
    message: 'common name localhost not allowed by this role',
  },
  {
    path: 'issue/any',
    body: { common_name: 'a.com', ttl: '1h' },
    message:
      'role key type "any" not allowed for issuing certificates without providing key_type and/or key_bits request parameters',
  },
  {
    path: 'issue/any',
    body: { common_name: 'a.com', ttl: '1h', key_type: 'zz' },
    message: 'failed to validate role: unknown key type zz',
    was500: true,
  },
  {
    path: 'issue/any',
    body: { common_name: 'a.com', ttl: '1h', key_type: 'ec', key_bits: 7 },
    message: 'failed to validate role: unsupported bit length for EC key: 7',
    was500: true,
  },
  {
    path: 'issue/any',
    body: { common_name: 'a.com', ttl: '1h', key_type: 'ec', ip_sans: '11.0.0.1' },
    message: 'the IP address "11.0.0.1" is not allowed in this role',
  },
  {
    path: 'issue/fixed',
    body: { common_name: 'x@a.com', not_after: '2026-12-01T00:00:00Z' },
    message: 'not_after_bound is set to forbid. not_after cannot be provided.',
  },
  {
    path: 'issue/fixed',
    body: { common_name: 'x@a.com', ttl: '1h', not_before: '2026-01-01T00:00:00Z' },
    message: 'not_before_bound is set to forbid. not_before cannot be provided.',
  },
  {
    path: 'issue/fixed',
    body: { common_name: 'a.com', ttl: '1h' },
    message: 'common name a.com not allowed by this role',
  },
  {
    path: 'issuer/none/issue/r',
    body: { common_name: 'a.com', ttl: '1h' },
    message:
      'could not fetch the CA certificate (was one set?): unable to find PKI issuer for reference: none',
    was500: true,
  },
  { path: 'sign/r', body: {}, message: '"csr" is empty' },
  { path: 'sign/r', body: { csr: 'x' }, message: 'csr contains no data' },
]
