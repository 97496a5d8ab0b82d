// What changes of issuers and the end of leases mean for lists of revoked certificates: the one place where
// issuing asks revocation for something.
import type { MountContext } from '../../sdk/context.ts'
import { readDirectory } from './authority.ts'
import { rebuildAll } from './crl-builder.ts'
import { readCrlConfig } from './crl-config.ts'
import { numbered } from './crl-config-rows.ts'
import { planUpkeep } from './crl-upkeep.ts'
import { revokeCertificate, storedToRevoke } from './revocation.ts'

/** Issuers came, went or may sign lists now: their lists are made anew. Answers warnings for the caller. */
export async function issuersChanged(mount: MountContext): Promise<readonly string[]> {
  const warnings = await rebuildAll(mount, true)
  if ((await readCrlConfig(mount.storage)).auto_rebuild) await planUpkeep(mount)
  return numbered(warnings)
}

/** A lease of this certificate has ended. One that is gone, or an issuer by now, is no error. */
export async function revokeForLease(mount: MountContext, serial: string): Promise<void> {
  const { issuers } = await readDirectory(mount.storage)
  if (issuers.some((issuer) => issuer.serial === serial)) return
  const found = await storedToRevoke(mount, serial)
  if (found !== null) await revokeCertificate(mount, found)
}
