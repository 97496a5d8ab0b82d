// `scan git`: the history of a repository. The next scan after one that found nothing reads only what is new, under the
// same rules and baseline.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Invocation } from '../../base/cobra.ts'
import { OWN_VERSION } from '../../base/version.ts'
import type { BaselineEntry } from '../baseline/baseline-file.ts'
import type { ScanConfig } from '../rule.ts'
import { historyTips } from '../sources/git-changes.ts'
import { GitError } from '../sources/git-command.ts'
import { gitHistorySource } from '../sources/git-history.ts'
import { readScanState, writeScanState } from '../sources/scan-state.ts'
import { systemWords } from '../system-words.ts'
import { EXIT, ScanFailure } from './exit-codes.ts'
import type { CommonValues } from './scan-flags.ts'
import { rulesFor } from './scan-rules.ts'
import { type Around, loadBaseline, type ScanTarget, scan } from './scan-session.ts'
import { folderOf, settingsFor } from './scan-targets.ts'

const text = (of: Invocation, flag: string): string => String(of.values[flag] ?? '')

/** The history of the repository that the first argument names; `known` commits and what they reach are left out. */
export function historyTarget(
  of: Invocation,
  values: CommonValues,
  known: readonly string[] = [],
): ScanTarget {
  const directory = of.args[0] ?? '.'
  const [range, logOpts] = [text(of, 'range'), text(of, 'log-opts')]
  return {
    source: (config, pool) =>
      gitHistorySource({
        place: { directory },
        settings: settingsFor(config, values),
        probe: pool,
        known,
        ...(range === '' ? {} : { revisions: [range] }),
        ...(logOpts === '' ? {} : { logOpts }),
      }),
    folder: folderOf(directory),
    counts: 'commits',
  }
}

function fileHash(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch (error) {
    throw new ScanFailure(systemWords(error))
  }
}

/** All that decides what a scan reports: another value makes the next one read everything again. */
function rulesHash(
  config: ScanConfig,
  entries: readonly BaselineEntry[],
  values: CommonValues,
  nowMs: number,
): string {
  const today = new Date(nowMs).toISOString().slice(0, 10)
  const valid = entries.filter((one) => one.expires === '' || one.expires >= today)
  const { tier, compat } = values
  const filter = values['live-filter']
  const names = ['max-decode-depth', 'max-archive-depth', 'no-allow-comments', 'max-file-megabytes']
  const parts = [
    OWN_VERSION,
    [...config.rules.values()],
    config.allowlists,
    valid.map((one) => one.fingerprint).sort(),
    { tier, compat },
    // Another filter may know secrets of commits that are scanned already.
    filter === '' ? '' : fileHash(filter),
    names.map((name) => values[name as keyof CommonValues]),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

export async function scanHistory(
  of: Invocation,
  values: CommonValues,
  around: Around,
): Promise<number> {
  const isWhole = text(of, 'range') === '' && text(of, 'log-opts') === ''
  if (!isWhole || values.compat !== '') {
    return (await scan(historyTarget(of, values), values, around)).code
  }
  const place = { directory: of.args[0] ?? '.' }
  const folder = folderOf(place.directory)
  const [, baseline] = await loadBaseline(folder, values)
  const config = rulesFor(folder, values)
  const hash = rulesHash(config, baseline?.entries ?? [], values, around.clock.now())
  let tips: string[]
  try {
    tips = await historyTips(place)
  } catch (error) {
    if (error instanceof GitError) throw new ScanFailure(error.message)
    throw error
  }
  const isFull = of.values.full === true
  const state = isFull ? null : await readScanState(place, hash)
  if (state && !values.quiet) {
    around.streams.stderr.write('Only what is new since the last scan; --full scans all\n')
  }
  const { code } = await scan(historyTarget(of, values, state?.tips ?? []), values, around)
  // Findings that nobody dealt with, and what could not be looked at, must be told of again.
  if (code === EXIT.clean) {
    await writeScanState(place, hash, { tips }).catch(() => {
      if (!values.quiet) {
        around.streams.stderr.write(
          'The next scan will read all again: the git folder is read-only\n',
        )
      }
    })
  }
  return code
}
