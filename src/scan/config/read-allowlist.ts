// Allowlists of rules and of the whole configuration, in their current and older forms.
import type { Allowlist } from '../rule.ts'
import { checkExpression } from './check-expression.ts'
import { ConfigError } from './config-error.ts'
import type { Fields } from './toml-fields.ts'

export interface RawAllowlist {
  readonly description: string
  readonly condition: string
  readonly commits: readonly string[]
  readonly paths: readonly string[]
  readonly regexTarget: string
  readonly regexes: readonly string[]
  readonly stopwords: readonly string[]
  /** Only of the whole configuration: the rules for which alone it holds. */
  readonly targetRules: readonly string[]
}

export const readAllowlist = (fields: Fields): RawAllowlist => ({
  description: fields.text('Description'),
  condition: fields.text('Condition'),
  commits: fields.texts('Commits'),
  paths: fields.texts('Paths'),
  regexTarget: fields.text('RegexTarget'),
  regexes: fields.texts('Regexes'),
  stopwords: fields.texts('StopWords'),
  targetRules: fields.texts('TargetRules'),
})

const CONDITIONS: Readonly<Record<string, Allowlist['condition']>> = {
  AND: 'AND',
  '&&': 'AND',
  '': 'OR',
  OR: 'OR',
  '||': 'OR',
}

/** Throws ConfigError; `where` stands in front of its words. */
export function toAllowlist(raw: RawAllowlist, where: string): Allowlist {
  const refuse = (message: string): never => {
    throw new ConfigError('load', `${where} ${message}`)
  }
  const upper = raw.condition.toUpperCase()
  if (!Object.hasOwn(CONDITIONS, upper)) {
    refuse(`unknown allowlist |condition| '${raw.condition}' (expected 'and', 'or')`)
  }
  const target = raw.regexTarget === '' ? 'secret' : raw.regexTarget
  if (target !== 'secret' && target !== 'match' && target !== 'line') {
    return refuse(`unknown allowlist |regexTarget| '${target}' (expected 'match', 'line')`)
  }
  for (const list of [raw.regexes, raw.paths]) {
    for (const regex of list) checkExpression(regex)
    // All are tried as one expression, in which an unfinished \Q would swallow the rest.
    if (list.length > 0) checkExpression(`(?:${list.join('|')})`)
  }
  const { description, commits, paths, regexes, stopwords } = raw
  if (commits.length + paths.length + regexes.length + stopwords.length === 0) {
    refuse('must contain at least one check for: commits, paths, regexes, or stopwords')
  }
  const condition = CONDITIONS[upper]!
  return { description, condition, commits, paths, regexes, regexTarget: target, stopwords }
}
