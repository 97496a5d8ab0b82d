// Token roles: templates for auth/token/create/:role_name. The old names of four fields (period, …) are
// kept beside the new ones, so that a read shows what was written; what counts is the token_ field.
import { tokenRolePrefix } from '../keys.ts'
import type { CoreStorage } from '../store.ts'

export type RoleTokenType = 'service' | 'batch' | 'default-service' | 'default-batch'

export interface TokenRole {
  readonly name: string
  readonly allowedPolicies: readonly string[]
  readonly disallowedPolicies: readonly string[]
  readonly allowedPoliciesGlob: readonly string[]
  readonly disallowedPoliciesGlob: readonly string[]
  readonly orphan: boolean
  readonly renewable: boolean
  readonly pathSuffix: string
  readonly allowedEntityAliases: readonly string[]
  readonly tokenPeriodSeconds: number
  readonly tokenExplicitMaxTtlSeconds: number
  readonly tokenBoundCidrs: readonly string[]
  readonly tokenType: RoleTokenType
  readonly tokenNoDefaultPolicy: boolean
  readonly tokenNumUses: number
  /** As set under the old names; 0 and empty where the new ones were used. */
  readonly periodSeconds: number
  readonly explicitMaxTtlSeconds: number
  readonly boundCidrs: readonly string[]
}

export const newTokenRole = (name: string): TokenRole => ({
  name,
  allowedPolicies: [],
  disallowedPolicies: [],
  allowedPoliciesGlob: [],
  disallowedPoliciesGlob: [],
  orphan: false,
  renewable: true,
  pathSuffix: '',
  allowedEntityAliases: [],
  tokenPeriodSeconds: 0,
  tokenExplicitMaxTtlSeconds: 0,
  tokenBoundCidrs: [],
  tokenType: 'default-service',
  tokenNoDefaultPolicy: false,
  tokenNumUses: 0,
  periodSeconds: 0,
  explicitMaxTtlSeconds: 0,
  boundCidrs: [],
})

export const tokenRoleKey = (namespaceId: string, name: string): string =>
  tokenRolePrefix(namespaceId) + name

/** null where there is none. */
export async function tokenRole(
  storage: CoreStorage,
  namespaceId: string,
  name: string,
): Promise<TokenRole | null> {
  const entry = await storage.get(tokenRoleKey(namespaceId, name))
  return entry?.json<TokenRole>() ?? null
}
