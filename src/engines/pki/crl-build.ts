// Builds the revocation list of a group of issuers, complete or delta, and makes it the current one. A list
// holds at least what was committed before its build began. Thousands of entries take many turns of the
// event loop, signing takes the thread pool: nobody else waits.
import {
  authorityKeyIdExtension,
  freshestCrlExtension,
} from '../../crypto/x509/certificate-extensions.ts'
import { buildCrl, CrlEntries } from '../../crypto/x509/crl.ts'
import { crlNumberExtension, deltaIndicatorExtension } from '../../crypto/x509/crl-extensions.ts'
import { algorithmOfName } from '../../crypto/x509/key-algorithms.ts'
import { sha1KeyId } from '../../crypto/x509/public-key.ts'
import type { Signer } from '../../crypto/x509/signer.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { Directory, IssuerInfo } from './authority.ts'
import { type CrlConfig, durationMs } from './crl-config.ts'
import { addEntries, type EntryPrefix, entryGroups, entryPages } from './crl-entries.ts'
import { type CrlGroup, groupOf, groupsOf } from './crl-groups.ts'
import {
  type ListKind,
  publishList,
  readCrlState,
  removeKeys,
  sweepAbandoned,
  takeNumber,
} from './crl-store.ts'
import { type IssuerRecord, readIssuer } from './issuer-record.ts'
import { type IssuingCa, issuingCas } from './issuing-ca.ts'

/**
 * Builds the complete list of a group, and the delta list where there are to be any or `withDelta` asks for one
 * (it is empty then). Answers warnings.
 */
export async function buildLists(
  mount: MountContext,
  directory: Directory,
  group: CrlGroup,
  config: CrlConfig,
  withDelta: boolean,
): Promise<readonly string[]> {
  const signerId = await representative(mount, directory, group)
  if (signerId === null)
    return [
      `warning from local CRL rebuild: ${NO_SIGNER}${group.issuers.map(({ id }) => id).join(',')}`,
    ]
  await sweepAbandoned(mount)
  const superseded = config.enable_delta ? await deltaKeys(mount, directory, group) : []
  await buildOne(mount, directory, group, config, { kind: 'complete', signerId })
  await removeKeys(mount, superseded)
  if (config.enable_delta || withDelta)
    await buildOne(mount, directory, group, config, { kind: 'delta', signerId })
  return []
}

const NO_SIGNER =
  'Issuer equivalency set with associated keys lacked an issuer with CRL Signing KeyUsage; refusing to rebuild CRL for this group of issuers: '

/** The delta list alone; nothing where no issuer may sign it. */
export async function buildDelta(
  mount: MountContext,
  directory: Directory,
  group: CrlGroup,
  config: CrlConfig,
): Promise<void> {
  const signerId = await representative(mount, directory, group)
  if (signerId !== null)
    await buildOne(mount, directory, group, config, { kind: 'delta', signerId })
}

/** The issuer of a group that signs: the default one if it may, else the first that may; null: none may. */
async function representative(
  mount: MountContext,
  directory: Directory,
  group: CrlGroup,
): Promise<string | null> {
  const isDefault = ({ id }: IssuerInfo): boolean => id === directory.defaultIssuer
  const inOrder = [...group.issuers].sort((a, b) => Number(isDefault(b)) - Number(isDefault(a)))
  for (const { id } of inOrder) {
    const record = await readIssuer(mount.storage, id)
    if (record?.usages.includes('crl-signing')) return id
  }
  return null
}

async function buildOne(
  mount: MountContext,
  directory: Directory,
  group: CrlGroup,
  config: CrlConfig,
  of: { readonly kind: ListKind; readonly signerId: string },
): Promise<void> {
  const number = await takeNumber(mount, group.id)
  const thisUpdateMs = mount.clock.now()
  const entries = new CrlEntries()
  const prefix = of.kind === 'delta' ? 'delta-entries/' : 'crl-entries/'
  if (!config.disable) {
    const leftOut = new Set(directory.issuers.map(({ serial }) => serial.replaceAll(':', '')))
    for (const id of await sources(mount, directory, group, prefix)) {
      for await (const keys of entryPages(mount.storage, prefix, id))
        addEntries(entries, keys, leftOut)
    }
    if (of.kind === 'complete') await addRevokedIssuers(mount, directory, group, entries)
  }
  const nextUpdateMs = thisUpdateMs + durationMs(config.expiry)
  const der = await mount.use(issuingCas, of.signerId, async (ca) => {
    const extensions = [
      authorityKeyIdExtension(ca.certificate.subjectKeyId ?? sha1KeyId(ca.certificate.publicKey)),
      crlNumberExtension(number),
      ...(await ownExtensions(mount, group, of.kind, number, ca)),
    ]
    const issuer = ca.certificate.subject.der
    const signer = revocationSigner(ca)
    return buildCrl({ issuer, thisUpdateMs, nextUpdateMs, extensions }, entries, signer)
  })
  const count = entries.count
  const list = { number, thisUpdateMs, nextUpdateMs, entries: count }
  await publishList(mount, group.id, of.kind, der, list)
}

async function ownExtensions(
  mount: MountContext,
  group: CrlGroup,
  kind: ListKind,
  number: number,
  ca: IssuingCa,
): Promise<readonly Buffer[]> {
  if (kind === 'delta') {
    const base = (await readCrlState(mount.storage, group.id)).complete?.number ?? number - 1
    return [deltaIndicatorExtension(base)]
  }
  const urls = ca.filledUrls?.deltaCrlDistributionPoints ?? []
  return urls.length > 0 ? [freshestCrlExtension(urls)] : []
}

/** How an issuer signs lists: as it is set, else as its key suggests. Throws 400 without a key. */
export function revocationSigner(ca: IssuingCa, allowPss = true): Signer {
  const algorithm = algorithmOfName(ca.record.revocationSignatureAlgorithm)
  const bits = algorithm?.hashBits ?? 0
  return ca.signer({ bits, pss: allowPss && (algorithm?.isPss ?? false) })
}

/** Whose entries the list holds: its own group's, the default's also those that nobody else lists. */
async function sources(
  mount: MountContext,
  directory: Directory,
  group: CrlGroup,
  prefix: EntryPrefix,
): Promise<readonly string[]> {
  if (!group.isDefault) return [group.id]
  const listed = new Set(groupsOf(directory).map(({ id }) => id))
  const orphaned = (await entryGroups(mount.storage, prefix)).filter((id) => !listed.has(id))
  return [group.id, ...orphaned]
}

async function deltaKeys(
  mount: MountContext,
  directory: Directory,
  group: CrlGroup,
): Promise<readonly string[]> {
  const all: string[] = []
  for (const id of await sources(mount, directory, group, 'delta-entries/')) {
    for await (const keys of entryPages(mount.storage, 'delta-entries/', id)) {
      for (const key of keys) all.push(key)
    }
  }
  return all
}

/** Revoked issuers stand on the lists of those that signed them, never on their own. */
async function addRevokedIssuers(
  mount: MountContext,
  directory: Directory,
  group: CrlGroup,
  entries: CrlEntries,
): Promise<void> {
  const signers = new Set(
    directory.issuers.filter((issuer) => groupOf(issuer) === group.id).map(({ id }) => id),
  )
  for (const info of directory.issuers) {
    if (!info.parents.some((parent) => signers.has(parent))) continue
    const record: IssuerRecord | null = await readIssuer(mount.storage, info.id)
    if (record === null || record.revokedAtMs === null) continue
    entries.add(Buffer.from(info.serial.replaceAll(':', ''), 'hex'), record.revokedAtMs)
  }
}
