// The flags of gitleaks' verbs: names, shorthands, types and defaults are the original's, the words are ours.
import {
  boolFlag,
  intFlag,
  type PFlagValues,
  stringFlag,
  stringsFlag,
  uintFlag,
} from '../../base/pflag.ts'

export const GLOBAL_FLAGS = {
  config: stringFlag(
    [
      'rules to scan with, a TOML file; where it is not given, in this order:',
      'the file that GITLEAKS_CONFIG names, the text in GITLEAKS_CONFIG_TOML,',
      '.gitleaks.toml in the target, the built-in rules',
    ].join('\n'),
    '',
    { shorthand: 'c' },
  ),
  'exit-code': intFlag('exit code when something was found', 1),
  'report-path': stringFlag('file to write the report to, "-" for standard output', '', {
    shorthand: 'r',
  }),
  'report-format': stringFlag('json, csv, junit, sarif or template', '', {
    shorthand: 'f',
    choices: ['json', 'csv', 'junit', 'sarif', 'template'],
  }),
  'report-template': stringFlag('Go template for --report-format=template'),
  'baseline-path': stringFlag('an old JSON report, whose findings are left out', '', {
    shorthand: 'b',
  }),
  'log-level': stringFlag('trace, debug, info, warn, error or fatal', 'info', {
    shorthand: 'l',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
  }),
  verbose: boolFlag('print each finding as it is found', { shorthand: 'v' }),
  'no-color': boolFlag('print without colors'),
  'max-target-megabytes': intFlag('leave out files larger than this'),
  'ignore-gitleaks-allow': boolFlag('report lines with a gitleaks:allow comment too'),
  redact: uintFlag('mask this much of each secret, in percent, in logs and reports', 0, {
    noOptionValue: '100',
  }),
  'no-banner': boolFlag('start without the banner'),
  'enable-rule': stringsFlag('use only the rules with these ids'),
  'gitleaks-ignore-path': stringFlag('a .gitleaksignore file, or the folder that holds it', '.', {
    shorthand: 'i',
  }),
  'max-decode-depth': intFlag('how often decoded text is decoded again', 5),
  'max-archive-depth': intFlag('archives within archives to open; with 0 none is opened'),
  timeout: intFlag('end the scan after so many seconds; 0: never'),
  diagnostics: stringFlag('profiles of the original program: refused here'),
  'diagnostics-dir': stringFlag('folder for --diagnostics'),
}

export const GIT_FLAGS = {
  platform: stringFlag('kind of host that links lead to (github, gitlab, …)', '', {
    choices: ['github', 'gitlab', 'azuredevops', 'gitea', 'bitbucket', 'none'],
  }),
  staged: boolFlag('scan what is staged, for pre-commit hooks'),
  'pre-commit': boolFlag('scan what git diff shows'),
  'log-opts': stringFlag('options for git log'),
}

export const DIRECTORY_FLAGS = {
  'follow-symlinks': boolFlag('scan files that links lead to'),
}

export const DETECT_FLAGS = {
  'no-git': boolFlag('scan the files as they are, not the history'),
  pipe: boolFlag('scan standard input'),
  'follow-symlinks': DIRECTORY_FLAGS['follow-symlinks'],
  source: stringFlag('what to scan', '.', { shorthand: 's' }),
  'log-opts': GIT_FLAGS['log-opts'],
  platform: GIT_FLAGS.platform,
}

export const PROTECT_FLAGS = {
  staged: GIT_FLAGS.staged,
  'log-opts': GIT_FLAGS['log-opts'],
  source: DETECT_FLAGS.source,
}

export type GlobalValues = PFlagValues<typeof GLOBAL_FLAGS>
