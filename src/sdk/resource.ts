// A long-lived thing built from stored configuration: a connection pool, a parsed key. It lives while the
// versions that its build read still stand, also when another process changed them.
import type { MountContext } from './context.ts'

export interface ResourceKind<R> {
  readonly name: string
  /** Disposed when unused for this long, milliseconds. */
  readonly idleMs: number
  build(mount: MountContext, key: string): Promise<R>
  dispose(resource: R): Promise<void>
}

export function resourceKind<R>(name: string, of: Omit<ResourceKind<R>, 'name'>): ResourceKind<R> {
  return { name, ...of }
}
