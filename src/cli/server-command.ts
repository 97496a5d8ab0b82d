// server: the flags of the server, handed over as plain values to what runs it, which is loaded only then, so
// that help and completion do not load a server.
import type { DevOptions } from '../server-dev.ts'
import { ANY_ARGUMENTS, type AnyCommand, defineCommand } from './command.ts'
import type { Environment } from './environment.ts'
import { Failure } from './failure.ts'
import { booleanFlag, listFlag, stringFlag } from './flags.ts'
import { tokenHelper } from './token-helper.ts'

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

export const serverCommand = defineCommand({
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
  async run({ env, flags, given, args }) {
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
    const format = flags['log-format'].toLowerCase()
    if (format !== '' && format !== 'standard' && format !== 'json') {
      throw new Failure(1, `${format} is no log format: use standard or json`)
    }
    const { runServer } = await import('../server.ts')
    return runServer({
      configPaths: flags.config,
      dev: isDev ? devOptions(env, flags) : null,
      override: {
        ...(level === '' ? undefined : { logLevel: level as 'info' }),
        ...(format === '' ? undefined : { logFormat: format as 'json' }),
        ...(flags['log-file'] === '' ? undefined : { logFile: flags['log-file'] }),
      },
      command: env.calledAs,
      stdout: process.stdout,
      stderr: process.stderr,
    })
  },
}) as AnyCommand

function devOptions(
  env: Environment,
  flags: {
    'dev-root-token-id': string
    'dev-listen-address': string
    'dev-no-store-token': boolean
    'dev-data-dir': string
  },
): DevOptions {
  const helper = tokenHelper(env)
  return {
    rootTokenId: flags['dev-root-token-id'],
    listenAddress: flags['dev-listen-address'],
    dataDir: flags['dev-data-dir'],
    ...(flags['dev-no-store-token']
      ? undefined
      : { storeToken: (token: string) => void helper.store(token).catch(() => undefined) }),
  }
}
