// Leases as engines declare them: a kind is a value, so that what is stored with a lease is typed.
// A lease is stored as pending with all that is needed to undo it before anything outside is made.
import type { MountContext } from './context.ts'

/** Revocations of one lane at once where its kind names no bound. */
export const DEFAULT_LANE_BOUND = 4

export interface LeaseKind<I> {
  readonly name: string
  /**
   * Undoes the outside effect. May run again after a crash, also while an earlier run still hangs: undoing
   * twice must be no error. `mount.signal` fires when its time is over. Throws `Unreachable` where the other
   * side gave no verdict (then its lane pauses and no try is spent); anything else is a refusal, and after
   * six of them the lease is irrevocable.
   */
  revoke(mount: MountContext, internal: I): Promise<void>
  /**
   * What fails and waits together, such as the name of the connection: revocations of one lane are worked
   * off by one process, within its bound and fairly beside other lanes. It is stored with the lease.
   * Absent: all leases of the mount are one lane.
   */
  lane?(internal: I): string
  /**
   * How many revocations of a lane may run at once, over all processes; looked at again and again while it
   * is worked. Such as a connection's max_open_connections less what requests need; below 1 counts as 1.
   * Absent: DEFAULT_LANE_BOUND.
   */
  concurrency?(mount: MountContext, lane: string): number | Promise<number>
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
