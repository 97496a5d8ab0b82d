// An issuer that is revoked stands on the lists of those that signed it, where they are issuers of the mount;
// never on its own.
import type { Tx } from '../../sdk/storage.ts'
import type { Directory, IssuerInfo } from './authority.ts'
import { entryKey } from './crl-entries.ts'
import { groupOf, NO_GROUP } from './crl-groups.ts'
import { expiryKey, REVOKED_EXPIRY_PREFIX } from './expiry-index.ts'
import type { IssuerRecord } from './issuer-record.ts'
import { certificateOf } from './issuing-ca.ts'
import {
  certKey,
  MARK,
  type Revocation,
  readRevocation,
  recordIssued,
  revokedKey,
} from './revocation-store.ts'

/** Part of the commit that marks the issuer as revoked. */
export async function recordIssuerRevocation(
  tx: Tx,
  directory: Directory,
  info: IssuerInfo,
  record: IssuerRecord,
): Promise<void> {
  const { revokedAtMs } = record
  if (revokedAtMs === null || (await readRevocation(tx, info.serial)) !== null) return
  const own = groupOf(info)
  const parent = directory.issuers.find(
    (one) => info.parents.includes(one.id) && groupOf(one) !== own,
  )
  const certificate = certificateOf(record)
  const { notAfterMs } = certificate
  const group = parent ? groupOf(parent) : NO_GROUP
  const issuerId = parent?.id ?? ''
  const revocation: Revocation = { revokedAtMs, notAfterMs, issuerId, group }
  tx.put(revokedKey(info.serial), { json: revocation })
  tx.put(expiryKey(notAfterMs, info.serial, REVOKED_EXPIRY_PREFIX), MARK)
  tx.put(entryKey('crl-entries/', group, info.serial, revokedAtMs), MARK)
  if ((await tx.get(certKey(info.serial))) === null) recordIssued(tx, { ...certificate, issuerId })
}
