// Plugins as values: one folder exports one of these and registry.ts lists it. Core receives them and
// imports none.
import type { MountContext, RequestContext } from './context.ts'
import type { Row } from './endpoints.ts'
import type { AnyJobKind } from './job.ts'
import type { LeaseKind } from './lease.ts'
import type { LiveSecretSource } from './live-secrets.ts'
import type { AnyRotationKind } from './rotation.ts'

/** A token that came through an auth method, as its renewal sees it. */
export interface RenewedLogin {
  /** What the login kept for this. */
  readonly internal: Readonly<Record<string, unknown>> | null
  readonly policies: readonly string[]
  readonly displayName: string
  readonly metadata: Readonly<Record<string, string>> | null
}

/** What a renewal may give now, in seconds; what is absent is as it was at the login. */
export interface RenewalLimits {
  readonly ttlSeconds?: number
  readonly periodSeconds?: number
  readonly explicitMaxTtlSeconds?: number
  readonly maxTtlSeconds?: number
}

export interface Engine {
  readonly class: 'secret' | 'auth'
  readonly type: string
  /** One sentence for `secrets list -detailed`, path-help and the docs. */
  readonly about: string
  readonly endpoints: readonly Row<RequestContext>[]
  readonly leases?: readonly LeaseKind<never>[]
  readonly jobs?: readonly AnyJobKind[]
  readonly rotations?: readonly AnyRotationKind[]
  /** Where secrets lie that leak scanners are to recognize. */
  readonly liveSecrets?: readonly LiveSecretSource[]
  /**
   * Auth methods: decides on the renewal of a token that logged in through it, by what its role or user says
   * today; a throw refuses it. Absent: the limits of the login hold.
   */
  readonly renewLogin?: (mount: MountContext, login: RenewedLogin) => Promise<RenewalLimits>
  /** Which of several tables serves a mount with these options (kv: version 1 or 2). */
  readonly variants?: (options: Readonly<Record<string, string>>) => readonly Row<RequestContext>[]
  /** Paths below the mount that sudo or no token guards are read from the rows themselves. */
}

export const secretsEngine = (of: Omit<Engine, 'class'>): Engine => ({ class: 'secret', ...of })
export const authMethod = (of: Omit<Engine, 'class'>): Engine => ({ class: 'auth', ...of })
