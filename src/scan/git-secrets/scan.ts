// --scan, --scan-history and the verbs of the hooks: grep and git grep look, allowed patterns filter what they find,
// and what is left goes to stderr with the advice that scripts know. Ends with 0 (clean), 1 (found) or grep's error.
import { existsSync, readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { feed, ignoreClosedPipe, runGit, startGit, startGrep } from './git.ts'
import { changedRevisions } from './history.ts'
import type { Options } from './options.ts'
import { loadAllowed, loadPatterns } from './patterns.ts'

const ADVICE = `
[ERROR] Matched one or more prohibited patterns

Possible mitigations:
- Mark false positives as allowed using: git config --add secrets.allowed ...
- Mark false positives as allowed by adding regular expressions to .gitallowed at repository's root directory
- List your configured patterns: git config --get-all secrets.patterns
- List your configured allowed patterns: git config --get-all secrets.allowed
- List your configured allowed patterns in .gitallowed at repository's root directory
- Use --no-verify if this is a one-time false positive
`

/** Bytes of names in one call: far below what any system allows for arguments. */
const ARGUMENT_BYTES = 64 * 1024
/** The empty tree of SHA-1 and of SHA-256 repositories is made by git itself. */
const EMPTY_TREE = ['hash-object', '-t', 'tree', '--stdin']

export interface Scanning {
  readonly patterns: readonly string[]
  readonly allowed: readonly string[]
  readonly stderr: NodeJS.WritableStream
}

export async function prepare(
  options: Options,
  stderr: NodeJS.WritableStream,
): Promise<Scanning | null> {
  const patterns = await loadPatterns(options.trustsRepository, (line) => stderr.write(line))
  if (patterns.length === 0) {
    stderr.write(
      'git secrets: no patterns are registered, so nothing was looked for. ' +
        '"git secrets --register-aws" registers those of AWS, "git secrets --add PATTERN" your own; ' +
        '"strongroom scan" has rules built in.\n',
    )
    return null
  }
  return { patterns, allowed: await loadAllowed(), stderr }
}

/** --scan. */
export async function scan(options: Options, scanning: Scanning): Promise<number> {
  const how = [
    ...(options.isCached ? ['--cached'] : []),
    ...(options.isUntracked ? ['--untracked'] : []),
    ...(options.isNoIndex ? ['--no-index'] : []),
  ]
  if (options.args.length === 0 || how.length > 0) {
    return verdict(scanning, await gitGrep(scanning, how, [], options.args))
  }
  return scanFiles(scanning, options.args, options.isRecursive ? 'recurse' : 'skip')
}

/** Files by grep; "-" is standard input. */
export async function scanFiles(
  scanning: Scanning,
  files: readonly string[],
  directories: 'skip' | 'recurse',
  input: Readable | null = null,
): Promise<number> {
  const found: Found = { code: 1, isFound: false }
  for (const some of batches(files)) {
    const flags = ['-d', directories, '-nwHEI']
    const patterns = lines(scanning.patterns)
    const grep = startGrep(flags, patterns, ['--', ...some], input ? 'pipe' : 'inherit')
    if (input && grep.stdin)
      input.on('error', ignoreClosedPipe).pipe(grep.stdin.on('error', ignoreClosedPipe))
    const isShown = await show(scanning, grep.stdout)
    merge(found, await grep.code, isShown)
  }
  return verdict(scanning, found)
}

/** --scan-history: revisions whose changes match, then each of them whole. */
export async function scanHistory(scanning: Scanning): Promise<number> {
  const revisions = await changedRevisions(lines(scanning.patterns))
  return verdict(scanning, await gitGrep(scanning, [], revisions, []))
}

/** --pre_commit_hook: what is staged. */
export async function scanStaged(scanning: Scanning): Promise<number> {
  const head = await runGit(['rev-parse', '--verify', 'HEAD'], { quiet: true })
  const base =
    head.code === 0 ? 'HEAD' : (await runGit(EMPTY_TREE, { input: '' })).stdout.toString().trim()
  const args = ['diff-index', '-z', '--diff-filter', 'ACMU', '--name-only', '--cached', base, '--']
  const { code, stdout } = await runGit(args)
  if (code !== 0) return code
  const files = stdout.toString('latin1').split('\0').filter(Boolean)
  const names = files.map((file) => Buffer.from(file, 'latin1').toString())
  return verdict(
    scanning,
    await gitGrep(scanning, ['--cached'], [], names, ['--literal-pathspecs']),
  )
}

/** --prepare_commit_msg_hook FILE merge: what the merged branches bring. */
export async function scanMerge(scanning: Scanning, args: readonly string[]): Promise<number> {
  if (args[1] !== 'merge' || (args[2] ?? '') !== '') return 0
  const heads = Object.keys(process.env).flatMap(
    (name) => /^GITHEAD_([0-9a-f]+)$/.exec(name)?.[1] ?? [],
  )
  const merged = heads.length > 0 ? heads : await mergeHeads()
  if (merged.length === 0) return 0
  const safe = ['--no-ext-diff', '--no-textconv', '--no-color']
  const log = startGit(
    ['log', '-p', ...safe, ...merged, '--not', 'HEAD', '--'],
    ['ignore', 'pipe', 'inherit'],
  )
  return scanFiles(scanning, ['-'], 'skip', log.stdout!)
}

async function mergeHeads(): Promise<readonly string[]> {
  const { code, stdout } = await runGit(['rev-parse', '--git-path', 'MERGE_HEAD'], { quiet: true })
  const path = stdout.toString().trim()
  return code === 0 && existsSync(path)
    ? readFileSync(path, 'utf8').split('\n').filter(Boolean)
    : []
}

interface Found {
  /** grep's: 0 found, 1 nothing, more for an error. */
  code: number
  /** Something that no allowed pattern covers. */
  isFound: boolean
}

function merge(found: Found, code: number, isShown: boolean): void {
  if (code > 1) found.code = Math.max(found.code, code)
  else if (code === 0 && found.code === 1) found.code = 0
  found.isFound ||= isShown
}

async function gitGrep(
  scanning: Scanning,
  how: readonly string[],
  revisions: readonly string[],
  paths: readonly string[],
  global: readonly string[] = [],
): Promise<Found> {
  const found: Found = { code: 1, isFound: false }
  const calls = revisions.length > 0 ? batches(revisions) : batches(paths)
  for (const some of calls) {
    const named = revisions.length > 0 ? [...some, '--'] : ['--', ...some]
    const flags = ['-nwHEI', '--no-color', '--no-textconv', '-f', '-']
    const child = startGit(
      [...global, 'grep', ...flags, ...how, ...named],
      ['pipe', 'pipe', 'inherit'],
    )
    const code = new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (status) => resolve(status ?? 2))
    })
    // One expression of all, as the original: git reads each line of a file as a pattern of its own.
    feed(child.stdin!, `${scanning.patterns.join('|')}\n`)
    const isShown = await show(scanning, child.stdout!)
    merge(found, await code, isShown)
  }
  return found
}

/** Passes on what no allowed pattern covers; true if that was anything. */
async function show(scanning: Scanning, output: Readable): Promise<boolean> {
  if (scanning.allowed.length === 0) return pass(output, scanning.stderr)
  const filter = startGrep(['-Eva'], lines(scanning.allowed), [], 'pipe')
  output.pipe(filter.stdin!.on('error', ignoreClosedPipe))
  const isShown = await pass(filter.stdout, scanning.stderr)
  const code = await filter.code
  if (code > 1) throw new Error('an allowed pattern is no expression that grep understands')
  return isShown
}

async function pass(from: Readable, to: NodeJS.WritableStream): Promise<boolean> {
  let isAny = false
  for await (const chunk of from) {
    isAny = true
    if (!to.write(chunk as Buffer)) await new Promise((resolve) => to.once('drain', resolve))
  }
  return isAny
}

function verdict(scanning: Scanning, found: Found): number {
  if (found.isFound) scanning.stderr.write(ADVICE)
  if (found.code > 1) return found.code
  return found.isFound ? 1 : 0
}

const lines = (patterns: readonly string[]): string => patterns.map((one) => `${one}\n`).join('')

/** Names in groups that fit on a command line; one empty group where there are none. */
function batches(names: readonly string[]): readonly (readonly string[])[] {
  const out: string[][] = [[]]
  let bytes = 0
  for (const name of names) {
    const size = Buffer.byteLength(name) + 1
    if (bytes + size > ARGUMENT_BYTES && out.at(-1)!.length > 0) {
      out.push([])
      bytes = 0
    }
    out.at(-1)!.push(name)
    bytes += size
  }
  return out
}
