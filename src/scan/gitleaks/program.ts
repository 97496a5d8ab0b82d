// The program that people know as gitleaks: its verbs, flags, output and exit codes over our own sources and detector.
// Exit codes: --exit-code (1) for findings, 1 for errors, 126 for an unknown flag.
import type { Buffer } from 'node:buffer'
import { systemClock } from '../../base/clock.ts'
import {
  type CobraCommand,
  type CobraStreams,
  type Invocation,
  mostArguments,
  runCobra,
} from '../../base/cobra.ts'
import type { PFlags } from '../../base/pflag.ts'
import { toByteString } from '../../template/byte-strings.ts'
import { ConsoleLog, FatalLog, logLevelOf } from './console-log.ts'
import {
  DETECT_FLAGS,
  DIRECTORY_FLAGS,
  GIT_FLAGS,
  GLOBAL_FLAGS,
  type GlobalValues,
  PROTECT_FLAGS,
} from './flags.ts'
import type { Surroundings } from './run-state.ts'

/** The release whose behaviour this is. */
export const GITLEAKS_VERSION = '8.30.1'

const BANNER = '\n    ○\n    │╲\n    │ ○\n    ○ ░\n    ░    gitleaks\n\n'
const INTERRUPTED = 'Interrupt signal received. Exiting...'

/** What a verb was called for. */
export type Verb =
  | { readonly kind: 'directory'; readonly path: string; readonly followSymlinks: boolean }
  | { readonly kind: 'stdin'; readonly configFrom: string }
  | {
      readonly kind: 'git'
      readonly path: string
      readonly mode: 'log' | 'diff' | 'staged'
      readonly logOpts: string
      readonly platform: string
    }

type Run = (verb: Verb, values: GlobalValues, around: Surroundings) => Promise<number>

function commandTree(around: Surroundings, run: Run): CobraCommand {
  const call = (verb: (of: Invocation) => Verb) => async (of: Invocation) => {
    const values = of.values as unknown as GlobalValues
    const level = logLevelOf(values['log-level'])
    if (level === null) {
      around.log.log('warn', toByteString(`unknown log level: ${values['log-level']}`))
    } else around.log.level = level
    if (!values['no-banner']) around.streams.stderr.write(BANNER)
    return run(verb(of), values, around)
  }
  const single = (args: readonly string[]): string => (args.length === 1 && args[0]) || '.'
  const text = (of: Invocation, flag: string): string => String(of.values[flag] ?? '')
  return {
    use: 'gitleaks',
    short: 'Finds secrets in code and in its history',
    version: GITLEAKS_VERSION,
    persistentFlags: GLOBAL_FLAGS as PFlags,
    commands: [
      {
        use: 'git [flags] [repo]',
        short: 'scan the history of a git repository',
        flags: GIT_FLAGS as PFlags,
        accepts: mostArguments(1),
        run: call((of) => ({
          kind: 'git',
          path: single(of.args),
          mode: of.values.staged ? 'staged' : of.values['pre-commit'] ? 'diff' : 'log',
          logOpts: text(of, 'log-opts'),
          platform: text(of, 'platform'),
        })),
      },
      {
        use: 'dir [flags] [path]',
        aliases: ['file', 'directory'],
        short: 'scan files and folders',
        flags: DIRECTORY_FLAGS as PFlags,
        run: call((of) => ({
          kind: 'directory',
          path: single(of.args),
          followSymlinks: of.values['follow-symlinks'] === true,
        })),
      },
      {
        use: 'stdin',
        short: 'scan standard input',
        run: call(() => ({ kind: 'stdin', configFrom: '.' })),
      },
      {
        use: 'detect',
        short: 'scan a history, files or standard input (the former name)',
        isHidden: true,
        flags: DETECT_FLAGS as PFlags,
        run: call((of) => detectVerb(of, text(of, 'source'))),
      },
      {
        use: 'protect',
        short: 'scan what is not committed yet (the former name)',
        isHidden: true,
        flags: PROTECT_FLAGS as PFlags,
        run: call((of) => ({
          kind: 'git',
          path: text(of, 'source'),
          mode: of.values.staged ? 'staged' : 'diff',
          logOpts: '',
          platform: 'none',
        })),
      },
      {
        use: 'version',
        short: 'print the version',
        run: async ({ streams }) => {
          streams.stdout.write(`${GITLEAKS_VERSION}\n`)
          return 0
        },
      },
    ],
  }
}

function detectVerb(of: Invocation, path: string): Verb {
  if (of.values['no-git']) {
    return { kind: 'directory', path, followSymlinks: of.values['follow-symlinks'] === true }
  }
  if (of.values.pipe) return { kind: 'stdin', configFrom: path }
  return {
    kind: 'git',
    path,
    mode: 'log',
    logOpts: String(of.values['log-opts']),
    platform: String(of.values.platform),
  }
}

async function runVerb(verb: Verb, values: GlobalValues, around: Surroundings): Promise<number> {
  const { runGitleaksVerb } = await import('./run-verb.ts')
  return runGitleaksVerb(verb, values, around)
}

/** Runs gitleaks with the arguments after its name; answers the exit code. */
export async function gitleaks(argv: readonly string[], streams: CobraStreams): Promise<number> {
  const { env } = process
  const log = new ConsoleLog({
    clock: systemClock,
    isPlain: (env.NO_COLOR ?? '') !== '',
    write: (line: Buffer) => void streams.stderr.write(line),
  })
  const around: Surroundings = { streams, env, clock: systemClock, log }
  const interrupt = (): void => {
    log.log('fatal', INTERRUPTED)
    process.exit(1)
  }
  process.once('SIGINT', interrupt)
  try {
    const { code, error } = await runCobra(commandTree(around, runVerb), argv, streams)
    if (error === null) return code
    if (error.includes('unknown flag')) return 126
    log.log('fatal', toByteString(error))
    return 1
  } catch (error) {
    if (error instanceof FatalLog) return 1
    throw error
  } finally {
    process.off('SIGINT', interrupt)
  }
}
