// The operator's log on top of pino: one JSON (or plain) line each on stderr or in a file. Names carry
// levels of their own, which sys/loggers changes while the server runs.
import pino from 'pino'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

type LogFields = Readonly<Record<string, unknown>>

export interface NamedLog {
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  named(name: string): NamedLog
}

export interface LogSink {
  write(line: string): void
}

/** What a listener wants to hear, and in which form. */
export interface LogFilter {
  readonly level: LogLevel
  readonly format: 'standard' | 'json'
}

/** All loggers of a process: their levels, and who listens to their lines (sys/monitor). */
export class Logs {
  readonly #pino: pino.Logger
  readonly #levels = new Map<string, LogLevel>()
  readonly #logs = new Map<string, PinoLog>()
  readonly #listeners = new Set<{ readonly filter: LogFilter; hear(line: string): void }>()
  #level: LogLevel
  readonly #first: LogLevel
  /** Of the line being written: its rank, and whether it goes to the sink or only to listeners. */
  #rank = 0
  #isForSink = true
  #heardRank = Number.POSITIVE_INFINITY

  constructor(of: { level: LogLevel; format: 'standard' | 'json'; sink: LogSink }) {
    this.#level = of.level
    this.#first = of.level
    const write = (line: string): void => {
      if (this.#isForSink) of.sink.write(of.format === 'json' ? line : plainLine(line))
      for (const { filter, hear } of this.#listeners) {
        if (this.#rank < RANK[filter.level]) continue
        hear(filter.format === 'json' ? line : plainLine(line))
      }
    }
    this.#pino = pino(
      {
        level: 'trace',
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write },
    )
  }

  /** The logger of that name ('' is the root), one object for each name. */
  of(name: string): NamedLog {
    let log = this.#logs.get(name)
    if (!log) {
      log = new PinoLog(this, name, this.#pino.child(name === '' ? {} : { logger: name }))
      this.#logs.set(name, log)
    }
    return log
  }

  levelOf(name: string): LogLevel {
    return this.#levels.get(name) ?? this.#level
  }
  setLevel(level: LogLevel, name?: string): void {
    if (name === undefined) {
      this.#level = level
      this.#levels.clear()
    } else this.#levels.set(name, level)
  }
  /** Back to the level of the configuration. */
  resetLevel(name?: string): void {
    if (name === undefined) this.setLevel(this.#first)
    else this.#levels.delete(name)
  }
  names(): readonly string[] {
    return [...this.#logs.keys()].filter((name) => name !== '')
  }

  /** Hears the lines of a level and above, whatever the loggers' own levels; the answer ends it. */
  listen(filter: LogFilter, hear: (line: string) => void): () => void {
    const listener = { filter, hear }
    const update = (): void => {
      this.#heardRank = Math.min(...[...this.#listeners].map((one) => RANK[one.filter.level]))
    }
    this.#listeners.add(listener)
    update()
    return () => {
      this.#listeners.delete(listener)
      update()
    }
  }

  /** Whether a line of that logger goes anywhere; notes where to, for the line written next. */
  admits(name: string, level: LogLevel): boolean {
    this.#rank = RANK[level]
    this.#isForSink = this.#rank >= RANK[this.levelOf(name)]
    return this.#isForSink || this.#rank >= this.#heardRank
  }
}

const RANK: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 }

class PinoLog implements NamedLog {
  readonly #logs: Logs
  readonly #name: string
  readonly #pino: pino.Logger

  constructor(logs: Logs, name: string, logger: pino.Logger) {
    this.#logs = logs
    this.#name = name
    this.#pino = logger
  }
  trace(message: string, fields?: LogFields): void {
    this.#write('trace', message, fields)
  }
  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields)
  }
  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields)
  }
  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields)
  }
  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields)
  }
  named(name: string): NamedLog {
    return this.#logs.of(this.#name === '' ? name : `${this.#name}.${name}`)
  }
  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.#logs.admits(this.#name, level)) return
    if (fields) this.#pino[level](fields, message)
    else this.#pino[level](message)
  }
}

/** 2026-01-02T03:04:05.678Z [INFO]  core: message: key=value, as operators of Vault read it. */
function plainLine(line: string): string {
  const { time, level, logger, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>
  const label = `[${String(level).toUpperCase()}]`.padEnd(7)
  const name = logger === undefined ? '' : `${logger}: `
  const error = err as LoggedError | undefined
  const rest = [
    ...Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    ...(error ? [`error=${JSON.stringify(errorWords(error))}`] : []),
  ].join(' ')
  return `${time} ${label} ${name}${msg}${rest === '' ? '' : `: ${rest}`}\n`
}

/** An error as pino writes it. */
interface LoggedError {
  readonly type?: string
  readonly message?: string
  readonly code?: unknown
  readonly aggregateErrors?: readonly LoggedError[]
}

/** Never empty: some errors have no message of their own (a connection refused at each of several addresses). */
function errorWords({ type, message, code, aggregateErrors = [] }: LoggedError): string {
  if (message) return message
  const parts = [...new Set(aggregateErrors.map(errorWords))].join('; ')
  return parts || (typeof code === 'string' && code) || type || 'unknown error'
}
