// An allowlist ready to be asked: by commit and path before a fragment is searched, by secret, match or line for each
// finding. Under OR one check suffices; under AND all that are given must hold, so commit and path alone decide only
// where neither expressions nor stopwords are given.
import { toByteString } from '../../template/byte-strings.ts'
import type { Fragment } from '../fragment.ts'
import type { Allowlist } from '../rule.ts'
import { ByteRegexp } from './byte-regexp.ts'
import { KeywordAutomaton } from './keyword-automaton.ts'
import { lowerText } from './lower-text.ts'
import { PathMemo } from './path-memo.ts'

/** What of a finding an allowlist looks at, as byte strings. */
export interface Candidate {
  readonly secret: string
  readonly match: string
  readonly line: string
}

/** The expressions as the alternatives of one: flags that one sets hold for those after it. */
export const joinedExpressions = (expressions: readonly string[]): string =>
  `(?:${expressions.join('|')})`

export class CompiledAllowlist {
  private readonly list: Allowlist
  private readonly commits: ReadonlySet<string>
  private paths: PathMemo | null = null
  private regexes: ByteRegexp | null = null
  private stopwords: KeywordAutomaton | null = null

  constructor(list: Allowlist) {
    this.list = list
    this.commits = new Set(list.commits.map((commit) => commit.toLowerCase().trim()))
  }

  /** True where the whole fragment is left out. */
  allowsFragment(fragment: Fragment): boolean {
    const { list } = this
    if (fragment.path === '' && fragment.commit === null) return false
    if (list.condition === 'OR') return this.allowsCommit(fragment) || this.allowsPath(fragment)
    if (list.regexes.length > 0 || list.stopwords.length > 0) return false
    return (
      (list.commits.length === 0 || this.allowsCommit(fragment)) &&
      (list.paths.length === 0 || this.allowsPath(fragment))
    )
  }

  /** True where a finding of the fragment is left out. */
  allows(candidate: Candidate, fragment: Fragment): boolean {
    const { list } = this
    if (list.condition === 'OR') return this.allowsText(candidate) || this.holdsStopword(candidate)
    return (
      (list.commits.length === 0 || this.allowsCommit(fragment)) &&
      (list.paths.length === 0 || this.allowsPath(fragment)) &&
      (list.regexes.length === 0 || this.allowsText(candidate)) &&
      (list.stopwords.length === 0 || this.holdsStopword(candidate))
    )
  }

  private allowsCommit(fragment: Fragment): boolean {
    return fragment.commit !== null && this.commits.has(fragment.commit.sha.toLowerCase())
  }

  private allowsPath(fragment: Fragment): boolean {
    if (this.list.paths.length === 0 || fragment.path === '') return false
    if (!this.paths) {
      const expression = new ByteRegexp(joinedExpressions(this.list.paths))
      this.paths = new PathMemo((path) => expression.test(path))
    }
    return this.paths.says(fragment.path)
  }

  private allowsText(candidate: Candidate): boolean {
    if (this.list.regexes.length === 0) return false
    const text = candidate[this.list.regexTarget]
    if (text === '') return false
    this.regexes ??= new ByteRegexp(joinedExpressions(this.list.regexes))
    return this.regexes.test(text)
  }

  private holdsStopword(candidate: Candidate): boolean {
    if (this.list.stopwords.length === 0 || candidate.secret === '') return false
    if (!this.stopwords) {
      const words = this.list.stopwords.map((word) => lowerText(toByteString(word)))
      this.stopwords = new KeywordAutomaton([...new Set(words)].filter((word) => word !== ''))
    }
    const text = Buffer.from(lowerText(candidate.secret), 'latin1')
    return this.stopwords.scan(text).length > 0
  }
}
