// A stream connection (TCP or unix socket) that carries lines to a log collector: connected when needed,
// given up when the peer ends it, fails or doesn't take bytes in time; the next write connects anew.
import { connect, type NetConnectOpts, type Socket } from 'node:net'

export class LineStream {
  readonly #target: NetConnectOpts
  #socket: Socket | undefined

  constructor(target: NetConnectOpts) {
    this.#target = target
  }

  /** Resolves when the system has all bytes; a connection that has died is replaced once. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const present = this.#socket
    if (present) {
      try {
        return await this.#send(present, bytes, signal)
      } catch (error) {
        if (signal.aborted) throw error
      }
    }
    const socket = await this.#connect(signal)
    await this.#send(socket, bytes, signal)
  }

  /** Connects anew, also where the present connection seems well. */
  async reconnect(signal: AbortSignal): Promise<void> {
    this.close()
    await this.#connect(signal)
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #connect(signal: AbortSignal): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#target)
      const stop = (): void => void socket.destroy(abortError(signal))
      const settle = (): void => signal.removeEventListener('abort', stop)
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
      socket.once('connect', () => {
        settle()
        socket.setKeepAlive(true, 10_000)
        socket.setNoDelay(true)
        // What a collector says is of no interest, but its end of the stream is.
        socket.resume()
        this.#socket = socket
        resolve(socket)
      })
      socket.once('end', () => socket.destroy())
      socket.on('error', (error) => {
        settle()
        reject(error)
      })
      socket.once('close', () => {
        settle()
        if (this.#socket === socket) this.#socket = undefined
        reject(new Error(CLOSED))
      })
    })
  }

  #send(socket: Socket, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => void socket.destroy(abortError(signal))
      const closed = (): void => settle(new Error(CLOSED))
      const settle = (error?: Error | null): void => {
        signal.removeEventListener('abort', stop)
        socket.removeListener('close', closed)
        // The callback of a write that a destroyed socket cut off comes without an error.
        if (!error && !socket.destroyed) {
          resolve()
          return
        }
        socket.destroy()
        if (this.#socket === socket) this.#socket = undefined
        reject(signal.aborted ? abortError(signal) : (error ?? new Error(CLOSED)))
      }
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
      socket.once('close', closed)
      socket.write(bytes, settle)
    })
  }
}

const CLOSED = 'the connection was closed'

const abortError = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('it took too long')
