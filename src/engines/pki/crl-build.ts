// Builds the revocation list of a group of issuers, complete or delta, and makes it the current one. A list
// holds at least what was committed before its build began. Thousands of entries take many turns of the
// event loop, signing takes the thread pool: nobody else waits.
import { createHash } from 'node:crypto'
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
import { type Directory, type IssuerInfo, readDirectory } from './authority.ts'
import { type CrlConfig, durationMs, readCrlConfig } from './crl-config.ts'
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
 * (it is empty then). Answers warnings; nothing is built for a group that has no issuer.
 */
export async function buildLists(
  mount: MountContext,
  id: string,
  withDelta: boolean,
): Promise<readonly string[]> {
  const plan = await planOf(mount, id)
  if (plan === null) return []
  if (plan.signerId === null)
    return [
      `warning from local CRL rebuild: ${NO_SIGNER}${plan.group.issuers.map((one) => one.id).join(',')}`,
    ]
  await sweepAbandoned(mount)
  const { config, directory, group } = plan
  const superseded = config.enable_delta ? await deltaKeys(mount, directory, group) : []
  await buildOne(mount, id, 'complete')
  await removeKeys(mount, superseded)
  if (config.enable_delta || withDelta) await buildOne(mount, id, 'delta')
  return []
}

const NO_SIGNER =
  'Issuer equivalency set with associated keys lacked an issuer with CRL Signing KeyUsage; refusing to rebuild CRL for this group of issuers: '

/** The delta list alone; nothing where no issuer may sign it. */
export async function buildDelta(mount: MountContext, id: string): Promise<void> {
  if ((await planOf(mount, id))?.signerId) await buildOne(mount, id, 'delta')
}

/** Whether something was revoked, or moved, since the delta list was made. */
export async function isDeltaOutdated(
  mount: MountContext,
  directory: Directory,
  group: CrlGroup,
): Promise<boolean> {
  const { delta } = await readCrlState(mount.storage, group.id)
  const print = createHash('sha256')
  for (const id of await sources(mount, directory, group, 'delta-entries/')) {
    for await (const keys of entryPages(mount.storage, 'delta-entries/', id))
      for (const key of keys) print.update(`${key}\n`)
  }
  return delta?.fingerprint !== print.digest('base64')
}

interface Plan {
  readonly directory: Directory
  readonly group: CrlGroup
  readonly config: CrlConfig
  /** null: no issuer of the group may sign lists. */
  readonly signerId: string | null
}

/** null: no such group. */
async function planOf(mount: MountContext, id: string): Promise<Plan | null> {
  const directory = await readDirectory(mount.storage)
  const group = groupsOf(directory).find((one) => one.id === id)
  if (!group) return null
  const config = await readCrlConfig(mount.storage)
  return { directory, group, config, signerId: await representative(mount, directory, group) }
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

/** A delta list is begun anew so often when complete lists get in its way; each of them brings one, too. */
const MOST_ROUNDS = 5

async function buildOne(mount: MountContext, id: string, kind: ListKind): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++)
    if ((await buildRound(mount, id, kind)) !== 'stale') return
}

async function buildRound(
  mount: MountContext,
  id: string,
  kind: ListKind,
): Promise<'published' | 'stale' | 'nothing'> {
  const { number, base } = await takeNumber(mount, id)
  // Whatever the list is made from is read behind its number: a later number never stands for older settings.
  const plan = await planOf(mount, id)
  if (!plan?.signerId || (kind === 'delta' && base === null)) return 'nothing'
  const thisUpdateMs = mount.clock.now()
  const { entries, fingerprint } = await entriesOf(mount, plan, kind)
  const nextUpdateMs = thisUpdateMs + durationMs(plan.config.expiry)
  const der = await mount.use(issuingCas, plan.signerId, async (ca) => {
    const extensions = [
      authorityKeyIdExtension(ca.certificate.subjectKeyId ?? sha1KeyId(ca.certificate.publicKey)),
      crlNumberExtension(number),
      ...(kind === 'delta' ? [deltaIndicatorExtension(base!)] : freshest(ca)),
    ]
    const issuer = ca.certificate.subject.der
    const signer = revocationSigner(ca)
    return buildCrl({ issuer, thisUpdateMs, nextUpdateMs, extensions }, entries, signer)
  })
  const list = { number, thisUpdateMs, nextUpdateMs, entries: entries.count }
  const deltas = kind === 'delta' ? { fingerprint, base: base! } : {}
  return publishList(mount, id, kind, der, { ...list, ...deltas })
}

/** Nothing where lists are disabled. */
async function entriesOf(
  mount: MountContext,
  { config, directory, group }: Plan,
  kind: ListKind,
): Promise<{ readonly entries: CrlEntries; readonly fingerprint: string }> {
  const entries = new CrlEntries()
  const print = createHash('sha256')
  if (config.disable) return { entries, fingerprint: '' }
  const prefix = kind === 'delta' ? 'delta-entries/' : 'crl-entries/'
  const revoked = await revokedIssuers(mount, directory)
  const leftOut = new Set(
    directory.issuers
      .filter((issuer) => groupOf(issuer) === group.id || revoked.has(issuer.id))
      .map(({ serial }) => serial.replaceAll(':', '')),
  )
  for (const id of await sources(mount, directory, group, prefix)) {
    for await (const keys of entryPages(mount.storage, prefix, id)) {
      addEntries(entries, keys, leftOut)
      if (kind === 'delta') for (const key of keys) print.update(`${key}\n`)
    }
  }
  if (kind === 'complete') addRevokedIssuers(directory, group, revoked, entries)
  return { entries, fingerprint: print.digest('base64') }
}

function freshest(ca: IssuingCa): readonly Buffer[] {
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
