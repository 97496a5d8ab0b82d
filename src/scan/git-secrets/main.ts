// git-secrets: every verb and flag of the git subcommand of that name, with its output and exit codes. Where it
// leaves the original on purpose is written in docs/compat.md.
import { runGit } from './git.ts'
import { installHooks } from './install.ts'
import { type Options, parseOptions, Stop, usage } from './options.ts'
import { awsKeys, settings } from './patterns.ts'
import {
  prepare,
  type Scanning,
  scan,
  scanFiles,
  scanHistory,
  scanMerge,
  scanStaged,
} from './scan.ts'

interface Streams {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
}

/** What --register-aws writes, in its order. The expressions are part of the tool's interface. */
const AWS_SETTINGS: readonly (readonly [string, string])[] = awsSettings()

function awsSettings(): readonly (readonly [string, string])[] {
  const quote = `("|')?`
  const aws = '(AWS|aws|Aws)?_?'
  const connect = '\\s*(:|=>|=)\\s*'
  return [
    ['secrets.providers', 'git secrets --aws-provider'],
    ['secrets.patterns', '(A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA)[A-Z0-9]{16}'],
    ['secrets.patterns', 'ABSK[A-Za-z0-9+/]{109,}=*'],
    ['secrets.patterns', 'bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t'],
    [
      'secrets.patterns',
      `${quote}${aws}(SECRET|secret|Secret)?_?(ACCESS|access|Access)?_?(KEY|key|Key)${quote}${connect}${quote}[A-Za-z0-9/\\+=]{40}${quote}`,
    ],
    [
      'secrets.patterns',
      `${quote}${aws}(ACCOUNT|account|Account)_?(ID|id|Id)?${quote}${connect}${quote}[0-9]{4}\\-?[0-9]{4}\\-?[0-9]{4}${quote}`,
    ],
    ['secrets.allowed', ['AKIA', 'IOSFODNN7EXAMPLE'].join('')],
    ['secrets.allowed', ['wJalrXUtnFEMI/K7MDENG', '/bPxRfiCYEXAMPLEKEY'].join('')],
  ]
}

/** Runs `git secrets` with the arguments after its name; answers the exit code. */
export async function gitSecrets(argv: readonly string[], streams: Streams): Promise<number> {
  try {
    const options = await parseOptions(argv)
    return await run(options, streams)
  } catch (error) {
    if (error instanceof Stop) {
      streams[error.to].write(error.message)
      return error.code
    }
    streams.stderr.write(`git secrets: ${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}

async function run(options: Options, { stdout, stderr }: Streams): Promise<number> {
  const scanning = async (body: (of: Scanning) => Promise<number>): Promise<number> => {
    const of = await prepare(options, stderr)
    return of === null ? 0 : body(of)
  }
  switch (options.command) {
    case '--scan':
      return scanning((of) => scan(options, of))
    case '--scan-history':
      return scanning(scanHistory)
    case '--commit_msg_hook':
      return scanning((of) => scanFiles(of, options.args.slice(0, 1), 'skip'))
    case '--pre_commit_hook':
      return scanning(scanStaged)
    case '--prepare_commit_msg_hook':
      return scanning((of) => scanMerge(of, options.args))
    case '--install':
      await installHooks(options.args[0] ?? '', options.isForced, stdout)
      return 0
    case '--list':
      return list(options, stdout)
    case '--add':
      return add(
        options,
        options.isAllowed ? 'secrets.allowed' : 'secrets.patterns',
        options.args[0] ?? '',
        stderr,
      )
    case '--add-provider':
      return add(options, 'secrets.providers', options.args.join(' '), stderr)
    case '--register-aws':
      return registerAws(options, { stdout, stderr })
    case '--aws-provider':
      for (const key of awsKeys(options.args[0] ?? '')) stdout.write(`${key}\n`)
      return 0
    case '--':
      stdout.write(await usage())
      return 0
    default:
      stdout.write(`Unknown option: ${options.command}\n${await usage()}`)
      return 129
  }
}

async function list(options: Options, stdout: NodeJS.WritableStream): Promise<number> {
  const scope = options.isGlobal ? ['--global'] : []
  const { code, stdout: text } = await runGit(['config', ...scope, '--get-regex', 'secrets.*'])
  stdout.write(text)
  return code
}

/** 1 where the value is there already, as the original, which says nothing. */
async function add(
  options: Options,
  key: string,
  value: string,
  stderr: NodeJS.WritableStream,
): Promise<number> {
  if (value === '') {
    stderr.write('git secrets: an empty pattern would match everything; nothing was registered\n')
    return 1
  }
  const text = options.isLiteral ? value.replace(/[.|$(){}?+*^\\[\]]/g, '\\$&') : value
  if ((await settings(key, options.isGlobal)).some((one) => one.value === text)) {
    stderr.write('git secrets: this is registered already\n')
    return 1
  }
  const scope = options.isGlobal ? ['--global'] : []
  return (await runGit(['config', ...scope, '--add', '--', key, text])).code
}

async function registerAws(options: Options, { stdout, stderr }: Streams): Promise<number> {
  const plain = { ...options, isLiteral: false }
  const quiet = { write: () => true } as unknown as NodeJS.WritableStream
  let code = 0
  for (const [key, value] of AWS_SETTINGS) code = await add(plain, key, value, quiet)
  if (code === 0) stdout.write('OK\n')
  else stderr.write('git secrets: these patterns are registered already\n')
  return 0
}
