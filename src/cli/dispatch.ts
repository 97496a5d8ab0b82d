// From the arguments to a running command: which command is meant, whether help is asked for, the flags,
// and the exit code of what it threw. The rules are those of Vault's command.
import {
  type AnyCommand,
  type CommandContext,
  type CommonValues,
  checkArity,
  type Family,
} from './command.ts'
import { type Entry, entriesFor } from './command-table.ts'
import { detailedFlag, fieldFlag, formatFlag, httpFlags } from './common-flags.ts'
import { connect, connectWithoutToken } from './connect.ts'
import { type Environment, parseBoolean } from './environment.ts'
import { Failure, messageOf, Preview } from './failure.ts'
import { type Flags, parseFlags, trailingFlagWarning } from './flags.ts'
import { noInput, processInput } from './standard-input.ts'
import { createUi, type Sink, type Ui } from './ui.ts'

/** The exit code of an unknown command, as a shell gives. */
const UNKNOWN_COMMAND = 127

export interface Streams {
  readonly stdout: Sink
  readonly stderr: Sink
}

interface Globals {
  readonly args: readonly string[]
  readonly format: string
  readonly detailed: boolean
  readonly isPreview: boolean
}

/** Reads the flags that count wherever they stand: -format, -detailed and the two previews. */
export function readGlobals(argv: readonly string[], env: Environment): Globals {
  let format = ''
  let detailed: boolean | null = null
  let isPreview = false
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at]!
    if (arg === '--') break
    const found = /^--?(output-curl-string|output-policy|format|detailed)(?:=(.*))?$/s.exec(arg)
    if (!found) continue
    const [, name, value] = found
    if (name === 'format') {
      if (value !== undefined) format = value
      else format = argv[++at] ?? ''
    } else if (name === 'detailed') {
      detailed = value === undefined ? true : (parseBoolean(value) ?? false)
    } else if (value === undefined) isPreview = true
  }
  const isVersion = argv.length === 1 && /^(?:-v|--?version)$/.test(argv[0]!)
  return {
    args: isVersion ? ['version'] : argv,
    format: (format || env.read('FORMAT') || 'table').toLowerCase(),
    detailed: detailed ?? parseBoolean(env.read('DETAILED') ?? '') ?? false,
    isPreview,
  }
}

export interface Chosen {
  readonly entry: Entry | null
  /** The words that were taken for a command's name. */
  readonly words: string
  readonly args: readonly string[]
  readonly isHelp: boolean
  /** Flags that stand before the command's name. */
  readonly early: readonly string[]
}

const HELP = /^(?:-h|--?help)$/

/** Finds the command with the longest name that the arguments begin with. */
export function choose(argv: readonly string[], entries: readonly Entry[]): Chosen {
  const stop = argv.indexOf('--')
  const isHelp = argv.some((arg, at) => HELP.test(arg) && (stop < 0 || at < stop))
  const start = argv.findIndex((arg) => arg !== '' && arg[0] !== '-')
  const early = argv.slice(0, start < 0 ? argv.length : start)
  const before = early.filter((arg) => !HELP.test(arg))
  if (start < 0 || argv[start]!.includes(' ')) {
    return { entry: null, words: '', args: [], isHelp, early: before }
  }
  let end = start
  while (end < argv.length && /^[^- ][^ ]*$/.test(argv[end]!)) end++
  for (let length = end - start; length > 0; length--) {
    const name = argv.slice(start, start + length).join(' ')
    const entry = entries.find((one) => one.name === name)
    if (entry) {
      return { entry, words: name, args: argv.slice(start + length), isHelp, early: before }
    }
  }
  return { entry: null, words: argv[start]!, args: [], isHelp, early: before }
}

async function listed(entries: readonly Entry[], parent: string) {
  const inside = entries.filter((entry) => {
    if (entry.isHidden || !entry.name.startsWith(parent)) return false
    return !entry.name.slice(parent.length).includes(' ')
  })
  return Promise.all(inside.map((entry) => entry.load()))
}

function commonFlags(command: AnyCommand): Flags {
  return {
    ...(command.isHttp ? httpFlags : {}),
    ...(command.output.includes('field') ? fieldFlag : {}),
    ...(command.output.includes('format') ? formatFlag : {}),
    ...(command.output.includes('detailed') ? detailedFlag : {}),
  }
}

const ALL_COMMON: Flags = { ...httpFlags, ...fieldFlag, ...formatFlag, ...detailedFlag }

function commonValues(values: Readonly<Record<string, unknown>>): CommonValues {
  const out: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(ALL_COMMON)) {
    out[name] = Object.hasOwn(values, name) ? values[name] : flag.initial
  }
  return out as unknown as CommonValues
}

/** Parses a command's flags and runs it. */
export async function runCommand(
  command: AnyCommand,
  argv: readonly string[],
  env: Environment,
  ui: Ui,
): Promise<number> {
  const parsed = parseFlags({ ...commonFlags(command), ...command.flags }, argv, env)
  const warning = trailingFlagWarning(parsed.args)
  if (warning !== '' && ui.format === 'table') ui.warn(warning)
  if (parsed.error !== null) throw new Failure(1, parsed.error)
  if (ui.format === 'raw' && !command.allowsRaw) {
    throw new Failure(1, 'Only read can print with -format=raw.')
  }
  checkArity(command.arity, parsed.args.length)
  const common = commonValues(parsed.values)
  const context: CommandContext<Flags> = {
    ui,
    env,
    flags: parsed.values,
    common,
    given: parsed.given,
    args: parsed.args,
    input: common['non-interactive'] ? noInput : processInput,
    client: () => connect(common, env),
    clientWithoutToken: () => connectWithoutToken(common, env),
  }
  return command.run(context as never)
}

const isCommand = (loaded: AnyCommand | Family): loaded is AnyCommand => 'run' in loaded

async function showHelp(
  loaded: AnyCommand | Family,
  entries: readonly Entry[],
  env: Environment,
): Promise<string> {
  const help = await import('./help.ts')
  if (isCommand(loaded)) return help.commandHelp(loaded, env)
  return help.familyHelp(loaded, await listed(entries, `${loaded.name} `), env)
}

async function runChosen(
  globals: Globals,
  env: Environment,
  ui: Ui,
  streams: Streams,
): Promise<number> {
  const entries = entriesFor(env.calledAs)
  const setting = /^--?autocomplete-(install|uninstall)$/.exec(globals.args[0] ?? '')
  if (setting) {
    const { installCompletion, uninstallCompletion } = await import('./completion/install.ts')
    if (setting[1] === 'install') installCompletion(env)
    else uninstallCompletion(env)
    return 0
  }
  const chosen = choose(globals.args, entries)
  if (!chosen.entry) {
    const help = await import('./help.ts')
    const text = `${help.programHelp(await listed(entries, ''), env)}\n`
    const isAsked = chosen.isHelp && chosen.words === ''
    const to = isAsked ? streams.stdout : streams.stderr
    if (chosen.words !== '') {
      to.write(`There is no command "${chosen.words}".\n\n`)
    }
    to.write(text)
    return isAsked ? 0 : UNKNOWN_COMMAND
  }
  const loaded = await chosen.entry.load()
  if (chosen.isHelp) {
    streams.stdout.write(`${await showHelp(loaded, entries, env)}\n`)
    return 0
  }
  if (chosen.early.length > 0) {
    streams.stderr.write(
      `Invalid flags before the subcommand: ${chosen.early.join(' ')}. If they are for the ` +
        `subcommand, put them after it.\n\n${await showHelp(loaded, entries, env)}\n`,
    )
    return 1
  }
  if (!isCommand(loaded)) {
    streams.stderr.write(`${await showHelp(loaded, entries, env)}\n`)
    return 1
  }
  return runCommand(loaded, chosen.args, env, ui)
}

const KNOWN_FORMATS = new Set(['table', 'json', 'yaml', 'yml', 'pretty', 'raw'])

/** Runs a command line; the result is the exit code. */
export async function dispatch(
  argv: readonly string[],
  env: Environment,
  streams: Streams,
): Promise<number> {
  const globals = readGlobals(argv, env)
  const isPlain = env.read('CLI_NO_COLOR') !== undefined || env.plain('NO_COLOR') !== undefined
  const ui = createUi({
    format: globals.format,
    detailed: globals.detailed,
    color: !isPlain && env.plain('TERM') !== 'dumb',
    ...streams,
  })
  if (!KNOWN_FORMATS.has(globals.format)) {
    ui.error(`Invalid output format: ${globals.format}`)
    return 1
  }
  try {
    const code = await runChosen(globals, env, ui, streams)
    if (code !== 0 || !globals.isPreview) return code
    streams.stderr.write('This command sends no request that could be shown.\n')
    return 1
  } catch (error) {
    if (error instanceof Preview) {
      streams.stdout.write(`${error.text}\n`)
      return 0
    }
    ui.error(messageOf(error))
    return error instanceof Failure ? error.code : 2
  }
}
