// pki reissue: a new intermediate that is like another one: its certificate is the template for the request.
// API: intermediate/generate, sign-intermediate, issuers/import/cert.
import { formatDuration } from '../../base/duration.ts'
import type { Certificate } from '../../crypto/x509/certificate.ts'
import { subjectFields } from '../../crypto/x509/names.ts'
import { barePath } from '../api-paths.ts'
import { defineCommand } from '../command.ts'
import { parseData } from '../data-arguments.ts'
import { type Json, type JsonMap, toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { issueFlags, issueIntermediate } from './issue-intermediate.ts'
import { readIssuer } from './issuer-certificates.ts'

export const pkiReissue = defineCommand({
  name: 'pki reissue',
  synopsis: 'Make an intermediate that is like another one',
  usage: '[options] PARENT TEMPLATE CHILD_MOUNT [DATA K=V...]',
  about: [
    'Does what "pki issue" does, with the fields taken from the certificate at TEMPLATE (mount/issuer/name). ' +
      'Data that is given counts in place of the template.',
  ],
  examples: [
    {
      does: 'The same intermediate for another year, with a new key:',
      run: ['{} pki reissue pki/issuer/default pki_int/issuer/old pki_int ttl=8760h'],
    },
    {
      does: 'With the same key:',
      run: ['{} pki reissue -type=existing pki/issuer/default pki_int/issuer/old pki_int'],
    },
  ],
  flags: issueFlags,
  arity: { min: 3, max: null, expected: '3 or more' },
  completes: ['paths', 'paths', 'mounts', 'nothing'],
  async run({ ui, args, flags, input, client }) {
    const own = await parseData(args.slice(3), input)
    const api = await client()
    const template = barePath(args[1]!)
    const doing = `Error fetching template certificate ${template}`
    const issuer = await attempt(doing, () => readIssuer(api, template), 1)
    if (flags.type === 'existing' && issuer.keyId === '')
      throw new Failure(
        1,
        `Template issuer ${template} did not have a key id field set in response which is required`,
      )
    const data = templateData(
      issuer.certificate,
      flags.type === 'existing' ? issuer.keyId : null,
      own,
    )
    return issueIntermediate(ui, api, {
      parent: barePath(args[0]!),
      mount: barePath(args[2]!),
      keyType: flags.type,
      issuerName: flags.issuer_name,
      data,
    })
  },
})

/** The fields of a request for such a certificate; `keyRef` null: for a new key. */
export function templateData(
  certificate: Certificate,
  keyRef: string | null,
  own: JsonMap,
): JsonMap {
  const subject = subjectFields(certificate.subject)
  const { dnsNames, emails, ips, uris } = certificate.altNames
  const names = [...dnsNames, ...emails]
  const algorithm = certificate.signatureAlgorithm
  const seconds = Math.round((certificate.notAfterMs - certificate.notBeforeMs) / 1000)
  const data = toJson({
    alt_names: names.join(','),
    common_name: subject.commonName ?? '',
    country: subject.country,
    exclude_cn_from_sans: Boolean(subject.commonName) && !names.includes(subject.commonName!),
    ip_sans: ips.join(','),
    locality: subject.locality,
    max_path_length: certificate.basicConstraints?.maxPathLength ?? -1,
    organization: subject.organization,
    ou: subject.organizationalUnit,
    permitted_dns_domains: (certificate.nameConstraints?.permittedDnsDomains ?? []).join(','),
    postal_code: subject.postalCode,
    province: subject.province,
    serial_number: subject.serialNumber ?? '',
    signature_bits: algorithm?.hashBits ?? 0,
    street_address: subject.streetAddress,
    ttl: formatDuration(seconds),
    uri_sans: uris.join(','),
    use_pss: algorithm?.isPss ?? false,
  }) as Map<string, Json>
  if (keyRef === null) {
    data.set('key_type', certificate.publicKey.type ?? '')
    data.set('key_bits', toJson(certificate.publicKey.bits))
  } else {
    data.set('key_ref', keyRef)
    data.set('skid', (certificate.subjectKeyId ?? Buffer.alloc(0)).toString('hex'))
  }
  if (own.has('not_after')) data.delete('ttl')
  if (own.has('key_type') && own.get('key_type') !== data.get('key_type')) data.delete('key_bits')
  for (const [name, value] of own) data.set(name, value)
  return data
}
