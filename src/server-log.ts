// Where the operator's log goes: standard error, or a file that is opened anew on SIGHUP, so that it can be
// rotated from outside. All processes of a server append to the same file, a line per write.
import { closeSync, openSync, writeSync } from 'node:fs'
import { type LogSink, Logs } from './base/log.ts'
import type { ServerConfig } from './server-config.ts'

export interface ServerLog {
  readonly logs: Logs
  /** Opens the file again; keeps the old one and throws if that can't be done. */
  reopen(): void
}

type LogConfig = Pick<ServerConfig, 'logLevel' | 'logFormat' | 'logFile'>

/** Throws an Error in words when the file can't be opened. */
export function openServerLog(config: LogConfig): ServerLog {
  const { logLevel: level, logFormat: format, logFile } = config
  if (logFile === '') {
    return { logs: new Logs({ level, format, sink: process.stderr }), reopen: () => {} }
  }
  const file = new LogFile(logFile)
  return { logs: new Logs({ level, format, sink: file }), reopen: () => file.reopen() }
}

class LogFile implements LogSink {
  readonly #path: string
  #descriptor: number

  constructor(path: string) {
    this.#path = path
    this.#descriptor = openLogFile(path)
  }

  write(line: string): void {
    try {
      writeSync(this.#descriptor, line)
    } catch {
      // A full disk must not take the server down; standard error is the last resort.
      process.stderr.write(line)
    }
  }

  reopen(): void {
    const next = openLogFile(this.#path)
    closeSync(this.#descriptor)
    this.#descriptor = next
  }
}

function openLogFile(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (cause) {
    throw new Error(`log_file ${path} can't be opened: ${(cause as Error).message}`, { cause })
  }
}
