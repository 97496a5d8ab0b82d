// Builds the revocation list of a group of issuers, complete or delta, and makes it the current one. A list
// holds at least what was committed before its build began. Thousands of entries take many turns of the
// event loop, signing takes the thread pool: nobody else waits.
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
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
import { type IssuerRecord, issuerKey, readIssuer } from './issuer-record.ts'
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
    const revoked = await revokedIssuers(mount, directory)
    const leftOut = new Set(
      directory.issuers
        .filter((issuer) => groupOf(issuer) === group.id || revoked.has(issuer.id))
        .map(({ serial }) => serial.replaceAll(':', '')),
    )
    for (const id of await sources(mount, directory, group, prefix)) {
      for await (const keys of entryPages(mount.storage, prefix, id))
        addEntries(entries, keys, leftOut)
    }
    if (of.kind === 'complete') addRevokedIssuers(directory, group, revoked, entries)
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

/**
 * When each revoked issuer was revoked, by id. One that was revoked as a certificate and imported afterwards is
 * none of them: its entry stands as any other's.
 */
async function revokedIssuers(
  mount: MountContext,
  { issuers }: Directory,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (let at = 0; at < issuers.length; at += MAX_BATCH_KEYS) {
    const keys = issuers.slice(at, at + MAX_BATCH_KEYS).map(({ id }) => issuerKey(id))
    for (const entry of (await mount.storage.read(keys)).values()) {
      const { id, revokedAtMs } = entry.json<IssuerRecord>()
      if (revokedAtMs !== null) found.set(id, revokedAtMs)
    }
  }
  return found
}

/** Revoked issuers stand on the lists of those that signed them, never on their own. */
function addRevokedIssuers(
  directory: Directory,
  group: CrlGroup,
  revoked: ReadonlyMap<string, number>,
  entries: CrlEntries,
): void {
  const signers = new Set(
    directory.issuers.filter((issuer) => groupOf(issuer) === group.id).map(({ id }) => id),
  )
  for (const { id, parents, serial } of directory.issuers) {
    const revokedAtMs = revoked.get(id)
    if (revokedAtMs === undefined || !parents.some((parent) => signers.has(parent))) continue
    entries.add(Buffer.from(serial.replaceAll(':', ''), 'hex'), revokedAtMs)
  }
}
