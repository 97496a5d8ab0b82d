// The entries that a writer makes about its own chain: start, checkpoint, end. They have the shape of an
// audit entry (time, type), so that tools that read audit logs can skip them by their type.
import { isoTime } from './entry-writer.ts'

export const CHAIN_STARTED = 'audit-start'
export const CHAIN_CHECKPOINT = 'audit-checkpoint'
export const CHAIN_ENDED = 'audit-end'

/** First line of a writer: the key that its checkpoints are signed with, and the device's path. */
export function startEntry(timeMs: number, device: string, publicKey: string): string {
  return `{"time":"${isoTime(timeMs)}","type":"${CHAIN_STARTED}","audit":{"device":${JSON.stringify(device)},"key":"${publicKey}"}`
}

/** `lost` counts lines that found no room in the device's queue since the last record. */
export function checkpointEntry(timeMs: number, lost: number): string {
  return `{"time":"${isoTime(timeMs)}","type":"${CHAIN_CHECKPOINT}"${lostMember(lost)}`
}

/** Last line of a writer: after it nothing more of this writer can be missing. */
export function endEntry(timeMs: number, lost: number): string {
  return `{"time":"${isoTime(timeMs)}","type":"${CHAIN_ENDED}"${lostMember(lost)}`
}

const lostMember = (lost: number): string => (lost > 0 ? `,"audit":{"lost":${lost}}` : '')
