// Rules and allowlists as gitleaks' TOML means them, after extension and defaults: what config/ makes and match/ compiles.
// Expressions are RE2's (Go's regexp), as text; only match/ knows how they are run.
import type { Tier } from './finding.ts'

export interface Allowlist {
  readonly description: string
  /** OR: one of the checks suffices; AND: each kind of check that is given must hold. */
  readonly condition: 'OR' | 'AND'
  readonly commits: readonly string[]
  readonly paths: readonly string[]
  readonly regexes: readonly string[]
  readonly regexTarget: 'secret' | 'match' | 'line'
  readonly stopwords: readonly string[]
}

export interface RequiredRule {
  readonly ruleId: string
  /** Null: anywhere in the fragment. */
  readonly withinLines: number | null
  readonly withinColumns: number | null
}

/** Checks of a secret once the expression matched: what fails is of the lowest tier. See rules/token-checks.ts. */
export type CheckName = 'base62-crc32' | 'aws-key-id' | 'jwt'

export interface Rule {
  readonly id: string
  readonly description: string
  readonly tier: Tier
  /** Null for a rule about paths only. */
  readonly regex: string | null
  readonly path: string | null
  /** 0: the first group that is not empty, or the whole match. */
  readonly secretGroup: number
  /** Bits a byte that the secret must exceed; 0 asks nothing. */
  readonly entropy: number
  /** Lower case. Empty: the rule looks at every fragment. */
  readonly keywords: readonly string[]
  readonly tags: readonly string[]
  readonly allowlists: readonly Allowlist[]
  readonly required: readonly RequiredRule[]
  /** Only a component of other rules. */
  readonly skipReport: boolean
  /** Only our own rules have one; gitleaks' TOML can't say it, and `compat` leaves it out. */
  readonly check?: CheckName
}

export interface ScanConfig {
  readonly title: string
  /** The file it came from, which is never scanned itself; '' for the built-in rules. */
  readonly path: string
  readonly rules: ReadonlyMap<string, Rule>
  readonly allowlists: readonly Allowlist[]
}
