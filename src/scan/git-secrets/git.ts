// How git-secrets calls git and grep: no secret in argv (patterns go through a pipe), no command that a repository's
// configuration names, the environment of a hook (GIT_INDEX_FILE, quarantine) left as it is.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** fsmonitor is a command that `git grep` and `git diff-index` would start. */
const SAFE = ['-c', 'core.fsmonitor=false']

export interface Finished {
  readonly code: number
  readonly stdout: Buffer
}

/** The environment with the byte-wise locale that the patterns are meant for. */
export const byteLocale = (): NodeJS.ProcessEnv => ({
  ...process.env,
  LC_ALL: 'C',
  GREP_OPTIONS: '',
  GIT_NO_LAZY_FETCH: '1',
  GIT_TERMINAL_PROMPT: '0',
})

export function startGit(args: readonly string[], stdio: StdioOptions): ChildProcess {
  return spawn('git', [...SAFE, ...args], { stdio, env: byteLocale() })
}

/** Exit code of a child; a program that is missing is told in words. */
export function ended(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT' ? new Error(`${name} is not installed or not in PATH`) : error,
      ),
    )
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGPIPE' ? 0 : 2)))
  })
}

/** Runs git to its end; its stderr is ours unless `quiet`. */
export async function runGit(
  args: readonly string[],
  { quiet = false, input }: { quiet?: boolean; input?: string } = {},
): Promise<Finished> {
  const stdin = input === undefined ? 'ignore' : 'pipe'
  const child = startGit(args, [stdin, 'pipe', quiet ? 'ignore' : 'inherit'])
  const code = ended(child, 'git')
  if (input !== undefined) feed(child.stdin!, input)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout!) chunks.push(chunk as Buffer)
  return { code: await code, stdout: Buffer.concat(chunks) }
}

/** Writes and closes; a reader that ended early is no error. */
export function feed(stream: Writable, text: string | Buffer): void {
  stream.on('error', ignoreClosedPipe)
  stream.end(text)
}

export function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
}

/**
 * The patterns reach grep as a file that is a pipe: sh makes a real one of descriptor 4 (Node's are sockets, which
 * can't be opened by name), so they stand neither in argv nor on disk, and standard input stays free for the text.
 */
const GREP = 'exec 3<&0; cat <&4 | grep "$@" 5<&0 0<&3'

export interface Grep {
  readonly child: ChildProcess
  readonly stdin: Writable | null
  readonly stdout: Readable
  readonly code: Promise<number>
}

/** `rest` follows the patterns' `-f`: files, or nothing for standard input. */
export function startGrep(
  flags: readonly string[],
  patterns: string,
  rest: readonly string[],
  stdin: 'pipe' | 'inherit' | 'ignore',
): Grep {
  const args = [...flags, '-f', '/dev/fd/5', ...rest]
  const child = spawn('sh', ['-c', GREP, 'grep', ...args], {
    stdio: [stdin, 'pipe', 'inherit', 'ignore', 'pipe'],
    env: byteLocale(),
  })
  const code = ended(child, 'sh')
  feed(child.stdio[4] as Writable, patterns)
  return { child, stdin: child.stdin, stdout: child.stdout!, code }
}
