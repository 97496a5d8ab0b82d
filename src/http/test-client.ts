// For the tests of this folder only: a listener with short times on a free port, and a client that
// sends exact bytes and reads exact bytes.
import { connect, type Socket } from 'node:net'
import { systemClock } from '../base/clock.ts'
import type { Log } from '../sdk/log.ts'
import type { HttpReply, HttpRequest } from './exchange.ts'
import { type Listener, type ListenOptions, listen } from './listener.ts'

/** A log that keeps its lines. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const keep = (message: string): void => void lines.push(message)
  const log = { lines, trace: keep, debug: keep, info: keep, warn: keep, error: keep }
  return { ...log, named: () => recordingLog() }
}

/** A listener on 127.0.0.1 (or what `options` say), for `handler`. */
export function listenFor(
  handler: (request: HttpRequest) => Promise<HttpReply>,
  options: Partial<ListenOptions> = {},
): Promise<Listener> {
  return listen({
    name: 'test',
    address: { host: '127.0.0.1', port: 0 },
    handler,
    clock: systemClock,
    log: recordingLog(),
    ...options,
  })
}

export const jsonReply = (value: unknown): HttpReply => ({
  status: 200,
  headers: ['Content-Type', 'application/json'],
  body: JSON.stringify(value),
})

/** Answers what it saw of the request. */
export const echo = async (request: HttpRequest): Promise<HttpReply> =>
  jsonReply({
    method: request.method,
    target: request.target,
    body: request.body.toString('latin1'),
  })

/** A client socket whose received bytes can be awaited. */
export class TestClient {
  readonly socket: Socket
  received = ''
  isClosed = false
  #changed: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1')
      this.#changed()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
      this.#changed()
    })
  }

  static to(listener: Listener): TestClient {
    return new TestClient(
      listener.port === 0
        ? connect({ path: listener.address })
        : connect({ port: listener.port, host: '127.0.0.1' }),
    )
  }

  send(text: string | Buffer): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
    return this
  }

  /** All that was received once `pattern` matches it; throws if the connection closes before. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.isClosed) throw new Error(`closed after ${JSON.stringify(this.received)}`)
      await this.#change()
    }
    return this.received
  }

  /** All that was received once the server closed. */
  async untilClosed(): Promise<string> {
    while (!this.isClosed) await this.#change()
    return this.received
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve
    })
  }
}

/** Sends bytes on a new connection and answers all that came back until the server closed it. */
export const exchange = (listener: Listener, text: string | Buffer): Promise<string> =>
  TestClient.to(listener).send(text).untilClosed()
