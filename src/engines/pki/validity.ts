// From when until when a certificate is valid: what the request asks for, within what the role, the mount and
// the issuer allow. Messages are Vault's.
import { formatDuration } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import { goTime, parseTimeText, timeOf } from './go-time.ts'
import type { LeafNotAfter } from './issuer-record.ts'
import type { Role } from './role-fields.ts'

export type ValidityRole = Pick<
  Role,
  | 'max_ttl'
  | 'not_after'
  | 'not_after_bound'
  | 'not_before'
  | 'not_before_bound'
  | 'not_before_duration'
  | 'ttl'
>

export interface ValidityInput {
  readonly nowMs: number
  readonly role: ValidityRole
  readonly mount: { readonly defaultSeconds: number; readonly maxSeconds: number }
  /** Seconds; 0: not given. */
  readonly ttl: number
  readonly notBefore: string | undefined
  readonly notAfter: string | undefined
  /** null where the certificate signs itself. */
  readonly issuer: { readonly notAfterMs: number; readonly leafNotAfter: LeafNotAfter } | null
}

export interface Validity {
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly warnings: readonly string[]
}

/** Throws 400. */
export function validityOf(input: ValidityInput): Validity {
  const notBeforeMs = notBeforeOf(input)
  const { notAfterMs, warnings } = notAfterOf(input)
  if (notBeforeMs >= notAfterMs) {
    const relation = notBeforeMs === notAfterMs ? 'equal to' : 'later than'
    throw badRequest(
      `The certificate's Not Before (${goTime(notBeforeMs)}) is ${relation} the certificate's Not After (${goTime(notAfterMs)})`,
    )
  }
  return { notBeforeMs, notAfterMs, warnings }
}

const DEFAULT_BACKDATE_SECONDS = 30

function notBeforeOf({ role, notBefore, nowMs }: ValidityInput): number {
  if (role.not_before !== '') return timeOf(role.not_before)
  const backdate = role.not_before_duration || DEFAULT_BACKDATE_SECONDS
  if (notBefore === undefined || notBefore === '') return nowMs - backdate * 1000
  const bound = role.not_before_bound
  if (bound === 'forbid')
    throw badRequest(`not_before_bound is set to ${bound}. not_before cannot be provided.`)
  const at = timeOf(notBefore)
  if (bound === 'duration' && at < nowMs - role.not_before_duration * 1000)
    throw badRequest(
      `not_before_bound is set to ${bound}. Cannot satisfy request as it would result in notBefore of ${goTime(at)} that is older than the allowed not_before_duration of ${formatDuration(role.not_before_duration)}`,
    )
  return at
}

function notAfterOf(input: ValidityInput): { notAfterMs: number; warnings: readonly string[] } {
  const { role, nowMs, issuer } = input
  const bound = role.not_after_bound
  const isTimestamp = !['', 'permit', 'forbid', 'ttl-limited'].includes(bound)
  const wanted = wantedNotAfter(input)
  if (input.ttl > 0 && wanted !== null)
    throw badRequest(
      'Either ttl or not_after should be provided. Both should not be provided in the same request.',
    )
  const { ttl, warnings } = ttlOf(input)
  const limitMs = nowMs + ttl * 1000
  if (bound === 'ttl-limited' && role.not_after === '' && wanted !== null && wanted > limitMs)
    throw badRequest(
      `not_after_bound is set to ${bound}. Cannot satisfy request as that would result in notAfter of ${goTime(wanted)} that is beyond the TTL of ${formatDuration(ttl)}`,
    )
  let notAfterMs = wanted ?? limitMs
  if (issuer && notAfterMs > issuer.notAfterMs) notAfterMs = beyondIssuer(notAfterMs, issuer, nowMs)
  if (isTimestamp && notAfterMs > timeOf(bound))
    throw badRequest(
      `not_after_bound is set to ${bound}. Cannot statisfy request as that would result in notAfter of ${goTime(notAfterMs)} that is beyond the maximum timestamp of ${goTime(timeOf(bound))}`,
    )
  return { notAfterMs, warnings }
}

/** The explicit end: the role's, else the request's. */
function wantedNotAfter({ role, notAfter }: ValidityInput): number | null {
  if (role.not_after !== '') return timeOf(role.not_after)
  if (notAfter === undefined || notAfter === '') return null
  if (role.not_after_bound === 'forbid')
    throw badRequest('not_after_bound is set to forbid. not_after cannot be provided.')
  return timeOf(notAfter)
}

function ttlOf({ role, mount, ttl }: ValidityInput): { ttl: number; warnings: readonly string[] } {
  const asked = ttl || role.ttl || mount.defaultSeconds
  const longest = role.max_ttl || mount.maxSeconds
  if (asked <= longest) return { ttl: asked, warnings: [] }
  const warning = `TTL "${formatDuration(asked)}" is longer than permitted maxTTL "${formatDuration(longest)}", so maxTTL is being used`
  return { ttl: longest, warnings: [warning] }
}

function beyondIssuer(
  notAfterMs: number,
  issuer: NonNullable<ValidityInput['issuer']>,
  nowMs: number,
): number {
  if (issuer.leafNotAfter === 'permit') return notAfterMs
  if (issuer.leafNotAfter === 'err')
    throw badRequest(
      `cannot satisfy request, as TTL would result in notAfter of ${goTime(notAfterMs)} that is beyond the expiration of the CA certificate at ${goTime(issuer.notAfterMs)}`,
    )
  if (notAfterMs < nowMs)
    throw badRequest(
      `cannot satisfy request, as NotAfter date ${goTime(notAfterMs)} is in the past`,
    )
  return issuer.notAfterMs
}

/** Checks a role's bounds when it is written. */
export function checkBounds(role: Pick<Role, 'not_after_bound' | 'not_before_bound'>): void {
  const after = role.not_after_bound
  if (!['permit', 'forbid', 'ttl-limited'].includes(after) && parseTimeText(after) === null)
    throw badRequest(
      'Unknown value for field `not_after_bound`. Possible values are `permit`, `ttl-limited`, `forbid`, or an explicit timestamp.',
    )
  if (!['permit', 'duration', 'forbid'].includes(role.not_before_bound))
    throw badRequest(
      'Unknown value for field `not_before_bound`. Possible values are `permit` `duration` or `forbid`',
    )
}
