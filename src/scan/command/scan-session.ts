// One run of `strongroom scan`: rules, baseline, detectors, findings as they come, summary, report, exit code.
import { relative, resolve } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { CobraStreams } from '../../base/cobra.ts'
import type { Baseline } from '../baseline/baseline-file.ts'
import { findBaseline } from '../baseline/find-baseline.ts'
import { COMMON_SALT, Fingerprints } from '../baseline/fingerprint.ts'
import { KnownFindings } from '../baseline/known-findings.ts'
import type { DetectorPool } from '../detector.ts'
import type { Finding, Tier } from '../finding.ts'
import { defaultThreads, openPool } from '../parts.ts'
import type { ScanConfig } from '../rule.ts'
import { letGo, runScan, type ScanObserver, type ScanTotals } from '../run-scan.ts'
import type { Skipped, Source } from '../source.ts'
import { systemWords } from '../system-words.ts'
import { FilterError, readFilterFile } from '../vault/live-filter.ts'
import { EXIT, ScanFailure } from './exit-codes.ts'
import { type ReportPlan, reportPlan, writePlannedReport } from './report-plan.ts'
import type { CommonValues } from './scan-flags.ts'
import { rulesFor, tierFilter } from './scan-rules.ts'
import { summaryText } from './scan-summary.ts'
import { ScanView } from './scan-view.ts'

export interface ScanTarget {
  /** Made once rules are known: allowlists say what needs no reading. */
  readonly source: (config: ScanConfig, pool: DetectorPool) => Source
  /** The folder whose rules and baseline count; '' where there is none. */
  readonly folder: string
  /** What progress counts: files, commits … */
  readonly counts: string
  /** The baseline that counts instead of the folder's; null: none does. */
  readonly baseline?: Baseline | null
}

export interface Around {
  readonly streams: CobraStreams
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
}

/** A finding with what is known of it. */
export interface JudgedFinding {
  readonly finding: Finding
  readonly fingerprint: string
  readonly is: 'new' | 'known' | 'expired'
  /** The day after which it counted no more. */
  readonly expires: string
}

export interface ScanOutcome {
  readonly code: number
  readonly findings: readonly JudgedFinding[]
  readonly baselinePath: string | null
  readonly baseline: Baseline | null
  readonly known: KnownFindings
  readonly isPartial: boolean
  /** What was left out or could not be looked at. */
  readonly skipped: readonly Skipped[]
  /** What ended the scan early, in words; ''. */
  readonly failure: string
}

/** The baseline that counts for a folder ('' for none), with its path. Throws ScanFailure. */
export async function loadBaseline(
  folder: string,
  values: CommonValues,
): Promise<[string | null, Baseline | null]> {
  if (values['no-baseline']) return [null, null]
  const isCompat = values.compat === 'gitleaks'
  const found = folder === '' || isCompat ? null : findBaseline(folder)
  const path = values.baseline !== '' ? values.baseline : found
  if (path === null) return [null, null]
  const { BaselineError, readBaseline } = await import('../baseline/baseline-file.ts')
  try {
    return [path, readBaseline(path)]
  } catch (error) {
    if (error instanceof BaselineError) throw new ScanFailure(error.message)
    throw new ScanFailure(systemWords(error))
  }
}

/** What a scan is before anything is read. */
interface Prepared {
  readonly isCompat: boolean
  readonly plan: ReportPlan
  readonly isReported: (tier: Tier) => boolean
  readonly config: ScanConfig
  readonly baselinePath: string | null
  readonly baseline: Baseline | null
  readonly known: KnownFindings
  readonly judge: (finding: Finding) => Promise<JudgedFinding>
}

/** Said before anything is read, not by a thread later. */
function checkLiveFilter(path: string): void {
  if (path === '') return
  try {
    readFilterFile(path)
  } catch (error) {
    throw new ScanFailure(
      error instanceof FilterError ? error.message : `${path}: ${systemWords(error)}`,
    )
  }
}

async function prepare(target: ScanTarget, values: CommonValues, nowMs: number): Promise<Prepared> {
  if (values.compat !== '' && values.compat !== 'gitleaks') {
    throw new ScanFailure(`--compat ${values.compat}: there is gitleaks`)
  }
  checkLiveFilter(values['live-filter'])
  const isCompat = values.compat === 'gitleaks'
  const plan = await reportPlan(values)
  const isReported = tierFilter(isCompat ? 'low' : values.tier)
  const config = rulesFor(target.folder, values)
  const [baselinePath, baseline] =
    target.baseline === undefined
      ? await loadBaseline(target.folder, values)
      : ([null, target.baseline] as const)
  const known = new KnownFindings(baseline?.entries ?? [], nowMs)
  const prints = new Fingerprints(baseline?.salt ?? COMMON_SALT)
  const judge = async (finding: Finding): Promise<JudgedFinding> => {
    const fingerprint = isCompat && !baseline ? '' : await prints.of(finding)
    const verdict = known.judge(finding, fingerprint)
    const expires = verdict.is === 'new' ? '' : verdict.entry.expires
    return { finding, fingerprint, is: verdict.is, expires }
  }
  return { isCompat, plan, isReported, config, baselinePath, baseline, known, judge }
}

const poolFor = (target: ScanTarget, values: CommonValues, prepared: Prepared) =>
  openPool(
    prepared.config,
    {
      compat: prepared.isCompat,
      maxDecodeDepth: values['max-decode-depth'],
      ignoreAllowComments: values['no-allow-comments'],
      liveFilter: values['live-filter'],
      baselinePath:
        prepared.baselinePath === null
          ? ''
          : relative(resolve(target.folder), resolve(prepared.baselinePath)),
    },
    values.threads > 0 ? values.threads : defaultThreads(),
  )

/** Scans; prints unless `isSilent` (the baseline's commands say themselves what they did). */
export async function scan(
  target: ScanTarget,
  values: CommonValues,
  around: Around,
  isSilent = false,
): Promise<ScanOutcome> {
  const { clock } = around
  const startedAtMs = clock.now()
  const startedAt = clock.monotonic()
  const prepared = await prepare(target, values, startedAtMs)
  const { plan, config, isReported, judge } = prepared
  const isReportOnStdout = plan.format !== null && plan.path === ''
  const view = new ScanView(values, around, target.counts, isSilent || isReportOnStdout)
  const findings: JudgedFinding[] = []
  const stop = stopper(values.timeout, clock)
  const pool = await poolFor(target, values, prepared)
  const observer: ScanObserver = {
    found: async (batch) => {
      const judged = await Promise.all(batch.filter((one) => isReported(one.tier)).map(judge))
      findings.push(...judged)
      view.found(judged)
    },
    skipped: (note) => view.skipped.push(note),
    warn: (text) => view.warn(text),
    progress: (done) => view.progress(done),
  }
  try {
    const totals = await runScan(target.source(config, pool), pool, observer, stop.signal)
    view.end()
    const { signal } = stop
    const stopped = signal.aborted ? String((signal.reason as Error).message) : ''
    const open = findings.filter((one) => one.is !== 'known')
    if (!isSilent && !values.quiet) {
      const elapsedMs = clock.monotonic() - startedAt
      const { verbose: isVerbose } = values
      const { skipped } = view
      const { counts } = target
      around.streams.stderr.write(
        summaryText({ findings, totals, skipped, stopped, elapsedMs, isVerbose, counts }),
      )
    }
    if (plan.format !== null && !isSilent) {
      const how = { isCompat: prepared.isCompat, isShown: values['show-secrets'] }
      writePlannedReport(open, plan, config, how, [startedAtMs, clock.now()], around)
    }
    const { baselinePath, baseline, known } = prepared
    const isPartial = totals.isPartial || stopped !== ''
    const code = open.length > 0 ? values['exit-code'] : emptyCode(totals, stopped)
    const ended = stopped === '' ? totals.error && systemWords(totals.error) : `stopped ${stopped}`
    const failure = ended ? `the scan ended early: ${ended}` : ''
    const { skipped } = view
    return { code, findings, baselinePath, baseline, known, isPartial, skipped, failure }
  } finally {
    if (stop.signal.aborted) letGo(around.streams.stdin)
    stop.end()
    await pool.close()
  }
}

/** The exit code where nothing was found. */
function emptyCode(totals: ScanTotals, stopped: string): number {
  if (stopped !== '') return EXIT.partial
  if (totals.error) return EXIT.error
  return totals.isPartial ? EXIT.partial : EXIT.clean
}

/** Ends the scan on --timeout and on the first interrupt; a second one ends the program. */
function stopper(seconds: number, clock: Clock): { readonly signal: AbortSignal; end(): void } {
  const control = new AbortController()
  const cancel =
    seconds > 0
      ? clock.after(seconds * 1000, () =>
          control.abort(new Error(`after ${seconds} seconds (--timeout)`)),
        )
      : () => {}
  const interrupt = (): void => {
    if (control.signal.aborted) process.exit(130)
    control.abort(new Error('by an interrupt'))
  }
  process.on('SIGINT', interrupt)
  return {
    signal: control.signal,
    end: () => {
      cancel()
      process.off('SIGINT', interrupt)
    },
  }
}
