// Where a leaked secret lies in a repository's history, and the steps that take it out. The secret itself is only
// ever in memory and in the one file that git filter-repo wants, which its owner alone can read.
import { writeFileSync } from 'node:fs'
import type { Fragment } from '../../scan/fragment.ts'
import { runGit } from '../../scan/git-secrets/git.ts'
import { gitHistorySource } from '../../scan/sources/git-history.ts'
import { DEFAULT_SETTINGS } from '../../scan/sources/source-settings.ts'
import type { LiveFilter } from '../../scan/vault/live-filter.ts'
import { idOfTags, liveFindings } from '../../scan/vault/live-findings.ts'
import { shellQuoted } from './shell-quoted.ts'

export interface GitPlace {
  readonly commit: string
  readonly date: string
  readonly author: string
  readonly file: string
  readonly line: number
}

export interface GitLeak {
  readonly places: readonly GitPlace[]
  /** Refs from which a commit that brought it is reached. */
  readonly branches: readonly string[]
  readonly tags: readonly string[]
  /** The value as it stands in the files, of each way in which it does. */
  readonly values: ReadonlySet<string>
  /** What could not be read. */
  readonly skipped: readonly string[]
}

/** Looks through all of a repository's history for the value of an id. */
export async function findInHistory(
  directory: string,
  filter: LiveFilter,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<GitLeak> {
  const places: GitPlace[] = []
  const values = new Set<string>()
  const skipped: string[] = []
  const look = (fragment: Fragment): void => {
    for (const found of liveFindings(fragment, filter)) {
      const id = idOfTags(found.tags)
      if (id === null || !ids.has(id) || !fragment.commit) continue
      values.add(found.secret)
      const { sha: commit, date, author } = fragment.commit
      const file = Buffer.from(found.file, 'latin1').toString()
      places.push({ commit, date, author, file, line: found.startLine })
    }
  }
  const source = gitHistorySource({
    place: { directory },
    settings: DEFAULT_SETTINGS,
    mode: 'diffs',
  })
  const notes = {
    skipped: ({
      what,
      why,
      makesPartial,
    }: {
      what: string
      why: string
      makesPartial: boolean
    }) => {
      if (makesPartial) skipped.push(`${what}: ${why}`)
    },
    progress: () => {},
    warn: (line: string) => void skipped.push(line),
  }
  for await (const batch of source.fragments(notes, signal)) for (const one of batch) look(one)
  const commits = [...new Set(places.map(({ commit }) => commit))]
  const refs = new Set<string>()
  for (const commit of commits) {
    const args = ['-C', directory, 'for-each-ref', '--format=%(refname)', '--contains', commit]
    const { stdout } = await runGit(args, { quiet: true })
    for (const ref of stdout.toString().split('\n')) if (ref !== '') refs.add(ref)
  }
  const named = (prefix: string): string[] =>
    [...refs]
      .filter((ref) => ref.startsWith(prefix))
      .map((ref) => ref.slice(prefix.length))
      .sort()
  const branches = [...named('refs/heads/'), ...named('refs/remotes/')]
  return { places, branches, tags: named('refs/tags/'), values, skipped }
}

/** One line a value, in the form of `git filter-repo --replace-text`. */
export function writeReplacements(path: string, values: ReadonlySet<string>): void {
  // `literal:` so that nothing in it is read as a pattern; bytes as they stand in the files.
  const lines = [...values].map((value) => `literal:${value}==>***REMOVED***\n`).join('')
  writeFileSync(path, Buffer.from(lines, 'latin1'), { mode: 0o600, flag: 'wx' })
}

/** The steps by which the history is rewritten, ready to be typed. */
export function filterRepoSteps(url: string, replacements: string): readonly string[] {
  return [
    `git clone --mirror ${shellQuoted(url)} cleaned.git`,
    'cd cleaned.git',
    `git filter-repo --sensitive-data-removal --replace-text ${shellQuoted(replacements)}`,
    'git push --mirror --force origin',
    `rm ${shellQuoted(replacements)}`,
  ]
}
