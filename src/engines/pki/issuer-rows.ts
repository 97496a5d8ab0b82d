// issuers and issuer/:issuer_ref: the certificates that the mount may sign with, their names, uses and
// addresses; and the certificate itself in JSON, DER and PEM for everybody.

import { toPem } from '../../crypto/x509/pem.ts'
import { boolean, integer, object, string, list as stringList } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { pageInput } from '../../sdk/listing.ts'
import { readDirectory } from './authority.ts'
import { pageOfEntries } from './directory-page.ts'
import { notModified } from './if-modified.ts'
import {
  changeIssuer,
  patchInput,
  removeIssuer,
  revokeIssuer,
  settingsInput,
} from './issuer-changes.ts'
import { issuerAnswer, loadIssuer } from './issuer-view.ts'
import { issuerRefField } from './request-fields.ts'

const { list, read, write, patch, remove } = endpoints()

const params = { issuer_ref: { ...issuerRefField, required: true } }

const output = {
  ca_chain: stringList('The chain, its own certificate first.'),
  certificate: string('The certificate.'),
  crl_distribution_points: stringList('Where lists of revoked certificates are.'),
  delta_crl_distribution_points: stringList('Where delta lists are.'),
  enable_aia_url_templating: boolean('Addresses may hold templates.'),
  issuer_id: string('Id.'),
  issuer_name: string('Name; empty: none.'),
  issuing_certificates: stringList("Where the issuer's certificate is."),
  key_id: string('Id of its key; empty: the mount has none.'),
  leaf_not_after_behavior: string('err, truncate or permit.'),
  manual_chain: stringList('The chain where it was set by hand.'),
  ocsp_servers: stringList('Where OCSP is served.'),
  revocation_signature_algorithm: string('How lists are signed; empty: as the key suggests.'),
  revocation_time: integer('When it was revoked, seconds since 1970.'),
  revocation_time_rfc3339: string('When it was revoked.'),
  revoked: boolean('Whether it was revoked.'),
  usage: string('What it may be used for.'),
}

export const issuerRows = [
  list('issuers', {
    about: 'Lists the issuers.',
    auth: 'none',
    effects: false,
    input: pageInput,
    output: { key_info: object('What is known of each issuer.'), keys: stringList('Ids.') },
    handle: async (ctx, page) => {
      const { issuers, defaultIssuer } = await readDirectory(ctx.storage)
      return pageOfEntries(issuers, page, (issuer) => ({
        is_default: issuer.id === defaultIssuer,
        issuer_name: issuer.name,
        key_id: issuer.keyId,
        serial_number: issuer.serial,
      }))
    },
  }),
  read('issuer/:issuer_ref', {
    about: 'Shows an issuer.',
    effects: false,
    params,
    output,
    handle: async (ctx, { issuer_ref }) => issuerAnswer(ctx.storage, issuer_ref),
  }),
  write('issuer/:issuer_ref', {
    about: 'Sets the name, uses and addresses of an issuer; what is left out is set back.',
    params,
    input: settingsInput,
    output,
    handle: (ctx, { issuer_ref, ...sent }) => changeIssuer(ctx, issuer_ref, sent, true),
  }),
  patch('issuer/:issuer_ref', {
    about: 'Changes the name, uses or addresses of an issuer.',
    params,
    body: 'mergePatch',
    input: patchInput,
    output,
    handle: (ctx, { issuer_ref, ...sent }) => changeIssuer(ctx, issuer_ref, sent, false),
  }),
  remove('issuer/:issuer_ref', {
    about: 'Removes an issuer; its key stays.',
    params,
    handle: (ctx, { issuer_ref }) => removeIssuer(ctx, issuer_ref),
  }),
  write('issuer/:issuer_ref/revoke', {
    about: 'Revokes an issuer: it signs no certificates any more.',
    params,
    output,
    handle: (ctx, { issuer_ref }) => revokeIssuer(ctx, issuer_ref),
  }),
  read('issuer/:issuer_ref/json', {
    about: 'The certificate and its chain.',
    auth: 'none',
    effects: false,
    params,
    output: {
      ca_chain: output.ca_chain,
      certificate: output.certificate,
      issuer_id: output.issuer_id,
      issuer_name: output.issuer_name,
    },
    handle: async (ctx, { issuer_ref }) => {
      const { info, record, chain } = await loadIssuer(ctx.storage, issuer_ref)
      const unchanged = notModified(ctx, record.changedAtMs)
      if (unchanged) return unchanged
      return {
        data: {
          ca_chain: chain,
          certificate: pemOf(record.certificate),
          issuer_id: info.id,
          issuer_name: info.name,
        },
      }
    },
  }),
  read('issuer/:issuer_ref/der', {
    about: 'The certificate in DER.',
    auth: 'none',
    effects: false,
    params,
    handle: (ctx, { issuer_ref }) =>
      rawCertificate(ctx, issuer_ref, 'application/pkix-cert', (der) => der),
  }),
  read('issuer/:issuer_ref/pem', {
    about: 'The certificate in PEM.',
    auth: 'none',
    effects: false,
    params,
    handle: (ctx, { issuer_ref }) =>
      rawCertificate(ctx, issuer_ref, 'application/pem-certificate-chain', (der) =>
        Buffer.from(`${toPem('CERTIFICATE', der)}\n`),
      ),
  }),
]

const pemOf = (base64: string): string => `${toPem('CERTIFICATE', Buffer.from(base64, 'base64'))}\n`

async function rawCertificate(
  ctx: RequestContext,
  ref: string,
  contentType: string,
  encode: (der: Buffer) => Buffer,
): Promise<Answer> {
  const { record } = await loadIssuer(ctx.storage, ref)
  const unchanged = notModified(ctx, record.changedAtMs)
  if (unchanged) return unchanged
  const body = encode(Buffer.from(record.certificate, 'base64'))
  return { raw: { status: 200, headers: ['Content-Type', contentType], body } }
}
