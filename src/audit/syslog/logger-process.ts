// The way to a local syslog daemon that takes only datagrams on its unix socket, which Node can't send:
// the system's `logger` program reads lines from a pipe and sends each as one message. A line counts as
// taken when the pipe has it.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'

/** Longest message that is passed on whole; rsyslog and journald take less unless configured. */
const MAX_MESSAGE = '1MiB'

export interface LoggerOptions {
  readonly facility: string
  readonly tag: string
  /** The daemon's socket. */
  readonly socket: string
  /** The program, `logger` of util-linux. */
  readonly program?: string
}

export class LoggerProcess {
  readonly #program: string
  readonly #args: readonly string[]
  #child: ChildProcessByStdio<Writable, null, null> | undefined

  constructor(of: LoggerOptions) {
    this.#program = of.program ?? 'logger'
    this.#args = [
      ...['--tag', of.tag, '--priority', `${of.facility.toLowerCase()}.info`],
      ...['--socket', of.socket, '--size', MAX_MESSAGE, '--socket-errors=on'],
    ]
  }

  write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = this.#ready()
      const failed = (): void => settle(new Error('the program logger ended'))
      const stop = (): void => {
        this.#drop(child)
        settle(new Error('the program logger took too long'))
      }
      const settle = (error?: Error | null): void => {
        signal.removeEventListener('abort', stop)
        child.removeListener('close', failed)
        child.removeListener('error', failed)
        if (error) reject(error)
        else resolve()
      }
      child.once('close', failed)
      child.once('error', failed)
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      child.stdin.write(bytes, settle)
    })
  }

  /** Lets it send what it has, then end. */
  close(): void {
    this.#child?.stdin.end()
    this.#child = undefined
  }

  #ready(): ChildProcessByStdio<Writable, null, null> {
    if (this.#child) return this.#child
    // Nothing of our environment: it may name tokens.
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin' }
    const child = spawn(this.#program, this.#args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
    const gone = (): void => {
      if (this.#child === child) this.#child = undefined
    }
    child.on('error', gone)
    child.on('close', gone)
    child.stdin.on('error', gone)
    this.#child = child
    return child
  }

  #drop(child: ChildProcessByStdio<Writable, null, null>): void {
    child.kill()
    if (this.#child === child) this.#child = undefined
  }
}
