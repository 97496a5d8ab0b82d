// A batch as it crosses to a thread: the bytes of all its fragments in one buffer that changes hands, so that a thread
// copies nothing and a view on somebody else's buffer is never given away.
import type { Finding } from '../finding.ts'
import type { Fragment } from '../fragment.ts'
import type { Skipped } from '../source.ts'

export interface PackedBatch {
  readonly id: number
  readonly buffer: ArrayBuffer
  /** Fragments in order, their bytes one behind the other. */
  readonly fragments: readonly (Omit<Fragment, 'bytes'> & { readonly size: number })[]
}

export interface PackedFinding {
  readonly fragment: number
  /** Its line among the answer's. */
  readonly line: number
  readonly finding: Omit<Finding, 'line' | 'commit'>
}

/** A batch's answer. Commits stay where they are: a finding names its fragment. */
export interface BatchAnswer {
  readonly id: number
  readonly findings: readonly PackedFinding[]
  /** The lines of findings, each once: many may stand on one long line. */
  readonly lines: readonly string[]
  readonly skipped: readonly Skipped[]
  /** Why it can't be answered; null: it was. */
  readonly error: string | null
}

export function packBatch(id: number, batch: readonly Fragment[]): PackedBatch {
  const size = batch.reduce((sum, fragment) => sum + fragment.bytes.length, 0)
  const all = new Uint8Array(size)
  let at = 0
  const fragments = batch.map(({ bytes, commit, ...rest }) => {
    all.set(bytes, at)
    at += bytes.length
    // Of a commit the detector needs to know its name only.
    return { ...rest, commit: commit && { ...NO_COMMIT, sha: commit.sha }, size: bytes.length }
  })
  return { id, buffer: all.buffer, fragments }
}

const NO_COMMIT = { sha: '', author: '', email: '', date: '', message: '' }

export function unpackBatch(packed: PackedBatch): Fragment[] {
  let at = 0
  return packed.fragments.map(({ size, ...rest }) => {
    const bytes = new Uint8Array(packed.buffer, at, size)
    at += size
    return { ...rest, bytes }
  })
}

/** Buffers up to this many bytes may be a pool's of Node, shared with others. */
const LARGEST_SHARED_BYTES = 64 * 1024

/**
 * Lets go of a batch's bytes, which nobody may look at any more. Buffers that lived for some milliseconds would else wait
 * for a full collection, which V8 doesn't make while its own heap is small: memory would grow as the scan goes on.
 */
export function releaseBuffers(batch: readonly Fragment[]): void {
  for (const { bytes } of batch) {
    const { buffer } = bytes
    if (buffer instanceof ArrayBuffer) releaseBuffer(buffer)
  }
}

/** The same for one buffer. One that was let go of before has no bytes; the copy that takes them over dies young. */
export function releaseBuffer(buffer: ArrayBuffer): void {
  if (buffer.byteLength > LARGEST_SHARED_BYTES) structuredClone(buffer, { transfer: [buffer] })
}
