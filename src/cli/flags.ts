// Flags with the rules of Go's flag package: -name and --name are the same, a value follows after = or
// as the next argument, a boolean takes a value only after =, and the first argument that is no flag (or
// what comes after --) ends them. One definition serves parsing, help and completion.
import { type Environment, parseBoolean } from './environment.ts'
import { formatDuration, parseDuration, quoteText } from './go-format.ts'

/** What an argument or a flag's value can be, for completion. */
export type Completes =
  | 'nothing'
  | 'files'
  | 'folders'
  | 'mounts'
  | 'auth-mounts'
  | 'policies'
  | 'namespaces'
  | 'audits'
  | 'paths'
  | 'path-folders'
  | readonly string[]

export interface Flag<T> {
  readonly usage: string
  readonly initial: T
  /** The placeholder in help; '' for a boolean. */
  readonly example: string
  readonly isBoolean: boolean
  readonly aliases: readonly string[]
  /** The variable without its prefix that gives the value when the flag is absent. */
  readonly env: string | null
  readonly hidden: boolean
  readonly completes: Completes
  /** The default as help shows it; '' for none. */
  readonly shownDefault: string
  /** The value after one more occurrence; a string is what is wrong with it. */
  read(text: string, before: T): { value: T } | string
}

export type Flags = Readonly<Record<string, Flag<unknown>>>
export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never
}

interface Options {
  readonly aliases?: readonly string[]
  readonly env?: string
  readonly hidden?: boolean
  readonly completes?: Completes
}

function flag<T>(
  usage: string,
  initial: T,
  kind: Pick<Flag<T>, 'example' | 'read'> & { shownDefault?: string; isBoolean?: boolean },
  options: Options,
): Flag<T> {
  return {
    usage,
    initial,
    isBoolean: false,
    shownDefault: '',
    ...kind,
    aliases: options.aliases ?? [],
    env: options.env ?? null,
    hidden: options.hidden ?? false,
    completes: options.completes ?? 'nothing',
  }
}

const notBoolean = (text: string): string =>
  `strconv.ParseBool: parsing ${quoteText(text)}: invalid syntax`

export function booleanFlag(usage: string, options: Options & { initial?: boolean } = {}) {
  const initial = options.initial ?? false
  return flag<boolean>(
    usage,
    initial,
    {
      example: '',
      isBoolean: true,
      shownDefault: String(initial),
      read: (text) => {
        const value = parseBoolean(text)
        return value === null ? notBoolean(text) : { value }
      },
    },
    options,
  )
}

/** A boolean that can also be left unsaid (null). */
export function optionalBooleanFlag(usage: string, options: Options = {}) {
  return flag<boolean | null>(
    usage,
    null,
    {
      example: '*bool',
      isBoolean: true,
      read: (text) => {
        const value = parseBoolean(text)
        return value === null ? notBoolean(text) : { value }
      },
    },
    options,
  )
}

export function integerFlag(usage: string, options: Options & { initial?: number } = {}) {
  const initial = options.initial ?? 0
  return flag<number>(
    usage,
    initial,
    {
      example: 'int',
      shownDefault: initial === 0 ? '' : String(initial),
      read: (text) => {
        const value = /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN
        return Number.isSafeInteger(value)
          ? { value }
          : `strconv.ParseInt: parsing ${quoteText(text)}: invalid syntax`
      },
    },
    options,
  )
}

export function stringFlag(usage: string, options: Options & { initial?: string } = {}) {
  const initial = options.initial ?? ''
  return flag<string>(
    usage,
    initial,
    { example: 'string', shownDefault: initial, read: (value) => ({ value }) },
    options,
  )
}

/** A duration in nanoseconds, as Go counts them; "system" stands for -1 s, the server's own value. */
export function durationFlag(usage: string, options: Options & { initial?: number } = {}) {
  const initial = options.initial ?? 0
  return flag<number>(
    usage,
    initial,
    {
      example: 'duration',
      shownDefault: initial > 0 ? formatDuration(initial) : '',
      read: (text) => {
        const value = parseDuration(text === 'system' ? '-1' : text)
        return value === null
          ? 'expected seconds or a duration such as 30s, 5m, 1h30m or 7d'
          : { value }
      },
    },
    options,
  )
}

/** Every occurrence adds a string. */
export function listFlag(usage: string, options: Options = {}) {
  return flag<readonly string[]>(
    usage,
    [],
    { example: 'string', read: (text, before) => ({ value: [...before, text.trim()] }) },
    options,
  )
}

/** Every occurrence adds key=value; null while the flag was not given. */
export function mapFlag(usage: string, options: Options = {}) {
  return flag<ReadonlyMap<string, string>>(
    usage,
    new Map(),
    {
      example: 'key=value',
      read: (text, before) => {
        const at = text.indexOf('=')
        if (at < 0) return `missing = in KV pair: ${quoteText(text)}`
        return { value: new Map(before).set(text.slice(0, at), text.slice(at + 1)) }
      },
    },
    options,
  )
}

export interface ParsedFlags<F extends Flags> {
  readonly values: FlagValues<F>
  /** Names (never aliases) of the flags that were given as arguments. */
  readonly given: ReadonlySet<string>
  readonly args: readonly string[]
  /** What is wrong with the flags, in Go's words; null where all is well. */
  readonly error: string | null
}

function initialValues(flags: Flags, env: Environment): Map<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [name, one] of Object.entries(flags)) {
    values.set(name, one.initial)
    const text = one.env === null ? undefined : env.read(one.env)
    if (text === undefined) continue
    const read = one.read(text, one.initial)
    if (typeof read !== 'string') values.set(name, read.value)
  }
  return values
}

function namesOf(flags: Flags): Map<string, string> {
  const names = new Map<string, string>()
  for (const [name, one] of Object.entries(flags)) {
    names.set(name, name)
    for (const alias of one.aliases) names.set(alias, name)
  }
  return names
}

/** Reads the flags at the head of `argv`. */
export function parseFlags<F extends Flags>(
  flags: F,
  argv: readonly string[],
  env: Environment,
): ParsedFlags<F> {
  const values = initialValues(flags, env)
  const names = namesOf(flags)
  const given = new Set<string>()
  let at = 0
  const finish = (error: string | null): ParsedFlags<F> => ({
    values: Object.fromEntries(values) as FlagValues<F>,
    given,
    args: argv.slice(at),
    error,
  })
  while (at < argv.length) {
    const arg = argv[at]!
    if (arg.length < 2 || arg[0] !== '-') break
    at++
    if (arg === '--') break
    const body = arg.slice(arg[1] === '-' ? 2 : 1)
    if (body === '' || body[0] === '-' || body[0] === '=') return finish(`bad flag syntax: ${arg}`)
    const equals = body.indexOf('=')
    const spoken = equals < 0 ? body : body.slice(0, equals)
    const name = names.get(spoken)
    if (name === undefined) return finish(`flag provided but not defined: -${spoken}`)
    const one = flags[name]!
    let text: string
    if (equals >= 0) text = body.slice(equals + 1)
    else if (one.isBoolean) text = 'true'
    else if (at < argv.length) text = argv[at++]!
    else return finish(`flag needs an argument: -${spoken}`)
    const before = given.has(name) ? values.get(name) : one.initial
    const read = one.read(text, before)
    if (typeof read === 'string') {
      return finish(
        one.isBoolean
          ? `invalid boolean value ${quoteText(text)} for -${spoken}: ${read}`
          : `invalid value ${quoteText(text)} for flag -${spoken}: ${read}`,
      )
    }
    values.set(name, read.value)
    given.add(name)
  }
  return finish(null)
}

const ANYWHERE = new Set(['output-curl-string', 'output-policy', 'format', 'detailed'])

/** The warning about flags that stand after the arguments and so are not read; '' for none. */
export function trailingFlagWarning(args: readonly string[]): string {
  const trailing = args.filter((arg) => {
    if (!arg.startsWith('-') || arg === '-') return false
    return !ANYWHERE.has(arg.replace(/^-+/, '').replace(/=.*$/s, ''))
  })
  if (trailing.length === 0) return ''
  return `Flags have to stand before the arguments. Not read as flags: ${trailing.join(' ')}`
}
