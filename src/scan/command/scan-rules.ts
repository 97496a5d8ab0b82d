// Which rules `strongroom scan` uses: --config, the target's own file, or the built-in ones; then those that were
// switched on or off, and the tier.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tier } from '../finding.ts'
import { builtInRules, parseRules, type WarnOfRules } from '../parts.ts'
import type { Rule, ScanConfig } from '../rule.ts'
import { systemWords } from '../system-words.ts'
import { ScanFailure } from './exit-codes.ts'
import type { CommonValues } from './scan-flags.ts'

export const CONFIG_NAMES = ['.strongroom-scan.toml', '.gitleaks.toml'] as const

/** Reads a file of rules. Throws ScanFailure, which names it. */
export function readRules(path: string, warn: WarnOfRules): ScanConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ScanFailure(systemWords(error))
  }
  try {
    return parseRules(text, path, warn)
  } catch (error) {
    throw new ScanFailure(`${path}: ${(error as Error).message}`)
  }
}

/** The rules of a target folder ('' for none). */
export function rulesFor(
  folder: string,
  values: CommonValues,
  warn: WarnOfRules = () => {},
): ScanConfig {
  const own = CONFIG_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path))
  const path = values.config !== '' ? values.config : folder === '' ? undefined : own
  const config = path === undefined ? builtInRules() : readRules(path, warn)
  return selectRules(config, values)
}

function selectRules(config: ScanConfig, values: CommonValues): ScanConfig {
  const only = values['enable-rule']
  const without = values['disable-rule']
  for (const id of [...only, ...without]) {
    if (!config.rules.has(id)) {
      throw new ScanFailure(`there is no rule "${id}": strongroom scan rules list shows them all`)
    }
  }
  if (only.length === 0 && without.length === 0) return config
  const rules = new Map<string, Rule>()
  for (const [id, rule] of config.rules) {
    if ((only.length === 0 || only.includes(id)) && !without.includes(id)) rules.set(id, rule)
  }
  return { ...config, rules }
}

const RANKS: Readonly<Record<Tier, number>> = { low: 0, medium: 1, high: 2 }

/** Whether a finding of this tier is reported under --tier. Throws ScanFailure for a tier that is none. */
export function tierFilter(least: string): (tier: Tier) => boolean {
  if (!Object.hasOwn(RANKS, least)) {
    throw new ScanFailure(`--tier ${least}: there are high, medium and low`)
  }
  const rank = RANKS[least as Tier]
  return (tier) => RANKS[tier] >= rank
}
