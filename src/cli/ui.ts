// Where a command writes: results to standard output, warnings and errors to standard error, in color
// only on a terminal. `format` is what -format or the environment asks for.

export interface Ui {
  readonly format: string
  /** Whether -detailed (or its variable) was given anywhere. */
  readonly detailed: boolean
  /** A line of result. */
  out(text: string): void
  /** A warning line on standard error. */
  warn(text: string): void
  /** An error line on standard error. */
  error(text: string): void
  /** A bare value: with a newline on a terminal, without one in a pipe. */
  raw(text: string): void
  /** Text without a newline after it, for prompts. */
  prompt(text: string): void
}

export interface Sink {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

export interface UiOptions {
  readonly format: string
  readonly detailed: boolean
  readonly color: boolean
  readonly stdout: Sink
  readonly stderr: Sink
}

const RED = '\u001b[91m'
const YELLOW = '\u001b[93m'
const PLAIN = '\u001b[0m'

export function createUi(options: UiOptions): Ui {
  const { stdout, stderr } = options
  const color = options.color && options.format === 'table'
  const paint = (code: string, text: string): string =>
    color && stdout.isTTY ? code + text + PLAIN : text
  return {
    format: options.format,
    detailed: options.detailed,
    out: (text) => void stdout.write(`${text}\n`),
    warn: (text) => void stderr.write(`${paint(YELLOW, text)}\n`),
    error: (text) => void stderr.write(`${paint(RED, text)}\n`),
    raw: (text) => void stdout.write(options.color && stdout.isTTY ? `${text}\n` : text),
    prompt: (text) => void stdout.write(text),
  }
}
