// Changes on their way into a repository: what is staged or edited, a commit's message, what is about to be pushed
// (the pre-push hook) and what a server is about to take in (pre-receive, where new objects lie in a quarantine that
// only the hook's own environment leads to). Hooks' input: githooks(5).
import { readFile } from 'node:fs/promises'
import type { Source } from '../source.ts'
import { FragmentBatcher } from './fragment-batcher.ts'
import { checkedRevision, filterGuards, GitError, type GitPlace, gitOutput } from './git-command.ts'
import { gitHistorySource } from './git-history.ts'
import { DIFF_FORMAT, type DiffRun, diffChanges, newReading } from './git-log.ts'
import { commitMessages, looseObjects, MESSAGE_PATH, pushedObjects } from './git-pushed-objects.ts'
import type { Reading, SourceSettings } from './source-settings.ts'
import { TextChunker } from './text-chunker.ts'

/** The index against HEAD (`staged`), or the working tree against the index. */
export function gitChangesSource(options: {
  readonly place: GitPlace
  readonly settings: SourceSettings
  readonly staged: boolean
}): Source {
  return {
    async *fragments(notes, signal) {
      const reading = newReading({ settings: options.settings, notes, signal })
      const run: DiffRun = { place: options.place, reading, kind: 'staged' }
      const args = [
        'diff',
        ...DIFF_FORMAT,
        '--no-color',
        '--full-index',
        '--ignore-submodules=dirty',
      ]
      if (options.staged) args.push('--staged')
      const env = options.staged ? {} : await filterGuards(options.place)
      yield* diffChanges(run, [...args, '.'], env)
      yield* reading.batcher.take(true)
    },
  }
}

const ZEROS = /^0+$/
const OBJECT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/

/** One ref that a hook is told of. */
export interface RefUpdate {
  readonly ref: string
  readonly oldSha: string
  readonly newSha: string
}

/** Lines of a pre-push hook: `local-ref local-sha remote-ref remote-sha`. Throws GitError. */
export function parsePrePush(input: string): RefUpdate[] {
  return linesOf(input).map((line) => {
    const [, newSha = '', ref = '', oldSha = ''] = line.split(' ')
    return checkedUpdate({ ref, oldSha, newSha })
  })
}

/** Lines of a pre-receive hook: `old-sha new-sha ref`. Throws GitError. */
export function parsePreReceive(input: string): RefUpdate[] {
  return linesOf(input).map((line) => {
    const [oldSha = '', newSha = '', ...ref] = line.split(' ')
    return checkedUpdate({ ref: ref.join(' '), oldSha, newSha })
  })
}

const linesOf = (input: string): string[] => input.split('\n').filter((line) => line !== '')

function checkedUpdate(update: RefUpdate): RefUpdate {
  if (OBJECT.test(update.oldSha) && OBJECT.test(update.newSha)) return update
  throw new GitError(129, 'the hook was given lines that are not ref updates')
}

export interface PushOptions {
  readonly place: GitPlace
  readonly settings: SourceSettings
  readonly updates: readonly RefUpdate[]
}

/** Commits that a push brings and that no ref of the remote has yet, as far as this clone knows. */
export function prePushSource(options: PushOptions & { readonly remote: string }): Source {
  return pushedSource(options, async (update) => {
    const seen = ZEROS.test(update.oldSha) ? [] : await known(options.place, [update.oldSha])
    return [...seen, ...(await remoteTips(options.place, options.remote))]
  })
}

/** Commits that a push would bring to this repository and that none of its refs reaches. */
export function preReceiveSource(options: PushOptions): Source {
  return pushedSource(options, async () => tips(options.place, ['for-each-ref']))
}

function pushedSource(
  { place, settings, updates }: PushOptions,
  knownFor: (update: RefUpdate) => Promise<string[]>,
): Source {
  return {
    async *fragments(notes, signal) {
      const news = updates.filter((update) => !ZEROS.test(update.newSha))
      if (news.length === 0) return
      const seen = new Set<string>()
      for (const update of news) for (const sha of await knownFor(update)) seen.add(sha)
      const reading = newReading({ settings, notes, signal })
      const real = { ...place, ignoreReplacements: true }
      const pushed = await pushedObjects(
        real,
        reading,
        news.map(({ ref, newSha }) => ({ ref, sha: newSha })),
      )
      yield* looseObjects(real, reading, pushed)
      const known = [...seen]
      const { commits } = pushed
      if (commits.length > 0) {
        const lines = [...commits, ...known.map((sha) => `^${sha}`)].map((line) => `${line}\n`)
        yield* commitMessages(real, reading, lines.join(''))
      }
      yield* reading.batcher.take(true)
      if (commits.length === 0 || signal.aborted) return
      // What lies before the boundary of a shallow clone is not pushed, and its diff is the whole of that commit.
      const base = { place, settings, revisions: commits, known }
      const source = gitHistorySource({ ...base, mode: 'diffs', isShallowWhole: true })
      yield* source.fragments(notes, signal)
    },
  }
}

/** Those of the commits that this clone has. */
async function known(place: GitPlace, shas: readonly string[]): Promise<string[]> {
  const answer = await gitOutput(place, ['cat-file', '--batch-check'], `${shas.join('\n')}\n`)
  return shas.filter((sha) => answer.includes(`${sha} commit`))
}

function remoteTips(place: GitPlace, remote: string): Promise<string[]> {
  // A remote without a name is given as its address: then no ref of ours stands for it.
  if (!/^[\w][\w.-]*$/.test(remote)) return Promise.resolve([])
  return tips(place, ['for-each-ref', `refs/remotes/${checkedRevision(remote)}/`])
}

/** Commits that refs point to; objects of other kinds are no tips. */
async function tips(place: GitPlace, args: readonly string[]): Promise<string[]> {
  const [command = '', ...patterns] = args
  const format = '--format=%(objecttype) %(objectname) %(*objectname)'
  const listed = await gitOutput(place, [command, format, ...patterns])
  return linesOf(listed).flatMap((line) => {
    const [type, sha = '', peeled = ''] = line.split(' ')
    if (type === 'commit') return [sha]
    return type === 'tag' && peeled !== '' ? [peeled] : []
  })
}

/** All tips of a repository, for a later scan's `known`. */
export async function historyTips(place: GitPlace): Promise<string[]> {
  return [...new Set(await tips(place, ['for-each-ref']))].sort()
}

/** A commit's message in the file that the commit-msg hook is given; comment lines are part of it. */
export function commitMessageSource(file: string, settings: SourceSettings): Source {
  return {
    async *fragments(notes, signal) {
      const reading: Reading = { settings, notes, signal, batcher: new FragmentBatcher() }
      const chunker = new TextChunker(reading, {
        path: MESSAGE_PATH,
        symlink: '',
        commit: null,
        kind: 'staged',
      })
      chunker.push(await readFile(file))
      chunker.end()
      yield* reading.batcher.take(true)
    },
  }
}
