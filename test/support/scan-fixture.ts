// What tests of the scanner's sources share: repositories made by the real git, sources read to their end, and a
// detector that knows one made-up kind of secret, so that nothing here looks like a real one.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Detector } from '../../src/scan/detector.ts'
import type { Finding } from '../../src/scan/finding.ts'
import type { Fragment } from '../../src/scan/fragment.ts'
import type { Skipped, Source } from '../../src/scan/source.ts'

export interface Collected {
  readonly fragments: Fragment[]
  /** Fragments by path, as text; those of one path joined by "|". */
  readonly texts: Record<string, string>
  readonly skipped: Skipped[]
  readonly warnings: string[]
}

export const textOf = (fragment: Fragment): string => Buffer.from(fragment.bytes).toString('latin1')

/** All that a source hands out. */
export async function collect(source: Source): Promise<Collected> {
  const fragments: Fragment[] = []
  const skipped: Skipped[] = []
  const warnings: string[] = []
  const notes = {
    skipped: (note: Skipped): void => void skipped.push(note),
    progress: (): void => {},
    warn: (text: string): void => void warnings.push(text),
  }
  for await (const batch of source.fragments(notes, new AbortController().signal)) {
    fragments.push(...batch)
  }
  const texts: Record<string, string> = {}
  for (const fragment of fragments) {
    const former = texts[fragment.path]
    texts[fragment.path] = former === undefined ? textOf(fragment) : `${former}|${textOf(fragment)}`
  }
  return { fragments, texts, skipped, warnings }
}

const SECRET = /s3cr[-]et[-]\w+/g

/** Finds `s3cr-et-…`; lines and columns as gitleaks counts them. */
export const madeUpDetector: Detector = {
  takeSkipped: () => [],
  detect(fragment) {
    const text = textOf(fragment)
    return [...text.matchAll(SECRET)].map((found): Finding => {
      const before = text.slice(0, found.index)
      const breaks = before.split('\n').length - 1
      const column = found.index - before.lastIndexOf('\n') + (breaks > 0 ? 1 : 0)
      const line = fragment.startLine + breaks
      return {
        ruleId: 'made-up',
        description: '',
        tier: 'high',
        ...{ startLine: line, endLine: line },
        ...{ startColumn: column, endColumn: column + found[0].length - 1 },
        ...{ line: '', match: found[0], secret: found[0], entropy: 0 },
        ...{ file: fragment.path, symlink: fragment.symlink, commit: fragment.commit },
        ...{ tags: [], required: [] },
      }
    })
  },
}

/** What is found, as `commit:path:line:secret`, sorted. */
export function findingsOf(fragments: readonly Fragment[]): string[] {
  return fragments
    .flatMap((fragment) => madeUpDetector.detect(fragment))
    .map((one) => `${one.commit?.sha ?? ''}:${one.file}:${one.startLine}:${one.secret}`)
    .sort()
}

/** A probe for large histories. */
export const madeUpProbe = {
  inFlight: 2,
  detect: async (batch: readonly Fragment[]): Promise<Finding[]> =>
    batch.flatMap((fragment) => madeUpDetector.detect(fragment)),
}

export class TestFolder {
  readonly path: string
  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'strongroom-scan-'))
  }

  /** Writes a file below, with its folders; answers its whole path. */
  write(name: string | Buffer, content: string | Uint8Array): string {
    const path = Buffer.concat([Buffer.from(`${this.path}/`), Buffer.from(name)])
    mkdirSync(dirname(path.toString()), { recursive: true })
    writeFileSync(path, content)
    return path.toString()
  }

  at(name: string): string {
    return join(this.path, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** A repository whose commits come out the same each time. */
export class TestRepository extends TestFolder {
  #clock = 1_700_000_000

  constructor() {
    super()
    this.git('init', '-q', '-b', 'main')
  }

  git(...args: string[]): string {
    return runGit(this.path, args, this.#env())
  }

  /** Runs git with its input. */
  gitWith(input: string, ...args: string[]): string {
    return runGit(this.path, args, this.#env(), input)
  }

  commit(message: string, files: Record<string, string | Uint8Array | null> = {}): string {
    for (const [name, content] of Object.entries(files)) {
      if (content === null) rmSync(this.at(name))
      else this.write(name, content)
    }
    this.git('add', '-A')
    this.git('commit', '-q', '--allow-empty', '-m', message)
    return this.git('rev-parse', 'HEAD').trim()
  }

  #env(): NodeJS.ProcessEnv {
    this.#clock += 60
    const date = `${this.#clock} +0200`
    return { ...testGitEnv, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  }
}

/** Nothing of the user's own configuration, and no variables of a hook that runs the tests. */
export const testGitEnv: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'A U Thor',
  GIT_AUTHOR_EMAIL: 'author@example.com',
  GIT_COMMITTER_NAME: 'C O Mitter',
  GIT_COMMITTER_EMAIL: 'committer@example.com',
}

export function runGit(
  directory: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = testGitEnv,
  input = '',
): string {
  return execFileSync('git', ['-C', directory, ...args], { env, input, stdio: 'pipe' }).toString()
}
