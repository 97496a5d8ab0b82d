// Sends lines to a log collector over TCP, UDP or a unix stream socket, with a limit in time. Over UDP
// each line is one datagram: gone once the system has taken it, whether it arrived is not known.
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { LineStream } from './line-stream.ts'

export interface LineSender {
  /** Rejects with a SendError. Calls must not overlap. */
  send(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void>
  /** Drops what is connected and connects anew. */
  reconnect(): Promise<void>
  close(): void
}

export class SendError extends Error {
  override readonly name = 'SendError'
  /** How many lines are known to be sent. */
  readonly sentLines: number
  /** True where the next line is too long to be sent at all. */
  readonly isTooLong: boolean

  constructor(
    message: string,
    options: { sentLines?: number; isTooLong?: boolean; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.sentLines = options.sentLines ?? 0
    this.isTooLong = options.isTooLong ?? false
  }
}

export type SenderAddress =
  | { readonly type: 'tcp' | 'udp'; readonly host: string; readonly port: number }
  | { readonly type: 'unix'; readonly path: string }

/** A sender that connects at its first use. `timeoutMs` bounds each call. */
export function lineSender(address: SenderAddress, timeoutMs: number, clock: Clock): LineSender {
  if (address.type === 'udp') return new DatagramSender(address.host, address.port)
  const target = address.type === 'unix' ? { path: address.path } : address
  return new StreamSender(new LineStream(target), timeoutMs, clock)
}

/** 'host:port', '[::1]:514' or ':514' (this machine). Throws in words where it is none of them. */
export function parseHostPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) {
    throw new Error(`address ${JSON.stringify(text)} is not of the form host:port`)
  }
  return { host: match[1] ?? (match[2] || 'localhost'), port }
}

class StreamSender implements LineSender {
  readonly #stream: LineStream
  readonly #timeoutMs: number
  readonly #clock: Clock

  constructor(stream: LineStream, timeoutMs: number, clock: Clock) {
    this.#stream = stream
    this.#timeoutMs = timeoutMs
    this.#clock = clock
  }

  send(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return this.#inTime(signal, (limit) => this.#stream.write(Buffer.concat(lines), limit))
  }

  reconnect(): Promise<void> {
    return this.#inTime(undefined, (limit) => this.#stream.reconnect(limit))
  }

  close(): void {
    this.#stream.close()
  }

  async #inTime(
    outer: AbortSignal | undefined,
    task: (limit: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const limit = new AbortController()
    const stop = (): void =>
      limit.abort(new Error(`the peer took nothing for ${this.#timeoutMs} ms`))
    const cancel = this.#clock.after(this.#timeoutMs, stop)
    outer?.addEventListener('abort', stop, { once: true })
    try {
      await task(limit.signal)
    } catch (cause) {
      throw new SendError(wordsOf(cause), { cause })
    } finally {
      cancel()
      outer?.removeEventListener('abort', stop)
    }
  }
}

class DatagramSender implements LineSender {
  readonly #host: string
  readonly #port: number
  #socket: Socket | undefined

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
  }

  async send(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < lines.length; at++) {
      if (signal.aborted) throw new SendError('it took too long', { sentLines: at })
      try {
        await this.#sendOne(lines[at]!)
      } catch (cause) {
        const isTooLong = (cause as NodeJS.ErrnoException).code === 'EMSGSIZE'
        throw new SendError(wordsOf(cause), { sentLines: at, isTooLong, cause })
      }
    }
  }

  async reconnect(): Promise<void> {
    this.close()
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  #sendOne(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ready().send(bytes, this.#port, this.#host, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
  }

  #ready(): Socket {
    if (this.#socket) return this.#socket
    const socket = createSocket(isIPv6(this.#host) ? 'udp6' : 'udp4')
    socket.unref()
    // Errors of a send come to its callback; one between sends only means a new socket next time.
    socket.on('error', () => {
      if (this.#socket === socket) this.close()
    })
    this.#socket = socket
    return socket
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the peer',
  EMSGSIZE: 'a line is too long for a datagram',
  ENOENT: 'no such socket',
  ENOTFOUND: 'no such host',
  EPIPE: 'the peer closed the connection',
  EPROTOTYPE: 'the socket takes datagrams, not a stream',
}

function wordsOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code !== undefined) return WORDS[code] ?? code
  return error instanceof Error ? error.message : 'sending failed'
}
