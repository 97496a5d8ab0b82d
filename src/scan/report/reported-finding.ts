// A finding as gitleaks' reports show it: flat, with fingerprint and link, redacted where that was asked for. Baselines
// of gitleaks are lists of these. All texts are byte strings.
import type { Finding } from '../finding.ts'
import { float32, type JsonTree } from './json-writer.ts'

export interface ReportedFinding {
  readonly finding: Finding
  readonly line: string
  readonly match: string
  readonly secret: string
  /** Of a float32, as Go prints it. */
  readonly entropy: number
  /** gitleaks' fingerprint: commit:file:rule:line, or file:rule:line outside of git. */
  readonly fingerprint: string
  /** Where the line can be seen in a browser; ''. */
  readonly link: string
  /** Our own fingerprint (fingerprint.ts); '' under --compat gitleaks. */
  readonly ownFingerprint: string
}

export const globalFingerprint = (finding: Finding): string =>
  `${finding.file}:${finding.ruleId}:${finding.startLine}`

export function gitleaksFingerprint(finding: Finding): string {
  const global = globalFingerprint(finding)
  return finding.commit?.sha ? `${finding.commit.sha}:${global}` : global
}

export function reportedFinding(
  finding: Finding,
  redactPercent: number,
  rest: { readonly link?: string; readonly ownFingerprint?: string } = {},
): ReportedFinding {
  const shown = redactPercent > 0 ? redactTexts(finding, redactPercent) : finding
  return {
    finding,
    line: shown.line,
    match: shown.match,
    secret: shown.secret,
    entropy: float32(finding.entropy),
    fingerprint: gitleaksFingerprint(finding),
    link: rest.link ?? '',
    ownFingerprint: rest.ownFingerprint ?? '',
  }
}

/** The part of a secret that --redact=PERCENT leaves to be seen. */
export function maskSecret(secret: string, percent: number): string {
  if (percent >= 100) return 'REDACTED'
  if (secret === '') return ''
  const exact = (secret.length * (100 - percent)) / 100
  let kept = Math.round(exact)
  // Halves go to the even number.
  if (kept - exact === 0.5 && kept % 2 === 1) kept--
  return `${secret.slice(0, kept)}...`
}

const RUNES = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\s\S]/g

function redactTexts(
  finding: Finding,
  percent: number,
): { readonly line: string; readonly match: string; readonly secret: string } {
  const secret = maskSecret(finding.secret, percent)
  const replace = (text: string): string => {
    if (finding.secret !== '') return text.replaceAll(finding.secret, () => secret)
    // Go puts the replacement of an empty text between all characters; so does the report of a rule about paths.
    return secret === '' ? text : secret + text.replace(RUNES, (rune) => rune + secret)
  }
  return { line: replace(finding.line), match: replace(finding.match), secret }
}

/** The finding under gitleaks' field names, in their order. */
export function findingTree(reported: ReportedFinding): {
  readonly [key: string]: JsonTree | undefined
} {
  const { finding } = reported
  return {
    RuleID: finding.ruleId,
    Description: finding.description,
    StartLine: finding.startLine,
    EndLine: finding.endLine,
    StartColumn: finding.startColumn,
    EndColumn: finding.endColumn,
    Match: reported.match,
    Secret: reported.secret,
    File: finding.file,
    SymlinkFile: finding.symlink,
    Commit: finding.commit?.sha ?? '',
    Link: reported.link === '' ? undefined : reported.link,
    Entropy: reported.entropy,
    Author: finding.commit?.author ?? '',
    Email: finding.commit?.email ?? '',
    Date: finding.commit?.date ?? '',
    Message: finding.commit?.message ?? '',
    Tags: finding.tags,
    Fingerprint: reported.fingerprint,
  }
}
