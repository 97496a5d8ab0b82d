// A lease as it is stored, under ns/<namespace>/lease/<lease id>. Everything that is needed to undo what it
// stands for is in it before anything outside is made.

/** Where a lease is counted while a quota covers it. */
export interface LeaseCounted {
  readonly ruleId: string
  readonly shard: number
}

export interface LeaseRecord {
  /** 'mount/path/<24 characters>', outside root with '.<namespace id>' behind it. */
  readonly id: string
  readonly namespaceId: string
  readonly mountId: string
  /** Name of the engine's lease kind. */
  readonly kind: string
  readonly state: 'pending' | 'active' | 'revoking' | 'irrevocable'
  /** Accessor of the token it belongs to; '' where that is a batch token. */
  readonly tokenAccessor: string
  readonly internal: unknown
  readonly issuedAtMs: number
  /**
   * Set while the request that makes it runs: until then nobody undoes it, since what it stands for may
   * be made after that. The request itself finds out that it was revoked, or this time passes.
   */
  readonly madeUntilMs?: number
  readonly expiresAtMs: number
  /** What a renewal gives that names no increment; absent: the mount's default. */
  readonly defaultTtlSeconds?: number
  /** A renewal never goes past this. */
  readonly maxExpiresAtMs: number
  readonly renewedAtMs: number
  readonly isRenewable: boolean
  /** Where its due mark stands. */
  readonly dueAtMs: number
  /** Failed tries of revoking it. */
  readonly failures: number
  readonly lastError: string
  readonly counted?: LeaseCounted
}

/** Lease ids hold slashes, the ids of due marks must not. */
export const dueIdOf = (leaseId: string): string => encodeURIComponent(leaseId)
export const leaseIdOf = (dueId: string): string => decodeURIComponent(dueId)
export const DUE_LEASE = 'lease'
