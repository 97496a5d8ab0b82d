// Who may take part in a rekey or a root generation: whoever has key shares; with a token as well where the
// configuration wants that (disable_unauthed_*). And how a cancellation names what it ends.
import { denied } from '../../base/errors.ts'
import { isJsonObject, parseJson } from '../../base/json.ts'
import { decide } from '../policies/decide.ts'
import type { CoreContext } from '../request-context.ts'

/** Whether the caller has a token that its policies give sudo on this path. */
function hasSudo(ctx: CoreContext, operation: 'read' | 'update' | 'delete'): boolean {
  if (!ctx.caller) return false
  const path = `${ctx.place.namespace.path}${ctx.place.path}`
  const { allowed, rootPrivileges } = decide(ctx.caller.acl, { operation, path })
  return allowed && rootPrivileges
}

/** Throws 403 where shares alone are not enough. */
export function assertTakesPart(
  ctx: CoreContext,
  operation: 'read' | 'update' | 'delete',
  needsNoToken: boolean,
): void {
  if (!needsNoToken && !hasSudo(ctx, operation)) throw denied()
}

/** The nonce of a cancellation, from the query or the body; null where the caller needs none. */
export function cancelNonce(ctx: CoreContext, fromQuery: string | undefined): string | null {
  if (fromQuery) return fromQuery
  const sent = ctx.request.body.length > 0 ? parseJson(ctx.request.body.toString('utf8')) : null
  if (isJsonObject(sent) && typeof sent.nonce === 'string' && sent.nonce) return sent.nonce
  return hasSudo(ctx, 'delete') ? null : ''
}
