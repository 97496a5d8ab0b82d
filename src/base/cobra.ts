// A tree of commands as programs built on cobra run it: how the command is found between flags, help and version,
// the checks of arguments, and the words of what goes wrong. Texts of help are in cobra-help.ts.
// Source: behaviour of github.com/spf13/cobra 1.9.
import { completeWords, completionCommand } from './cobra-completion.ts'
import { helpText, usageText } from './cobra-help.ts'
import { editDistance } from './nearest.ts'
import { boolFlag, type PFlag, PFlagError, type PFlags, parsePFlags } from './pflag.ts'

export interface CobraStreams {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
}

/** A call of a command whose flags and arguments were accepted. */
export interface Invocation {
  /** Values of all its flags, its own and inherited ones. */
  readonly values: Readonly<Record<string, unknown>>
  /** Names of the flags that were given. */
  readonly changed: ReadonlySet<string>
  readonly args: readonly string[]
  readonly argsAtDash: number
  readonly streams: CobraStreams
}

export interface CobraCommand {
  /** The name and what follows it in the usage line. */
  readonly use: string
  readonly short: string
  readonly long?: string
  readonly example?: string
  readonly aliases?: readonly string[]
  readonly isHidden?: boolean
  readonly version?: string
  readonly flags?: PFlags
  /** Flags that the commands below it have too. */
  readonly persistentFlags?: PFlags
  /** Why the arguments are refused; null where they aren't. */
  readonly accepts?: (args: readonly string[]) => string | null
  readonly commands?: readonly CobraCommand[]
  /** What the next argument can be; undefined: files. */
  readonly completes?: (args: readonly string[]) => readonly string[]
  /** Of the root: errors name the way to the help instead of printing it. */
  readonly hasShortErrors?: boolean
  /** Answers the exit code. Without it the command shows its help. */
  readonly run?: (invocation: Invocation) => Promise<number>
}

/** A command with those above it, the root first. */
export type CobraPath = readonly [CobraCommand, ...CobraCommand[]]

export const commandName = (command: CobraCommand): string => command.use.split(' ', 1)[0]!
export const pathText = (path: CobraPath): string => path.map(commandName).join(' ')
export const lastOf = (path: CobraPath): CobraCommand => path.at(-1)!

export interface CobraOutcome {
  readonly code: number
  /** The message that was printed, where the command was not run. */
  readonly error: string | null
}

export const noArguments =
  (path: string) =>
  (args: readonly string[]): string | null =>
    args.length === 0 ? null : `unknown command ${JSON.stringify(args[0])} for "${path}"`

export const mostArguments =
  (most: number) =>
  (args: readonly string[]): string | null =>
    args.length <= most ? null : `accepts at most ${most} arg(s), received ${args.length}`

export const exactArguments =
  (count: number) =>
  (args: readonly string[]): string | null =>
    args.length === count ? null : `accepts ${count} arg(s), received ${args.length}`

/** The flags that a command declares, with --help and --version as cobra adds them. */
export function localFlags(path: CobraPath): PFlags {
  const command = lastOf(path)
  const own: PFlags = { ...command.flags, ...command.persistentFlags }
  const all: PFlags = { ...inheritedFlags(path), ...own }
  const taken = new Set(Object.values(all).map((flag) => flag.shorthand))
  const added: Record<string, PFlag<boolean>> = {}
  const name = commandName(command)
  if (!all.help) {
    added.help = boolFlag(`help for ${name}`, taken.has('h') ? {} : { shorthand: 'h' })
  }
  if (command.version !== undefined && !all.version) {
    added.version = boolFlag(`version for ${name}`, taken.has('v') ? {} : { shorthand: 'v' })
  }
  return { ...own, ...added }
}

export function inheritedFlags(path: CobraPath): PFlags {
  return Object.assign({}, ...path.slice(0, -1).map((command) => command.persistentFlags ?? {}))
}

const allFlags = (path: CobraPath): PFlags => ({ ...inheritedFlags(path), ...localFlags(path) })

/** What a command has below it, with help and completion, which cobra adds to the root. */
export function commandsOf(path: CobraPath): readonly CobraCommand[] {
  const own = lastOf(path).commands ?? []
  if (path.length > 1 || own.length === 0) return own
  const [root] = path
  const added = [completionCommand(root), helpCommand(root)].filter(
    (one) => !own.some((other) => commandName(other) === commandName(one)),
  )
  return [...own, ...added].sort((a, b) => (commandName(a) < commandName(b) ? -1 : 1))
}

function helpCommand(root: CobraCommand): CobraCommand {
  const program = commandName(root)
  return {
    use: 'help [command]',
    short: 'Help about any command',
    long: `Shows the help of a command: ${program} help [path to command]`,
    completes: (args) => {
      const { path } = findCommand(root, args)
      return commandsOf(path)
        .filter((one) => !one.isHidden)
        .map((one) => `${commandName(one)}\t${one.short}`)
    },
    run: async ({ args, streams }) => {
      const found = findCommand(root, args)
      if (found.error === null) {
        streams.stdout.write(helpText(found.path))
        return 0
      }
      const topics = args.map((one) => `\`${one}\``).join(' ')
      streams.stderr.write(`Unknown help topic [${topics}]\n${usageText([root])}`)
      return 0
    },
  }
}

/** Whether the value of this flag stands in the next argument. */
function takesNext(arg: string, flags: PFlags): boolean {
  if (arg.includes('=')) return false
  if (arg.startsWith('--')) {
    const name = arg.slice(2)
    return !(Object.hasOwn(flags, name) && flags[name]!.noOptionValue !== '')
  }
  if (arg.length !== 2 || arg[0] !== '-') return false
  const flag = Object.values(flags).find((one) => one.shorthand === arg[1])
  return !flag || flag.noOptionValue === ''
}

/** Places of the arguments that are neither flags nor their values, up to "--". */
function wordsIn(argv: readonly string[], flags: PFlags): number[] {
  const places: number[] = []
  for (let at = 0; at < argv.length && argv[at] !== '--'; at++) {
    const arg = argv[at]!
    if (takesNext(arg, flags)) at++
    else if (arg !== '' && arg[0] !== '-') places.push(at)
  }
  return places
}

interface Found {
  readonly path: CobraPath
  readonly argv: readonly string[]
  readonly error: string | null
}

/** The command that the arguments name, and what is left of them. */
export function findCommand(root: CobraCommand, argv: readonly string[]): Found {
  let path: CobraPath = [root]
  let left = argv
  for (;;) {
    const [at] = wordsIn(left, allFlags(path))
    if (at === undefined) return { path, argv: left, error: null }
    const word = left[at]!
    const next = commandsOf(path).find(
      (one) => commandName(one) === word || one.aliases?.includes(word),
    )
    if (!next) {
      // Only the root refuses words that it doesn't know, and only if it has commands.
      const isRefused = path.length === 1 && commandsOf(path).length > 0 && !root.accepts
      const error = isRefused
        ? `unknown command ${JSON.stringify(word)} for "${pathText(path)}"${suggestions(path, word)}`
        : null
      return { path, argv: left, error }
    }
    path = [...path, next]
    left = left.toSpliced(at, 1)
  }
}

const MOST_EDITS = 2

function suggestions(path: CobraPath, word: string): string {
  const typed = word.toLowerCase()
  const near = commandsOf(path).filter((one) => {
    const name = commandName(one).toLowerCase()
    return !one.isHidden && (editDistance(typed, name) <= MOST_EDITS || name.startsWith(typed))
  })
  if (near.length === 0) return ''
  return `\n\nDid you mean this?\n${near.map((one) => `\t${commandName(one)}\n`).join('')}`
}

/** Finds the command and runs it; what is wrong with the arguments is printed as cobra does. */
export async function runCobra(
  root: CobraCommand,
  argv: readonly string[],
  streams: CobraStreams,
): Promise<CobraOutcome> {
  if (argv[0] === '__complete' || argv[0] === '__completeNoDesc') {
    completeWords(root, argv.slice(1), argv[0] === '__complete', streams)
    return { code: 0, error: null }
  }
  const { path, argv: left, error } = findCommand(root, argv)
  if (error !== null) {
    streams.stderr.write(`Error: ${error}\nRun '${pathText(path)} --help' for usage.\n`)
    return { code: 1, error }
  }
  const command = lastOf(path)
  const refuse = (message: string): CobraOutcome => {
    const advice = root.hasShortErrors
      ? `Run '${pathText(path)} --help' for usage.`
      : usageText(path)
    streams.stderr.write(`Error: ${message}\n${advice}\n`)
    return { code: 1, error: message }
  }
  const showHelp = (): CobraOutcome => {
    streams.stdout.write(helpText(path))
    return { code: 0, error: null }
  }
  try {
    const parsed = parsePFlags(allFlags(path), left)
    for (const notice of parsed.notices) streams.stderr.write(`${notice}\n`)
    if (parsed.values.help === true) return showHelp()
    if (command.version !== undefined && parsed.values.version === true) {
      streams.stdout.write(`${commandName(command)} version ${command.version}\n`)
      return { code: 0, error: null }
    }
    if (!command.run) return showHelp()
    const refused = command.accepts?.(parsed.args) ?? null
    if (refused !== null) return refuse(refused)
    return { code: await command.run({ ...parsed, streams }), error: null }
  } catch (thrown) {
    if (!(thrown instanceof PFlagError)) throw thrown
    return thrown.isHelp ? showHelp() : refuse(thrown.message)
  }
}
