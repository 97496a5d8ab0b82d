// A rule ready to run. Its expressions are translated when a keyword of it is first seen: most rules never run.
import { toByteString } from '../../template/byte-strings.ts'
import type { Rule } from '../rule.ts'
import { ByteRegexp } from './byte-regexp.ts'
import { CompiledAllowlist } from './compiled-allowlist.ts'
import { RuleMatcher } from './rule-matcher.ts'

export class CompiledRule {
  readonly rule: Rule
  /** The texts of the rule as byte strings, as findings carry them. */
  readonly id: string
  readonly description: string
  readonly tags: readonly string[]
  readonly allowlists: readonly CompiledAllowlist[]
  private madeMatcher: RuleMatcher | null = null
  private madePath: ByteRegexp | null = null

  constructor(rule: Rule) {
    this.rule = rule
    this.id = toByteString(rule.id)
    this.description = toByteString(rule.description)
    this.tags = rule.tags.map(toByteString)
    this.allowlists = rule.allowlists.map((list) => new CompiledAllowlist(list))
  }

  /** Null for a rule about paths only. */
  matcher(): RuleMatcher | null {
    if (this.rule.regex === null) return null
    this.madeMatcher ??= new RuleMatcher(new ByteRegexp(this.rule.regex))
    return this.madeMatcher
  }

  path(): ByteRegexp | null {
    if (this.rule.path === null) return null
    this.madePath ??= new ByteRegexp(this.rule.path)
    return this.madePath
  }
}
