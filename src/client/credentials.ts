// Database credentials as an application gets them: `<mount>/creds/<role>` makes a user with a lease,
// `<mount>/static-creds/<role>` tells the present password of a user that stays. Their life is told in
// milliseconds since the epoch, counted from before the call, so that it is never taken for longer.
import { systemClock } from '../base/clock.ts'
import { type ServerCalls, ServerRefusal } from './server-calls.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
  /** null for static ones. */
  readonly leaseId: string | null
  readonly isRenewable: boolean
  /** When they end (a lease), or are replaced (static ones). */
  readonly endsAtMs: number
  /** How long they last in all, as it was told, in milliseconds. */
  readonly lifeMs: number
}

/** A static role without a period of its own (self-managed, paused) is looked at again after this. */
const LOOK_AGAIN_MS = 60_000

/** Throws ServerRefusal, ServerUnavailable, or an Error where the answer holds no login. */
export async function fetchCredentials(server: ServerCalls, path: string): Promise<Credentials> {
  const askedAtMs = systemClock.now()
  const answer = await server.call('GET', path)
  const { username, password, ttl } = answer.data ?? {}
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new Error(`the answer of ${path} holds no username and password`)
  const leaseId = answer.lease_id || null
  const seconds = leaseId ? (answer.lease_duration ?? 0) : Number(ttl ?? 0)
  // A static password that is due this second tells 0.
  const lifeMs = ttl === undefined && !leaseId ? LOOK_AGAIN_MS : Math.max(1, seconds) * 1000
  return {
    username,
    password,
    leaseId,
    isRenewable: leaseId !== null && answer.renewable === true,
    endsAtMs: askedAtMs + lifeMs,
    lifeMs,
  }
}

/** When the lease now ends, milliseconds since the epoch; throws as fetchCredentials does. */
export async function renewLease(server: ServerCalls, of: Credentials): Promise<number> {
  const askedAtMs = systemClock.now()
  const answer = await server.call('PUT', 'sys/leases/renew', {
    lease_id: of.leaseId,
    increment: Math.ceil(of.lifeMs / 1000),
  })
  return askedAtMs + (answer.lease_duration ?? 0) * 1000
}

/** Ends the lease; that the token may not is no failure: then the lease ends by itself. */
export async function revokeLease(server: ServerCalls, of: Credentials): Promise<void> {
  if (of.leaseId === null) return
  try {
    await server.call('PUT', 'sys/leases/revoke', { lease_id: of.leaseId })
  } catch (error) {
    if (!(error instanceof ServerRefusal)) throw error
  }
}
