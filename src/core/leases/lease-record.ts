// A lease as it is stored, under ns/<namespace>/lease/<lease id>. Everything that is needed to undo what it
// stands for is in it before anything outside is made.
import { createHash } from 'node:crypto'

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
  /** What it fails and waits together with, as its kind named it; absent: with all of its mount. */
  readonly lane?: string
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
  /** Where its due mark or its queue mark stands: when it was or will be to be revoked. */
  readonly dueAtMs: number
  /** It is to be revoked now: its mark stands in the queue of its lane. */
  readonly isQueued?: true
  /** Failed tries of revoking it. */
  readonly failures: number
  readonly lastError: string
  readonly counted?: LeaseCounted
  /** The index of live secrets knows what it handed out, and is to hear of its end. */
  readonly isIndexed?: true
}

const LONGEST_LANE = 96

/** Names the lane over all mounts, without a slash. A long name is told by its hash. */
export function laneKeyOf({ mountId, lane }: Pick<LeaseRecord, 'mountId' | 'lane'>): string {
  const name = encodeURIComponent(lane ?? '')
  if (name.length <= LONGEST_LANE) return `${mountId}.${name}`
  return `${mountId}.~${createHash('sha256').update(name).digest('base64url')}`
}

export const mountOfLaneKey = (laneKey: string): string => laneKey.slice(0, laneKey.indexOf('.'))

/** What its kind named it; a long name can't be told from the key. */
export function laneNameOf(laneKey: string): string {
  const name = laneKey.slice(laneKey.indexOf('.') + 1)
  return name.startsWith('~') ? name : decodeURIComponent(name)
}

/** Lease ids hold slashes, the ids of due marks must not. */
export const dueIdOf = (leaseId: string): string => encodeURIComponent(leaseId)
export const leaseIdOf = (dueId: string): string => decodeURIComponent(dueId)
export const DUE_LEASE = 'lease'
