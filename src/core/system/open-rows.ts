// Rows that a setting opens to callers without a token: they say `auth: 'none'` and ask here, so that
// without the setting they are guarded as any other row.
import { denied } from '../../base/errors.ts'
import { decide } from '../policies/decide.ts'
import type { CoreContext } from '../request-context.ts'

/** Throws 403 unless the row is open or the caller may read its path. */
export function assertMayRead(ctx: CoreContext, isOpen: boolean): void {
  if (isOpen) return
  const { caller, place } = ctx
  if (!caller || !place.namespace.path.startsWith(caller.namespace.path)) throw denied()
  const path = `${place.namespace.path}${place.path}`
  if (!decide(caller.acl, { operation: 'read', path }).allowed) {
    throw denied('1 error occurred:\n\t* permission denied\n\n')
  }
}
