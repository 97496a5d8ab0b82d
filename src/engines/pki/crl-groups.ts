// Issuers with one key and one subject are one authority to whoever verifies, so they share a revocation
// list. The list's id is a hash of both: it needs no table, and an issuer that is removed and imported again
// finds its list. What no issuer of the mount is responsible for stands on the list of the default issuer.
import { createHash } from 'node:crypto'
import type { Directory, IssuerInfo } from './authority.ts'

/** The group of certificates that no issuer of the mount has signed. */
export const NO_GROUP = 'none'

export const groupOf = (issuer: Pick<IssuerInfo, 'publicHash' | 'subjectHash'>): string =>
  createHash('sha256')
    .update(`${issuer.publicHash} ${issuer.subjectHash}`)
    .digest('hex')
    .slice(0, 32)

export interface CrlGroup {
  readonly id: string
  /** At least one; each has its key in the mount. */
  readonly issuers: readonly IssuerInfo[]
  /** The default issuer is one of them. */
  readonly isDefault: boolean
}

/** The lists that this mount can sign. */
export function groupsOf(directory: Directory): readonly CrlGroup[] {
  const groups = new Map<string, IssuerInfo[]>()
  for (const issuer of directory.issuers) {
    if (issuer.keyId === '') continue
    const id = groupOf(issuer)
    const issuers = groups.get(id)
    if (issuers) issuers.push(issuer)
    else groups.set(id, [issuer])
  }
  return [...groups].map(([id, issuers]) => ({
    id,
    issuers,
    isDefault: issuers.some((issuer) => issuer.id === directory.defaultIssuer),
  }))
}
