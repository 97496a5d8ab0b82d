// What all sources are told, and what the readers of one run share.
import { SCAN_ARCHIVE_DEPTH, SCAN_FILE_BYTES } from '../../base/limits.ts'
import type { Commit, SourceKind } from '../fragment.ts'
import type { SourceNotes } from '../source.ts'
import type { FragmentBatcher } from './fragment-batcher.ts'

export interface SourceSettings {
  /** Fragments one for one as gitleaks makes them: its chunks, its binaries, its archives by name. */
  readonly compat: boolean
  /** Whether a path (a directory's too, then nothing below it is read) is left out: the allowlists over all rules. */
  readonly skipPath: (path: string) => boolean
  /** A larger file is left out and said. */
  readonly maxFileBytes: number
  /** Archives within archives that are opened; 0 opens none. */
  readonly archiveDepth: number
  /** Whether links to files are read through; links to directories never are. */
  readonly followSymlinks: boolean
  /** What files are taken for: 'log' strips what a CI system or a terminal adds to lines. */
  readonly fileKind: SourceKind
}

export const DEFAULT_SETTINGS: SourceSettings = {
  compat: false,
  skipPath: () => false,
  maxFileBytes: SCAN_FILE_BYTES,
  archiveDepth: SCAN_ARCHIVE_DEPTH,
  followSymlinks: false,
  fileKind: 'dir',
}

/** One run of a source. */
export interface Reading {
  readonly settings: SourceSettings
  readonly batcher: FragmentBatcher
  readonly notes: SourceNotes
  readonly signal: AbortSignal
}

/** Where a file's bytes come from. Paths are bytes as latin1. */
export interface FileOrigin {
  readonly path: string
  readonly symlink: string
  readonly commit: Commit | null
  readonly kind: SourceKind
}

/** What went wrong with a file, for people: the system's words without its path. */
export function failureWords(error: unknown): string {
  const code = (error as { code?: unknown })?.code
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ENOENT') return 'not there any more'
  if (code === 'ELOOP') return 'a loop of symbolic links'
  if (typeof code === 'string') return `could not be read (${code})`
  return error instanceof Error ? error.message : 'could not be read'
}

/** A path as latin1 of its bytes, as the system's calls take it. */
export function systemPath(path: string): string | Buffer {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the bytes of ASCII
  return /^[\x00-\x7f]*$/.test(path) ? path : Buffer.from(path, 'latin1')
}

/** A path as people type it, as latin1 of its bytes. */
export const pathBytes = (path: string): string => Buffer.from(path).toString('latin1')
