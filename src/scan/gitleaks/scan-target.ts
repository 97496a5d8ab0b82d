// One scan of gitleaks from its prepared state to the exit code: findings filtered and printed as they come, the two
// lines of summary, the report. Source: behaviour of detect/detect.go and cmd/root.go.
import { Buffer } from 'node:buffer'
import { toByteString } from '../../template/byte-strings.ts'
import { shortDuration, sizeText } from '../amounts.ts'
import type { DetectorPool } from '../detector.ts'
import type { Finding } from '../finding.ts'
import { type ReportedFinding, reportedFinding } from '../report/reported-finding.ts'
import { writeReport } from '../report/write-report.ts'
import { letGo, runScan, type ScanTotals } from '../run-scan.ts'
import type { Skipped, Source } from '../source.ts'
import { systemWords } from '../system-words.ts'
import type { GlobalValues } from './flags.ts'
import { colorProfile, type PrintOptions, printedFinding } from './print-finding.ts'
import type { RunState, Surroundings } from './run-state.ts'
import { linkTo, type Remote } from './source-links.ts'

export interface Target {
  readonly source: Source
  /** Commits are counted, and failures told as those of git. */
  readonly kind: 'git' | 'directory' | 'stdin'
  readonly remote: Remote | null
}

const FAILURES = {
  git: 'failed to scan Git repository',
  directory: 'failed scan directory',
  stdin: 'failed scan input from stdin',
}

/** Runs the scan and answers the exit code. */
export async function scanTarget(
  target: Target,
  pool: DetectorPool,
  state: RunState,
  values: GlobalValues,
  around: Surroundings,
): Promise<number> {
  const { log, clock, streams } = around
  const startedAt = clock.monotonic()
  const startedAtMs = clock.now()
  const collected = new Collector(state, values, target.remote, around)
  const limit = new AbortController()
  const cancel =
    values.timeout > 0
      ? clock.after(values.timeout * 1000, () =>
          limit.abort(new Error('context deadline exceeded')),
        )
      : () => {}
  const totals = await runScan(
    target.source,
    pool,
    {
      found: (findings) => collected.add(findings),
      skipped: (note) => tellSkipped(note, around),
      warn: (text) => log.log('warn', text),
    },
    limit.signal,
  )
  cancel()
  if (limit.signal.aborted) letGo(streams.stdin)
  const error = limit.signal.aborted ? (limit.signal.reason as Error) : totals.error
  if (target.kind === 'git') {
    log.log('info', `${totals.commits} commits scanned.`)
    const note = 'this number might be smaller than expected due to commits with no additions'
    log.log('debug', `Note: ${note}`)
  }
  if (error) {
    const fields = { error: toByteString(systemWords(error)) }
    if (target.kind === 'stdin') log.fatal(FAILURES.stdin, fields)
    log.log('error', FAILURES[target.kind], fields)
  }
  const elapsed = shortDuration(clock.monotonic() - startedAt)
  tellSummary(totals, elapsed, error !== null, collected.findings.length, around)
  if (state.report) {
    const { path, format, template } = state.report
    const rules = state.allRules
    const request = { format, template, rules, isCompat: true, startedAtMs, endedAtMs: clock.now() }
    try {
      writeReport(path, collected.findings, request, streams.stdout)
    } catch (thrown) {
      log.fatal('failed to write report', { error: toByteString(systemWords(thrown)) })
    }
  }
  if (error) return 1
  return collected.findings.length > 0 ? values['exit-code'] : 0
}

/** Leaves out what is ignored or known, keeps and prints the rest. */
class Collector {
  readonly findings: ReportedFinding[] = []
  private readonly state: RunState
  private readonly values: GlobalValues
  private readonly remote: Remote | null
  private readonly around: Surroundings
  private readonly print: PrintOptions

  constructor(state: RunState, values: GlobalValues, remote: Remote | null, around: Surroundings) {
    this.state = state
    this.values = values
    this.remote = remote
    this.around = around
    const { stdout } = around.streams as { stdout: { isTTY?: boolean } }
    this.print = {
      isPlain: values['no-color'],
      profile: colorProfile(stdout.isTTY === true, around.env),
      redactPercent: values.redact,
    }
  }

  add(findings: readonly Finding[]): void {
    for (const finding of findings) {
      const reported = reportedFinding(finding, this.values.redact, {
        link: linkTo(this.remote, finding),
      })
      if (this.isLeftOut(finding, reported)) continue
      this.findings.push(reported)
      if (this.values.verbose) {
        const text = printedFinding(reported, this.print)
        this.around.streams.stdout.write(Buffer.from(text, 'latin1'))
      }
    }
  }

  private isLeftOut(finding: Finding, reported: ReportedFinding): boolean {
    const { log } = this.around
    const by = this.state.ignored.match(finding)
    if (by !== null) {
      const what =
        by === reported.fingerprint && finding.commit?.sha ? 'fingerprint' : 'global fingerprint'
      log.log('debug', `skipping finding: ${what}`, { fingerprint: by })
      return true
    }
    if (!this.state.baseline?.has(reported)) return false
    log.log('debug', 'skipping finding: baseline', { fingerprint: reported.fingerprint })
    return true
  }
}

function tellSkipped(note: Skipped, { log }: Surroundings): void {
  log.log(note.makesPartial ? 'warn' : 'debug', `skipping file: ${note.why}`, { path: note.what })
}

function tellSummary(
  totals: ScanTotals,
  elapsed: string,
  isPartial: boolean,
  count: number,
  { log }: Surroundings,
): void {
  const seen = `scanned ~${totals.bytes} bytes (${sizeText(totals.bytes)})`
  if (!isPartial) {
    log.log('info', `${seen} in ${elapsed}`)
    if (count > 0) log.log('warn', `leaks found: ${count}`)
    else log.log('info', 'no leaks found')
    return
  }
  log.log('warn', seen)
  log.log('warn', `partial scan completed in ${elapsed}`)
  log.log(
    'warn',
    count > 0 ? `${count} leaks found in partial scan` : 'no leaks found in partial scan',
  )
}
