// A rotation as it is stored, with all that stands beside it: its due mark, the mark that orders records by
// the time at which they are to rotate, and the mark of those whose last try failed. Whatever changes the
// record moves the marks in the same commit, so that lists, reports and figures need no scan.
import { ROTATION_TRIES } from '../../base/limits.ts'
import type {
  RotationHold,
  RotationSchedule,
  RotationState,
  RotationStatus,
  RotationStep,
} from '../../sdk/rotation.ts'
import { dueKey } from '../jobs/due-index.ts'
import type { CoreTx } from '../store.ts'

export const DUE_ROTATION = 'rotation'

/** Which record: core's name of it is `<mount id>/<kind>/<id, encoded>`. */
export interface RotationRef {
  readonly namespaceId: string
  readonly mountId: string
  readonly kind: string
  readonly id: string
}

/** A secret that is on its way, stored before anything is done outside. */
export interface Staging {
  readonly username: string
  readonly secret: unknown
  /** Tries of `set` that were begun. From the second on, an earlier one may have come through. */
  readonly tries: number
  /** It was replaced once already and came back by a late `set`: once current, a fresh one follows. */
  readonly isRepair?: true
}

/** What `retire` is to end once the grace time is over. */
export interface Retiring {
  readonly username: string
  readonly old: unknown
}

export type RotationCause = 'created' | 'scheduled' | 'manual' | 'repair'

/** Who works on it right now. Whoever finds another claim than its own has lost it. */
export interface RotationClaim {
  /** Random: one run. */
  readonly run: string
  /** The process, as its heartbeat names it. */
  readonly worker: string
  readonly startedAtMs: number
}

export interface RotationRecord extends RotationRef {
  readonly item: unknown
  readonly schedule: RotationSchedule
  readonly usernames: readonly string[]
  readonly graceSeconds: number
  /** What stalls together within the mount; part of the due mark. */
  readonly lane: string
  readonly owner: string
  readonly createdAtMs: number
  readonly activeUsername: string
  readonly previousUsername: string
  readonly lastRotatedAtMs: number
  /** Rotations that ended well so far: whoever waits for one sees it move. */
  readonly count: number
  /** By the schedule; 0: not on its own. In the past while overdue. */
  readonly rotateAfterMs: number
  readonly step: RotationStep
  readonly staging: Staging | null
  /** Why the rotation under way began, and who asked for it ('' for the schedule). */
  readonly cause: RotationCause
  readonly by: string
  readonly retiring: readonly Retiring[]
  readonly graceUntilMs: number
  /**
   * What a run that had lost its claim may have done outside after all: with a secret, that one may be in
   * force; without, a fresh one is needed. Settled once the rotation under way has ended.
   */
  readonly repair: { readonly staging: Staging | null } | null
  readonly claim: RotationClaim | null
  readonly failures: number
  readonly lastError: string
  readonly failingSinceMs: number
  readonly retryAtMs: number
  readonly hold: RotationHold | null
  /** Where its due mark stands; 0: it has none. */
  readonly dueAtMs: number
}

export interface RotationEvent {
  readonly time: string
  readonly cause: RotationCause
  readonly by: string
  readonly outcome: 'rotated' | 'failed' | 'retired' | 'missed'
  /** Tries that failed in a row are one event. */
  readonly attempts: number
  readonly username: string
  /** In words; '' where it went well. */
  readonly error: string
  readonly duration_ms: number
}

/** How long after its time a record counts as overdue: work that is due begins within seconds. */
export const OVERDUE_MS = 60_000

export const nameOf = ({ mountId, kind, id }: Omit<RotationRef, 'namespaceId'>): string =>
  `${mountId}/${kind}/${encodeURIComponent(id)}`

/** null where the text is no name of a record. */
export function parseName(namespaceId: string, name: string): RotationRef | null {
  const parts = name.split('/')
  if (parts.length !== 3) return null
  const [mountId, kind, id] = parts as [string, string, string]
  try {
    return { namespaceId, mountId, kind, id: decodeURIComponent(id) }
  } catch {
    return null
  }
}

/** `<mount id>:<lane>:<kind>:<id>`: due marks hold no slashes in their ids, and name their lane. */
export const dueIdOf = (record: RotationRecord): string =>
  [
    record.mountId,
    encodeURIComponent(record.lane),
    record.kind,
    encodeURIComponent(record.id),
  ].join(':')
export function refOfDue(namespaceId: string, dueId: string): RotationRef | null {
  const [mountId, , ...name] = dueId.split(':')
  return parseName(namespaceId, [mountId, ...name].join('/'))
}
/** The part of a due mark's id that names what may stall together. */
export const laneOfDue = (dueId: string): string => dueId.split(':', 2).join(':')

export const RECORD_PREFIX = 'core/rotation/record/'
export const HISTORY_PREFIX = 'core/rotation/history/'
export const NEXT_PREFIX = 'core/rotation/next/'
export const FAILING_PREFIX = 'core/rotation/failing/'

export const recordKey = (ref: RotationRef): string =>
  `${RECORD_PREFIX}${ref.namespaceId}/${nameOf(ref)}`
export const historyKey = (ref: RotationRef): string =>
  `${HISTORY_PREFIX}${ref.namespaceId}/${nameOf(ref)}`

const timeText = (ms: number): string => String(Math.max(0, Math.trunc(ms))).padStart(13, '0')

/** `<time>/<name>`: in order of the time at which they are to rotate. */
export const nextKey = (namespaceId: string, atMs: number, name = ''): string =>
  `${NEXT_PREFIX}${namespaceId}/${timeText(atMs)}/${name}`
const failingKey = (record: RotationRecord): string =>
  `${FAILING_PREFIX}${record.namespaceId}/${timeText(record.failingSinceMs)}/${nameOf(record)}`

/** The marks that stand beside a record. */
function marksOf(record: RotationRecord): string[] {
  const marks: string[] = []
  if (record.dueAtMs > 0) {
    marks.push(dueKey(DUE_ROTATION, record.namespaceId, dueIdOf(record), record.dueAtMs))
  }
  if (record.rotateAfterMs > 0) {
    marks.push(nextKey(record.namespaceId, record.rotateAfterMs, nameOf(record)))
  }
  if (record.failures > 0) marks.push(failingKey(record))
  return marks
}

/** Writes the record and moves its marks. `before` is what the transaction read, null for a new one. */
export function putRecord(
  tx: CoreTx,
  before: RotationRecord | null,
  record: RotationRecord,
): RotationRecord {
  const marks = marksOf(record)
  if (before) for (const mark of marksOf(before)) if (!marks.includes(mark)) tx.delete(mark)
  for (const mark of marks) tx.mark(mark)
  tx.put(recordKey(record), { json: record })
  return record
}

/** Whether this user's secret is one that the record may rotate. */
export const isOwnUser = ({ usernames }: RotationRecord, username: string): boolean =>
  usernames.length === 0 ? username === '' : usernames.includes(username)

/** Takes the record away with everything that points to it. */
export function dropRecord(tx: CoreTx, record: RotationRecord): void {
  for (const mark of marksOf(record)) tx.delete(mark)
  tx.delete(recordKey(record))
  tx.delete(historyKey(record))
}

/** The hold that stands at this time: one that has ended by itself counts no more. */
export function holdAt(record: RotationRecord, nowMs: number): RotationHold | null {
  const { hold } = record
  return hold && (hold.untilMs === 0 || hold.untilMs > nowMs) ? hold : null
}

function stateOf(record: RotationRecord, hold: RotationHold | null): RotationState {
  if (hold) return hold.mode
  if (record.claim) return 'running'
  if (record.failures === 0) return 'idle'
  return record.failures < ROTATION_TRIES ? 'retrying' : 'failed'
}

export const isOverdueAt = (record: RotationRecord, nowMs: number): boolean =>
  record.rotateAfterMs > 0 && record.rotateAfterMs < nowMs - OVERDUE_MS

/** What may be shown: never what is staged. */
export function statusOf(record: RotationRecord, nowMs: number): RotationStatus {
  const hold = holdAt(record, nowMs)
  return {
    kind: record.kind,
    id: record.id,
    state: stateOf(record, hold),
    strategy: record.usernames.length > 1 ? 'two-user' : 'single',
    step: record.step,
    attempt: record.failures,
    lastError: record.lastError,
    activeUsername: record.activeUsername,
    previousUsername: record.previousUsername,
    graceUntilMs: record.graceUntilMs,
    schedule: record.schedule,
    graceSeconds: record.graceSeconds,
    owner: record.owner,
    createdAtMs: record.createdAtMs,
    lastRotatedAtMs: record.lastRotatedAtMs,
    rotateAfterMs: record.rotateAfterMs,
    retryAtMs: record.retryAtMs,
    isOverdue: isOverdueAt(record, nowMs),
    hold,
  }
}
