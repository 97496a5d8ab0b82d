// The page of the scanner's rules, made from their tables: docs/reference/scanner-rules.md.
import { READER_RULES } from '../src/scan/readers/reader-rules.ts'
import { defaultRules } from '../src/scan/rules/default-config.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

export function scannerRulesPage(): string {
  const rules = defaultRules()
  const ofText = rules.filter((rule) => !READER_RULES.has(rule.id))
  const ordered = ofText.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return [
    '# Rules of the scanner',
    '',
    `${ofText.length} rules that know a secret by its own shape or by the name beside it, and ${READER_RULES.size} under which`,
    'readers report that know a format. `strongroom scan` reports the tiers high and medium unless `--tier` says otherwise;',
    '`strongroom scan rules explain ID` shows the expression and what to do. Ids that gitleaks has mean the same here.',
    '',
    '<!-- Written by "npm run docs". -->',
    '',
    '## Readers',
    '',
    'They take no part under `--compat gitleaks`. A password from the lists of the most used ones counts as low.',
    '',
    '| id | tier | finds | what to do |',
    '|---|---|---|---|',
    ...[...READER_RULES.values()].map(
      ({ id, tier, description, words }) =>
        `| \`${id}\` | ${tier} | ${description} | ${cell(words)} |`,
    ),
    '',
    '## Rules',
    '',
    'A token whose own check fails (a CRC-32 at its end, an account number, a JSON header) counts as low.',
    '',
    '| id | tier | finds | check |',
    '|---|---|---|---|',
    ...ordered.map(
      ({ id, tier, description, check }) =>
        `| \`${id}\` | ${tier} | ${cell(description)} | ${check === undefined ? '' : `\`${check}\``} |`,
    ),
    '',
  ].join('\n')
}
