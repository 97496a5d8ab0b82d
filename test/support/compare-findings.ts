// Our findings beside gitleaks' own: brought to one form and order, so that a test compares them whole.

import { parseConfig } from '../../src/scan/config/parse-config.ts'
import type { DetectorOptions } from '../../src/scan/detector.ts'
import type { Finding } from '../../src/scan/finding.ts'
import { createDetector } from '../../src/scan/match/create-detector.ts'
import { toByteString } from '../../src/template/byte-strings.ts'
import type { OracleCase, OracleFinding } from './gitleaks-oracle.ts'

const NO_FILES = {
  readFile: (path: string): string => {
    throw new Error(`open ${path}: no such file or directory`)
  },
  defaultConfig: () => ({ title: '', path: '', rules: new Map(), allowlists: [] }),
  warn: () => {},
}

/** A finding as one line of text. */
export function lineOf(finding: OracleFinding): string {
  const { ruleId, place, line, match, secret, entropy, file, tags, required } = finding
  return JSON.stringify([ruleId, place, line, match, secret, entropy, file, tags, required])
}

export const linesOf = (findings: readonly OracleFinding[]): string[] => findings.map(lineOf).sort()

export function toOracleFinding(finding: Finding): OracleFinding {
  return {
    ruleId: finding.ruleId,
    place: [finding.startLine, finding.endLine, finding.startColumn, finding.endColumn],
    line: finding.line,
    match: finding.match,
    secret: finding.secret,
    entropy: finding.entropy,
    file: finding.file,
    tags: finding.tags,
    required: finding.required.map((of) =>
      [of.ruleId, of.startLine, of.startColumn, of.endColumn, of.secret].join(':'),
    ),
  }
}

/** What is wrong with a configuration in our words; "" where nothing is. */
export function ourRefusal(toml: string): string {
  try {
    parseConfig(toml, '', NO_FILES)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

/** What we find in the fragments of a case, by fragment; `defaultToml` stands for an empty configuration. */
export function ourFindings(of: OracleCase, defaultToml: string): OracleFinding[][] {
  const config = parseConfig(of.toml === '' ? defaultToml : of.toml, '', NO_FILES)
  const options: DetectorOptions = {
    compat: true,
    maxDecodeDepth: of.depth,
    ignoreAllowComments: of.ignoreAllow ?? false,
    baselinePath: '',
  }
  const detector = createDetector(config, options)
  return of.fragments.map((fragment) =>
    detector
      .detect({
        bytes: fragment.bytes,
        path: toByteString(fragment.path),
        symlink: '',
        startLine: fragment.startLine,
        commit:
          fragment.commit === undefined
            ? null
            : { sha: fragment.commit, author: '', email: '', date: '', message: '' },
        kind: 'dir',
      })
      .map(toOracleFinding),
  )
}
