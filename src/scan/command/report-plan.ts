// Which report `strongroom scan` writes, and writing it: redacted unless --show-secrets.
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { toByteString } from '../../template/byte-strings.ts'
import { TemplateError } from '../../template/template-error.ts'
import { redactedMatch } from '../redacted-match.ts'
import { type ReportedFinding, reportedFinding } from '../report/reported-finding.ts'
import type { TemplateReport } from '../report/template.ts'
import { type ReportFormat, writeReport } from '../report/write-report.ts'
import type { ScanConfig } from '../rule.ts'
import { systemWords } from '../system-words.ts'
import { ScanFailure } from './exit-codes.ts'
import { type CommonValues, FORMATS } from './scan-flags.ts'
import type { Around, JudgedFinding } from './scan-session.ts'

export interface ReportPlan {
  /** Null: findings are printed, and nothing else. */
  readonly format: ReportFormat | null
  /** '-' for standard output. */
  readonly path: string
  readonly template: TemplateReport | null
}

/** Throws ScanFailure for a report that can't be made. */
export async function reportPlan(values: CommonValues): Promise<ReportPlan> {
  const path = values['report-path']
  let format: string = values.format
  if (!(FORMATS as readonly string[]).includes(format)) {
    throw new ScanFailure(`--format ${format}: there are ${FORMATS.join(', ')}`)
  }
  if (path !== '' && format === 'text') {
    const extension = extname(path).slice(1).toLowerCase()
    const known: Readonly<Record<string, string>> = { xml: 'junit', json: 'json', csv: 'csv' }
    format = { ...known, sarif: 'sarif' }[extension] ?? ''
    if (format === '') throw new ScanFailure(`--report-path ${path}: say with --format what it is`)
  }
  if (format !== 'template') {
    return { format: format === 'text' ? null : (format as ReportFormat), path, template: null }
  }
  const file = values['report-template']
  if (file === '') throw new ScanFailure('--format template needs --report-template')
  // Go's templates with sprig are a large part of the program.
  const { templateReport } = await import('../report/template.ts')
  try {
    return { format, path, template: templateReport(readFileSync(file, 'utf8')) }
  } catch (error) {
    if (error instanceof TemplateError) throw new ScanFailure(`${file}: ${error.message}`)
    throw new ScanFailure(systemWords(error))
  }
}

/** Writes the report of what is not known. Throws ScanFailure. */
export function writePlannedReport(
  open: readonly JudgedFinding[],
  plan: ReportPlan,
  config: ScanConfig,
  how: { readonly isCompat: boolean; readonly isShown: boolean },
  [startedAtMs, endedAtMs]: readonly [number, number],
  around: Around,
): void {
  const reported = open.map(({ finding, fingerprint }): ReportedFinding => {
    const one = reportedFinding(finding, how.isShown ? 0 : 100, {
      ownFingerprint: toByteString(fingerprint),
    })
    if (how.isShown) return one
    // The line may hold the secret in another form (encoded), and both may hold other secrets.
    const match = redactedMatch(finding, one.secret)
    return { ...one, match, line: match }
  })
  const rules = [...config.rules.values()]
  const request = { ...plan, rules, isCompat: how.isCompat, startedAtMs, endedAtMs }
  try {
    const path = plan.path === '' ? '-' : plan.path
    writeReport(path, reported, { ...request, format: plan.format! }, around.streams.stdout)
  } catch (error) {
    throw new ScanFailure(`the report could not be written: ${systemWords(error)}`)
  }
}
