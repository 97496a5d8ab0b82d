// Leases as engines declare them: a kind is a value, so that what is stored with a lease is typed.
// A lease is stored as pending with all that is needed to undo it before anything outside is made.
import type { MountContext } from './context.ts'

export interface LeaseKind<I> {
  readonly name: string
  /** Undoes the outside effect. May run again after a crash: undoing twice must be no error. */
  revoke(mount: MountContext, internal: I): Promise<void>
  /**
   * Extends the outside effect until `expiresAtMs` (core has already capped it); absent: the lease can't
   * be renewed.
   */
  renew?(
    mount: MountContext,
    internal: I,
    of: { readonly expiresAtMs: number; readonly incrementSeconds: number },
  ): Promise<void>
}

export function leaseKind<I>(name: string, of: Omit<LeaseKind<I>, 'name'>): LeaseKind<I> {
  return { name, ...of }
}

/** What an engine asks for when it makes something outside. */
export interface LeaseRequest<I> {
  /** All that is needed to undo it. */
  readonly internal: I
  /** 0: the mount's default. */
  readonly ttlSeconds: number
  /** No renewal goes past this from now; 0 or absent: the mount's longest life, which caps it anyway. */
  readonly maxTtlSeconds?: number
}

export interface Lease {
  /** 'mount/path/<random>' with the namespace's id behind a dot outside root. */
  readonly id: string
  readonly ttlSeconds: number
  readonly expiresAtMs: number
  readonly renewable: boolean
}
