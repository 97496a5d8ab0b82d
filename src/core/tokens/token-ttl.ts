// How long a token or lease may live, by Vault's rules: mount or system ceiling, the method's own maximum,
// the explicit maximum, periods. Seconds throughout. Also durations in words as the warnings print them.
import { humanDuration } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'

export interface TtlRequest {
  /** What the mount or the system says. */
  readonly mount: { readonly defaultSeconds: number; readonly maxSeconds: number }
  /** Asked for in a renewal; 0: nothing. */
  readonly incrementSeconds: number
  /** Asked for by the creator, or the method's own; 0: the mount's default. */
  readonly ttlSeconds: number
  readonly periodSeconds: number
  /** The method's own ceiling; 0: none. */
  readonly maxTtlSeconds: number
  /** Counted from the creation, also for periodic tokens; 0: none. */
  readonly explicitMaxTtlSeconds: number
  readonly createdAtMs: number
  readonly nowMs: number
}

/** The life from now on, and what has to be said about it. Throws 400 past the maximum. */
export function calculateTtl(of: TtlRequest): { seconds: number; warnings: string[] } {
  const warnings: string[] = []
  let max = of.mount.maxSeconds
  if (of.maxTtlSeconds > 0) max = Math.min(max, of.maxTtlSeconds)
  if (of.explicitMaxTtlSeconds > 0) max = Math.min(max, of.explicitMaxTtlSeconds)
  const createdAt = Math.floor(of.createdAtMs / 1000)
  let seconds: number
  let lastAt: number
  if (of.periodSeconds > 0) {
    if (of.periodSeconds > max) {
      warnings.push(
        `period of "${humanDuration(of.periodSeconds)}" exceeded the effective max_ttl of ` +
          `"${humanDuration(max)}"; period value is capped accordingly`,
      )
    }
    seconds = Math.min(of.periodSeconds, max)
    lastAt =
      of.explicitMaxTtlSeconds > 0 ? createdAt + of.explicitMaxTtlSeconds : Number.POSITIVE_INFINITY
  } else {
    seconds = of.incrementSeconds || of.ttlSeconds || of.mount.defaultSeconds
    lastAt = createdAt + max
  }
  const left = lastAt - Math.floor(of.nowMs / 1000)
  if (left <= 0) throw badRequest('past the max TTL, cannot renew')
  if (seconds > left) {
    warnings.push(
      `TTL of "${humanDuration(seconds)}" exceeded the effective max_ttl of ` +
        `"${humanDuration(left)}"; TTL value is capped accordingly`,
    )
    seconds = left
  }
  return { seconds, warnings }
}
