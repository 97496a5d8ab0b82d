// Conditional requests (RFC 9110, 13.1.3) for certificates and lists, which clients fetch again and again.
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'

/** The 304 of a caller who has it already (If-Modified-Since); null for others. */
export function notModified(ctx: RequestContext, changedAtMs: number): Answer | null {
  const since = Date.parse(ctx.client.header('if-modified-since') ?? '')
  if (!(changedAtMs < since)) return null
  const modified = new Date(changedAtMs).toUTCString()
  return { raw: { status: 304, headers: ['Last-Modified', modified], body: null } }
}
