// server: the flags of the server, handed over as plain values to what runs it. That is passed in, so that
// help and completion do not load a server.
import { ANY_ARGUMENTS, type AnyCommand, defineCommand } from './command.ts'
import { Failure } from './failure.ts'
import { booleanFlag, listFlag, stringFlag } from './flags.ts'

/** What the command line asks of a server. A text is '' where nothing was said. */
export interface ServerOptions {
  /** Configuration files and folders, in the order given. */
  readonly configPaths: readonly string[]
  readonly dev: DevOptions | null
  /** '' where the configuration decides. */
  readonly logLevel: string
  readonly logFormat: string
  readonly logFile: string
}

/** A server for development: in memory unless it has a folder, initialised, unsealed, without TLS. */
export interface DevOptions {
  readonly rootTokenId: string
  /** host:port */
  readonly listenAddress: string
  /** Whether the root token is put where later commands find it. */
  readonly storesToken: boolean
  /** Folder whose data survives a restart; '' for memory. */
  readonly dataFolder: string
}

/** Runs a server until it is told to stop; answers the exit code. */
export type RunServer = (options: ServerOptions) => Promise<number>

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error']

const flags = {
  config: listFlag(
    'A configuration file, or a folder whose .hcl and .json files are read. Can be given several times.',
    { completes: 'files' },
  ),
  dev: booleanFlag(
    'Run a server for development: initialised, unsealed, without TLS, on a loopback address. Not for ' +
      'secrets that matter.',
  ),
  'dev-root-token-id': stringFlag('The root token of the development server.', {
    env: 'DEV_ROOT_TOKEN_ID',
  }),
  'dev-listen-address': stringFlag('Where the development server listens.', {
    initial: '127.0.0.1:8200',
    env: 'DEV_LISTEN_ADDRESS',
  }),
  'dev-no-store-token': booleanFlag('Do not keep the root token for later commands.'),
  'dev-data-dir': stringFlag(
    'Folder for the data of the development server, to survive a restart.',
    {
      completes: 'folders',
    },
  ),
  'log-level': stringFlag(`The least level to log: ${LEVELS.join(', ')}.`, {
    env: 'LOG_LEVEL',
    completes: LEVELS,
  }),
  'log-format': stringFlag('How lines of the log look: "standard" or "json".', {
    env: 'LOG_FORMAT',
    completes: ['standard', 'json'],
  }),
  'log-file': stringFlag('File to log to, in place of standard error.', { completes: 'files' }),
}

/** The command; `load` brings what runs the server when it is needed. */
export function serverCommand(load: () => Promise<RunServer>): AnyCommand {
  return defineCommand({
    name: 'server',
    synopsis: 'Start a server',
    usage: '[options]',
    about: [
      'Starts a server with a configuration, sealed until enough key shares were entered, or with -dev one to ' +
        'try things out. It runs until it is stopped.',
    ],
    examples: [
      { does: 'With a configuration:', run: ['{} server -config=/etc/strongroom/config.hcl'] },
      { does: 'To try things out:', run: ['{} server -dev -dev-root-token-id=root'] },
    ],
    isHttp: false,
    output: [],
    flags,
    arity: ANY_ARGUMENTS,
    async run({ flags, given, args }) {
      if (args.length > 0) {
        throw new Failure(1, `Too many arguments (expected 0, got ${args.length})`)
      }
      const isDev = flags.dev || [...given].some((name) => name.startsWith('dev-'))
      if (!isDev && flags.config.length === 0) {
        throw new Failure(1, 'Name a configuration with -config, or use -dev to try things out.')
      }
      const level = flags['log-level'].toLowerCase()
      if (level !== '' && !LEVELS.includes(level)) {
        throw new Failure(1, `${level} is no log level: use one of ${LEVELS.join(', ')}`)
      }
      const runServer = await load()
      return runServer({
        configPaths: flags.config,
        dev: isDev
          ? {
              rootTokenId: flags['dev-root-token-id'],
              listenAddress: flags['dev-listen-address'],
              storesToken: !flags['dev-no-store-token'],
              dataFolder: flags['dev-data-dir'],
            }
          : null,
        logLevel: level,
        logFormat: flags['log-format'].toLowerCase(),
        logFile: flags['log-file'],
      })
    },
  }) as AnyCommand
}
