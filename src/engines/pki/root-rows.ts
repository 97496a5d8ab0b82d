// root/generate, root/rotate and issuers/generate/root: a new self-signed issuer; DELETE root removes all
// issuers and keys.

import type { KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { serialText } from '../../crypto/x509/build-certificate.ts'
import { type Certificate, parseCertificate } from '../../crypto/x509/certificate.ts'
import { string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import {
  isWithoutUrls,
  NO_AIA_WARNING,
  NO_URLS,
  readCluster,
  readUrls,
  resolveUrls,
} from './aia.ts'
import { certificateText, type Format, formatOf, keyFields } from './answered-certificate.ts'
import {
  findIssuer,
  type IssuerInfo,
  type KeyInfo,
  newIssuerName,
  newKeyName,
  readDirectory,
} from './authority.ts'
import type { AuthorityDraft } from './authority-draft.ts'
import { ALL_LISTS, changeIssuers } from './authority-events.ts'
import { makeRoot } from './ca-certificate.ts'
import { keyModeOf, planCaKey } from './ca-key.ts'
import { certificateOutput, privateKeyOutput } from './certificate-output.ts'
import type { AiaUrls } from './issuer-record.ts'
import { caFields, caIssueFields, caKeyFields } from './request-fields.ts'
import { recordIssued } from './revocation-store.ts'
import { sortedData } from './sorted-data.ts'

const { write } = endpoints()

export const modeParam = {
  exported: string('internal, exported (the key is answered) or existing (key_ref).', {
    required: true,
  }),
}
const input = { ...caFields, ...caKeyFields, ...caIssueFields }
type RootInput = Parsed<typeof input> & { readonly exported: string }

const { certificate, expiration, issuing_ca, serial_number } = certificateOutput
const output = {
  ...{ certificate, expiration, issuing_ca, serial_number },
  ...privateKeyOutput,
  issuer_id: string('Id of the issuer.'),
  issuer_name: string('Name of the issuer.'),
  key_id: string('Id of the key.'),
  key_name: string('Name of the key.'),
}

export const rootRows = [
  write('root/generate/:exported', {
    about: 'Makes a root: a key and a certificate that it signs itself.',
    params: modeParam,
    input,
    output,
    handle: (ctx, values) => generateRoot(ctx, values, false),
  }),
  write('issuers/generate/root/:exported', {
    about: 'Makes a root beside the issuers that are there.',
    params: modeParam,
    input,
    output,
    handle: (ctx, values) => generateRoot(ctx, values, false),
  }),
  write('root/rotate/:exported', {
    about: 'Makes the root that comes next, named "next" unless another name is given.',
    params: modeParam,
    input,
    output,
    handle: (ctx, values) => generateRoot(ctx, values, true),
  }),
]

const NO_SUBJECT_WARNING =
  'This issuer certificate was generated without a Subject; this makes it likely that issuing leaf certs with this certificate will cause TLS validation libraries to reject this certificate.'
export const subjectWarning = (isSubjectEmpty: boolean): readonly string[] =>
  isSubjectEmpty ? [NO_SUBJECT_WARNING] : []

async function generateRoot(
  ctx: RequestContext,
  values: RootInput,
  isRotation: boolean,
): Promise<Answer> {
  const mode = keyModeOf(values.exported)
  const format = formatOf(values.format)
  const plan = await planCaKey(ctx.storage, mode, values)
  const directory = await readDirectory(ctx.storage)
  newIssuerName(directory, values.issuer_name)
  newKeyName(directory, values.key_name)
  const { urls, warnings: urlWarnings } = await rootUrls(ctx.storage)
  const made = await makeRoot(ctx, plan.make, urls, values)
  const parsed = parseCertificate(made.der)
  const added = await changeIssuers(
    ctx,
    (draft) => addRoot(draft, made.key, parsed, values, isRotation),
    {
      lists: () => ALL_LISTS,
      alsoWrite: (tx, { issuer }) => recordIssued(tx, { ...made, issuerId: issuer.id }),
    },
  )
  const { issuer, key } = added.made
  const exported = mode === 'exported' ? made.key : null
  return {
    data: sortedData({
      expiration: Math.floor(made.notAfterMs / 1000),
      issuer_id: issuer.id,
      issuer_name: issuer.name,
      key_id: key.id,
      key_name: key.name,
      serial_number: serialText(made.serial),
      ...rootTexts(made.der, format, values.private_key_format, exported),
    }),
    warnings: [
      ...made.warnings,
      ...urlWarnings,
      ...subjectWarning(made.isSubjectEmpty),
      ...(isWithoutUrls(urls) ? [NO_AIA_WARNING] : []),
      ...added.warnings,
      ...(made.maxPathLength === 0
        ? [
            'Max path length of the generated certificate is zero. This certificate cannot be used to issue intermediate CA certificates.',
          ]
        : []),
    ],
  }
}

/** The root and its key in the set; in a rotation it is called "next" unless it has a name. */
async function addRoot(
  draft: AuthorityDraft,
  key: KeyObject,
  certificate: Certificate,
  values: Pick<RootInput, 'issuer_name' | 'key_name'>,
  isRotation: boolean,
): Promise<{ readonly issuer: IssuerInfo; readonly key: KeyInfo }> {
  const isNext =
    isRotation && values.issuer_name === undefined && findIssuer(draft.directory, 'next') === null
  const name = isNext ? 'next' : newIssuerName(draft.directory, values.issuer_name)
  const added = await draft.addKey(key, newKeyName(draft.directory, values.key_name))
  const { info: issuer } = await draft.addIssuer(certificate, name)
  await draft.changeIssuer(issuer.id, (old) => ({
    ...old,
    revocationSignatureAlgorithm: certificate.signatureAlgorithm?.name ?? '',
  }))
  if (draft.directory.followsLatest) await draft.setDefaultIssuer(issuer.id)
  return { issuer, key: added.info }
}

/** `key` null: it stays with the mount. */
function rootTexts(
  der: Buffer,
  format: Format,
  keyFormat: string,
  key: KeyObject | null,
): Readonly<Record<string, string>> {
  const text = certificateText(format, der)
  if (key === null) return { certificate: text, issuing_ca: text }
  const own = format === 'pem_bundle' ? `${keyFields('pem', 'der', key).private_key}\n` : ''
  return { certificate: own + text, issuing_ca: text, ...keyFields(format, keyFormat, key) }
}

/** The mount's addresses; those that need an issuer's id are left out, since a root has none yet. */
async function rootUrls(
  storage: ReadStorage,
): Promise<{ readonly urls: AiaUrls; readonly warnings: readonly string[] }> {
  const urls = await readUrls(storage)
  const cluster = await readCluster(storage)
  const resolved = resolveUrls(urls, cluster, '')
  if ('urls' in resolved) return { urls: resolved.urls, warnings: [] }
  if ('fault' in resolveUrls(urls, cluster, 'an-issuer'))
    throw badRequest(
      `unable to parse AIA URL information: ${resolved.fault}\nUsing templated AIA URL's {{issuer_id}} field when generating root certificates is not supported.`,
    )
  return { urls: NO_URLS, warnings: [TEMPLATED_ROOT_WARNING] }
}

const TEMPLATED_ROOT_WARNING =
  'When generating root CA, found global AIA configuration with issuer_id template unsuitable for root generation. This AIA configuration has been ignored. To include AIA on this root CA, set the global AIA configuration to not include issuer_id and instead to refer to a static issuer name.'
