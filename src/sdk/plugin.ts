// Plugins as values: one folder exports one of these and registry.ts lists it. Core receives them and
// imports none.
import type { RequestContext } from './context.ts'
import type { Row } from './endpoints.ts'
import type { AnyJobKind } from './job.ts'
import type { LeaseKind } from './lease.ts'
import type { AnyRotationKind } from './rotation.ts'

export interface Engine {
  readonly class: 'secret' | 'auth'
  readonly type: string
  /** One sentence for `secrets list -detailed`, path-help and the docs. */
  readonly about: string
  readonly endpoints: readonly Row<RequestContext>[]
  readonly leases?: readonly LeaseKind<never>[]
  readonly jobs?: readonly AnyJobKind[]
  readonly rotations?: readonly AnyRotationKind[]
  /** Which of several tables serves a mount with these options (kv: version 1 or 2). */
  readonly variants?: (options: Readonly<Record<string, string>>) => readonly Row<RequestContext>[]
  /** Paths below the mount that sudo or no token guards are read from the rows themselves. */
}

export const secretsEngine = (of: Omit<Engine, 'class'>): Engine => ({ class: 'secret', ...of })
export const authMethod = (of: Omit<Engine, 'class'>): Engine => ({ class: 'auth', ...of })
