// What the rows of the token mount ask about their caller and about tokens that a request names.
import { type ApiError, badRequest, denied } from '../../base/errors.ts'
import { decide } from '../policies/decide.ts'
import type { PolicyStore } from '../policies/policy-store.ts'
import type { CoreContext } from '../request-context.ts'
import type { TokenEntry } from './token-entry.ts'
import type { TokenRecord } from './token-record.ts'
import { lookupData } from './token-views.ts'

/** The caller's token; a row that takes one has it. */
export function callerToken(ctx: CoreContext): TokenRecord {
  if (!ctx.record) throw denied()
  return ctx.record
}

/** The rule that lets the caller in here also gives sudo. */
export function hasSudo(ctx: CoreContext): boolean {
  if (!ctx.caller) return false
  const path = `${ctx.place.namespace.path}${ctx.place.path}`
  return decide(ctx.caller.acl, { operation: 'update', path }).rootPrivileges
}

/** The caller's own token or one of the request's namespace; null for any other. */
export async function namedToken(ctx: CoreContext, text: string): Promise<TokenRecord | null> {
  const located = ctx.core.tokens.locate(text)
  if (!located) return null
  if (ctx.record && located.hash === ctx.record.hash) return ctx.record
  if (located.namespaceId !== ctx.place.namespace.id) return null
  return ctx.core.tokens.find(text)
}

/** Vault prints these two in the form of a list of errors. */
export const accessorFault = (what: 'missing' | 'invalid'): ApiError =>
  badRequest(`1 error occurred:\n\t* ${what} accessor\n\n`)

/** The token of an accessor of the request's namespace; 400 for an empty one. */
export async function tokenByAccessor(
  ctx: CoreContext,
  accessor: string | undefined,
): Promise<TokenRecord | null> {
  if (!accessor) throw accessorFault('missing')
  const located = ctx.core.tokens.locateAccessor(accessor)
  if (located && located.namespaceId !== ctx.place.namespace.id) return null
  return located && ctx.core.tokens.findByAccessor(accessor)
}

/** The data of a look-up; `text` as the caller may see it. */
export async function viewOf(ctx: CoreContext, record: TokenRecord, text: string) {
  const namespace =
    record.namespaceId === 'root' ? null : await ctx.view.namespaceById(record.namespaceId)
  return lookupData({
    kind: record.kind,
    accessor: record.accessor,
    entry: record === ctx.record ? spentEntry(record.entry) : record.entry,
    text,
    namespacePath: namespace?.path ?? '',
    isOrphan: record.lineage.length === 0 || (await ctx.core.tokens.isOrphan(record)),
    nowMs: ctx.clock.now(),
  })
}

/** Of the calling token: this request has spent one of its uses; after the last one Vault shows -1. */
const spentEntry = (entry: TokenEntry): TokenEntry =>
  entry.numUses > 0 ? { ...entry, numUses: entry.numUses - 1 || -1 } : entry

interface KnownPolicies {
  readonly versions: string
  readonly names: Set<string>
}
const MAX_NAMESPACES = 1000
const knownBy = new WeakMap<PolicyStore, Map<string, KnownPolicies>>()

function knownPolicies(ctx: CoreContext): Set<string> {
  const { namespace } = ctx.place
  if (!ctx.record || ctx.record.namespaceId !== namespace.id) return new Set()
  const { versions } = ctx.record.acl
  let byNamespace = knownBy.get(ctx.core.policies)
  if (!byNamespace) knownBy.set(ctx.core.policies, (byNamespace = new Map()))
  const known = byNamespace.get(namespace.id)
  if (known?.versions === versions) return known.names
  if (byNamespace.size >= MAX_NAMESPACES) byNamespace.clear()
  const names = new Set<string>()
  byNamespace.set(namespace.id, { versions, names })
  return names
}

/**
 * Warnings about policies that don't exist. What does is remembered while the epochs stand under which
 * this caller's own policies were compiled; those cover the namespace only if it is the caller's.
 */
export async function missingPolicies(
  ctx: CoreContext,
  policies: readonly string[],
): Promise<string[]> {
  const names = knownPolicies(ctx)
  const warnings: string[] = []
  for (const name of policies) {
    if (names.has(name)) continue
    if (await ctx.core.policies.get(ctx.place.namespace, name)) names.add(name)
    else warnings.push(`Policy "${name}" does not exist`)
  }
  return warnings
}
