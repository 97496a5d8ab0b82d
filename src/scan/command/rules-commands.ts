// `scan rules list|explain|test` and `scan config check`.
import { readFileSync } from 'node:fs'
import type { Invocation } from '../../base/cobra.ts'
import { toByteString } from '../../template/byte-strings.ts'
import type { Finding } from '../finding.ts'
import { openPool } from '../parts.ts'
import type { Rule, ScanConfig } from '../rule.ts'
import type { OurRule } from '../rules/rule-table.ts'
import { systemWords } from '../system-words.ts'
import { EXIT, ScanFailure } from './exit-codes.ts'
import { matchText, visibleText } from './finding-text.ts'
import type { CommonValues } from './scan-flags.ts'
import { readRules, rulesFor, tierFilter } from './scan-rules.ts'
import type { Around } from './scan-session.ts'

/** The text of a rule as no terminal obeys it. */
const plain = (text: string): string => visibleText(toByteString(text))
const shown = (rule: Rule): string => plain(rule.id)

export async function listRules(
  _of: Invocation,
  values: CommonValues,
  { streams }: Around,
): Promise<number> {
  const isListed = tierFilter(values.tier)
  const rules = [...rulesFor('.', values).rules.values()].filter((rule) => isListed(rule.tier))
  rules.sort((a, b) => (a.id < b.id ? -1 : 1))
  if (values.format === 'json') {
    const list = rules.map((rule) => ({
      id: rule.id,
      tier: rule.tier,
      description: rule.description,
      tags: rule.tags,
    }))
    streams.stdout.write(`${JSON.stringify(list, null, 2)}\n`)
    return EXIT.clean
  }
  const width = Math.max(0, ...rules.map((rule) => rule.id.length))
  for (const rule of rules) {
    const about = plain(rule.description)
    streams.stdout.write(`${shown(rule).padEnd(width)}  ${rule.tier.padEnd(6)}  ${about}\n`)
  }
  if (!values.quiet) streams.stderr.write(`${rules.length} rules\n`)
  return EXIT.clean
}

function ruleNamed(config: ScanConfig, id: string): Rule {
  const rule = config.rules.get(id)
  if (rule) return rule
  throw new ScanFailure(`there is no rule "${id}": strongroom scan rules list shows them all`)
}

function allowlistLines(rule: Rule): string[] {
  return rule.allowlists.map((list) => {
    const kinds = [
      ...(list.regexes.length > 0
        ? [`${list.regexTarget} that match ${list.regexes.length} expressions`]
        : []),
      ...(list.paths.length > 0 ? [`${list.paths.length} paths`] : []),
      ...(list.stopwords.length > 0 ? [`secrets with one of ${list.stopwords.length} words`] : []),
      ...(list.commits.length > 0 ? [`${list.commits.length} commits`] : []),
    ]
    const joined = kinds.join(list.condition === 'AND' ? ' and ' : ' or ')
    return `  leaves out: ${plain(list.description || joined)}`
  })
}

export async function explainRule(
  of: Invocation,
  values: CommonValues,
  { streams }: Around,
): Promise<number> {
  const rule = ruleNamed(rulesFor('.', values), of.args[0]!)
  const lines = [`${shown(rule)} (${rule.tier})`, plain(rule.description), '']
  if (rule.regex !== null) lines.push(`  expression: ${plain(rule.regex)}`)
  if (rule.path !== null) lines.push(`  in paths: ${plain(rule.path)}`)
  if (rule.keywords.length > 0) {
    lines.push(`  near one of: ${rule.keywords.map(visibleText).join(', ')}`)
  }
  if (rule.entropy > 0) lines.push(`  entropy of the secret above ${rule.entropy} bits a byte`)
  if (rule.tags.length > 0) lines.push(`  tags: ${rule.tags.map(visibleText).join(', ')}`)
  for (const one of rule.required) {
    const near = one.withinLines === null ? '' : ` within ${one.withinLines} lines`
    lines.push(`  only together with: ${plain(one.ruleId)}${near}`)
  }
  lines.push(...allowlistLines(rule))
  // Our own rules say what is to be done.
  const { rotate } = rule as Partial<OurRule>
  if (rotate !== undefined) lines.push('', `What to do: ${plain(rotate)}`)
  streams.stdout.write(`${lines.join('\n')}\n`)
  return EXIT.clean
}

async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array))
  return Buffer.concat(parts)
}

/** The findings of one rule in a text under changed settings. */
async function tryRule(rule: Rule, config: ScanConfig, bytes: Buffer, path: string) {
  const rules = new Map(config.rules).set(rule.id, rule)
  const needed = new Set([rule.id, ...rule.required.map((one) => one.ruleId)])
  for (const id of rules.keys()) if (!needed.has(id)) rules.delete(id)
  const options = { compat: false, maxDecodeDepth: 5, ignoreAllowComments: false, baselinePath: '' }
  const id = toByteString(rule.id)
  const pool = await openPool({ ...config, rules }, options, 1)
  try {
    const fragment = {
      bytes: new Uint8Array(bytes),
      path: toByteString(path),
      ...{ symlink: '', startLine: 1, commit: null, kind: 'stdin' as const },
    }
    return (await pool.detect([fragment])).filter((one) => one.ruleId === id)
  } finally {
    await pool.close()
  }
}

const place = (finding: Finding): string => `${finding.startLine}:${finding.startColumn}`

/** Matches, and what would match but for the entropy or an allowlist. */
export async function testRule(
  of: Invocation,
  values: CommonValues,
  { streams }: Around,
): Promise<number> {
  const [id, path = '-', ...more] = of.args
  if (id === undefined || more.length > 0) {
    throw new ScanFailure('rules test takes a rule and, if not standard input, one file')
  }
  const config = rulesFor('.', values)
  const rule = ruleNamed(config, id)
  let bytes: Buffer
  try {
    bytes = path === '-' ? await readAll(streams.stdin) : readFileSync(path)
  } catch (error) {
    throw new ScanFailure(systemWords(error))
  }
  const name = path === '-' ? '' : path
  const found = await tryRule(rule, config, bytes, name)
  const seen = new Set(found.map(place))
  const tell = (finding: Finding, why: string): void => {
    const text = matchText(finding, values['show-secrets'])
    streams.stdout.write(`${place(finding)}  ${why}  ${text}\n`)
  }
  for (const finding of found) tell(finding, `entropy ${finding.entropy.toFixed(2)}`)
  const reasons: readonly (readonly [Partial<Rule>, string])[] = [
    [{ allowlists: [] }, 'left out by an allowlist of the rule'],
    [{ entropy: 0 }, `left out: entropy not above ${rule.entropy}`],
    [{ allowlists: [], entropy: 0 }, 'left out by entropy and an allowlist'],
  ]
  for (const [change, why] of reasons) {
    for (const finding of await tryRule({ ...rule, ...change }, config, bytes, name)) {
      if (!seen.has(place(finding))) tell(finding, why)
      seen.add(place(finding))
    }
  }
  if (!values.quiet) {
    const left = seen.size - found.length
    streams.stderr.write(`${found.length} found${left > 0 ? `, ${left} left out` : ''}\n`)
  }
  return found.length > 0 ? values['exit-code'] : EXIT.clean
}

export async function checkConfig(
  of: Invocation,
  _values: CommonValues,
  { streams }: Around,
): Promise<number> {
  const path = of.args[0]!
  const config = readRules(path, (message, fields) => {
    const rest = Object.entries(fields).map(([name, value]) => `${name} ${value}`)
    streams.stderr.write(`warning: ${[message, ...rest].join(' ')}\n`)
  })
  const options = { compat: true, maxDecodeDepth: 0, ignoreAllowComments: false, baselinePath: '' }
  try {
    // What is only seen when rules are compiled.
    await (await openPool(config, options, 1)).close()
  } catch (error) {
    throw new ScanFailure(`${path}: ${(error as Error).message}`)
  }
  const lists = config.allowlists.length
  streams.stdout.write(`${path}: ${config.rules.size} rules, ${lists} allowlists for all of them\n`)
  return EXIT.clean
}
