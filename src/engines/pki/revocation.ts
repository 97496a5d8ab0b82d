// Revokes certificates. The revocation, its place on the list and in the indexes are one commit; then the list
// is made anew before the caller has its answer, unless lists are made by themselves (auto_rebuild).
import { createHash } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { serialText } from '../../crypto/x509/build-certificate.ts'
import { type Certificate, isIssuedBy, parseCertificate } from '../../crypto/x509/certificate.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { MountContext } from '../../sdk/context.ts'
import { type Directory, type IssuerInfo, readDirectory } from './authority.ts'
import { listingGroup, rebuildFor } from './crl-builder.ts'
import { type CrlConfig, readCrlConfig } from './crl-config.ts'
import { entryKey } from './crl-entries.ts'
import { groupOf, NO_GROUP } from './crl-groups.ts'
import { readCrlState } from './crl-store.ts'
import { ENSURE_AFTER_MS, ensureLater, wasListed } from './crl-upkeep.ts'
import { expiryKey, REVOKED_EXPIRY_PREFIX } from './expiry-index.ts'
import { goTime } from './go-time.ts'
import { readIssuer } from './issuer-record.ts'
import { certificateOf } from './issuing-ca.ts'
import {
  certKey,
  MARK,
  type Revocation,
  readCertificate,
  readRevocation,
  recordIssued,
  revokedKey,
} from './revocation-store.ts'

export interface ToRevoke {
  readonly certificate: Certificate
  /** The issuer that signed it, where that is known. */
  readonly issuerId: string
  /** False: it was handed in by the caller and is stored with its revocation. */
  readonly isStored: boolean
}

/** null where no such certificate is stored. */
export async function storedToRevoke(
  mount: MountContext,
  serial: string,
): Promise<ToRevoke | null> {
  const found = await readCertificate(mount.storage, serial)
  if (found === null) return null
  return {
    certificate: parseCertificate(found.der),
    issuerId: found.issuerId,
    isStored: true,
  }
}

/** Throws 400 for the certificate of an issuer; an expired one is refused with a warning. */
export async function revokeCertificate(mount: MountContext, of: ToRevoke): Promise<Answer> {
  const { certificate } = of
  const serial = serialText(certificate.serial)
  const directory = await readDirectory(mount.storage)
  const itself = directory.issuers.find((issuer) => issuer.serial === serial)
  if (itself) throw badRequest(`adding issuer (id: ${itself.id}) to its own CRL is not allowed`)
  const config = await readCrlConfig(mount.storage)
  const before = await readRevocation(mount.storage, serial)
  if (before) return revokedBefore(mount, config, before)
  const isExpired = certificate.notAfterMs < mount.clock.now() + EXPIRY_MARGIN_MS
  if (isExpired && !config.allow_expired_cert_revocation)
    return { data: null, status: 200, warnings: [expiredWarning(serial)] }
  const issuer = await signerOfCertificate(mount, directory, of)
  const { revocation, isListedNow } = await commitRevocation(mount, of, serial, issuer)
  if (!isListedNow) return revokedAnswer(revocation)
  const warnings = await rebuildFor(mount, revocation.group)
  await wasListed(mount, serial)
  return revokedAnswer(
    revocation,
    warnings.map((text, at) => `Warning ${at + 1} during CRL rebuild: ${text}`),
  )
}

/** Whoever tries again because the first answer was lost finds it on the list too. */
async function revokedBefore(
  mount: MountContext,
  config: CrlConfig,
  before: Revocation,
): Promise<Answer> {
  const group =
    config.auto_rebuild || config.disable ? null : await listingGroup(mount, before.group)
  if (group !== null) {
    const { complete } = await readCrlState(mount.storage, group)
    // A list that was begun that soon may have missed its commit; later the job behind it has run.
    const sureMs = before.revokedAtMs + 2 * ENSURE_AFTER_MS
    if ((complete?.thisUpdateMs ?? 0) <= sureMs && mount.clock.now() <= sureMs)
      await rebuildFor(mount, group)
  }
  return revokedAnswer(before)
}

/** Leases end with the second that their certificate ends in. */
const EXPIRY_MARGIN_MS = 2000

const expiredWarning = (serial: string): string =>
  `certificate with serial ${serial} already expired; refusing to add to CRL. Enable 'AllowExpiredCertRevocation' to allow revoking expired certificates.`

function commitRevocation(
  mount: MountContext,
  of: ToRevoke,
  serial: string,
  issuer: IssuerInfo | null,
): Promise<{ readonly revocation: Revocation; readonly isListedNow: boolean }> {
  const { certificate } = of
  const { notAfterMs } = certificate
  return mount.storage.transaction(async (tx) => {
    const config = await readCrlConfig(tx)
    const isListedNow = !config.auto_rebuild && !config.disable
    const raced = await readRevocation(tx, serial)
    if (raced) return { revocation: raced, isListedNow }
    const revokedAtMs = mount.clock.now()
    const group = issuer ? groupOf(issuer) : NO_GROUP
    const revocation = { revokedAtMs, notAfterMs, issuerId: issuer?.id ?? '', group }
    tx.put(revokedKey(serial), { json: revocation })
    tx.put(expiryKey(notAfterMs, serial, REVOKED_EXPIRY_PREFIX), MARK)
    tx.put(entryKey('crl-entries/', group, serial, revokedAtMs), MARK)
    if (config.auto_rebuild && config.enable_delta)
      tx.put(entryKey('delta-entries/', group, serial, revokedAtMs), MARK)
    if (!of.isStored && (await tx.get(certKey(serial))) === null)
      recordIssued(tx, { ...certificate, issuerId: revocation.issuerId })
    if (isListedNow) await ensureLater(mount, tx, serial, group)
    return { revocation, isListedNow }
  })
}

function revokedAnswer(of: Revocation, warnings: readonly string[] = []): Answer {
  return {
    data: {
      revocation_time: Math.floor(of.revokedAtMs / 1000),
      revocation_time_rfc3339: goTime(of.revokedAtMs),
      state: 'revoked',
    },
    warnings,
  }
}

/** The issuer that signed it: as it was stored, else who verifies its signature; null: none of the mount. */
async function signerOfCertificate(
  mount: MountContext,
  directory: Directory,
  { issuerId, certificate }: Pick<ToRevoke, 'certificate' | 'issuerId'>,
): Promise<IssuerInfo | null> {
  const stored = directory.issuers.find((issuer) => issuer.id === issuerId)
  return stored ?? issuerByCertificate(mount, directory, certificate)
}

export async function issuerByCertificate(
  mount: MountContext,
  directory: Directory,
  certificate: Certificate,
): Promise<IssuerInfo | null> {
  const name = createHash('sha256').update(certificate.issuer.der).digest('base64')
  for (const issuer of directory.issuers) {
    if (issuer.subjectHash !== name) continue
    const record = await readIssuer(mount.storage, issuer.id)
    if (record && isIssuedBy(certificate, certificateOf(record))) return issuer
  }
  return null
}
