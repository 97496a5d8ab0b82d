// One configuration laid over another: rules of the same id are merged, what the upper one says goes first; keywords,
// tags and allowlists of both count.
import type { Rule, ScanConfig } from '../rule.ts'

export interface Extension {
  /** What the lower configuration is called in messages. */
  readonly name: string
  readonly disabledRules: readonly string[]
}

/** The rules and allowlists of both, the rules in the order of their ids. */
export function extendConfig(
  upper: ScanConfig,
  lower: ScanConfig,
  extension: Extension,
  warn: (message: string, fields: Readonly<Record<string, string>>) => void,
): ScanConfig {
  const disabled = new Set(extension.disabledRules)
  for (const id of extension.disabledRules) {
    if (lower.rules.has(id)) continue
    warn("Disabled rule doesn't exist in extended config.", {
      'rule-id': id,
      config: extension.name,
    })
  }
  const rules = new Map(upper.rules)
  for (const [id, rule] of lower.rules) {
    if (disabled.has(id)) continue
    const own = rules.get(id)
    rules.set(id, own ? mergeRule(own, rule) : rule)
  }
  const sorted = [...rules].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return {
    ...upper,
    rules: new Map(sorted),
    allowlists: [...upper.allowlists, ...lower.allowlists],
  }
}

/** What a rule requires and whether it reports stay as the lower one says. */
const mergeRule = (upper: Rule, lower: Rule): Rule => ({
  ...lower,
  description: upper.description === '' ? lower.description : upper.description,
  entropy: upper.entropy === 0 ? lower.entropy : upper.entropy,
  secretGroup: upper.secretGroup === 0 ? lower.secretGroup : upper.secretGroup,
  regex: upper.regex ?? lower.regex,
  path: upper.path ?? lower.path,
  tags: [...lower.tags, ...upper.tags],
  keywords: [...lower.keywords, ...upper.keywords],
  allowlists: [...lower.allowlists, ...upper.allowlists],
})
