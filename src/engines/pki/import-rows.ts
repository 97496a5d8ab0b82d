// issuers/import, config/ca and intermediate/set-signed: certificates, with keys where the path allows them,
// from one PEM bundle. All of it goes in with one commit, or nothing does.
import type { KeyObject } from 'node:crypto'
import { ApiError, badRequest } from '../../base/errors.ts'
import { MAX_PKI_BUNDLE } from '../../base/limits.ts'
import { type Certificate, parseCertificate } from '../../crypto/x509/certificate.ts'
import { type PemBlock, toPem } from '../../crypto/x509/pem.ts'
import { X509Error } from '../../crypto/x509/x509-error.ts'
import { list, object, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { isWithoutUrls, NO_AIA_WARNING, readUrls } from './aia.ts'
import type { AuthorityDraft } from './authority-draft.ts'
import { ALL_LISTS, changeIssuers } from './authority-events.ts'
import { pemBlocks, privateKeyOf } from './from-request.ts'
import { TOO_SHORT } from './key-rows.ts'

const { write } = endpoints()

const pemField = string('Certificates and perhaps unencrypted private keys, PEM.', {
  default: '',
  secret: true,
})
const certificateField = string('Certificates, PEM.', { default: '' })
const input = { certificate: certificateField, pem_bundle: pemField }

const output = {
  existing_issuers: list('Issuers that were there.'),
  existing_keys: list('Keys that were there.'),
  imported_issuers: list('New issuers.'),
  imported_keys: list('New keys.'),
  mapping: object('The key of each issuer.'),
}

type Sent = { readonly certificate: string; readonly pem_bundle: string }

export const importRows = [
  write('issuers/import/cert', {
    about: 'Imports certificates.',
    input,
    output,
    handle: (ctx, sent) => importBundle(ctx, sent, false),
  }),
  write('issuers/import/bundle', {
    about: 'Imports certificates and private keys.',
    input,
    output,
    handle: (ctx, sent) => importBundle(ctx, sent, true),
  }),
  write('config/ca', {
    about: 'Imports certificates and private keys.',
    input,
    output,
    handle: (ctx, sent) => importBundle(ctx, sent, true),
  }),
  write('intermediate/set-signed', {
    about: 'Takes the signed certificate of an intermediate, and of those above it.',
    input,
    output,
    handle: (ctx, sent) => importBundle(ctx, sent, false),
  }),
]

interface Bundle {
  readonly keys: readonly KeyObject[]
  readonly certificates: readonly Certificate[]
}

async function importBundle(
  ctx: RequestContext,
  sent: Sent,
  mayHoldKeys: boolean,
): Promise<Answer> {
  const bundle = readBundle(sent, mayHoldKeys)
  const { made, warnings } = await changeIssuers(ctx, (draft) => addBundle(draft, bundle), {
    lists: ({ data }) => (data.imported_issuers ? ALL_LISTS : null),
  })
  const urls = await readUrls(ctx.storage)
  return {
    data: made.data,
    warnings: [...made.warnings, ...(isWithoutUrls(urls) ? [NO_AIA_WARNING] : []), ...warnings],
  }
}

const KEY_PARAMETERS = ['EC PARAMS', 'EC PARAMETERS']
const CERTIFICATES = ['CERTIFICATE', 'X509 CERTIFICATE']
const LISTS = ['CRL', 'X509 CRL']

function readBundle({ certificate, pem_bundle }: Sent, mayHoldKeys: boolean): Bundle {
  if (certificate === '' && pem_bundle === '')
    throw badRequest("'pem_bundle' and 'certificate' parameters were empty")
  if (certificate !== '' && pem_bundle !== '')
    throw badRequest("'pem_bundle' and 'certificate' parameters were both provided")
  const text = certificate || pem_bundle
  if (text.length < 75) throw badRequest(TOO_SHORT)
  const blocks = pemBlocks(text)
  if (blocks.length > MAX_PKI_BUNDLE)
    throw badRequest(`a bundle takes at most ${MAX_PKI_BUNDLE} certificates and keys`)
  const ignored = [...KEY_PARAMETERS, ...LISTS]
  const certificates = blocks.filter(({ label }) => CERTIFICATES.includes(label))
  const keys = blocks.filter(
    ({ label }) => !CERTIFICATES.includes(label) && !ignored.includes(label),
  )
  if (keys.length > 0 && (!mayHoldKeys || certificate !== ''))
    throw badRequest(
      'private keys found in the PEM bundle but not allowed by the path; use /issuers/import/bundle',
    )
  return {
    keys: keys.map((block, at) =>
      named(`Error parsing key ${at}: `, '', () => privateKeyOf(block)),
    ),
    certificates: certificates.map((block, at) =>
      named(`Error parsing issuer ${at}: `, shown(block), () => parseCertificate(block.der)),
    ),
  }
}

const shown = (block: PemBlock): string => `\n${toPem(block.label, block.der)}\n`

/** What is wrong with one block, in a message that says which. */
function named<T>(before: string, behind: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw inBlock(before, behind, error)
  }
}

function inBlock(before: string, behind: string, error: unknown): unknown {
  const isFault = error instanceof X509Error || (error instanceof ApiError && error.status === 400)
  return isFault ? badRequest(before + error.message + behind) : error
}

interface Imported {
  readonly data: Readonly<Record<string, unknown>>
  readonly warnings: readonly string[]
}

async function addBundle(draft: AuthorityDraft, bundle: Bundle): Promise<Imported> {
  const newKeys: string[] = []
  const oldKeys: string[] = []
  const newIssuers: string[] = []
  const oldIssuers: string[] = []
  for (const key of bundle.keys) {
    const { info, existed } = await draft.addKey(key, '')
    ;(existed ? oldKeys : newKeys).push(info.id)
  }
  const mapping: Record<string, string> = {}
  for (const [at, certificate] of bundle.certificates.entries()) {
    const pem = `\n${toPem('CERTIFICATE', certificate.der)}\n`
    const { info, existed } = await draft.addIssuer(certificate, '').catch((error: unknown) => {
      throw inBlock(`Error parsing issuer ${at}: `, pem, error)
    })
    mapping[info.id] = info.keyId
    ;(existed ? oldIssuers : newIssuers).push(info.id)
  }
  const warnings = await followLatest(draft, newIssuers, mapping)
  return {
    data: {
      existing_issuers: orNull(oldIssuers),
      existing_keys: orNull(oldKeys),
      imported_issuers: orNull(newIssuers),
      imported_keys: orNull(newKeys),
      mapping,
    },
    warnings,
  }
}

const orNull = (list: readonly string[]): readonly string[] | null =>
  list.length > 0 ? list : null

async function followLatest(
  draft: AuthorityDraft,
  newIssuers: readonly string[],
  mapping: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const warnings: string[] = []
  const withKeys = newIssuers.filter((id) => mapping[id] !== '')
  if (draft.directory.followsLatest && withKeys.length === 1)
    await draft.setDefaultIssuer(withKeys[0]!)
  else if (draft.directory.followsLatest && withKeys.length > 1)
    warnings.push(
      'Default issuer left unchanged: could not select new issuer automatically as multiple imported issuers had key material in Vault.',
    )
  const { defaultIssuer } = draft.directory
  if (defaultIssuer !== '' && mapping[defaultIssuer] === '') warnings.push(DEFAULT_WITHOUT_KEY)
  if (newIssuers.length > 1 && withKeys.length > 1 && newIssuers.includes(defaultIssuer))
    warnings.push(
      'The imported bundle contained multiple certs matching keys, the default issuer that was selected should be verified and manually changed if incorrect.',
    )
  return warnings
}

const DEFAULT_WITHOUT_KEY =
  'The default issuer has no key associated with it. Some operations like issuing certificates and signing CRLs will be unavailable with the requested default issuer until a key is imported or the default issuer is changed.'
