// The flags of `strongroom scan`.
import { boolFlag, intFlag, type PFlagValues, stringFlag, stringsFlag } from '../../base/pflag.ts'

export const FORMATS = ['text', 'json', 'csv', 'junit', 'sarif', 'gitlab', 'template'] as const

export const COMMON_FLAGS = {
  config: stringFlag(
    'rules, a TOML `file` as gitleaks has it; else .strongroom-scan.toml or\n.gitleaks.toml of the target, else the built-in rules',
    '',
    { shorthand: 'c' },
  ),
  tier: stringFlag('least confidence of what is reported: high, medium or low', 'medium', {
    choices: ['high', 'medium', 'low'],
  }),
  'enable-rule': stringsFlag('use only the rules with these ids'),
  'disable-rule': stringsFlag('use all rules but those with these ids'),
  format: stringFlag(`how findings are reported: ${FORMATS.join(', ')}`, 'text', {
    shorthand: 'f',
    choices: FORMATS,
  }),
  'report-path': stringFlag(
    'write the report to this `file`; findings are printed all the same',
    '',
    {
      shorthand: 'r',
    },
  ),
  'report-template': stringFlag('Go template of --format template'),
  'live-filter': stringFlag(
    'tell live secrets of the vault by this `file`, which strongroom leak filter fetches',
  ),
  'show-secrets': boolFlag('print and report secrets as they are'),
  baseline: stringFlag('file of known findings; else .strongroom-scan.yaml of the target', '', {
    shorthand: 'b',
  }),
  'no-baseline': boolFlag('report known findings too'),
  'no-allow-comments': boolFlag('report lines with a gitleaks:allow comment too'),
  compat: stringFlag('"gitleaks": the findings, and reports, that gitleaks would give', '', {
    choices: ['gitleaks'],
  }),
  'max-file-megabytes': intFlag('leave out files larger than this, and say so'),
  'max-decode-depth': intFlag('how often decoded text is decoded again', 5),
  'max-archive-depth': intFlag('archives within archives to open; 0 opens none', 3),
  'follow-symlinks': boolFlag('scan files that links lead to'),
  threads: intFlag('threads that look for secrets; 0: as many as there are processors, at most 4'),
  timeout: intFlag('end the scan after so many seconds; 0: never'),
  'exit-code': intFlag('exit code when something was found', 1),
  quiet: boolFlag('print findings only', { shorthand: 'q' }),
  verbose: boolFlag('say everything that was left out, and why', { shorthand: 'v' }),
  'no-progress': boolFlag('no progress on the terminal'),
  'no-color': boolFlag('print without colors'),
}

export type CommonValues = PFlagValues<typeof COMMON_FLAGS>

/** Of the commands that write a baseline. */
export const BASELINE_FLAGS = {
  reason: stringFlag('why these findings are known'),
  owner: stringFlag('who answers for them'),
  expires: stringFlag('last `day` on which they count as known, such as 2027-01-31'),
}

export const GIT_FLAGS = {
  range: stringFlag('only these commits, such as origin/main..HEAD'),
  'log-opts': stringFlag('options for git log'),
  full: boolFlag('scan all of the history, not only what is new since the last scan'),
}
