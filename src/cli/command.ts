// What a command is: one definition from which flags are parsed, help is written and completion answers.
// Commands hold no state: all they know comes in their context.
import type { Client } from './client.ts'
import type { detailedFlag, fieldFlag, formatFlag, httpFlags } from './common-flags.ts'
import type { Environment } from './environment.ts'
import { Failure } from './failure.ts'
import type { Completes, Flags, FlagValues } from './flags.ts'
import type { StandardInput } from './standard-input.ts'
import type { Ui } from './ui.ts'

export type CommonValues = FlagValues<typeof httpFlags> &
  FlagValues<typeof fieldFlag> &
  FlagValues<typeof formatFlag> &
  FlagValues<typeof detailedFlag>

export interface CommandContext<F extends Flags> {
  readonly ui: Ui
  readonly env: Environment
  readonly flags: FlagValues<F>
  readonly common: CommonValues
  /** Names of the flags that were given as arguments. */
  readonly given: ReadonlySet<string>
  readonly args: readonly string[]
  readonly input: StandardInput
  /** The client with the token of the user. */
  client(): Promise<Client>
  /** The client without the stored token, for logins. */
  clientWithoutToken(): Client
}

export interface Example {
  readonly does: string
  /** Command lines without the program's name in front. */
  readonly run: readonly string[]
}

/** How many arguments a command takes; null stands for any number. */
export interface Arity {
  readonly min: number
  readonly max: number | null
  /** How a message names the number, where it is not min-max. */
  readonly expected?: string
}

export interface Command<F extends Flags = Flags> {
  /** The words after the program's name: "kv get". */
  readonly name: string
  readonly synopsis: string
  /** What follows the name in the usage line: "[options] KEY". */
  readonly usage: string
  /** Paragraphs, each one string. */
  readonly about: readonly string[]
  readonly examples: readonly Example[]
  /** Whether it talks to a server and so has the HTTP flags. */
  readonly isHttp: boolean
  readonly output: readonly ('field' | 'format' | 'detailed')[]
  readonly flags: F
  readonly arity: Arity
  /** Whether -format=raw is allowed. */
  readonly allowsRaw: boolean
  /** What each argument can be, for completion; the last one counts for all that follow. */
  readonly completes: readonly Completes[]
  run(context: CommandContext<F>): Promise<number>
}

type Draft<F extends Flags> = Pick<Command<F>, 'name' | 'synopsis' | 'usage' | 'about' | 'run'> &
  Partial<Command<F>>

export const NO_ARGUMENTS: Arity = { min: 0, max: 0 }
export const ONE_ARGUMENT: Arity = { min: 1, max: 1 }
export const ANY_ARGUMENTS: Arity = { min: 0, max: null }

/** Fills in what a definition leaves out: a server command without arguments and with -format. */
export function defineCommand<const F extends Flags = Record<never, never>>(
  draft: Draft<F>,
): Command<F> {
  return {
    examples: [],
    isHttp: true,
    output: ['format'],
    flags: {} as F,
    arity: NO_ARGUMENTS,
    allowsRaw: false,
    completes: [],
    ...draft,
  }
}

/** A command as the dispatcher handles it, whatever its flags are. */
export type AnyCommand = Omit<Command, 'run'> & { run(context: never): Promise<number> }

/** A group of commands, such as kv. */
export interface Family {
  readonly name: string
  readonly synopsis: string
  readonly about: readonly string[]
  readonly examples: readonly Example[]
}

/** Throws the message about too few or too many arguments. */
export function checkArity(arity: Arity, count: number): void {
  const { min, max } = arity
  const expected = arity.expected ?? (max === null || max === min ? `${min}` : `${min}-${max}`)
  if (count < min) {
    throw new Failure(1, `Not enough arguments (expected ${expected}, got ${count})`)
  }
  if (max !== null && count > max) {
    throw new Failure(1, `Too many arguments (expected ${expected}, got ${count})`)
  }
}
