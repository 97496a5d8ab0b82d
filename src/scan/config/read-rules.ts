// A configuration's own rules, before anything is extended.
import type { Rule } from '../rule.ts'
import { checkExpression } from './check-expression.ts'
import { ConfigError } from './config-error.ts'
import { type RawAllowlist, readAllowlist, toAllowlist } from './read-allowlist.ts'
import type { Fields } from './toml-fields.ts'

interface RawRule {
  readonly rule: Rule
  readonly older: RawAllowlist | null
  readonly allowlists: readonly RawAllowlist[]
}

/** Reads all fields; nothing is checked yet, since what doesn't fit is said first and at once. */
export function readRules(config: Fields): RawRule[] {
  return config.list('Rules').map((fields) => ({
    rule: {
      id: fields.text('ID'),
      description: fields.text('Description'),
      tier: 'high',
      regex: fields.text('Regex') || null,
      path: fields.text('Path') || null,
      secretGroup: fields.integer('SecretGroup'),
      entropy: fields.float('Entropy'),
      keywords: fields.texts('Keywords').map((keyword) => keyword.toLowerCase()),
      tags: fields.texts('Tags'),
      allowlists: [],
      required: fields.list('Required').map((required) => ({
        ruleId: required.text('ID'),
        withinLines: required.integerOrNull('withinLines'),
        withinColumns: required.integerOrNull('withinColumns'),
      })),
      skipReport: fields.boolean('SkipReport'),
    },
    older: fields.has('AllowList') ? readAllowlist(fields.fields('AllowList')) : null,
    allowlists: fields.list('Allowlists').map(readAllowlist),
  }))
}

/** The rules by id, a later one in place of an earlier one. Throws ConfigError. */
export function checkRules(raw: readonly RawRule[]): Map<string, Rule> {
  const rules = new Map<string, Rule>()
  for (const { rule, older, allowlists } of raw) {
    if (rule.path !== null) checkExpression(rule.path)
    if (rule.regex !== null) checkExpression(rule.regex)
    if (older && allowlists.length > 0) {
      throw refusal(
        rule,
        '[rules.allowlist] is deprecated, it cannot be used alongside [[rules.allowlist]]',
      )
    }
    const lists = [...allowlists, ...(older ? [older] : [])].map((list) =>
      toAllowlist(list, `${rule.id}: [[rules.allowlists]]`),
    )
    if (rule.required.some((required) => required.ruleId === '')) {
      throw refusal(rule, '[[rules.required]] rule ID is empty')
    }
    rules.set(rule.id, { ...rule, allowlists: lists })
  }
  for (const rule of rules.values()) {
    for (const { ruleId } of rule.required) {
      if (!rules.has(ruleId)) {
        throw refusal(rule, `[[rules.required]] rule ID '${ruleId}' does not exist`)
      }
    }
  }
  return rules
}

/** What must hold of a rule once all is put together. Throws ConfigError. */
export function validateRule(rule: Rule): void {
  if (rule.id.trim() === '') {
    const parts = [
      rule.description === '' ? '' : `, description: ${rule.description}`,
      rule.regex === null ? '' : `, regex: ${rule.regex}`,
      rule.path === null ? '' : `, path: ${rule.path}`,
    ]
    throw new ConfigError('load', `rule |id| is missing or empty${parts.join('')}`)
  }
  if (rule.regex === null && rule.path === null) {
    throw refusal(rule, 'both |regex| and |path| are empty, this rule will have no effect')
  }
  if (rule.regex === null || rule.secretGroup <= 0) return
  const groups = checkExpression(rule.regex)
  if (rule.secretGroup > groups) {
    throw refusal(
      rule,
      `invalid regex secret group ${rule.secretGroup}, max regex secret group ${groups}`,
    )
  }
}

const refusal = (rule: Rule, message: string): ConfigError =>
  new ConfigError('load', `${rule.id}: ${message}`)
