// `scan baseline create|update|prune`: the committed list of findings that are known.
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Invocation } from '../../base/cobra.ts'
import { systemRandom } from '../../base/random.ts'
import { fromByteString } from '../../template/byte-strings.ts'
import {
  type Baseline,
  type BaselineEntry,
  isDay,
  writeBaseline,
} from '../baseline/baseline-file.ts'
import { BASELINE_NAMES, findBaseline } from '../baseline/find-baseline.ts'
import { Fingerprints, SALT_BYTES } from '../baseline/fingerprint.ts'
import type { Finding } from '../finding.ts'
import { gitOutput } from '../sources/git-command.ts'
import { systemWords } from '../system-words.ts'
import { EXIT, ScanFailure } from './exit-codes.ts'
import type { CommonValues } from './scan-flags.ts'
import { historyTarget } from './scan-history.ts'
import { type Around, type ScanOutcome, type ScanTarget, scan } from './scan-session.ts'
import { pathsTarget, sourcesInTurn } from './scan-targets.ts'

/** What a command says of the entries it adds. */
export interface EntryNotes {
  readonly reason: string
  readonly owner: string
  readonly expires: string
}

export function entryNotes(of: Invocation): EntryNotes {
  const [reason, owner, expires] = ['reason', 'owner', 'expires'].map((name) =>
    String(of.values[name] ?? ''),
  ) as [string, string, string]
  if (expires !== '' && !isDay(expires)) {
    throw new ScanFailure(`--expires ${expires}: a day looks like 2027-01-31`)
  }
  return { reason, owner, expires }
}

export const targetOf = (of: Invocation, values: CommonValues, around: Around): ScanTarget =>
  of.values.history === true ? historyTarget(of, values) : pathsTarget(of.args, values, around)

/** The files and, where there is one, the history: an entry may be needed by either. */
async function wholeTarget(
  of: Invocation,
  values: CommonValues,
  around: Around,
): Promise<ScanTarget> {
  const files = pathsTarget(of.args, values, around)
  const directory = files.folder === '' ? '.' : files.folder
  const inside = await gitOutput({ directory }, ['rev-parse', '--is-inside-work-tree']).catch(
    () => '',
  )
  if (inside.trim() !== 'true') return files
  const history = historyTarget({ ...of, args: [directory] }, values)
  return {
    ...files,
    source: (config, pool) =>
      sourcesInTurn([files.source(config, pool), history.source(config, pool)]),
  }
}

/** The path that a new baseline of this target gets. */
export function newBaselinePath(target: ScanTarget, values: CommonValues): string {
  if (values.baseline !== '') return values.baseline
  const { folder } = target
  if (folder === '') throw new ScanFailure('say with --baseline where the baseline is to be')
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false
  return join(isFolder ? folder : dirname(folder), BASELINE_NAMES[0])
}

export function entryFor(
  finding: Finding,
  fingerprint: string,
  notes: EntryNotes,
  nowMs: number,
): BaselineEntry {
  const added = new Date(nowMs).toISOString().slice(0, 10)
  return { fingerprint, ...notes, path: fromByteString(finding.file), added }
}

export function save(path: string, baseline: Baseline): void {
  try {
    writeBaseline(path, baseline)
  } catch (error) {
    throw new ScanFailure(`the baseline was not written: ${systemWords(error)}`)
  }
}

const count = (number: number): string => (number === 1 ? '1 entry' : `${number} entries`)

/** Says that a scan that feeds a baseline was not whole; an answer of its own for scripts. */
function codeOf(outcome: ScanOutcome, around: Around): number {
  if (!outcome.isPartial) return EXIT.clean
  around.streams.stderr.write(
    'The scan was partial: scan again to see what could not be looked at\n',
  )
  return EXIT.partial
}

export async function createBaseline(
  of: Invocation,
  values: CommonValues,
  around: Around,
): Promise<number> {
  const notes = entryNotes(of)
  const target = targetOf(of, values, around)
  const path = newBaselinePath(target, values)
  const former = values.baseline === '' ? (findBaseline(target.folder) ?? path) : path
  if (existsSync(former)) {
    throw new ScanFailure(`${former} is there already: "scan baseline update" adds to it`)
  }
  // Fingerprints need the new salt, not that of a scan without a baseline.
  const outcome = await scan(target, { ...values, baseline: '', 'no-baseline': true }, around, true)
  const salt = systemRandom.bytes(SALT_BYTES)
  const prints = new Fingerprints(salt)
  const entries = new Map<string, BaselineEntry>()
  for (const { finding } of outcome.findings) {
    const fingerprint = fromByteString(await prints.of(finding))
    if (!entries.has(fingerprint)) {
      entries.set(fingerprint, entryFor(finding, fingerprint, notes, around.clock.now()))
    }
  }
  save(path, { salt, entries: [...entries.values()] })
  around.streams.stdout.write(`${path}: ${count(entries.size)}\n`)
  if (entries.size > 0 && notes.reason === '') {
    around.streams.stderr.write('No entry has a reason yet: write them into the file\n')
  }
  return codeOf(outcome, around)
}

function existing(outcome: ScanOutcome): { readonly path: string; readonly baseline: Baseline } {
  const { baselinePath: path, baseline } = outcome
  if (path === null || baseline === null) {
    throw new ScanFailure('there is no baseline: "scan baseline create" makes one')
  }
  return { path, baseline }
}

export async function updateBaseline(
  of: Invocation,
  values: CommonValues,
  around: Around,
): Promise<number> {
  const notes = entryNotes(of)
  const outcome = await scan(targetOf(of, values, around), values, around, true)
  const { path, baseline } = existing(outcome)
  const added = new Map<string, BaselineEntry>()
  for (const { finding, fingerprint, is } of outcome.findings) {
    if (is === 'new' && !added.has(fingerprint)) {
      added.set(fingerprint, entryFor(finding, fingerprint, notes, around.clock.now()))
    }
  }
  const expired = outcome.findings.filter((one) => one.is === 'expired').length
  if (added.size > 0) save(path, { ...baseline, entries: [...baseline.entries, ...added.values()] })
  around.streams.stdout.write(`${path}: ${count(added.size)} added\n`)
  if (expired > 0) {
    around.streams.stderr.write(
      `${expired} findings stay findings: their entries have expired, change "expires" in the file\n`,
    )
  }
  return codeOf(outcome, around)
}

export async function pruneBaseline(
  of: Invocation,
  values: CommonValues,
  around: Around,
): Promise<number> {
  // Whatever the tier of an entry's finding: it is there.
  const target = await wholeTarget(of, values, around)
  const outcome = await scan(target, { ...values, tier: 'low' }, around, true)
  const { path, baseline } = existing(outcome)
  if (outcome.isPartial) {
    throw new ScanFailure(
      'nothing was dropped: the scan was partial, so entries may still be needed',
    )
  }
  const kept = baseline.entries.filter((entry) => outcome.known.wasUsed(entry))
  const dropped = baseline.entries.filter((entry) => !outcome.known.wasUsed(entry))
  for (const entry of dropped) {
    around.streams.stdout.write(`dropped ${entry.fingerprint}  ${entry.path}\n`)
  }
  if (dropped.length > 0) save(path, { ...baseline, entries: kept })
  around.streams.stdout.write(
    `${path}: ${count(dropped.length)} dropped, ${count(kept.length)} kept\n`,
  )
  return EXIT.clean
}
