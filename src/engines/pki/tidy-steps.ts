// The steps of a tidy run, each a small commit that removes what expired and moves the run on: from the front of
// the expiry indexes, so that the work is what is removed and not what is stored.
import { MAX_INLINE_DELETES } from '../../base/limits.ts'
import { parseCertificate } from '../../crypto/x509/certificate.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { Tx } from '../../sdk/storage.ts'
import { readDirectory } from './authority.ts'
import { readCrlConfig } from './crl-config.ts'
import { entryGroups, entryKey } from './crl-entries.ts'
import { groupOf, groupsOf } from './crl-groups.ts'
import {
  EXPIRY_PREFIX,
  type Expired,
  expiredBefore,
  REVOKED_EXPIRY_PREFIX,
} from './expiry-index.ts'
import { issuerByCertificate } from './revocation.ts'
import {
  certKey,
  MARK,
  type Revocation,
  readCertificate,
  readRevocation,
  revokedKey,
} from './revocation-store.ts'
import { revokedBuffer } from './tidy-config.ts'
import { putTidyStatus, readTidyStatus, type TidyStatus } from './tidy-status.ts'

/** A certificate that is removed with its revocation takes six writes of a commit's hundred. */
const CERTS_PER_STEP = 12

/** How many a step takes: never more than a page, one where there are pauses in between. */
export const stepSize = ({ config }: TidyStatus): number =>
  config.pause_duration > 0
    ? 1
    : config.page_size > 0
      ? Math.min(config.page_size, CERTS_PER_STEP)
      : CERTS_PER_STEP

export interface StepResult {
  /** The phase has nothing left. */
  readonly isOver: boolean
  /** Certificates that were looked at: each has its pause. */
  readonly count: number
}

type Change = Partial<TidyStatus>

/** One commit of a run: the body's writes and the new status; nothing where the run is not this one any more. */
async function commitStep(
  mount: MountContext,
  status: TidyStatus,
  body: (tx: Tx) => Promise<Change>,
): Promise<void> {
  await mount.storage.transaction(async (tx) => {
    const now = await readTidyStatus(tx)
    if (now?.id !== status.id || now.state !== 'Running') return
    putTidyStatus(tx, { ...now, ...(await body(tx)) })
  })
}

const cutoffMs = (mount: MountContext, bufferSeconds: number): number =>
  mount.clock.now() - bufferSeconds * 1000

/** Certificates that expired; those that are revoked wait for their own buffer. */
export async function tidyCerts(mount: MountContext, status: TidyStatus): Promise<StepResult> {
  const limit = stepSize(status)
  const found = await expiredBefore(mount.storage, EXPIRY_PREFIX, {
    beforeMs: cutoffMs(mount, status.config.safety_buffer),
    limit,
    ...(status.after === null ? {} : { after: status.after }),
  })
  if (found.length > 0)
    await commitStep(mount, status, async (tx) => {
      let deleted = 0
      for (const { key, serial } of found) {
        if ((await readRevocation(tx, serial)) !== null) continue
        tx.delete(certKey(serial))
        tx.delete(key)
        deleted++
      }
      const now = (await readTidyStatus(tx))!
      return { after: found.at(-1)!.key, certsDeleted: now.certsDeleted + deleted }
    })
  return { isOver: found.length < limit, count: found.length }
}

/** Revoked certificates that expired: with their revocation, or only from the store. */
export async function tidyRevoked(mount: MountContext, status: TidyStatus): Promise<StepResult> {
  const limit = stepSize(status)
  const found = await expiredBefore(mount.storage, REVOKED_EXPIRY_PREFIX, {
    beforeMs: cutoffMs(mount, revokedBuffer(status.config)),
    limit,
    ...(status.after === null ? {} : { after: status.after }),
  })
  if (found.length > 0)
    await commitStep(mount, status, async (tx) => {
      const now = (await readTidyStatus(tx))!
      let { certsDeleted, revokedDeleted } = now
      for (const one of found) {
        if ((await removeStored(tx, one)) && status.config.tidy_cert_store) certsDeleted++
        if (!status.config.tidy_revoked_certs) continue
        await removeRevocation(tx, one)
        revokedDeleted++
      }
      const changesLists = now.changesLists || revokedDeleted > now.revokedDeleted
      return { after: found.at(-1)!.key, certsDeleted, revokedDeleted, changesLists }
    })
  return { isOver: found.length < limit, count: found.length }
}

/** Removes the certificate itself; false where it was gone already. */
async function removeStored(tx: Tx, { key, serial }: Expired): Promise<boolean> {
  if ((await tx.get(certKey(serial))) === null) return false
  tx.delete(certKey(serial))
  tx.delete(EXPIRY_PREFIX + key.slice(REVOKED_EXPIRY_PREFIX.length))
  return true
}

async function removeRevocation(tx: Tx, { key, serial }: Expired): Promise<void> {
  const revocation = await readRevocation(tx, serial)
  tx.delete(key)
  if (revocation === null) return
  tx.delete(revokedKey(serial))
  for (const prefix of ['crl-entries/', 'delta-entries/'] as const)
    tx.delete(entryKey(prefix, revocation.group, serial, revocation.revokedAtMs))
}

/** Entries of lists that no issuer of the mount signs are looked at again: their issuer may be there by now. */
export async function tidyAssociations(
  mount: MountContext,
  status: TidyStatus,
): Promise<StepResult> {
  const directory = await readDirectory(mount.storage)
  const listed = new Set(groupsOf(directory).map(({ id }) => id))
  const orphaned = (await entryGroups(mount.storage, 'crl-entries/')).filter(
    (id) => !listed.has(id),
  )
  const limit = Math.min(stepSize(status), MAX_INLINE_DELETES)
  for (const id of orphaned) {
    const folder = `crl-entries/${id}/`
    if (status.after !== null && status.after >= `${folder}~`) continue
    const keys = await mount.storage.range(folder, {
      limit,
      ...(status.after?.startsWith(folder) ? { after: status.after } : {}),
    })
    if (keys.length === 0) continue
    const moves = await movesOf(mount, directory, keys)
    await commitStep(mount, status, async (tx) => {
      for (const move of moves) await moveEntry(tx, move)
      const now = (await readTidyStatus(tx))!
      return {
        after: keys.at(-1)!,
        missingIssuers: now.missingIssuers + keys.length,
        changesLists: now.changesLists || moves.length > 0,
      }
    })
    return { isOver: false, count: keys.length }
  }
  return { isOver: true, count: 0 }
}

interface Move {
  readonly serial: string
  readonly issuerId: string
  readonly group: string
}

async function movesOf(
  mount: MountContext,
  directory: Awaited<ReturnType<typeof readDirectory>>,
  keys: readonly string[],
): Promise<readonly Move[]> {
  const moves: Move[] = []
  for (const key of keys) {
    const hex = key.split('/')[2]!
    const serial = hex.replace(/(..)(?!$)/g, '$1:')
    const stored = await readCertificate(mount.storage, serial)
    const issuer =
      stored && (await issuerByCertificate(mount, directory, parseCertificate(stored.der)))
    if (issuer) moves.push({ serial, issuerId: issuer.id, group: groupOf(issuer) })
  }
  return moves
}

async function moveEntry(tx: Tx, { serial, issuerId, group }: Move): Promise<void> {
  const before = await readRevocation(tx, serial)
  if (before === null || before.group === group) return
  const after: Revocation = { ...before, issuerId, group }
  tx.put(revokedKey(serial), { json: after })
  tx.delete(entryKey('crl-entries/', before.group, serial, before.revokedAtMs))
  tx.put(entryKey('crl-entries/', group, serial, before.revokedAtMs), MARK)
  // Whoever follows that issuer's lists has not seen it yet, so it stands on the next delta list too.
  tx.delete(entryKey('delta-entries/', before.group, serial, before.revokedAtMs))
  const config = await readCrlConfig(tx)
  if (config.auto_rebuild && config.enable_delta)
    tx.put(entryKey('delta-entries/', group, serial, before.revokedAtMs), MARK)
}
