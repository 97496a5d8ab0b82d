// Runs git's diff commands and turns what they print into batches of fragments. What git could not read is said and
// gone around: a history that git gives up on at a broken or missing object goes on commit by commit behind it, and of
// the commit that it stumbled over each object that can be read is scanned whole.
import type { Commit, Fragment } from '../fragment.ts'
import { CommitHeader } from './commit-header.ts'
import { FragmentBatcher } from './fragment-batcher.ts'
import { readBlobs, type WantedBlob } from './git-blobs.ts'
import { GitError, type GitPlace, gitOutput, lastWords, startGit } from './git-command.ts'
import { GitDiffParser } from './git-diff-parser.ts'
import { unquoteName } from './git-names.ts'
import type { Reading } from './source-settings.ts'

export interface DiffRun {
  readonly place: GitPlace
  readonly reading: Reading
  readonly kind: 'git' | 'staged'
  readonly wantsBlob?: ((oid: string) => boolean) | undefined
}

/** What every diff of a history is asked for. */
export const LOG_FORMAT = ['--pretty=medium', '--date=raw', '--full-index', '--no-color']
export const DIFF_FORMAT = [
  '-U0',
  '--no-ext-diff',
  '--no-textconv',
  '--src-prefix=a/',
  '--dst-prefix=b/',
]

interface Outcome {
  /** Commits whose header was printed, the last one perhaps not whole. */
  readonly commits: string[]
  readonly code: number
  readonly stderr: string
}

/** One git command's diffs; binary files that may hold text of another kind are gathered in `binaries`. */
async function* runDiff(
  run: DiffRun,
  args: readonly string[],
  input: string,
  binaries: WantedBlob[],
  outcome: (outcome: Outcome) => void,
  env: NodeJS.ProcessEnv = {},
): AsyncGenerator<readonly Fragment[]> {
  const { reading, kind } = run
  const { batcher, notes, settings } = reading
  const commits: string[] = []
  const parser = new GitDiffParser({
    batcher,
    kind,
    compat: settings.compat,
    skipPath: settings.skipPath,
    wantsBlob: run.wantsBlob,
    onCommit: (sha) => {
      commits.push(sha)
      notes.progress({ bytes: batcher.bytes, items: commits.length })
    },
    onBinary: (path, oid, commit) =>
      binaries.push({ oid, origins: [{ path, symlink: '', commit, kind }] }),
  })
  const git = startGit(run.place, args, env)
  git.stdin.end(input, 'latin1')
  try {
    for await (const piece of git.stdout) {
      parser.push(piece as Buffer)
      yield* batcher.take()
      if (reading.signal.aborted) return
    }
    parser.end()
    const { code, stderr } = await git.ended
    outcome({ commits, code, stderr })
  } finally {
    git.stop()
  }
}

/** `git diff` of the index or the working tree. Throws GitError when git can't. */
export async function* diffChanges(
  run: DiffRun,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): AsyncGenerator<readonly Fragment[]> {
  const binaries: WantedBlob[] = []
  let end: Outcome | null = null
  yield* runDiff(run, args, '', binaries, (outcome) => (end = outcome), env)
  throwIfFailed(end)
  yield* readBinaries(run, binaries)
}

/** `git log -p` with `revisions` (options and revisions, none of them from a stranger). */
export async function* diffHistory(
  run: DiffRun,
  revisions: readonly string[],
  input: string,
): AsyncGenerator<readonly Fragment[]> {
  const { reading } = run
  const own = reading.settings.compat ? [] : ['-c']
  const base = ['log', '-p', ...own, ...DIFF_FORMAT, ...LOG_FORMAT]
  const binaries: WantedBlob[] = []
  const outcomes: Outcome[] = []
  yield* runDiff(run, [...base, ...revisions], input, binaries, (outcome) => outcomes.push(outcome))
  const outcome = outcomes[0]
  if (outcome !== undefined && outcome.code !== 0) {
    const listed = await gitOutput(
      run.place,
      ['log', '--format=%H', ...revisions.filter((one) => one !== '-p')],
      input,
    ).catch(() => null)
    // Without a list of commits the command itself was wrong, or the history ends in nothing.
    if (listed === null && outcome.commits.length === 0) throwIfFailed(outcome)
    if (listed === null) noteStop(reading, outcome)
    const seen = new Set(outcome.commits.slice(0, -1))
    const left = (listed ?? '').split('\n').filter((sha) => sha !== '' && !seen.has(sha))
    yield* diffCommits(run, left, binaries)
  }
  yield* readBinaries(run, binaries)
}

/** The diffs of these commits, in this order, whatever objects are missing. */
export async function* diffCommits(
  run: DiffRun,
  commits: readonly string[],
  binaries: WantedBlob[] = [],
): AsyncGenerator<readonly Fragment[]> {
  const { reading } = run
  const own = reading.settings.compat ? [] : ['-c']
  const filter = ['--full-history', '--diff-filter=tuxdb']
  const args = ['log', '--no-walk=unsorted', '--stdin', '-p', ...own, ...DIFF_FORMAT, ...LOG_FORMAT]
  let left = commits
  while (left.length > 0 && !reading.signal.aborted) {
    const outcomes: Outcome[] = []
    const input = `${left.join('\n')}\n`
    yield* runDiff(run, [...args, ...filter], input, binaries, (one) => outcomes.push(one))
    const outcome = outcomes[0]
    if (outcome === undefined || outcome.code === 0) return
    const broken = outcome.commits.at(-1) ?? left[0]!
    noteStop(reading, { ...outcome, commits: [broken] })
    yield* wholeObjects(run, broken)
    const at = left.indexOf(broken)
    left = left.slice(Math.max(at, 0) + 1)
  }
}

function noteStop({ notes }: Reading, outcome: Outcome): void {
  const what = outcome.commits.at(-1) ?? 'history'
  notes.skipped({
    what: `commit ${what}`,
    why: `git could not read all of it: ${lastWords(outcome.stderr)}`,
    makesPartial: true,
  })
}

/** The objects that a commit brought, whole: what can still be done where its diff can't be made. */
async function* wholeObjects(run: DiffRun, sha: string): AsyncGenerator<readonly Fragment[]> {
  const args = ['diff-tree', '-r', '--root', '--no-renames', '--no-commit-id', '--stdin']
  const raw = await gitOutput(run.place, args, `${sha}\n`).catch(() => '')
  const shown = await gitOutput(
    run.place,
    ['log', '--no-walk', ...LOG_FORMAT, '--stdin'],
    `${sha}\n`,
  )
    .then(parseCommit)
    .catch(() => ({ sha, author: '', email: '', date: '', message: '' }))
  const wanted: WantedBlob[] = []
  for (const line of raw.split('\n')) {
    const change = parseRaw(line)
    if (change === null || run.reading.settings.skipPath(change.path)) continue
    if (run.wantsBlob !== undefined && !run.wantsBlob(change.oid)) continue
    const origin = { path: change.path, symlink: '', commit: shown, kind: run.kind }
    wanted.push({ oid: change.oid, origins: [origin] })
  }
  yield* readBlobs(run.place, run.reading, wanted)
}

function parseCommit(text: string): Commit {
  const lines = text.split('\n')
  const header = new CommitHeader(lines[0] ?? '')
  for (const line of lines.slice(1)) header.line(line)
  return header.commit()
}

/** A line of `--raw`: what a file became. Null for removals, submodules and other lines. */
export function parseRaw(line: string): { oid: string; path: string } | null {
  if (!line.startsWith(':')) return null
  const parents = /^:+/.exec(line)![0].length
  const tab = line.indexOf('\t')
  const fields = line.slice(parents, tab).split(' ')
  const mode = fields[parents]
  const oid = fields[2 * parents + 1]
  if (tab < 0 || oid === undefined || mode === '160000' || /^0+$/.test(oid)) return null
  return { oid, path: unquoteName(line.slice(tab + 1)) }
}

/** gitleaks opens binary files that an archive's name has; we look into all of them (UTF-16, archives). */
async function* readBinaries(
  run: DiffRun,
  binaries: readonly WantedBlob[],
): AsyncGenerator<readonly Fragment[]> {
  const { reading, place } = run
  const wanted = binaries.filter((blob) => !/^0*$/.test(blob.oid))
  yield* readBlobs(place, reading, wanted)
}

function throwIfFailed(outcome: Outcome | null): void {
  if (outcome !== null && outcome.code !== 0) {
    throw new GitError(outcome.code, lastWords(outcome.stderr) || `git ended with ${outcome.code}`)
  }
}

/** A reading with a batcher of its own. */
export function newReading(base: Omit<Reading, 'batcher'>): Reading {
  return { ...base, batcher: new FragmentBatcher() }
}
