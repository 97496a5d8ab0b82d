// What changes of issuers and the end of leases mean for lists of revoked certificates: the one place where
// issuing asks revocation for something.
import type { MountContext } from '../../sdk/context.ts'

/** Issuers came, went or may sign lists now: their lists are made anew. Answers warnings for the caller. */
export async function issuersChanged(_mount: MountContext): Promise<readonly string[]> {
  return []
}

/** A lease of this certificate has ended. One that is gone is no error. */
export async function revokeForLease(_mount: MountContext, _serial: string): Promise<void> {}
