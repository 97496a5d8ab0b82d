// Runs git's diff commands and turns what they print into batches of fragments. What git could not read is said and
// gone around: a history that git gives up on at a broken or missing object goes on commit by commit behind it, and of
// the commit that it stumbled over each object that can be read is scanned whole.
import type { Commit, Fragment } from '../fragment.ts'
import { CommitHeader } from './commit-header.ts'
import { FragmentBatcher } from './fragment-batcher.ts'
import { readBlobs, unreadable, type WantedBlob } from './git-blobs.ts'
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
  /** Files of the last one that were printed whole. */
  readonly files: ReadonlySet<string>
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
  const files = new Set<string>()
  const parser = new GitDiffParser({
    batcher,
    kind,
    compat: settings.compat,
    skipPath: settings.skipPath,
    wantsBlob: run.wantsBlob,
    onCommit: (sha) => {
      commits.push(sha)
      files.clear()
      notes.progress({ bytes: batcher.bytes, items: commits.length })
    },
    onFile: (path) => files.add(path),
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
    outcome({ commits, files, code, stderr })
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
    const all = revisions.filter((option) => !/^(-p|--diff-filter.*)$/.test(option))
    const listed = await gitOutput(run.place, ['log', '--format=%H', ...all], input).catch(() => '')
    const commits = listed.split('\n').filter((sha) => sha !== '')
    // git knows no commits either: what it was asked for is wrong.
    if (commits.length === 0 && outcome.commits.length === 0) throwIfFailed(outcome)
    const broken = outcome.commits.at(-1) ?? commits[0]!
    const isTold = yield* restOfCommit(run, broken, outcome, binaries)
    const seen = new Set([...outcome.commits, broken])
    const left = commits.filter((sha) => !seen.has(sha))
    if (!isTold && left.length === 0) noteStop(reading, broken, outcome)
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
    // git may stop before it prints the header of what it can't read.
    const broken = outcome.commits.at(-1) ?? left[0]!
    const isTold = yield* restOfCommit(run, broken, outcome, binaries)
    left = left.slice(left.indexOf(broken) + 1)
    if (!isTold && left.length === 0) noteStop(reading, broken, outcome)
  }
}

function noteStop({ notes }: Reading, sha: string, { stderr }: Outcome): void {
  const why = `git could not read all of it: ${lastWords(stderr)}`
  notes.skipped({ what: `commit ${sha}`, why, makesPartial: true })
}

/**
 * Of a commit at which git gave up, what it had not printed yet: the diff without the files of which an object is
 * missing, and of those the new content where that is here. Answers whether anything is missing of it.
 */
async function* restOfCommit(
  run: DiffRun,
  sha: string,
  stopped: Outcome,
  binaries: WantedBlob[],
): AsyncGenerator<readonly Fragment[], boolean> {
  const { place, reading } = run
  const args = ['diff-tree', '-r', '-m', '--root', '--no-renames', '--no-commit-id', '--stdin']
  const raw = await gitOutput(place, args, `${sha}\n`).catch(() => '')
  const changes = raw
    .split('\n')
    .map(parseRaw)
    .filter((change) => change !== null)
  const left = changes.filter((change) => !stopped.files.has(change.path))
  const oids = left.flatMap(({ oid, oldOid }) => [oid, oldOid]).filter((oid) => !/^0+$/.test(oid))
  const missing = await unreadable(place, oids)
  const broken = left.filter(({ oid, oldOid }) => missing.has(oid) || missing.has(oldOid))
  if (broken.length > 0 || raw === '') noteStop(reading, sha, stopped)
  const without = [...stopped.files, ...broken.map(({ path }) => path)]
  const pathspecs = without.map((path) => `:(exclude,top,literal)${bytesAsArgument(path)}`)
  if (pathspecs.join('').length < MOST_ARGUMENTS) {
    const own = reading.settings.compat ? [] : ['-c']
    const log = ['log', '--no-walk=unsorted', '-p', ...own, ...DIFF_FORMAT, ...LOG_FORMAT]
    const limited = [...log, '--diff-filter=tuxdb', sha, '--', ':/', ...pathspecs]
    yield* runDiff(run, limited, '', binaries, () => {})
    yield* wholeObjects(run, sha, broken)
  } else yield* wholeObjects(run, sha, left)
  return broken.length > 0 || raw === ''
}

/** Far below what the system takes as arguments. */
const MOST_ARGUMENTS = 64 * 1024

/** Arguments are UTF-8; of other bytes nothing can be said, and their files come once more. */
const bytesAsArgument = (path: string): string => Buffer.from(path, 'latin1').toString()

/** The new contents that changes brought, whole. */
async function* wholeObjects(
  run: DiffRun,
  sha: string,
  changes: readonly RawChange[],
): AsyncGenerator<readonly Fragment[]> {
  const log = ['log', '--no-walk', ...LOG_FORMAT, '--stdin']
  const commit = await gitOutput(run.place, log, `${sha}\n`)
    .then(parseCommit)
    .catch(() => ({ sha, author: '', email: '', date: '', message: '' }))
  const wanted = changes
    .filter(({ path, oid }) => !/^0+$/.test(oid) && !run.reading.settings.skipPath(path))
    .filter(({ oid }) => run.wantsBlob === undefined || run.wantsBlob(oid))
    .map(({ path, oid }) => ({ oid, origins: [{ path, symlink: '', commit, kind: run.kind }] }))
  yield* readBlobs(run.place, run.reading, wanted)
}

function parseCommit(text: string): Commit {
  const lines = text.split('\n')
  const header = new CommitHeader(lines[0] ?? '')
  for (const line of lines.slice(1)) header.line(line)
  return header.commit()
}

export interface RawChange {
  readonly path: string
  /** All zeros for what was removed. */
  readonly oid: string
  /** The first parent's; all zeros for what is new. */
  readonly oldOid: string
}

/** A line of `--raw`. Null for submodules and other lines. */
export function parseRaw(line: string): RawChange | null {
  if (!line.startsWith(':')) return null
  const parents = /^:+/.exec(line)![0].length
  const tab = line.indexOf('\t')
  const fields = line.slice(parents, tab).split(' ')
  const oid = fields[2 * parents + 1]
  const oldOid = fields[parents + 1]
  if (tab < 0 || oid === undefined || oldOid === undefined) return null
  if (fields[parents] === '160000' || fields[0] === '160000') return null
  return { oid, oldOid, path: unquoteName(line.slice(tab + 1)) }
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
