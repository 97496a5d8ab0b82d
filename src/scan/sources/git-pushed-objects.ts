// What a push brings besides the changes of its commits: their messages, those of annotated tags, and the blobs and trees
// that a ref may point to without any commit.
import { SCAN_HUNK_BYTES } from '../../base/limits.ts'
import type { Commit, Fragment } from '../fragment.ts'
import { rfc3339 } from './commit-header.ts'
import { readBlobs, type WantedBlob } from './git-blobs.ts'
import { GitError, type GitPlace, gitOutput, lastWords, startGit } from './git-command.ts'
import type { Reading } from './source-settings.ts'
import { TextChunker } from './text-chunker.ts'

/** A message's path: the file in which people write it. */
export const MESSAGE_PATH = 'COMMIT_EDITMSG'

export interface PushedObjects {
  /** Tips, the ones that tags lead to among them. */
  readonly commits: readonly string[]
  /** Texts of annotated tags, as byte strings. */
  readonly tags: readonly { readonly name: string; readonly text: string }[]
  readonly blobs: readonly WantedBlob[]
}

const MOST_TAGS_IN_TURN = 20

/** Sorts what refs are to point to; `news` are refs and object names. Throws GitError. */
export async function pushedObjects(
  place: GitPlace,
  reading: Reading,
  news: readonly { readonly ref: string; readonly sha: string }[],
): Promise<PushedObjects> {
  const commits = new Set<string>()
  const tags: { name: string; text: string }[] = []
  const blobs: WantedBlob[] = []
  const blobAt = (oid: string, path: string): WantedBlob => ({
    oid,
    origins: [{ path, symlink: '', commit: null, kind: 'git' }],
  })
  let left = [...news]
  for (let turn = 0; left.length > 0; turn++) {
    const kinds = await kindsOf(
      place,
      left.map(({ sha }) => sha),
    )
    const next: typeof left = []
    for (const { ref, sha } of left) {
      const { kind, bytes } = kinds.get(sha) ?? { kind: 'missing', bytes: 0 }
      if (kind === 'commit') commits.add(sha)
      else if (kind === 'blob') blobs.push(blobAt(sha, ref))
      else if (kind === 'tree') {
        for (const [oid, path] of await filesOf(place, sha)) blobs.push(blobAt(oid, path))
      } else if (kind === 'tag' && bytes <= SCAN_HUNK_BYTES && turn < MOST_TAGS_IN_TURN) {
        const text = await gitOutput(place, ['cat-file', 'tag', sha])
        tags.push({ name: ref, text })
        next.push({ ref, sha: /^object ([0-9a-f]+)\n/.exec(text)?.[1] ?? '' })
      } else if (kind === 'tag') {
        const why = 'a tag that is too large, or leads to too many others'
        reading.notes.skipped({ what: ref, why, makesPartial: true })
      } else throw new GitError(128, `${ref}: ${sha} is not there`)
    }
    left = next
  }
  return { commits: [...commits], tags, blobs }
}

/** Kind and size of each object that is there. */
async function kindsOf(
  place: GitPlace,
  oids: readonly string[],
): Promise<Map<string, { readonly kind: string; readonly bytes: number }>> {
  const input = oids.map((oid) => `${oid}\n`).join('')
  const listed = await gitOutput(place, ['cat-file', '--batch-check'], input)
  const found = [...listed.matchAll(/^([0-9a-f]+) (commit|tag|tree|blob) (\d+)$/gm)]
  return new Map(found.map(([, oid, kind, size]) => [oid!, { kind: kind!, bytes: Number(size) }]))
}

async function filesOf(place: GitPlace, tree: string): Promise<[string, string][]> {
  const listed = await gitOutput(place, ['ls-tree', '-r', '-z', '--full-tree', tree])
  const files = [...listed.matchAll(/\d+ blob ([0-9a-f]+)\t([^\0]+)\0/g)]
  return files.map(([, oid, path]) => [oid!, path!])
}

/** Texts of tags, blobs and trees without commits. */
export async function* looseObjects(
  place: GitPlace,
  reading: Reading,
  { tags, blobs }: PushedObjects,
): AsyncGenerator<readonly Fragment[]> {
  for (const { name, text } of tags)
    addText(reading, name, text.slice(text.indexOf('\n\n') + 2), null)
  yield* reading.batcher.take()
  const wanted = blobs.filter(({ origins }) => !reading.settings.skipPath(origins[0]!.path))
  yield* readBlobs(place, reading, wanted)
}

function addText(reading: Reading, path: string, text: string, commit: Commit | null): void {
  const chunker = new TextChunker(reading, { path, symlink: '', commit, kind: 'git' })
  chunker.push(Buffer.from(text, 'latin1'))
  chunker.end()
}

const MESSAGE_FORMAT = '--format=%H%n%an%n%ae%n%at%n%B'

/** The messages of the commits that `revisions`, lines for `git log --stdin`, select. Throws GitError. */
export async function* commitMessages(
  place: GitPlace,
  reading: Reading,
  revisions: string,
): AsyncGenerator<readonly Fragment[]> {
  const git = startGit(place, ['log', '-z', '--no-patch', MESSAGE_FORMAT, '--stdin'])
  git.stdin.end(revisions, 'latin1')
  try {
    let carry = ''
    for await (const piece of git.stdout) {
      const records = (carry + (piece as Buffer).toString('latin1')).split('\0')
      carry = records.pop()!
      for (const record of records) addMessage(reading, record)
      yield* reading.batcher.take()
      if (reading.signal.aborted) return
    }
    if (carry !== '') addMessage(reading, carry)
    const { code, stderr } = await git.ended
    if (code !== 0) throw new GitError(code, lastWords(stderr))
  } finally {
    git.stop()
  }
}

function addMessage(reading: Reading, record: string): void {
  const [sha = '', author = '', email = '', seconds = '', ...lines] = record.split('\n')
  const message = lines.join('\n')
  const date = rfc3339(Number(seconds))
  addText(reading, MESSAGE_PATH, message, { sha, author, email, date, message })
}
