// The exit codes of `strongroom scan`: one table, written in docs/scanner.md.

export const EXIT = {
  /** Everything was looked at and nothing was found. */
  clean: 0,
  /** Findings; --exit-code makes it another number. */
  found: 1,
  /** Wrong flags, files that can't be read, rules that are none: nothing, or not all, was scanned. */
  error: 2,
  /** Nothing was found, but not all could be looked at. */
  partial: 3,
} as const

/** Ends a command with words for standard error and exit code 2. */
export class ScanFailure extends Error {
  override readonly name = 'ScanFailure'
}
