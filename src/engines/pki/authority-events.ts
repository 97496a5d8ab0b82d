// What changes of issuers and the end of leases mean for lists of revoked certificates: the one place where
// issuing asks revocation for something.
import type { MountContext } from '../../sdk/context.ts'
import type { Tx } from '../../sdk/storage.ts'
import { readDirectory } from './authority.ts'
import { type AuthorityDraft, changeAuthority } from './authority-draft.ts'
import { rebuildAll, rebuildFor } from './crl-builder.ts'
import { readCrlConfig } from './crl-config.ts'
import { numbered } from './crl-config-rows.ts'
import { ensureLater, planUpkeep, wasListed } from './crl-upkeep.ts'
import { revokeCertificate, storedToRevoke } from './revocation.ts'

/** Which lists a change of issuers asks for; `group` null: all. */
export interface ChangedLists {
  readonly group: string | null
}

export const ALL_LISTS: ChangedLists = { group: null }

/**
 * changeAuthority where lists hang on the change: they are planned in its commit and made before this answers.
 * `lists` says which are to be made, null for none. `warnings` are for the caller.
 */
export async function changeIssuers<T>(
  mount: MountContext,
  make: (draft: AuthorityDraft) => Promise<T>,
  of: {
    lists(made: T): ChangedLists | null
    alsoWrite?(tx: Tx, made: T): void | Promise<void>
  },
): Promise<{ readonly made: T; readonly warnings: readonly string[] }> {
  const id = mount.random.uuid()
  const made = await changeAuthority(mount, make, async (tx, found) => {
    await of.alsoWrite?.(tx, found)
    const wanted = of.lists(found)
    if (wanted) await ensureLater(mount, tx, id, wanted.group)
  })
  const lists = of.lists(made)
  if (!lists) return { made, warnings: [] }
  const { group } = lists
  const warnings = await (group === null ? rebuildAll(mount, true) : rebuildFor(mount, group))
  await wasListed(mount, id)
  if ((await readCrlConfig(mount.storage)).auto_rebuild) await planUpkeep(mount)
  return { made, warnings: numbered(warnings) }
}

/** A lease of this certificate has ended. One that is gone, or an issuer by now, is no error. */
export async function revokeForLease(mount: MountContext, serial: string): Promise<void> {
  const { issuers } = await readDirectory(mount.storage)
  if (issuers.some((issuer) => issuer.serial === serial)) return
  const found = await storedToRevoke(mount, serial)
  if (found !== null) await revokeCertificate(mount, found)
}
