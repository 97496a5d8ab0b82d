// The rules of auth/token/create and its siblings: what a caller may ask for, what a role adds, and what
// comes of it. Decides only; nothing is stored here. Source: Vault's API page "token", its messages word
// for word, since clients match on them.
import { badRequest } from '../../base/errors.ts'
import type { TokenEntry } from './token-entry.ts'
import type { NewToken } from './token-mint.ts'
import { tokenPolicies } from './token-policies.ts'
import type { TokenRecord } from './token-record.ts'
import type { TokenRole } from './token-role.ts'
import { calculateTtl } from './token-ttl.ts'

/** The fields of the request; absent ones undefined, durations in seconds, perhaps negative. */
export interface CreateInput {
  readonly id: string | undefined
  readonly policies: readonly string[] | undefined
  readonly meta: Readonly<Record<string, string>> | undefined
  readonly no_parent: boolean
  readonly no_default_policy: boolean
  readonly renewable: boolean
  readonly ttl: number | undefined
  readonly lease: number | undefined
  readonly type: string | undefined
  readonly explicit_max_ttl: number | undefined
  readonly display_name: string | undefined
  readonly num_uses: number
  readonly period: number | undefined
  readonly entity_alias: string | undefined
}

export interface CreateCall {
  readonly input: CreateInput
  readonly parent: TokenRecord
  readonly role: TokenRole | null
  /** Through create-orphan. */
  readonly isOrphanPath: boolean
  readonly isSudo: boolean
  /** Of the request, where the token will live. */
  readonly namespaceId: string
  /** 'auth/token/create', with the role's name where there is one. */
  readonly path: string
  readonly mount: { readonly defaultSeconds: number; readonly maxSeconds: number }
  /** The entity of entity_alias; '' where none was asked for. */
  readonly aliasEntityId: string
  readonly nowMs: number
}

export interface Created {
  readonly token: NewToken
  readonly warnings: string[]
}

export function decideCreate(call: CreateCall): Created {
  const { input, parent, role, isSudo } = call
  assertParent(call)
  const kind = tokenKind(call)
  if (input.num_uses < 0) throw badRequest('number of uses cannot be negative')
  const id = customId(call)
  const policies = tokenPolicies({
    requested: input.policies ?? [],
    noDefaultPolicy: input.no_default_policy,
    parentPolicies: parent.entry.policies,
    isSudo,
    isFromAbove: call.namespaceId !== parent.namespaceId,
    role,
  })
  const isRoot = policies.includes('root')
  if (isRoot && !parent.isRoot) {
    throw badRequest('root tokens may not be created without parent token being root')
  }
  if (isRoot && kind === 'batch') throw badRequest('batch tokens cannot be root tokens')
  const isOrphan = becomesOrphan(call)
  const warnings: string[] = []
  const life = tokenLife(call, kind, isRoot, warnings)
  const entry: Partial<TokenEntry> = {
    policies,
    path: role?.pathSuffix ? `${call.path}/${role.pathSuffix}` : call.path,
    displayName: displayName(input.display_name),
    metadata: input.meta ?? null,
    createdAtMs: call.nowMs,
    numUses: tokenUses(input.num_uses, role),
    renewable: kind === 'service' && input.renewable && (role?.renewable ?? true) && life.ttl > 0,
    role: role?.name ?? '',
    boundCidrs: life.ttl === 0 ? [] : boundCidrs(call, isOrphan),
    entityId: call.aliasEntityId || (isOrphan ? '' : parent.entry.entityId),
    ttlSeconds: life.ttl,
    periodSeconds: life.ownPeriod,
    explicitMaxTtlSeconds: life.ownMax,
  }
  if (id !== undefined) warnings.push(CUSTOM_ID_WARNING)
  const token: NewToken = {
    namespaceId: call.namespaceId,
    kind,
    parent: isOrphan ? null : parent,
    entry,
    ...(id === undefined ? {} : { id }),
  }
  return { token, warnings }
}

const CUSTOM_ID_WARNING =
  'A token ID of your own choice can be guessed if it is short or well known; let the server make it unless you must not.'

function assertParent({ parent, namespaceId, isSudo, input }: CreateCall): void {
  if (parent.kind === 'batch') throw badRequest('batch tokens cannot create more tokens')
  if (parent.entry.numUses !== 0) {
    throw badRequest('restricted use token cannot generate child tokens')
  }
  if (namespaceId === parent.namespaceId) return
  if (!isSudo) {
    throw badRequest(
      'root or sudo privileges required to directly generate a token in a child namespace',
    )
  }
  if (input.policies?.some((name) => name.trim().toLowerCase() === 'root')) {
    throw badRequest('root tokens may not be created from a parent namespace')
  }
}

function tokenKind({ input, role }: CreateCall): 'service' | 'batch' {
  let asked = input.type ?? ''
  if (role?.tokenType === 'service' || role?.tokenType === 'batch') asked = role.tokenType
  else if (role?.tokenType === 'default-batch' && asked === '') asked = 'batch'
  if (asked === '' || asked === 'service') return 'service'
  if (asked !== 'batch') throw badRequest("invalid 'token_type' value")
  const bad = input.explicit_max_ttl
    ? 'explicit_max_ttl'
    : input.num_uses !== 0
      ? 'num_uses'
      : input.period
        ? 'period'
        : null
  if (bad) throw badRequest(`batch tokens cannot have "${bad}" set`)
  return 'batch'
}

function customId({ input, isSudo, namespaceId }: CreateCall): string | undefined {
  if (!input.id) return undefined
  if (!isSudo) throw badRequest('root or sudo privileges required to specify token id')
  if (namespaceId !== 'root') {
    throw badRequest('token IDs can only be manually specified in the root namespace')
  }
  return input.id
}

function becomesOrphan({ input, role, isOrphanPath, isSudo }: CreateCall): boolean {
  if (role) return role.orphan
  if (!input.no_parent) return isOrphanPath
  if (!isSudo) throw badRequest('root or sudo privileges required to create orphan token')
  return true
}

/** A role's blocks replace the parent's: roles may widen on purpose. */
function boundCidrs(
  { role, parent, aliasEntityId }: CreateCall,
  isOrphan: boolean,
): readonly string[] {
  if (role) return role.tokenBoundCidrs
  return isOrphan || aliasEntityId !== '' ? [] : parent.entry.boundCidrs
}

function tokenUses(asked: number, role: TokenRole | null): number {
  const ofRole = role?.tokenNumUses ?? 0
  if (ofRole === 0) return asked
  return asked === 0 ? ofRole : Math.min(asked, ofRole)
}

function displayName(asked: string | undefined): string {
  if (!asked) return 'token'
  return `token-${asked}`.replace(/[^a-zA-Z0-9-]/g, '-').replace(/-$/, '')
}

/** ownPeriod and ownMax are what the request said: what a role says is asked for again at each renewal. */
function tokenLife(
  call: CreateCall,
  kind: 'service' | 'batch',
  isRoot: boolean,
  warnings: string[],
): { ttl: number; ownPeriod: number; ownMax: number } {
  const { input, role, isSudo, parent } = call
  const ownMax = input.explicit_max_ttl ?? 0
  if (ownMax < 0) throw badRequest('explicit_max_ttl must be positive')
  const ownPeriod = input.period ?? 0
  if (ownPeriod < 0) throw badRequest('period must be positive')
  if (ownPeriod > 0 && !isSudo) {
    throw badRequest('root or sudo privileges required to create periodic token')
  }
  const asked = input.ttl ?? input.lease ?? 0
  if (asked < 0) throw badRequest(`${input.ttl === undefined ? 'lease' : 'ttl'} must be positive`)
  let max = ownMax
  let period = ownPeriod
  if (role && kind === 'service') {
    max = lesser(ownMax, role.tokenExplicitMaxTtlSeconds, 'Explicit max TTL', warnings)
    period = lesser(ownPeriod, role.tokenPeriodSeconds, 'Period', warnings)
  }
  let ttl = 0
  if (period > 0 || asked > 0 || !isRoot) {
    const life = calculateTtl({
      mount: call.mount,
      incrementSeconds: 0,
      ttlSeconds: asked,
      periodSeconds: period,
      maxTtlSeconds: 0,
      explicitMaxTtlSeconds: max,
      createdAtMs: call.nowMs,
      nowMs: call.nowMs,
    })
    warnings.push(...life.warnings)
    ttl = life.seconds
  } else ttl = max
  if (ttl === 0 && parent.entry.ttlSeconds !== 0) {
    throw badRequest('expiring root tokens cannot create non-expiring root tokens')
  }
  return { ttl, ownPeriod, ownMax }
}

function lesser(own: number, ofRole: number, what: string, warnings: string[]): number {
  if (ofRole === 0) return own
  if (own === 0) return ofRole
  const used = Math.min(own, ofRole)
  warnings.push(
    `${what} specified both during creation call and in role; using the lesser value of ${used} seconds`,
  )
  return used
}
