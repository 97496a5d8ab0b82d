// gitleaks' CSV report, quoted as Go's encoding/csv quotes.
import type { ReportedFinding } from './reported-finding.ts'

const COLUMNS = [
  ...['RuleID', 'Commit', 'File', 'SymlinkFile', 'Secret', 'Match'],
  ...['StartLine', 'EndLine', 'StartColumn', 'EndColumn'],
  ...['Author', 'Message', 'Date', 'Email', 'Fingerprint', 'Tags'],
]

/** A space as Go knows it at the start of a byte string. */
const LEADING_SPACE =
  /^(?:[\t\n\v\f\r ]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)/

function field(text: string): string {
  if (text === '') return ''
  const isQuoted = text === '\\.' || /[",\r\n]/.test(text) || LEADING_SPACE.test(text)
  return isQuoted ? `"${text.replaceAll('"', '""')}"` : text
}

const row = (fields: readonly string[]): string => `${fields.map(field).join(',')}\n`

/** Nothing at all where there are no findings. The first finding decides whether there is a column of links. */
export function* csvReport(findings: readonly ReportedFinding[]): Generator<string> {
  if (findings.length === 0) return
  const hasLinks = findings[0]!.link !== ''
  yield row(hasLinks ? [...COLUMNS, 'Link'] : COLUMNS)
  for (const reported of findings) {
    const { finding } = reported
    const fields = [
      finding.ruleId,
      finding.commit?.sha ?? '',
      finding.file,
      finding.symlink,
      reported.secret,
      reported.match,
      ...[finding.startLine, finding.endLine, finding.startColumn, finding.endColumn].map(String),
      finding.commit?.author ?? '',
      finding.commit?.message ?? '',
      finding.commit?.date ?? '',
      finding.commit?.email ?? '',
      reported.fingerprint,
      finding.tags.join(' '),
    ]
    yield row(hasLinks ? [...fields, reported.link] : fields)
  }
}
