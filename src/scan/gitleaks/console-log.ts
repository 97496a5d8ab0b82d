// Log lines as gitleaks writes them: zerolog's console form, "3:04PM INF message field=value", always in color unless
// --no-color or NO_COLOR says otherwise. Source: behaviour of github.com/rs/zerolog's ConsoleWriter.
import { Buffer } from 'node:buffer'
import type { Clock } from '../../base/clock.ts'
import { quote } from '../../template/quoting.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

const LEVELS: Readonly<Record<LogLevel, readonly [rank: number, name: string, color: number]>> = {
  trace: [-1, 'TRC', 34],
  debug: [0, 'DBG', 0],
  info: [1, 'INF', 32],
  warn: [2, 'WRN', 33],
  error: [3, 'ERR', 31],
  fatal: [4, 'FTL', 31],
}
const BOLD = 1
const RED = 31
const CYAN = 36
const GRAY = 90

/** Values that are byte strings, or numbers. */
export type LogFields = Readonly<Record<string, string | number>>

/** Ends the program: its line was written, or will be by whoever catches it. */
export class FatalLog extends Error {
  override readonly name = 'FatalLog'
}

export interface ConsoleLogOptions {
  readonly clock: Clock
  /** NO_COLOR is set. */
  readonly isPlain: boolean
  /** Gets bytes. */
  readonly write: (line: Buffer) => void
}

export class ConsoleLog {
  level: LogLevel = 'info'
  isPlain: boolean
  private readonly options: ConsoleLogOptions

  constructor(options: ConsoleLogOptions) {
    this.options = options
    this.isPlain = options.isPlain
  }

  isOn(level: LogLevel): boolean {
    return LEVELS[level][0] >= LEVELS[this.level][0]
  }

  /** Writes a line; `message` is a byte string. */
  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.isOn(level)) return
    const [rank, name, color] = LEVELS[level]
    const parts = [this.paint(GRAY, this.time()), this.paint(color, name)]
    if (message !== '') parts.push(rank >= 1 ? this.paint(BOLD, message) : message)
    const names = Object.keys(fields).sort()
    // The error comes first.
    names.sort((a, b) => Number(b === 'error') - Number(a === 'error'))
    for (const field of names) parts.push(this.field(field, fields[field]!))
    this.options.write(Buffer.from(`${parts.join(' ')}\n`, 'latin1'))
  }

  /** Writes the line and ends the program with exit code 1. */
  fatal(message: string, fields: LogFields = {}): never {
    this.log('fatal', message, fields)
    throw new FatalLog(message)
  }

  private field(name: string, value: string | number): string {
    const text = String(value)
    const shown = /^[\x21\x23-\x5b\x5d-\x7e]*$/.test(text) ? text : quote(text)
    const painted = name === 'error' ? this.paint(RED, this.paint(BOLD, shown)) : shown
    return this.paint(CYAN, `${name}=`) + painted
  }

  private paint(code: number, text: string): string {
    return this.isPlain || code === 0 ? text : `\x1b[${code}m${text}\x1b[0m`
  }

  /** The local time as 3:04PM. */
  private time(): string {
    const now = new Date(this.options.clock.now())
    const hours = now.getHours()
    const minutes = String(now.getMinutes()).padStart(2, '0')
    return `${hours % 12 || 12}:${minutes}${hours < 12 ? 'AM' : 'PM'}`
  }
}

/** The level of --log-level; null for a word that is none. */
export function logLevelOf(text: string): LogLevel | null {
  const word = text.toLowerCase()
  if (word === 'err') return 'error'
  return Object.hasOwn(LEVELS, word) ? (word as LogLevel) : null
}
