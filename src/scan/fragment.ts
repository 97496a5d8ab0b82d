// What a source hands to the detector: a run of bytes that belong together, and where they come from.
// One fragment is small (at most SCAN_FRAGMENT_BYTES and a little, or what gitleaks keeps together): the detector is
// never given a whole large file, so memory is bounded by the fragments in flight.

/** Who and what brought the bytes in, where they come from git. */
export interface Commit {
  /** 40 (or 64) hex digits. */
  readonly sha: string
  readonly author: string
  readonly email: string
  /** RFC 3339 in UTC with seconds, such as 2024-05-01T12:00:00Z. */
  readonly date: string
  /** The whole message, without the newlines at its end. */
  readonly message: string
}

/** Which kind of place the bytes were found in; rules and readers may ask for it. */
export type SourceKind =
  | 'git'
  | 'staged'
  | 'dir'
  | 'stdin'
  | 'image'
  | 'archive'
  | 'log'
  | 'kubernetes'

export interface Fragment {
  /** The text as bytes: a column is a byte, as in gitleaks. */
  readonly bytes: Uint8Array
  /** With '/' between its parts; '' where there is none (stdin). Inside an archive `outer.zip!inner/path`. */
  readonly path: string
  /** The link through which the file was reached, or ''. */
  readonly symlink: string
  /** The line of the file, counted from 1, on which the first byte stands. */
  readonly startLine: number
  readonly commit: Commit | null
  readonly kind: SourceKind
}
