// Which patterns are prohibited and which are allowed: git's configuration, providers (commands that print patterns)
// and the file .gitallowed. A provider runs only if the user's or the machine's configuration names it.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ended, runGit } from './git.ts'

const BUILT_IN = /^git secrets --aws-provider(?: (.*))?$/

export interface Setting {
  /** system, global, local, worktree or command. */
  readonly scope: string
  readonly value: string
}

/** All values of a key, in git's order. */
export async function settings(key: string, isGlobal = false): Promise<readonly Setting[]> {
  const scope = isGlobal ? ['--global'] : []
  const args = ['config', ...scope, '--null', '--show-scope', '--get-all', key]
  const { stdout } = await runGit(args, { quiet: true })
  const parts = stdout.toString().split('\0')
  const out: Setting[] = []
  for (let at = 0; at + 1 < parts.length; at += 2)
    out.push({ scope: parts[at]!, value: parts[at + 1]! })
  return out
}

/** Prohibited patterns, one a line; `warn` is told of providers that were not run. */
export async function loadPatterns(
  trustsRepository: boolean,
  warn: (line: string) => void,
): Promise<readonly string[]> {
  const patterns = (await settings('secrets.patterns')).flatMap(({ value }) => value.split('\n'))
  for (const { scope, value } of await settings('secrets.providers')) {
    const builtIn = BUILT_IN.exec(value.trim())
    if (builtIn) {
      patterns.push(...awsKeys(builtIn[1]?.trim() ?? ''))
      continue
    }
    if ((scope === 'local' || scope === 'worktree') && !trustsRepository) {
      warn(
        `git secrets: the provider "${value}" comes from the repository's own configuration and was not run; ` +
          '--trust-repo-config runs it\n',
      )
      continue
    }
    patterns.push(...(await provided(value)))
  }
  return patterns.filter((pattern) => pattern !== '')
}

/** What a provider prints; it is split into words as by a shell that knows no quotes. */
async function provided(command: string): Promise<readonly string[]> {
  const [program, ...args] = command.split(/[\n\t ]+/).filter((word) => word !== '')
  if (program === undefined) return []
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const code = ended(child, program)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  const status = await code
  // Patterns that are missing would let secrets pass without a word.
  if (status !== 0) throw new Error(`the provider "${command}" ended with ${status}`)
  return Buffer.concat(chunks).toString().replaceAll('\r', '').split('\n')
}

/** The keys of an AWS credentials file as patterns that match just them. Source: the file's ini form. */
export function awsKeys(file: string): readonly string[] {
  const path = file === '' ? join(homedir(), '.aws', 'credentials') : expandHome(file)
  if (!existsSync(path)) return []
  const out: string[] = []
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (!/aws_access_key_id|aws_secret_access_key/.test(line)) continue
    const value = (line.split('=')[1] ?? '').replace(/[ "\r\t]/g, '')
    if (value !== '') out.push(value.replace(/[\].|$(){}?+*^]/g, '\\$&'))
  }
  return out
}

const expandHome = (path: string): string => path.replace(/^~(?=\/|$)/, homedir())

/** Allowed patterns, one a line; they are held against `path:line:text`. */
export async function loadAllowed(): Promise<readonly string[]> {
  const allowed = (await settings('secrets.allowed')).map(({ value }) => value)
  const { stdout } = await runGit(['rev-parse', '--show-toplevel'], { quiet: true })
  const top = stdout.toString().replace(/\n$/, '')
  const file = join(top, '.gitallowed')
  if (top === '' || !existsSync(file)) return allowed
  const lines = readFileSync(file, 'utf8').split('\n')
  return [...allowed, ...lines.filter((line) => /\S/.test(line) && !/^\s*#/.test(line))]
}
