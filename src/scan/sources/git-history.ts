// A repository's history as fragments: each hunk's added lines of each commit that a revision reaches. Small
// histories are read from `git log -p`; large ones, and those with missing objects, by their unique blobs first
// (git-blob-history.ts), which is asked for a `probe`. Both give the same fragments for what is found.
import { SCAN_BLOB_MODE_PACK_BYTES } from '../../base/limits.ts'
import type { Fragment } from '../fragment.ts'
import type { Source, SourceNotes } from '../source.ts'
import { type BlobProbe, blobHistory } from './git-blob-history.ts'
import { checkedRevision, type GitPlace, gitOutput } from './git-command.ts'
import { type DiffRun, diffHistory, newReading } from './git-log.ts'
import type { SourceSettings } from './source-settings.ts'

export interface HistoryOptions {
  readonly place: GitPlace
  readonly settings: SourceSettings
  /** Revisions and ranges as `git log` takes them; all refs when empty. */
  readonly revisions?: readonly string[]
  /** Commits whose history is known already: nothing that they reach is read. */
  readonly known?: readonly string[]
  /** gitleaks' --log-opts, split at spaces by it and by us; instead of revisions. */
  readonly logOpts?: string
  /** Finds which blobs hold anything; without it histories of any size are read as diffs. */
  readonly probe?: BlobProbe
  /** Overrides what is chosen by the repository's size. */
  readonly mode?: 'diffs' | 'blobs'
  /** What a shallow clone lacks is not asked for. */
  readonly isShallowWhole?: boolean
}

/** gitleaks' own choice of commits: those files' changes that add. */
const ALL_REVISIONS = ['--full-history', '--all', '--diff-filter=tuxdb']

/** Throws GitError (from `fragments`) when there is no repository or a revision is unknown. */
export function gitHistorySource(options: HistoryOptions): Source {
  return {
    async *fragments(notes, signal) {
      const reading = newReading({ settings: options.settings, notes, signal })
      const place = { ...options.place, ignoreReplacements: !options.settings.compat }
      const run: DiffRun = { place, reading, kind: 'git' }
      const { args, input } = selection(options, notes)
      if (!options.isShallowWhole) await noteGaps(place, notes)
      const { probe } = options
      const batches =
        probe !== undefined && (await mode(options, place)) === 'blobs'
          ? blobHistory(run, args, input, probe)
          : diffHistory(run, args, input)
      yield* batches as AsyncGenerator<readonly Fragment[]>
      yield* reading.batcher.take(true)
    },
  }
}

interface Selection {
  readonly args: readonly string[]
  /** For `--stdin`: revisions, one a line. */
  readonly input: string
}

function selection(options: HistoryOptions, notes: SourceNotes): Selection {
  if (options.logOpts) return { args: checkedLogOpts(options.logOpts, notes), input: '' }
  const known = (options.known ?? []).map((sha) => `^${checkedRevision(sha)}\n`).join('')
  const revisions = options.revisions ?? []
  if (revisions.length === 0) {
    if (known === '') return { args: ALL_REVISIONS, input: '' }
    return { args: [...ALL_REVISIONS, '--ignore-missing', '--stdin'], input: known }
  }
  const input = `${revisions.map(checkedRevision).join('\n')}\n${known}`
  return { args: ['--full-history', '--diff-filter=tuxdb', '--stdin'], input }
}

/** Options that would start a command, write a file, or print what is no diff. */
const REFUSED =
  /^(--ext-diff|--textconv|--output|--show-signature|--format|--pretty|--oneline|--date|--color|--graph|--word-diff|--no-patch|--raw|--stat|--numstat|--name-|--src-prefix|--dst-prefix|--no-prefix|--line-prefix|-z$|-s$)/

function checkedLogOpts(text: string, notes: SourceNotes): string[] {
  return text.split(' ').filter((option) => {
    if (!REFUSED.test(option)) return option !== ''
    notes.warn(`--log-opts: ${option} is left out, since the scanner reads git's plain diff`)
    return false
  })
}

async function mode(options: HistoryOptions, place: GitPlace): Promise<'diffs' | 'blobs'> {
  if (options.mode !== undefined) return options.mode
  if (options.logOpts) return 'diffs'
  const counted = await gitOutput(place, ['count-objects', '-v']).catch(() => '')
  const kib = [...counted.matchAll(/^(?:size|size-pack): (\d+)$/gm)]
  const bytes = kib.reduce((sum, found) => sum + Number(found[1]) * 1024, 0)
  const isPartial = await isPartialClone(place)
  return isPartial || bytes > SCAN_BLOB_MODE_PACK_BYTES ? 'blobs' : 'diffs'
}

async function isPartialClone(place: GitPlace): Promise<boolean> {
  const listed = await gitOutput(place, [
    'config',
    '--get-regexp',
    '^remote\\..*\\.promisor$',
  ]).catch(() => '')
  return listed !== ''
}

async function noteGaps(place: GitPlace, notes: SourceNotes): Promise<void> {
  const shallow = await gitOutput(place, ['rev-parse', '--is-shallow-repository'])
  if (shallow.trim() === 'true') {
    const why = 'a shallow clone: commits before its boundary are not here'
    notes.skipped({ what: 'history', why, makesPartial: true })
  }
}
