// How a record looks after a step: pure functions, and what a run is given to work with.
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { MountContext } from '../../sdk/context.ts'
import type { Counts } from '../metrics/server-metrics.ts'
import type { RotationLog } from './rotation-log.ts'
import { dueAtOf, pauseMs } from './rotation-plan.ts'
import type { RotationRecord, RotationRef } from './rotation-record.ts'

export interface RunParts {
  readonly ref: RotationRef
  readonly context: MountContext
  readonly clock: Clock
  readonly random: Random
  readonly log: RotationLog
  readonly counts: Pick<Counts, 'rotations' | 'rotationFailures'>
  /** Aborts on seal and shutdown: what then fails is not held against the record. */
  readonly signal: AbortSignal
  readonly claim: { readonly run: string; readonly worker: string }
}

/** How long after a claim somebody looks whether its run still lives. */
const SAFETY_MS = 30_000

/**
 * The record with its due mark in place. While a run has it the mark stays where it is, as the net under a
 * crash; a new mark never has the old one's key, which the worker deletes.
 */
export function planned(
  before: RotationRecord | null,
  after: RotationRecord,
  nowMs: number,
): RotationRecord {
  if (after.claim) {
    const net = nowMs + SAFETY_MS
    const stands = before?.dueAtMs ?? 0
    return { ...after, dueAtMs: stands > 0 && stands <= net ? stands : net }
  }
  const dueAtMs = dueAtOf(after, nowMs)
  return { ...after, dueAtMs: dueAtMs > 0 && dueAtMs === before?.dueAtMs ? dueAtMs + 1 : dueAtMs }
}

/** After the promotion: what was staged is current, and what comes next is planned. */
export function rotated(
  record: RotationRecord,
  of: { readonly nowMs: number; readonly nextMs: number; readonly old: unknown },
): RotationRecord {
  const { username } = record.staging!
  const previous =
    username === record.activeUsername ? record.previousUsername : record.activeUsername
  const retiring =
    of.old === undefined
      ? record.retiring
      : [...record.retiring, { username: previous, old: of.old }]
  const base: RotationRecord = {
    ...record,
    ...wellEnded,
    activeUsername: username,
    previousUsername: previous,
    graceUntilMs: record.graceSeconds > 0 ? of.nowMs + record.graceSeconds * 1000 : 0,
    lastRotatedAtMs: of.nowMs,
    count: record.count + 1,
    rotateAfterMs: of.nextMs,
    staging: null,
    retiring,
    step: retiring.length > 0 ? 'retire' : 'idle',
  }
  if (record.repair) {
    const { staging } = record.repair
    const step = staging ? 'set' : 'stage'
    return { ...base, repair: null, staging, step, cause: 'repair', by: '' }
  }
  return record.staging!.isRepair ? { ...base, step: 'stage', cause: 'repair', by: '' } : base
}

/** One previous secret has ended. */
export function retired(record: RotationRecord): RotationRecord {
  const retiring = record.retiring.slice(1)
  const isOver = retiring.length === 0
  return {
    ...record,
    ...wellEnded,
    retiring,
    graceUntilMs: isOver ? 0 : record.graceUntilMs,
    step: isOver && record.step === 'retire' ? 'idle' : record.step,
  }
}

/** Of a record that owes nothing for failed tries. */
export const wellEnded = { failures: 0, lastError: '', failingSinceMs: 0, retryAtMs: 0 } as const

/** A failed try. `staging` null: what was staged surely changed nothing and is forgotten. */
export function failed(
  record: RotationRecord,
  of: {
    readonly words: string
    readonly nowMs: number
    readonly random: Random
    readonly staging: null | undefined
    readonly isStopped: boolean
  },
): RotationRecord {
  const kept: RotationRecord =
    of.staging === null ? { ...record, staging: null, step: 'stage' } : record
  if (of.isStopped) return kept
  const failures = record.failures + 1
  return {
    ...kept,
    failures,
    lastError: of.words,
    failingSinceMs: record.failingSinceMs || of.nowMs,
    retryAtMs: of.nowMs + pauseMs(failures, of.random),
  }
}
