// The contract of a structure-aware reader: it knows a format or a way of writing, and points at values in it that are
// secrets by where they stand. Readers take no part under `--compat gitleaks`.
import type { Tier } from '../finding.ts'
import type { SourceKind } from '../fragment.ts'

/** The words, in lower case, whose places spare readers the search of the whole text. */
export const PLACED_WORDS = {
  /** Each name that readers take for a secret's holds one. */
  names: ['pass', 'pwd', '_pw', 'secret', 'token', 'key', 'credential', 'auth'],
  /** Each command that readers know begins with one. */
  commands: [
    ...['mysql', 'mariadb', 'sshpass', 'redis-cli', 'curl', 'wget', 'http', 'docker'],
    ...['sqlcmd', 'isql', 'bcp', 'ldap', 'net', 'convertto-securestring', '--'],
  ],
} as const

export type PlacedWords = keyof typeof PLACED_WORDS

/** What a reader is given: the text as bytes (latin1), and where it comes from. */
export interface Readable {
  readonly text: string
  /** Where such words begin in the text, in ascending order; absent: not known. */
  readonly placesOf?: (words: PlacedWords) => ArrayLike<number>
  readonly path: string
  readonly kind: SourceKind
}

export interface Candidate {
  readonly ruleId: string
  readonly tier: Tier
  /** Where the match and where the secret in it begin and end in the text. */
  readonly start: number
  readonly end: number
  readonly secretStart: number
  readonly secretEnd: number
}

export interface Reader {
  readonly id: string
  /** Rules, of which one must have its keyword in the text for the reader to be asked. Empty: each path it wants. */
  readonly gates: readonly string[]
  wants(path: string): boolean
  read(readable: Readable): Candidate[]
}

/** A candidate whose match runs from `start` to the end of the secret. */
export function candidate(
  ruleId: string,
  tier: Tier,
  start: number,
  secretStart: number,
  secretLength: number,
): Candidate {
  const secretEnd = secretStart + secretLength
  return { ruleId, tier, start, end: secretEnd, secretStart, secretEnd }
}
