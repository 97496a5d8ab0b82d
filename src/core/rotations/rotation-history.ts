// What became of the last rotations of a record, in an entry of its own so that the record stays small. Tries
// that fail in a row are one event, so that an outage pushes nothing else out.
import { MAX_ROTATION_HISTORY } from '../../base/limits.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import {
  historyKey,
  type RotationEvent,
  type RotationRecord,
  type RotationRef,
} from './rotation-record.ts'

export type NewEvent = Pick<RotationEvent, 'outcome' | 'username' | 'error'>

/** Adds an event in the commit that makes it true. */
export async function addEvent(
  tx: CoreTx,
  record: RotationRecord,
  event: NewEvent,
  at: { readonly nowMs: number; readonly durationMs: number },
): Promise<void> {
  const key = historyKey(record)
  const events = (await tx.get(key))?.json<RotationEvent[]>() ?? []
  const last = events.at(-1)
  const joins = event.outcome === 'failed' && last?.outcome === 'failed'
  const added: RotationEvent = {
    time: new Date(at.nowMs).toISOString(),
    cause: record.cause,
    by: record.by,
    ...event,
    attempts: joins ? last.attempts + 1 : event.outcome === 'rotated' ? record.failures + 1 : 1,
    duration_ms: at.durationMs,
  }
  const kept = joins ? events.slice(0, -1) : events
  tx.put(key, { json: [...kept, added].slice(-MAX_ROTATION_HISTORY) })
}

/** Newest last. */
export async function readHistory(
  storage: CoreStorage,
  ref: RotationRef,
): Promise<readonly RotationEvent[]> {
  return (await storage.get(historyKey(ref)))?.json<RotationEvent[]>() ?? []
}
