// Changing, removing and revoking an issuer. A write sets back what it leaves out, as in Vault; a patch keeps it.
import { badRequest, internal } from '../../base/errors.ts'
import { algorithmOfName, SIGNATURE_ALGORITHMS } from '../../crypto/x509/key-algorithms.ts'
import { boolean, list, string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { MountContext, RequestContext } from '../../sdk/context.ts'
import { isWithoutUrls, NO_URLS, readCluster, readUrls, resolveUrls } from './aia.ts'
import {
  type Directory,
  findIssuer,
  type IssuerInfo,
  issuerOf,
  NAME,
  readDirectory,
} from './authority.ts'
import { type AuthorityDraft, maySignCrls } from './authority-draft.ts'
import { ALL_LISTS, type ChangedLists, changeIssuers } from './authority-events.ts'
import { assertUrls, templateWarning } from './config-rows.ts'
import { groupOf } from './crl-groups.ts'
import {
  type AiaUrls,
  type IssuerRecord,
  issuerKey,
  parseLeafNotAfter,
  parseUsages,
  readIssuer,
  type Usage,
} from './issuer-record.ts'
import { recordIssuerRevocation } from './issuer-revocation.ts'
import { issuerAnswer } from './issuer-view.ts'
import { certificateOf } from './issuing-ca.ts'
import { withoutDefaults } from './role-fields.ts'
import { referenceWarnings } from './role-references.ts'
import { goKeyType } from './sign-ca-rows.ts'

export const settingsInput = {
  crl_distribution_points: list('Where lists of revoked certificates are.', { default: [] }),
  delta_crl_distribution_points: list('Where delta lists are.', { default: [] }),
  enable_aia_url_templating: boolean('Addresses may hold templates.', { default: false }),
  issuer_name: string('Name.'),
  issuing_certificates: list("Where the issuer's certificate is.", { default: [] }),
  leaf_not_after_behavior: string('err, truncate or permit: certificates that outlive it.', {
    default: 'err',
  }),
  manual_chain: list('The chain, set by hand: "self" or its own reference first.', { default: [] }),
  ocsp_servers: list('Where OCSP is served.', { default: [] }),
  revocation_signature_algorithm: string('How lists are signed; empty: as the key suggests.', {
    default: '',
  }),
  usage: list('read-only, issuing-certificates, crl-signing, ocsp-signing.', {
    default: ['read-only', 'issuing-certificates', 'crl-signing', 'ocsp-signing'],
  }),
}
export const patchInput = withoutDefaults(settingsInput)

type Sent = {
  readonly [K in keyof Parsed<typeof settingsInput>]: Parsed<typeof settingsInput>[K] | undefined
}

/** A field that is undefined stays as it is; only a write without a name takes the name away. */
export async function changeIssuer(
  ctx: RequestContext,
  ref: string,
  sent: Sent,
  isWrite: boolean,
): Promise<Answer> {
  const name = sent.issuer_name ?? (isWrite ? '' : undefined)
  const before = issuerOf(await readDirectory(ctx.storage), ref)
  const nowMs = ctx.clock.now()
  const make = async (draft: AuthorityDraft): Promise<ChangedLists | null> => {
    const info = findIssuer(draft.directory, before.id)
    if (info === null) throw badRequest(`pki issuer id ${before.id} does not exist`)
    const renamed = renamedIssuer(draft.directory, info, name, sent.issuer_name)
    const manualChain =
      sent.manual_chain === undefined
        ? info.manualChain
        : manualChainOf(draft.directory, info.id, sent.manual_chain)
    const record = await readIssuer(ctx.storage, info.id)
    if (record === null) throw internal(`issuer ${info.id} has no entry`)
    const changed = changedRecord(record, sent)
    putInfo(draft, { ...info, name: renamed, manualChain })
    const changedAtMs = renamed === info.name ? record.changedAtMs : nowMs
    await draft.changeIssuer(info.id, () => ({ ...changed, changedAtMs }))
    const urls = await readUrls(ctx.storage)
    const isSame = listSettings(record, urls) === listSettings(changed, urls)
    return isSame ? null : { group: groupOf(info) }
  }
  const changed = await changeIssuers(ctx, make, { lists: (wanted) => wanted })
  const after = issuerOf(await readDirectory(ctx.storage), before.id)
  const warnings = [...(await templateFault(ctx, before.id)), ...changed.warnings]
  if (before.name !== '' && after.name !== before.name)
    warnings.unshift(...(await referenceWarnings(ctx.storage, before.name)))
  return issuerAnswer(ctx.storage, before.id, warnings)
}

/** What its lists are made from: a change of anything else leaves them as they are. */
function listSettings(record: IssuerRecord, ofMount: AiaUrls): string {
  const { aia, revocationSignatureAlgorithm: algorithm, usages } = record
  if (!usages.includes('crl-signing')) return ''
  const { deltaCrlDistributionPoints: urls, isTemplated } = aia ?? ofMount
  return JSON.stringify([algorithm, urls, isTemplated && urls.length > 0])
}

function putInfo(draft: AuthorityDraft, info: IssuerInfo): void {
  const issuers = draft.directory.issuers.map((one) => (one.id === info.id ? info : one))
  draft.directory = { ...draft.directory, issuers }
}

/** `sent` undefined is no name at all and no fault; an empty one that was sent is. */
function renamedIssuer(
  directory: Directory,
  info: IssuerInfo,
  name: string | undefined,
  sent: string | undefined,
): string {
  if (name === undefined) return info.name
  const wanted = name.trim()
  if (sent !== undefined && wanted === '') throw badRequest('expected non-empty issuer name')
  if (wanted.toLowerCase() === 'default')
    throw badRequest("reserved keyword 'default' can not be used as issuer name")
  if (wanted !== '' && !NAME.test(wanted))
    throw badRequest('issuer name contained invalid characters')
  if (wanted !== '' && wanted !== info.name && findIssuer(directory, wanted) !== null)
    throw badRequest('issuer name already in use')
  return wanted
}

function manualChainOf(
  directory: Directory,
  id: string,
  refs: readonly string[],
): readonly string[] {
  return refs.map((ref, at) => {
    const isSelf = at === 0 && ref === 'self'
    const found = isSelf ? id : issuerOf(directory, ref).id
    if (at === 0 && found !== id)
      throw badRequest(
        `expected first cert in chain to be a self-reference, but was: ${ref}/${found}`,
      )
    return found
  })
}

function changedRecord(record: IssuerRecord, sent: Sent): IssuerRecord {
  const aia = changedAia(record.aia ?? NO_URLS, sent)
  return {
    ...record,
    leafNotAfter:
      sent.leaf_not_after_behavior === undefined
        ? record.leafNotAfter
        : parseLeafNotAfter(sent.leaf_not_after_behavior),
    usages: sent.usage === undefined ? record.usages : allowedUsages(record, sent.usage),
    revocationSignatureAlgorithm:
      sent.revocation_signature_algorithm === undefined
        ? record.revocationSignatureAlgorithm
        : signatureName(record, sent.revocation_signature_algorithm),
    aia: isWithoutUrls(aia) ? null : aia,
  }
}

function changedAia(before: AiaUrls, sent: Sent): AiaUrls {
  const aia: AiaUrls = {
    issuingCertificates: sent.issuing_certificates ?? before.issuingCertificates,
    crlDistributionPoints: sent.crl_distribution_points ?? before.crlDistributionPoints,
    deltaCrlDistributionPoints:
      sent.delta_crl_distribution_points ?? before.deltaCrlDistributionPoints,
    ocspServers: sent.ocsp_servers ?? before.ocspServers,
    isTemplated: sent.enable_aia_url_templating ?? before.isTemplated,
  }
  if (!aia.isTemplated) assertUrls(aia)
  return aia
}

function allowedUsages(record: IssuerRecord, names: readonly string[]): readonly Usage[] {
  const usages = parseUsages(names)
  if (record.revokedAtMs !== null && usages.includes('issuing-certificates'))
    throw badRequest(
      'This issuer was revoked; unable to modify its usage to include certificate signing again. Reissue this certificate (preferably with a new key) and modify that entry instead.',
    )
  const isNew = usages.includes('crl-signing') && !record.usages.includes('crl-signing')
  if (isNew && !maySignCrls(certificateOf(record)))
    throw badRequest(
      "This issuer's underlying certificate lacks the CRLSign KeyUsage value; unable to set CRLSigningUsage on this issuer as a result.",
    )
  return usages
}

function signatureName(record: IssuerRecord, text: string): string {
  if (text === '') return ''
  const algorithm = algorithmOfName(text)
  if (!algorithm) {
    const known = SIGNATURE_ALGORITHMS.map(({ name }) => name.toLowerCase()).join(', ')
    throw badRequest(`Unknown signature algorithm value: ${text} - valid values are ${known}`)
  }
  const { type } = certificateOf(record).publicKey
  if (type !== algorithm.keyType)
    throw badRequest(
      `unable to use issuer of type ${goKeyType(type)} to sign with ${algorithm.goName} key type`,
    )
  return algorithm.name
}

async function templateFault(ctx: RequestContext, id: string): Promise<string[]> {
  const aia = (await readIssuer(ctx.storage, id))?.aia
  if (!aia?.isTemplated) return []
  const resolved = resolveUrls(aia, await readCluster(ctx.storage), id)
  return 'fault' in resolved ? [templateWarning(resolved.fault)] : []
}

export async function removeIssuer(ctx: MountContext, ref: string): Promise<Answer> {
  const { made: gone, warnings: crlWarnings } = await changeIssuers(
    ctx,
    async (draft) => {
      const found = findIssuer(draft.directory, ref)
      if (found === null) return null
      const wasDefault = draft.directory.defaultIssuer === found.id
      const { defaultIssuer } = draft.directory
      draft.directory = {
        ...draft.directory,
        issuers: draft.directory.issuers
          .filter(({ id }) => id !== found.id)
          .map((issuer) => withoutIssuer(issuer, found.id)),
        defaultIssuer: wasDefault ? '' : defaultIssuer,
      }
      return { found, wasDefault }
    },
    {
      lists: (removed) => removed && ALL_LISTS,
      alsoWrite(tx, removed) {
        if (removed) tx.delete(issuerKey(removed.found.id))
      },
    },
  )
  if (gone === null) return { data: null, status: 200 }
  const { found, wasDefault } = gone
  const names = found.name === '' ? [found.id] : [found.name, found.id]
  const warnings: string[] = []
  for (const name of names) warnings.push(...(await referenceWarnings(ctx.storage, name)))
  if (wasDefault)
    warnings.push(
      `Deleted issuer ${found.id} (via issuer_ref ${ref}); this was configured as the default issuer. Operations without an explicit issuer will not work until a new default is configured.`,
      ...(await referenceWarnings(ctx.storage, 'default')),
    )
  warnings.push(...crlWarnings)
  return { data: null, status: 200, warnings }
}

const withoutIssuer = (issuer: IssuerInfo, id: string): IssuerInfo =>
  issuer.parents.includes(id) || issuer.manualChain.includes(id)
    ? {
        ...issuer,
        parents: issuer.parents.filter((one) => one !== id),
        manualChain: issuer.manualChain.filter((one) => one !== id),
      }
    : issuer

export async function revokeIssuer(ctx: RequestContext, ref: string): Promise<Answer> {
  const info = issuerOf(await readDirectory(ctx.storage), ref)
  const nowMs = ctx.clock.now()
  const { made: isNew, warnings: crlWarnings } = await changeIssuers(
    ctx,
    async (draft) => {
      const old = await readIssuer(ctx.storage, info.id)
      if (old === null || old.revokedAtMs !== null) return null
      const usages = old.usages.filter((usage) => usage !== 'issuing-certificates')
      const record = { ...old, revokedAtMs: nowMs, usages }
      await draft.changeIssuer(info.id, () => record)
      return { record, directory: draft.directory }
    },
    {
      lists: (made) => made && ALL_LISTS,
      async alsoWrite(tx, made) {
        if (made) await recordIssuerRevocation(tx, made.directory, info, made.record)
      },
    },
  )
  if (!isNew) return issuerAnswer(ctx.storage, info.id)
  const { defaultIssuer } = await readDirectory(ctx.storage)
  return issuerAnswer(ctx.storage, info.id, [
    ...crlWarnings,
    ...(info.isSelfSigned ? [SELF_SIGNED_WARNING] : []),
    ...(info.parents.length === 0 ? [NO_PARENT_WARNING] : []),
    ...(defaultIssuer === info.id ? [REVOKED_DEFAULT_WARNING] : []),
  ])
}

const SELF_SIGNED_WARNING =
  "This issuer is a self-signed (potentially root) certificate. This means it may not be considered revoked if there is not an external, cross-signed variant of this certificate. This issuer's serial number will not appear on its own CRL."
const NO_PARENT_WARNING =
  "This issuer lacks another parent issuer within the mount. This means it will not appear on any other CRLs and may not be considered revoked by clients. Consider adding this issuer to its issuer's CRL as well if it is not self-signed."
const REVOKED_DEFAULT_WARNING =
  'This issuer is currently configured as the default issuer for this mount; operations such as certificate issuance may not work until a new default issuer is selected.'
