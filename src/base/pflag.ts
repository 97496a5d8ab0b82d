// Flags as programs built on pflag read them: --flag=value, --flag value, -f value, -fvalue, -abc, values that may be
// left out, "--", flags between arguments, and pflag's words where something is wrong.
// Source: behaviour of github.com/spf13/pflag 1.0.
import {
  FlagValueError,
  goQuote,
  parseBoolean,
  parseCsvRecord,
  parseGoDuration,
  parseInteger,
  parseUnsigned,
  showList,
} from './pflag-values.ts'

/** A flag that holds a T. */
export interface PFlag<T> {
  /** pflag's name of the type, shown in usage texts: bool, string, int, uint, count, stringSlice, duration … */
  readonly type: string
  /** What it is for; a word in backquotes names the value. */
  readonly usage: string
  readonly shorthand: string
  readonly initial: T
  /** The initial value as usage texts show it; '' where it isn't shown. */
  readonly shownInitial: string
  /** The value where none is given; '' where one has to be. */
  readonly noOptionValue: string
  readonly isHidden: boolean
  /** What follows "Flag --x has been deprecated, "; '' for flags that aren't. */
  readonly deprecated: string
  /** Values that completion offers; null: files. */
  readonly choices: readonly string[] | null
  /** The new value, given the text, the former value and whether that came from an argument. Throws FlagValueError. */
  parse(text: string, former: T, isChanged: boolean): T
}

export type PFlags = Readonly<Record<string, PFlag<never> | PFlag<unknown>>>
// biome-ignore lint/suspicious/noExplicitAny: T is both read and written, so only `any` matches all of them.
type Held<F> = F extends PFlag<infer T> ? T : any
export type PFlagValues<F extends PFlags> = { readonly [K in keyof F]: Held<F[K]> }

type Rest = Partial<
  Pick<
    PFlag<unknown>,
    'shorthand' | 'noOptionValue' | 'isHidden' | 'deprecated' | 'choices' | 'shownInitial'
  >
>

function define<T>(
  type: string,
  usage: string,
  initial: T,
  shownInitial: string,
  parse: PFlag<T>['parse'],
  rest: Rest,
): PFlag<T> {
  return {
    ...{ type, usage, initial, shownInitial, parse },
    ...{ shorthand: '', noOptionValue: '', isHidden: false, deprecated: '', choices: null },
    ...rest,
  }
}

export const boolFlag = (usage: string, rest: Rest & { initial?: boolean } = {}): PFlag<boolean> =>
  define('bool', usage, rest.initial ?? false, rest.initial ? 'true' : '', parseBoolean, {
    noOptionValue: 'true',
    ...rest,
  })

export const stringFlag = (usage: string, initial = '', rest: Rest = {}): PFlag<string> =>
  define('string', usage, initial, initial && goQuote(initial), (text) => text, rest)

export const intFlag = (usage: string, initial = 0, rest: Rest = {}): PFlag<number> =>
  define('int', usage, initial, initial ? String(initial) : '', parseInteger, rest)

export const uintFlag = (usage: string, initial = 0, rest: Rest = {}): PFlag<number> =>
  define('uint', usage, initial, initial ? String(initial) : '', parseUnsigned, rest)

/** -vvv: each time it stands there counts. */
export const countFlag = (usage: string, rest: Rest = {}): PFlag<number> =>
  define(
    'count',
    usage,
    0,
    '',
    (text, former) => (text === '+1' ? former + 1 : parseInteger(text)),
    { noOptionValue: '+1', ...rest },
  )

/** Comma-separated values; several times adds up. */
export const stringsFlag = (
  usage: string,
  initial: readonly string[] = [],
  rest: Rest = {},
): PFlag<readonly string[]> =>
  define(
    'stringSlice',
    usage,
    initial,
    initial.length > 0 ? showList(initial) : '',
    (text, former, isChanged) => [...(isChanged ? former : []), ...parseCsvRecord(text)],
    rest,
  )

/** One value each time, commas and all. */
export const stringArrayFlag = (usage: string, rest: Rest = {}): PFlag<readonly string[]> =>
  define(
    'stringArray',
    usage,
    [] as readonly string[],
    '',
    (text, former, isChanged) => [...(isChanged ? former : []), text],
    rest,
  )

/** Milliseconds; `shownInitial` is the initial value as Go prints it, such as 1m0s. */
export const durationFlag = (
  usage: string,
  initialMs = 0,
  shownInitial = '',
  rest: Rest = {},
): PFlag<number> => define('duration', usage, initialMs, shownInitial, parseGoDuration, rest)

/** Why the arguments were not taken, in pflag's words. */
export class PFlagError extends Error {
  override readonly name = 'PFlagError'
  /** True for -h and --help of a set that has no such flag. */
  readonly isHelp: boolean
  constructor(message: string, isHelp = false) {
    super(message)
    this.isHelp = isHelp
  }
}

export interface ParsedPFlags {
  readonly values: Record<string, unknown>
  /** Names of the flags that were given. */
  readonly changed: Set<string>
  readonly args: string[]
  /** How many of `args` stood before "--"; -1 without one. */
  readonly argsAtDash: number
  /** Lines for stderr, about deprecated flags. */
  readonly notices: string[]
}

/** Reads the arguments. Throws PFlagError at the first that is wrong. */
export function parsePFlags(
  flags: PFlags,
  argv: readonly string[],
  options: { readonly isInterspersed?: boolean } = {},
): ParsedPFlags {
  const parser = new Parser(flags)
  parser.read(argv, options.isInterspersed ?? true)
  return parser
}

class Parser implements ParsedPFlags {
  readonly values: Record<string, unknown> = Object.create(null)
  readonly changed = new Set<string>()
  readonly args: string[] = []
  argsAtDash = -1
  readonly notices: string[] = []
  private readonly flags: PFlags
  private readonly byShorthand = new Map<string, string>()

  constructor(flags: PFlags) {
    this.flags = flags
    for (const [name, flag] of Object.entries(flags)) {
      this.values[name] = flag.initial
      if (flag.shorthand !== '') this.byShorthand.set(flag.shorthand, name)
    }
  }

  read(argv: readonly string[], isInterspersed: boolean): void {
    const rest = [...argv]
    while (rest.length > 0) {
      const arg = rest.shift()!
      if (arg === '--') {
        this.argsAtDash = this.args.length
        this.args.push(...rest)
        return
      }
      if (arg.startsWith('--')) this.readLong(arg, rest)
      else if (arg.length > 1 && arg[0] === '-') this.readShorthands(arg, rest)
      else if (isInterspersed) this.args.push(arg)
      else {
        this.args.push(arg, ...rest)
        return
      }
    }
  }

  private readLong(arg: string, rest: string[]): void {
    const [, name, given] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(arg)!
    if (name === '' || name!.startsWith('-')) throw new PFlagError(`bad flag syntax: ${arg}`)
    const flag = this.find(name!)
    if (!flag) {
      if (name === 'help') throw new PFlagError('pflag: help requested', true)
      throw new PFlagError(`unknown flag: --${name}`)
    }
    if (given !== undefined) this.set(name!, given)
    else if (flag.noOptionValue !== '') this.set(name!, flag.noOptionValue)
    else if (rest.length > 0) this.set(name!, rest.shift()!)
    else throw new PFlagError(`flag needs an argument: ${arg}`)
  }

  private readShorthands(arg: string, rest: string[]): void {
    let left = arg.slice(1)
    while (left !== '') {
      const char = left[0]!
      const group = left
      left = left.slice(1)
      const name = this.byShorthand.get(char)
      if (name === undefined) {
        if (char === 'h') throw new PFlagError('pflag: help requested', true)
        throw new PFlagError(`unknown shorthand flag: '${char}' in -${group}`)
      }
      const flag = this.flags[name]!
      if (group.length > 2 && group[1] === '=') {
        this.set(name, group.slice(2))
        left = ''
      } else if (flag.noOptionValue !== '') this.set(name, flag.noOptionValue)
      else if (left !== '') {
        this.set(name, left)
        left = ''
      } else if (rest.length > 0) this.set(name, rest.shift()!)
      else throw new PFlagError(`flag needs an argument: '${char}' in -${group}`)
    }
  }

  private find(name: string): PFlags[string] | undefined {
    return Object.hasOwn(this.flags, name) ? this.flags[name] : undefined
  }

  private set(name: string, text: string): void {
    const flag = this.flags[name] as PFlag<unknown>
    try {
      this.values[name] = flag.parse(text, this.values[name], this.changed.has(name))
    } catch (error) {
      if (!(error instanceof FlagValueError)) throw error
      const shown = flag.shorthand === '' ? `--${name}` : `-${flag.shorthand}, --${name}`
      throw new PFlagError(
        `invalid argument ${goQuote(text)} for "${shown}" flag: ${error.message}`,
      )
    }
    this.changed.add(name)
    if (flag.deprecated !== '') {
      this.notices.push(`Flag --${name} has been deprecated, ${flag.deprecated}`)
    }
  }
}

/** The name of a flag's value in usage texts ('' for none), and its usage without backquotes. */
export function unquoteUsage(flag: Pick<PFlag<unknown>, 'type' | 'usage'>): [string, string] {
  const found = /^([^`]*)`([^`]*)`([\s\S]*)$/.exec(flag.usage)
  if (found) return [found[2]!, found[1]! + found[2]! + found[3]!]
  const names: Readonly<Record<string, string>> = { bool: '', stringSlice: 'strings' }
  return [names[flag.type] ?? flag.type, flag.usage]
}

function usageHead(name: string, flag: PFlag<unknown>): string {
  let line = flag.shorthand === '' ? `      --${name}` : `  -${flag.shorthand}, --${name}`
  const [value] = unquoteUsage(flag)
  if (value !== '') line += ` ${value}`
  if (flag.noOptionValue === '') return line
  if (flag.type === 'string') return `${line}[="${flag.noOptionValue}"]`
  const usual: Readonly<Record<string, string>> = { bool: 'true', count: '+1' }
  return flag.noOptionValue === usual[flag.type] ? line : `${line}[=${flag.noOptionValue}]`
}

/** The lines of a usage text, in order of the names, each with a newline. */
export function pflagUsages(flags: PFlags): string {
  const shown = Object.keys(flags)
    .filter((name) => !flags[name]!.isHidden && flags[name]!.deprecated === '')
    .sort()
  const heads = shown.map((name) => usageHead(name, flags[name] as PFlag<unknown>))
  const width = Math.max(0, ...heads.map((head) => head.length)) + 3
  let out = ''
  for (const [at, name] of shown.entries()) {
    const flag = flags[name] as PFlag<unknown>
    const [, usage] = unquoteUsage(flag)
    const initial = flag.shownInitial === '' ? '' : ` (default ${flag.shownInitial})`
    const text = (usage + initial).replaceAll('\n', `\n${' '.repeat(width)}`)
    out += `${heads[at]!.padEnd(width)}${text}\n`
  }
  return out
}
