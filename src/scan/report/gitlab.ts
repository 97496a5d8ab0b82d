// GitLab's secret detection report, which its merge requests show.
// Source: docs.gitlab.com "Security report schemas", secret-detection-report-format 15.2.
import { createHash } from 'node:crypto'
import { OWN_VERSION } from '../../base/version.ts'
import type { Tier } from '../finding.ts'
import { type JsonTree, jsonTree } from './json-writer.ts'
import type { ReportedFinding } from './reported-finding.ts'

const SCHEMA = '15.2.1'
const SCANNER = { id: 'strongroom', name: 'Strongroom', vendor: { name: 'Strongroom' } }
const SEVERITIES: Readonly<Record<Tier, string>> = {
  high: 'Critical',
  medium: 'High',
  low: 'Medium',
}
const NO_COMMIT = '0000000'
const MOST_NAME = 255

/** GitLab knows a finding again by its id: a UUID made of where and what it is, never of the secret. */
function idOf({ finding, ownFingerprint, fingerprint }: ReportedFinding): string {
  const what = ownFingerprint === '' ? fingerprint : `${ownFingerprint}:${finding.file}`
  const place = `${what}:${finding.startLine}:${finding.startColumn}:${finding.commit?.sha ?? ''}`
  const hex = createHash('sha256').update(place, 'latin1').digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

function vulnerability(reported: ReportedFinding): JsonTree {
  const { finding } = reported
  const line = Math.max(1, finding.startLine)
  return {
    id: idOf(reported),
    category: 'secret_detection',
    name: (finding.description || finding.ruleId).slice(0, MOST_NAME),
    description: `${finding.description || finding.ruleId} (rule ${finding.ruleId})`,
    severity: SEVERITIES[finding.tier],
    raw_source_code_extract: reported.secret,
    scanner: { id: SCANNER.id, name: SCANNER.name },
    location: {
      file: finding.file,
      start_line: line,
      end_line: Math.max(line, finding.endLine),
      commit: {
        sha: finding.commit?.sha || NO_COMMIT,
        author: finding.commit?.author,
        date: finding.commit?.date,
        message: finding.commit?.message,
      },
    },
    identifiers: [
      {
        type: 'strongroom_rule_id',
        name: `Strongroom rule ${finding.ruleId}`,
        value: finding.ruleId,
      },
    ],
  }
}

/** GitLab wants times in UTC without a zone. */
const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19)

export function gitlabReport(
  findings: readonly ReportedFinding[],
  times: { readonly startedAtMs: number; readonly endedAtMs: number },
): string {
  const tree: JsonTree = {
    version: SCHEMA,
    scan: {
      analyzer: { ...SCANNER, version: OWN_VERSION },
      scanner: { ...SCANNER, version: OWN_VERSION },
      type: 'secret_detection',
      start_time: time(times.startedAtMs),
      end_time: time(times.endedAtMs),
      status: 'success',
    },
    vulnerabilities: findings.map(vulnerability),
  }
  return `${jsonTree(tree, '  ')}\n`
}
