// What a rotation's record asks for at a moment, and when somebody has to look at it again: pure functions
// of the record, so that every combination can be tested without a server.
import type { Random } from '../../base/random.ts'
import type { RotationSchedule } from '../../sdk/rotation.ts'
import { nextRotationMs } from '../../sdk/rotation-schedule.ts'
import { holdAt, type RotationRecord } from './rotation-record.ts'

/**
 * start: stage a new secret. resume: go on with the staged one. prove: only find out whether the staged one
 * is in force, since its window is over. retire: end the previous secret. miss: the window passed with
 * nothing done; wait for the next one. null: nothing now.
 */
export type RotationTask = 'start' | 'resume' | 'prove' | 'retire' | 'miss' | null

/** Somebody asked for it: neither the time nor a pause counts. */
export interface ByHand {
  readonly by: string
  readonly endsGrace: boolean
}

export function taskOf(record: RotationRecord, nowMs: number, byHand: ByHand | null): RotationTask {
  const hold = holdAt(record, nowMs)
  if (hold?.mode === 'frozen') return null
  const isWaiting = record.retryAtMs > nowMs && !byHand
  if (record.staging) {
    if (isWaiting) return null
    return isOutOfWindow(record, nowMs) && !byHand ? 'prove' : 'resume'
  }
  if (record.retiring.length > 0) {
    if (byHand?.endsGrace) return 'retire'
    return isWaiting || nowMs < record.graceUntilMs ? null : 'retire'
  }
  if (byHand) return 'start'
  const isWanted = record.step === 'stage'
  const isTime = isWanted || (record.rotateAfterMs > 0 && record.rotateAfterMs <= nowMs)
  if (!isTime || isWaiting) return null
  if (hold && !(isWanted && record.cause === 'manual')) return null
  return isOutOfWindow(record, nowMs) ? 'miss' : 'start'
}

/** Only what the schedule began is bound to its window. */
function isOutOfWindow(record: RotationRecord, nowMs: number): boolean {
  const { cron, windowSeconds } = record.schedule
  if (cron === '' || windowSeconds === 0 || record.rotateAfterMs === 0) return false
  if (record.step !== 'idle' && record.cause !== 'scheduled') return false
  return nowMs > record.rotateAfterMs + windowSeconds * 1000
}

/** When the record's due mark must stand; 0: nothing is to happen by itself. */
export function dueAtOf(record: RotationRecord, nowMs: number): number {
  const hold = holdAt(record, nowMs)
  if (hold?.mode === 'frozen') return hold.untilMs
  if (record.staging) return Math.max(record.retryAtMs, nowMs)
  if (record.retiring.length > 0) return Math.max(record.retryAtMs, record.graceUntilMs, nowMs)
  const isWanted = record.step === 'stage'
  if (hold && !(isWanted && record.cause === 'manual')) return hold.untilMs
  if (isWanted) return Math.max(record.retryAtMs, nowMs)
  return record.rotateAfterMs === 0 ? 0 : Math.max(record.retryAtMs, record.rotateAfterMs)
}

/**
 * When a secret set at `lastMs` is to rotate. A cron time that passed before now is none that was missed: it
 * was planned by nobody.
 */
export function rotateAfter(
  schedule: RotationSchedule,
  lastMs: number,
  nowMs: number,
): Promise<number> {
  return nextRotationMs(schedule, schedule.cron === '' ? lastMs : Math.max(lastMs, nowMs))
}

const FIRST_PAUSE_MS = 5000
/** A failed rotation is tried once an hour for good. */
const LONGEST_PAUSE_MS = 3600_000

/** The pause after so many failed tries, with jitter so that what failed together doesn't return together. */
export function pauseMs(failures: number, random: Random): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
  return Math.round(pause * (0.75 + random.fraction() * 0.5))
}

/** The user that gets the next secret: with two, the one that isn't active. */
export function nextUsername(record: RotationRecord): string {
  const { usernames, activeUsername } = record
  if (usernames.length < 2) return usernames[0] ?? ''
  return usernames.find((name) => name !== activeUsername) ?? usernames[0]!
}
