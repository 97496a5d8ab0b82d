// Large histories: every distinct blob is scanned once, in the order in which the pack holds them, and only the
// commits that brought a blob with findings are diffed. What is handed out are those commits' hunks, made by the very
// parser of the diff mode, so that commits, lines and columns are the same; commits and trees are walked twice and
// file contents never diffed unless they hold something.
import type { Finding } from '../finding.ts'
import type { Commit, Fragment } from '../fragment.ts'
import { existingObjects, readBlobs, type WantedBlob } from './git-blobs.ts'
import { GitError, lastWords, startGit } from './git-command.ts'
import { type DiffRun, diffCommits, newReading, parseRaw } from './git-log.ts'
import type { FileOrigin } from './source-settings.ts'

/** The part of a detector pool that finds out which blobs hold anything. */
export interface BlobProbe {
  detect(batch: readonly Fragment[]): Promise<readonly Finding[]>
  readonly inFlight: number
}

/** Fragments of the hunks that brought blobs with findings; `args` and `input` select commits as for `git log`. */
export async function* blobHistory(
  run: DiffRun,
  args: readonly string[],
  input: string,
  probe: BlobProbe,
): AsyncGenerator<readonly Fragment[]> {
  const { signal } = run.reading
  const blobs = await introducedBlobs(run, args, input)
  const flagged = await probeBlobs(run, await packOrder(run, blobs), probe)
  if (flagged.size === 0 || signal.aborted) return
  const commits: string[] = []
  await rawLog(run, args, input, (sha, change) => {
    if (flagged.has(change.oid) && commits.at(-1) !== sha) commits.push(sha)
  })
  yield* diffCommits({ ...run, wantsBlob: (oid) => flagged.has(oid) }, commits)
}

/** Each blob that a commit brought, with its paths. */
async function introducedBlobs(
  run: DiffRun,
  args: readonly string[],
  input: string,
): Promise<Map<string, string | string[]>> {
  const { skipPath } = run.reading.settings
  const blobs = new Map<string, string | string[]>()
  const paths = new Map<string, string>()
  await rawLog(run, args, input, (_, { oid, path }) => {
    let interned = paths.get(path)
    if (interned === undefined) {
      if (skipPath(path)) return
      paths.set(path, path)
      interned = path
    }
    const known = blobs.get(oid)
    if (known === undefined) blobs.set(oid, interned)
    else if (typeof known === 'string') {
      if (known !== interned) blobs.set(oid, [known, interned])
    } else if (!known.includes(interned)) known.push(interned)
  })
  return blobs
}

/** Every file that a commit changed, commit by commit. */
async function rawLog(
  run: DiffRun,
  args: readonly string[],
  input: string,
  each: (sha: string, change: { oid: string; path: string }) => void,
): Promise<void> {
  const { reading, place } = run
  const own = reading.settings.compat ? [] : ['-c']
  const raw = ['log', '--raw', '--no-abbrev', '--no-renames', '--format=%H', ...own, ...args]
  const git = startGit(place, raw)
  git.stdin.end(input, 'latin1')
  let carry = ''
  let sha = ''
  const line = (text: string): void => {
    if (text.startsWith(':')) {
      const change = parseRaw(text)
      if (change !== null && !/^0+$/.test(change.oid)) each(sha, change)
    } else if (text !== '') sha = text
  }
  try {
    for await (const piece of git.stdout) {
      const lines = (carry + (piece as Buffer).toString('latin1')).split('\n')
      carry = lines.pop()!
      for (const one of lines) line(one)
      if (reading.signal.aborted) return
    }
    line(carry)
    const { code, stderr } = await git.ended
    if (code === 0) return
    if (sha === '') throw new GitError(code, lastWords(stderr) || `git ended with ${code}`)
    const why = `git could not walk further: ${lastWords(stderr)}`
    reading.notes.skipped({ what: `history before ${sha}`, why, makesPartial: true })
  } finally {
    git.stop()
  }
}

/** The blobs as git reads them fastest; blobs of no pack, and missing ones, come last. */
async function packOrder(
  run: DiffRun,
  blobs: Map<string, string | string[]>,
): Promise<WantedBlob[]> {
  const wanted: WantedBlob[] = []
  const take = (oid: string): void => {
    const paths = blobs.get(oid)
    if (paths === undefined) return
    blobs.delete(oid)
    wanted.push({ oid, origins: originsOf(oid, paths) })
  }
  for (const oid of await existingObjects(run.place)) take(oid)
  for (const oid of [...blobs.keys()]) take(oid)
  return wanted
}

/** While probing, the blob's own name stands where the commit's will: findings carry it back. */
function originsOf(oid: string, paths: string | string[]): FileOrigin[] {
  const commit: Commit = { sha: oid, author: '', email: '', date: '', message: '' }
  const all = typeof paths === 'string' ? [paths] : paths
  return all.map((path) => ({ path, symlink: '', commit, kind: 'git' }))
}

async function probeBlobs(
  run: DiffRun,
  wanted: readonly WantedBlob[],
  probe: BlobProbe,
): Promise<Set<string>> {
  const flagged = new Set<string>()
  const { notes, signal, settings } = run.reading
  const reading = newReading({ signal, notes, settings: { ...settings, compat: false } })
  const running = new Set<Promise<void>>()
  let failure: unknown = null
  const start = (batch: readonly Fragment[]): void => {
    const job: Promise<void> = probe
      .detect(batch)
      .then((findings) => {
        for (const { commit } of findings) if (commit !== null) flagged.add(commit.sha)
      })
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => running.delete(job))
    running.add(job)
  }
  const send = async (batch: readonly Fragment[]): Promise<void> => {
    while (running.size >= probe.inFlight) await Promise.race(running)
    if (failure !== null) throw failure
    start(batch)
    notes.progress({ bytes: reading.batcher.bytes, items: reading.batcher.items, counts: 'blobs' })
  }
  for await (const batch of readBlobs(run.place, reading, wanted)) await send(batch)
  for (const batch of reading.batcher.take(true)) await send(batch)
  await Promise.all(running)
  if (failure !== null) throw failure
  return flagged
}
