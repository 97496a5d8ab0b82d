// One secret found in one place. Names and meaning follow gitleaks' report, so that its reports are a projection.
import type { Commit } from './fragment.ts'

/** How sure a rule is; `--tier` chooses which are reported. gitleaks' own rules count as 'high'. */
export type Tier = 'high' | 'medium' | 'low'

/** A component that a composite rule found beside its match. */
export interface RequiredFinding {
  readonly ruleId: string
  readonly startLine: number
  readonly endLine: number
  readonly startColumn: number
  readonly endColumn: number
  readonly line: string
  readonly match: string
  readonly secret: string
}

/**
 * Texts are bytes as latin1 (one character a byte) until a report decodes them as UTF-8; lines and columns count from
 * 1 and columns are bytes, as in gitleaks (its rules for the first line of a fragment included).
 */
export interface Finding {
  readonly ruleId: string
  readonly description: string
  readonly tier: Tier
  readonly startLine: number
  readonly endLine: number
  readonly startColumn: number
  readonly endColumn: number
  /** The whole line or lines of the match; for `regexTarget = "line"` and the terminal. */
  readonly line: string
  readonly match: string
  readonly secret: string
  /** Shannon entropy of the secret in bits a byte; 0 where no rule asked for it. */
  readonly entropy: number
  readonly file: string
  readonly symlink: string
  readonly commit: Commit | null
  readonly tags: readonly string[]
  readonly required: readonly RequiredFinding[]
}
