// Runs git so that nothing in a repository's configuration or attributes starts a command: no pager, hook, file
// system monitor, external diff, text conversion, signature check, filter or transport (a missing object of a partial
// clone is not fetched). The user's own configuration is kept, and so are git's rules on whose repositories it opens
// (safe.directory). Environment and options: git-config(1), git(1) "ENVIRONMENT VARIABLES".
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** A repository as git is to open it; hooks hand on the environment that they were called with. */
export interface GitPlace {
  readonly directory: string
  readonly env?: NodeJS.ProcessEnv
  /** Objects that refs/replace puts in place of others are read as they were. */
  readonly ignoreReplacements?: boolean
}

export interface GitProcess {
  readonly stdout: Readable
  readonly stdin: Writable
  /** Resolves when git has ended; `code` is -1 when a signal ended it. */
  readonly ended: Promise<{ readonly code: number; readonly stderr: string }>
  stop(): void
}

/** git failed; the message is its own last words. */
export class GitError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

const MOST_STDERR = 64 * 1024

/** In force over every file of configuration. */
const SAFE_CONFIG = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.pager=cat',
  'core.quotePath=true',
  'core.precomposeUnicode=false',
  'protocol.allow=never',
  'submodule.recurse=false',
  'diff.external=',
  'diff.noPrefix=false',
  'diff.mnemonicPrefix=false',
  'diff.orderFile=/dev/null',
  'diff.renames=true',
  'diff.submodule=short',
  'diff.interHunkContext=0',
  'diff.wsErrorHighlight=none',
  'diff.colorMoved=no',
  'color.ui=false',
  'log.showSignature=false',
  'log.showRoot=true',
  'log.diffMerges=off',
  'log.follow=false',
  'log.decorate=false',
  'i18n.logOutputEncoding=UTF-8',
  'gc.auto=0',
  'maintenance.auto=false',
]

function safeEnvironment(place: GitPlace): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...(place.env ?? process.env) }
  for (const name of ['GIT_EXTERNAL_DIFF', 'GIT_DIFF_OPTS', 'GIT_PAGER', 'GIT_SSH_COMMAND']) {
    delete env[name]
  }
  for (const name of Object.keys(env)) if (/^GIT_TRACE/.test(name)) delete env[name]
  return {
    ...env,
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    ...(place.ignoreReplacements ? { GIT_NO_REPLACE_OBJECTS: '1' } : {}),
  }
}

/** Starts git; the caller reads stdout to its end or calls stop(). Rejects `ended` when git isn't installed. */
export function startGit(
  place: GitPlace,
  args: readonly string[],
  extraEnv: NodeJS.ProcessEnv = {},
): GitProcess {
  const safe = SAFE_CONFIG.flatMap((setting) => ['-c', setting])
  const child: ChildProcess = spawn(
    'git',
    ['-C', place.directory, '--no-pager', ...safe, ...args],
    {
      env: { ...safeEnvironment(place), ...extraEnv },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  let stderr = ''
  child.stderr!.setEncoding('latin1')
  child.stderr!.on('data', (text: string) => {
    if (stderr.length < MOST_STDERR) stderr += text
  })
  // A git that ends early closes its input; what was still to be written is of no use then.
  child.stdin!.on('error', () => {})
  const ended = new Promise<{ code: number; stderr: string }>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new GitError(127, 'git is not installed') : error),
    )
    child.on('close', (code) => resolve({ code: code ?? -1, stderr }))
  })
  ended.catch(() => {})
  return { stdout: child.stdout!, stdin: child.stdin!, ended, stop: () => void child.kill() }
}

/** What git prints, as latin1. Throws GitError when it fails. */
export async function gitOutput(
  place: GitPlace,
  args: readonly string[],
  input = '',
): Promise<string> {
  const git = startGit(place, args)
  git.stdin.end(input, 'latin1')
  const parts: Buffer[] = []
  for await (const part of git.stdout) parts.push(part as Buffer)
  const { code, stderr } = await git.ended
  if (code !== 0) throw new GitError(code, lastWords(stderr) || `git ended with ${code}`)
  return Buffer.concat(parts).toString('latin1')
}

/** git's reason: its first line that tells of a failure, without the word before it. */
export function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line !== '')
  const fatal = lines.find((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? ''
  return fatal.replace(/^(fatal|error): */, '')
}

/** A revision or range that git can't take for an option. Throws GitError. */
export function checkedRevision(text: string): string {
  if (text.startsWith('-') || text === '' || /[\0\n]/.test(text)) {
    throw new GitError(129, `not a revision: ${JSON.stringify(text)}`)
  }
  return text
}

/**
 * Settings that switch off each filter (clean, smudge, process) of a repository's own configuration, as
 * environment: git runs them when it compares a changed file with the index.
 */
export async function filterGuards(place: GitPlace): Promise<NodeJS.ProcessEnv> {
  const listed = await gitOutput(place, ['config', '--list', '--name-only', '-z']).catch(() => '')
  const names = [...new Set(listed.split('\0'))].filter((name) =>
    /^filter\..*\.(clean|smudge|process|required)$/s.test(name),
  )
  const env: NodeJS.ProcessEnv = {}
  const known = Number.parseInt((place.env ?? process.env).GIT_CONFIG_COUNT ?? '0', 10) || 0
  names.forEach((name, index) => {
    env[`GIT_CONFIG_KEY_${known + index}`] = Buffer.from(name, 'latin1').toString()
    env[`GIT_CONFIG_VALUE_${known + index}`] = name.endsWith('.required') ? 'false' : ''
  })
  if (names.length > 0) env.GIT_CONFIG_COUNT = String(known + names.length)
  return env
}
