// root/generate, root/rotate and issuers/generate/root: a new self-signed issuer; DELETE root removes all
// issuers and keys.
import { badRequest } from '../../base/errors.ts'
import { serialText } from '../../crypto/x509/build-certificate.ts'
import { parseCertificate } from '../../crypto/x509/certificate.ts'
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
import { certificateText, formatOf, keyFields } from './answered-certificate.ts'
import { findIssuer, newIssuerName, newKeyName, readDirectory } from './authority.ts'
import { changeAuthority } from './authority-draft.ts'
import { issuersChanged } from './authority-events.ts'
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
  const key = await plan.make()
  const made = await makeRoot(ctx, key, urls, values)
  const parsed = parseCertificate(made.der)
  const { issuer, keyInfo } = await changeAuthority(
    ctx,
    async (draft) => {
      const isNext = isRotation && values.issuer_name === undefined
      const name = isNext
        ? findIssuer(draft.directory, 'next') === null
          ? 'next'
          : ''
        : newIssuerName(draft.directory, values.issuer_name)
      const keyName = newKeyName(draft.directory, values.key_name)
      const { info: keyInfo } = await draft.addKey(key, keyName)
      const { info } = await draft.addIssuer(parsed, name)
      await draft.changeIssuer(info.id, (old) => ({
        ...old,
        revocationSignatureAlgorithm: parsed.signatureAlgorithm?.name ?? '',
      }))
      if (draft.directory.followsLatest) await draft.setDefaultIssuer(info.id)
      return { issuer: info, keyInfo }
    },
    (tx, { issuer }) => recordIssued(tx, { ...made, issuerId: issuer.id }),
  )
  const crlWarnings = await issuersChanged(ctx)
  const text = certificateText(format, made.der)
  const exported = mode === 'exported' ? keyFields(format, values.private_key_format, key) : {}
  const bundled = format === 'pem_bundle' && mode === 'exported'
  const ownKey = bundled ? `${keyFields('pem', 'der', key).private_key}\n` : ''
  return {
    data: sortedData({
      certificate: ownKey + text,
      expiration: Math.floor(made.notAfterMs / 1000),
      issuer_id: issuer.id,
      issuer_name: issuer.name,
      issuing_ca: text,
      key_id: keyInfo.id,
      key_name: keyInfo.name,
      serial_number: serialText(made.serial),
      ...exported,
    }),
    warnings: [
      ...made.warnings,
      ...urlWarnings,
      ...subjectWarning(made.isSubjectEmpty),
      ...(isWithoutUrls(urls) ? [NO_AIA_WARNING] : []),
      ...crlWarnings,
      ...(made.maxPathLength === 0
        ? [
            'Max path length of the generated certificate is zero. This certificate cannot be used to issue intermediate CA certificates.',
          ]
        : []),
    ],
  }
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
