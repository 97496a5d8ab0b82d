// Writes a report to a file or to standard output, piece by piece. Pieces are byte strings.
import { Buffer } from 'node:buffer'
import { closeSync, openSync, writeSync } from 'node:fs'
import { csvReport } from './csv.ts'
import { gitlabReport } from './gitlab.ts'
import { jsonList } from './json-writer.ts'
import { junitReport } from './junit.ts'
import { findingTree, type ReportedFinding } from './reported-finding.ts'
import { type SarifRule, sarifReport } from './sarif.ts'
import type { TemplateReport } from './template.ts'

export type ReportFormat = 'json' | 'csv' | 'junit' | 'sarif' | 'template' | 'gitlab'

export interface ReportRequest {
  readonly format: ReportFormat
  readonly rules: readonly SarifRule[]
  /** gitleaks' own reports, byte for byte. */
  readonly isCompat: boolean
  /** Of `format` template. */
  readonly template: TemplateReport | null
  /** Wall clock of the scan's start and end, in milliseconds. */
  readonly startedAtMs: number
  readonly endedAtMs: number
}

function* jsonReport(findings: readonly ReportedFinding[], isCompat: boolean): Generator<string> {
  const trees = function* () {
    for (const one of findings) yield isCompat ? findingTree(one) : ownTree(one)
  }
  yield* jsonList(trees(), ' ')
  yield '\n'
}

/** gitleaks' fields and what we know beyond them. */
function ownTree(reported: ReportedFinding) {
  const { finding } = reported
  return {
    ...findingTree(reported),
    Fingerprint: reported.ownFingerprint === '' ? reported.fingerprint : reported.ownFingerprint,
    GitleaksFingerprint: reported.fingerprint,
    Tier: finding.tier,
  }
}

/** The pieces of a report. */
export function reportPieces(
  findings: readonly ReportedFinding[],
  request: ReportRequest,
): Iterable<string> {
  switch (request.format) {
    case 'json':
      return jsonReport(findings, request.isCompat)
    case 'csv':
      return csvReport(findings)
    case 'junit':
      return junitReport(findings)
    case 'sarif':
      return [sarifReport(findings, request.rules, request.isCompat)]
    case 'gitlab':
      return [gitlabReport(findings, request)]
    case 'template':
      return [(request.template as TemplateReport)(findings).toString('latin1')]
  }
}

const WRITE_CHARS = 1024 * 1024

/** Writes to `path`, or to `stdout` for "-". Throws what the file system or a template throws. */
export function writeReport(
  path: string,
  findings: readonly ReportedFinding[],
  request: ReportRequest,
  stdout: NodeJS.WritableStream,
): void {
  const file = path === '-' ? null : openSync(path, 'w')
  let waiting = ''
  const flush = (): void => {
    const bytes = Buffer.from(waiting, 'latin1')
    waiting = ''
    if (file === null) stdout.write(bytes)
    else for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  }
  try {
    for (const piece of reportPieces(findings, request)) {
      waiting += piece
      if (waiting.length >= WRITE_CHARS) flush()
    }
    flush()
  } finally {
    if (file !== null) closeSync(file)
  }
}
