// The token of a successful login: what the auth method answered, within the limits of its mount.
import { badRequest } from '../../base/errors.ts'
import type { AuthBlock, Login } from '../../sdk/answer.ts'
import type { MountConfig } from '../mounts/mount-record.ts'
import type { Place } from '../mounts/topology.ts'
import { NON_ASSIGNABLE_POLICIES } from '../policies/builtin-policies.ts'
import type { TokenCore } from './token-core.ts'
import { mintToken } from './token-mint.ts'
import { sanitizePolicies } from './token-policies.ts'
import { calculateTtl } from './token-ttl.ts'
import { authBlock } from './token-views.ts'

/** Who logged in, as identity knows it. */
export interface LoginEntity {
  readonly id: string
  readonly policies: readonly string[]
}

export interface LoginToken {
  readonly auth: AuthBlock
  readonly warnings: readonly string[]
}

/** Throws 400 where the method asks for policies that no login may give. */
export async function mintLogin(
  core: TokenCore,
  login: Login,
  place: Place,
  mountTtls: { readonly defaultSeconds: number; readonly maxSeconds: number },
  entity: LoginEntity | null,
): Promise<LoginToken> {
  const mount = place.mount!.record
  const policies = sanitizePolicies(login.policies, !login.noDefaultPolicy)
  assertAssignable([...policies, ...(entity?.policies ?? [])])
  const now = core.clock.now()
  const { seconds, warnings } = calculateTtl({
    mount: mountTtls,
    incrementSeconds: 0,
    ttlSeconds: login.ttlSeconds ?? 0,
    periodSeconds: login.periodSeconds ?? 0,
    maxTtlSeconds: login.maxTtlSeconds ?? 0,
    explicitMaxTtlSeconds: login.explicitMaxTtlSeconds ?? 0,
    createdAtMs: now,
    nowMs: now,
  })
  const kind = loginKind(login.tokenType ?? 'default', mount.config.tokenType)
  const source = mount.path.slice('auth/'.length).replaceAll('/', '-')
  const minted = await mintToken(core, {
    namespaceId: place.namespace.id,
    kind,
    parent: null,
    entry: {
      policies,
      path: place.path,
      displayName: `${source}${login.displayName}`.replace(/-$/, ''),
      metadata: login.metadata ?? null,
      createdAtMs: now,
      ttlSeconds: seconds,
      maxTtlSeconds: login.maxTtlSeconds ?? 0,
      explicitMaxTtlSeconds: login.explicitMaxTtlSeconds ?? 0,
      periodSeconds: login.periodSeconds ?? 0,
      numUses: kind === 'batch' ? 0 : (login.numUses ?? 0),
      renewable: kind === 'service',
      boundCidrs: login.boundCidrs ?? [],
      entityId: entity?.id ?? '',
      mountId: mount.id,
      internal: login.internal ?? null,
    },
  })
  return { auth: authBlock(minted, kind, minted.text, entity?.policies ?? []), warnings }
}

function assertAssignable(policies: readonly string[]): void {
  if (policies.includes('root')) throw badRequest('auth methods cannot create root tokens')
  const refused = policies.find((name) => NON_ASSIGNABLE_POLICIES.includes(name))
  if (refused !== undefined) throw badRequest(`cannot assign policy "${refused}"`)
}

/** A mount of type service or batch decides; else the method; else the mount's default. */
function loginKind(
  ofMethod: 'service' | 'batch' | 'default',
  ofMount: MountConfig['tokenType'],
): 'service' | 'batch' {
  if (ofMount === 'service' || ofMount === 'batch') return ofMount
  if (ofMethod !== 'default') return ofMethod
  return ofMount === 'default-batch' ? 'batch' : 'service'
}
