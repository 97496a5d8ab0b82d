// The operator's log as plugins see it. Secrets never go here: wrap them in Sensitive, which prints as
// [sensitive]. Fields are plain values; the message is a constant sentence.

export interface Log {
  trace(message: string, fields?: Readonly<Record<string, unknown>>): void
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** A log whose lines carry this name below the present one ("core.leases"). */
  named(name: string): Log
}
