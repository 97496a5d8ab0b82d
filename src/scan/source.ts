// The contract of a source: it walks something and hands out fragments in batches; it decides nothing about secrets.
import type { Fragment } from './fragment.ts'

/** What could not be looked at. Anything noted here makes the scan partial: said at its end, and an exit code of its own. */
export interface Skipped {
  /** The path, object or ref. */
  readonly what: string
  /** In words, such as "binary", "larger than 100 MB", "object missing in a shallow clone". */
  readonly why: string
  /** False for what is left out by design (binary files, excluded paths): listed with --verbose only. */
  readonly makesPartial: boolean
}

export interface SourceProgress {
  readonly bytes: number
  readonly items: number
  /** How many items there are, where that is known beforehand. */
  readonly total?: number
  /** What the items are, where the source alone knows: commits, blobs. */
  readonly counts?: string
}

export interface SourceNotes {
  skipped(note: Skipped): void
  /** What was seen so far. */
  progress(done: SourceProgress): void
  /** A line for stderr at level warn. */
  warn(text: string): void
}

export interface Source {
  /** Batches of about a megabyte, in the order in which findings are to be reported. Ends early when `signal` fires. */
  fragments(notes: SourceNotes, signal: AbortSignal): AsyncIterable<readonly Fragment[]>
}
