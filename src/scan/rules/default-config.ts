// The built-in rules as one configuration: what `strongroom scan` uses, and what `useDefault` extends.
import { READER_RULES } from '../readers/reader-rules.ts'
import type { ScanConfig } from '../rule.ts'
import { BUSINESS_RULES } from './business-rules.ts'
import { CLOUD_RULES } from './cloud-rules.ts'
import { CODE_RULES } from './code-rules.ts'
import { GLOBAL_ALLOWLISTS } from './global-allowlist.ts'
import { KEY_RULES } from './key-rules.ts'
import type { OurRule } from './rule-table.ts'
import { SERVICE_RULES } from './service-rules.ts'

let loaded: ScanConfig | null = null

/** Readers stand among the rules without an expression, so that they are listed, explained and switched off as rules are. */
const READER_ENTRIES: readonly OurRule[] = [...READER_RULES.values()].map((reader) => ({
  ...{ id: reader.id, description: reader.description, tier: reader.tier },
  ...{ regex: null, path: null, secretGroup: 0, entropy: 0, keywords: reader.keywords },
  ...{ tags: [], allowlists: [], required: [], skipReport: false },
  ...{ rotate: reader.words, shape: null, name: null },
}))

/** Every built-in rule, in the order in which `rules list` prints them. Ids are gitleaks' where it has the rule. */
export function defaultRules(): readonly OurRule[] {
  return [
    ...CLOUD_RULES,
    ...CODE_RULES,
    ...BUSINESS_RULES,
    ...SERVICE_RULES,
    ...KEY_RULES,
    ...READER_ENTRIES,
  ]
}

/** The same object each time; it is never changed. */
export function defaultConfig(): ScanConfig {
  loaded ??= {
    title: 'Strongroom rules',
    path: '',
    rules: new Map(defaultRules().map((rule) => [rule.id, rule])),
    allowlists: GLOBAL_ALLOWLISTS,
  }
  return loaded
}
