// The options of git-secrets. git's own parser reads them (`git rev-parse --parseopt`), as for the original: bundled
// letters, abbreviations, order, usage text and errors are git's.
import { runGit } from './git.ts'

const SPEC = `\
git secrets --scan [-r|--recursive] [--cached] [--no-index] [--untracked] [<files>...]
git secrets --scan-history
git secrets --install [-f|--force] [<target-directory>]
git secrets --list [--global]
git secrets --add [-a|--allowed] [-l|--literal] [--global] <pattern>
git secrets --add-provider [--global] <command> [arguments...]
git secrets --register-aws [--global]
git secrets --aws-provider [<credentials-file>]
--
scan Looks for prohibited patterns in <files>, or in all tracked files
scan-history Looks for prohibited patterns in all revisions
install Installs the hooks in a repository or a template directory
list Lists the configured patterns and providers
add Registers a prohibited or an allowed pattern, once
add-provider Registers a command that prints patterns, one a line
aws-provider Prints the keys of an AWS credentials file as patterns
register-aws Registers patterns for AWS keys and the keys of ~/.aws/credentials
r,recursive With --scan: descends into directories
cached With --scan: looks at what is staged
no-index With --scan: looks at files that git does not manage
untracked With --scan: looks at untracked files too
f,force With --install: replaces hooks that exist
l,literal With --add: the pattern is a text, not an expression
a,allowed With --add: the pattern is allowed instead of prohibited
global Uses the configuration of the user
trust-repo-config Runs also providers that the repository's own configuration names
commit_msg_hook* For the commit-msg hook
pre_commit_hook* For the pre-commit hook
prepare_commit_msg_hook* For the prepare-commit-msg hook
`

export interface Options {
  /** The first option, such as --scan. */
  readonly command: string
  readonly isForced: boolean
  readonly isRecursive: boolean
  readonly isLiteral: boolean
  readonly isAllowed: boolean
  readonly isGlobal: boolean
  readonly isCached: boolean
  readonly isNoIndex: boolean
  readonly isUntracked: boolean
  readonly trustsRepository: boolean
  readonly args: readonly string[]
}

/** A text for stderr or stdout and the code to end with. */
export class Stop extends Error {
  readonly code: number
  readonly to: 'stdout' | 'stderr'
  constructor(text: string, code: number, to: 'stdout' | 'stderr' = 'stderr') {
    super(text)
    this.code = code
    this.to = to
  }
}

const TRUST = '--trust-repo-config'

/** Each may only stand with one command. */
const BELONGS: readonly (readonly [string, string, string])[] = [
  ['-f', '--install', '-f|--force'],
  ['-r', '--scan', '-r|--recursive'],
  ['-a', '--add', '-a|--allowed'],
  ['-l', '--add', '-l|--literal'],
  ['--cached', '--scan', '--cached'],
  ['--no-index', '--scan', '--no-index'],
  ['--untracked', '--scan', '--untracked'],
]

/** Git's usage text, as the original prints it. */
export async function usage(): Promise<string> {
  const { stdout } = await runGit(['rev-parse', '--parseopt', '--', '-h'], { input: SPEC })
  return /^cat <<\\EOF\n([\s\S]*)EOF\n?$/.exec(stdout.toString())?.[1] ?? ''
}

export async function parseOptions(argv: readonly string[]): Promise<Options> {
  if (argv.length === 0) throw new Stop(await usage(), 0, 'stdout')
  const { code, stdout } = await runGit(['rev-parse', '--parseopt', '--', ...argv], { input: SPEC })
  const text = stdout.toString()
  if (code !== 0) {
    const help = /^cat <<\\EOF\n([\s\S]*)EOF\n?$/.exec(text)
    throw new Stop(help ? help[1]! : text, 129, 'stdout')
  }
  const given = shellWords(text.replace(/^set -- ?/, ''))
  const trustsRepository = given.slice(0, given.indexOf('--')).includes(TRUST)
  // It may stand anywhere, also before the verb.
  const words = given.filter((word, at) => word !== TRUST || at > given.indexOf('--'))
  const command = words[0] ?? '--'
  const end = words.indexOf('--')
  const flags = new Set(words.slice(1, Math.max(1, end)))
  for (const [flag, owner, shown] of BELONGS) {
    if (flags.has(flag) && command !== owner)
      throw new Stop(`${shown} can only be supplied with the ${owner} subcommand\n`, 1)
  }
  const options: Options = {
    command,
    isForced: flags.has('-f'),
    isRecursive: flags.has('-r'),
    isLiteral: flags.has('-l'),
    isAllowed: flags.has('-a'),
    isGlobal: flags.has('--global'),
    isCached: flags.has('--cached'),
    isNoIndex: flags.has('--no-index'),
    isUntracked: flags.has('--untracked'),
    trustsRepository,
    args: words.slice(end + 1),
  }
  if (options.isRecursive && (options.isCached || options.isNoIndex || options.isUntracked)) {
    throw new Stop(
      '-r|--recursive cannot be supplied with --cached, --no-index, or --untracked\n',
      1,
    )
  }
  return options
}

/** The words of a line that git quoted for sh: single quotes, with \' and \! outside of them. */
export function shellWords(line: string): string[] {
  const words: string[] = []
  let word = ''
  let isOpen = false
  let at = 0
  const text = line.replace(/\n$/, '')
  while (at < text.length) {
    const char = text[at]!
    if (char === "'") {
      const end = text.indexOf("'", at + 1)
      word += text.slice(at + 1, end < 0 ? text.length : end)
      at = end < 0 ? text.length : end + 1
      isOpen = true
    } else if (char === '\\') {
      word += text[at + 1] ?? ''
      at += 2
      isOpen = true
    } else if (char === ' ') {
      if (isOpen) words.push(word)
      word = ''
      isOpen = false
      at++
    } else {
      word += char
      isOpen = true
      at++
    }
  }
  if (isOpen) words.push(word)
  return words
}
