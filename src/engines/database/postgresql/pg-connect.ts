// Opens a session by the attempts of a connection string, in their order: several hosts, with and without
// TLS, until one of them is what target_session_attrs asks for. libpq's manual: "Specifying Multiple Hosts".
import type { Clock } from '../../../base/clock.ts'
import { DatabaseError } from '../database-error.ts'
import type { Attempt, ConnectionTarget } from './connection-string.ts'
import { connectDeadlineMs, PgFailure, PgSession } from './pg-session.ts'

/** A wrong password, no such database, no right to connect: no other host will know better. */
const FINAL_CODES = new Set(['28P01', '3D000', '42501'])

/** Throws DatabaseError: 'refused' where the server answered and won't have us, else 'unreachable'. */
export async function connectPostgres(
  target: ConnectionTarget,
  of: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<PgSession> {
  const faults: string[] = []
  let refusal: PgFailure | null = null
  let secondBest: Attempt | null = null
  let spentMs = 0
  let lastHost = ''
  for (const attempt of target.attempts) {
    const place = `${attempt.host}:${attempt.port}`
    if (place !== lastHost) spentMs = 0
    lastHost = place
    const begun = of.clock.monotonic()
    try {
      const deadlineMs = Math.max(1, connectDeadlineMs(target) - spentMs)
      const session = await PgSession.open(target, attempt, { ...of, deadlineMs })
      const verdict = await judge(session, target, of.signal)
      if (verdict === 'fits') return session
      session.close()
      faults.push(`${place}: ${verdict}`)
      if (target.sessionAttributes === 'prefer-standby') secondBest ??= attempt
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind === 'settings') throw error
      faults.push(`${place}: ${attempt.tls ? 'with TLS: ' : ''}${error.message}`)
      if (of.signal.aborted) break
      if (error instanceof PgFailure) {
        refusal = error
        if (FINAL_CODES.has(error.code)) break
      }
    }
    spentMs += of.clock.monotonic() - begun
  }
  if (secondBest) {
    const deadlineMs = connectDeadlineMs(target)
    return PgSession.open(target, secondBest, { ...of, deadlineMs })
  }
  const message = `failed to connect to the database:\n\t${faults.join('\n\t')}`
  throw new DatabaseError(refusal ? 'refused' : 'unreachable', message, { cause: refusal })
}

async function judge(
  session: PgSession,
  { sessionAttributes }: ConnectionTarget,
  signal: AbortSignal,
): Promise<'fits' | string> {
  if (sessionAttributes === 'any') return 'fits'
  const isAboutWrites = sessionAttributes === 'read-write' || sessionAttributes === 'read-only'
  const [shown] = await session.batch(
    [isAboutWrites ? 'SHOW transaction_read_only' : 'SHOW in_hot_standby'],
    signal,
  )
  const isOn = Object.values(shown?.[0] ?? {})[0] === 'on'
  const wantsOn = ['read-only', 'standby', 'prefer-standby'].includes(sessionAttributes)
  if (isOn === wantsOn) return 'fits'
  if (isAboutWrites) return isOn ? 'session is read-only' : 'session is not read-only'
  return isOn ? 'server is in standby mode' : 'server is not in standby mode'
}
