// A listening socket (TCP, TLS or unix) and its connections: accept, deadlines, certificate reload,
// graceful end. In a cluster worker the port is shared by node:cluster without anything done here.
import cluster from 'node:cluster'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import {
  HEADER_READ_SECONDS,
  IDLE_CONNECTION_SECONDS,
  MAX_BODY_BYTES,
  MAX_HEADER_BYTES,
  MAX_PIPELINED_BYTES,
  MAX_REQUEST_SECONDS,
  REQUEST_READ_SECONDS,
  WRITE_STALL_SECONDS,
} from '../base/limits.ts'
import type { Log } from '../sdk/log.ts'
import { Connection } from './connection.ts'
import type { ConnectionContext, ConnectionTimes } from './connection-context.ts'
import type { HttpHandler, RefusalHandler } from './exchange.ts'
import { type ForwardedRules, forwardedResolver, plainAddress } from './forwarded-for.ts'
import type { Origin } from './incoming-request.ts'
import { readTlsFiles, SocketTlsPeer, type TlsFiles, tlsServerOptions } from './tls-files.ts'
import { admitTls } from './tls-front.ts'
import { applySocketAccess, removeStaleSocket, type UnixSocketAccess } from './unix-socket.ts'

export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | ({ readonly socketPath: string } & UnixSocketAccess)

export interface ListenOptions {
  /** Shows up as `request.listener` and in the log. */
  readonly name: string
  readonly address: ListenAddress
  readonly handler: HttpHandler
  /** Without it the edge answers refusals itself, unaudited. */
  readonly refused?: RefusalHandler
  readonly clock: Clock
  readonly log: Log
  readonly tls?: TlsFiles
  readonly forwarded?: ForwardedRules
  readonly times?: Partial<ConnectionTimes>
  readonly maxHeaderBytes?: number
  /** The cap of a request's body by its path as sent (still encoded). */
  readonly maxBodyBytes?: (path: string) => number
  /** Connections at once; more are closed when they come. Default: no limit of ours. */
  readonly maxConnections?: number
}

export interface Listener {
  readonly name: string
  /** The address bound: `127.0.0.1:8200`, `[::1]:8200` or the socket's path. */
  readonly address: string
  /** 0 on a unix socket. */
  readonly port: number
  readonly connectionCount: number
  /** Reads the TLS files again (SIGHUP). Throws, and keeps the old ones, if they don't fit. */
  reload(): Promise<void>
  /**
   * Accepts no more, closes resting connections, lets requests in flight finish, and after
   * `deadlineMs` cuts what is left. Resolves when no connection is left; may be called again.
   */
  close(deadlineMs: number): Promise<void>
}

const DEFAULT_TIMES: ConnectionTimes = {
  headerMs: HEADER_READ_SECONDS * 1000,
  readMs: REQUEST_READ_SECONDS * 1000,
  idleMs: IDLE_CONNECTION_SECONDS * 1000,
  handlerMs: MAX_REQUEST_SECONDS * 1000,
  handlerGraceMs: 5000,
  writeStallMs: WRITE_STALL_SECONDS * 1000,
  lingerMs: 2000,
}

/** Sweeps are this far apart, or a quarter of the shortest time. */
const SWEEP_MS = 1000

/** Binds and accepts; throws when the address can't be had or the TLS files don't fit. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const times = { ...DEFAULT_TIMES, ...options.times }
  const maxBodyBytes = options.maxBodyBytes ?? (() => MAX_BODY_BYTES)
  const context: ConnectionContext = {
    handler: options.handler,
    refused: options.refused ?? null,
    forwarded: options.forwarded === undefined ? null : forwardedResolver(options.forwarded),
    parserLimits: {
      maxHeaderBytes: options.maxHeaderBytes ?? MAX_HEADER_BYTES,
      maxBodyBytes,
      isSecure: options.tls !== undefined,
    },
    times,
    maxPipelinedBytes: MAX_PIPELINED_BYTES,
    log: options.log,
    nowMs: options.clock.monotonic(),
  }
  const listener = new SocketListener(options, context)
  await listener.open()
  return listener
}

class SocketListener implements Listener {
  readonly name: string
  readonly #options: ListenOptions
  readonly #context: ConnectionContext
  readonly #connections = new Set<Connection>()
  /** Accepted sockets, those within a handshake included. */
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  /** Never listens: it gets the sockets on which TLS begins. */
  #tlsServer: TlsServer | null = null
  #closing: Promise<void> | null = null
  #cancelSweep: () => void = () => {}
  #settleClose: () => void = () => {}

  constructor(options: ListenOptions, context: ConnectionContext) {
    this.name = options.name
    this.#options = options
    this.#context = context
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  get address(): string {
    const bound = this.#server?.address()
    if (typeof bound === 'string') return bound
    if (bound === null || bound === undefined) return ''
    return bound.family === 'IPv6'
      ? `[${bound.address}]:${bound.port}`
      : `${bound.address}:${bound.port}`
  }

  get port(): number {
    const bound = this.#server?.address() as AddressInfo | string | null | undefined
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  }

  async open(): Promise<void> {
    const { tls, address, maxConnections } = this.#options
    const base = {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 15_000,
    }
    const server = createServer(base)
    server.on('connection', (socket) => this.#track(socket))
    if (tls === undefined) server.on('connection', (socket) => this.#accept(socket, null))
    else {
      const { clock } = this.#options
      const { headerMs } = this.#context.times
      const material = await readTlsFiles(tls)
      const secured = createTlsServer({ ...material, ...tlsServerOptions(tls, headerMs) })
      secured.on('secureConnection', (socket) => {
        this.#accept(socket, new SocketTlsPeer(socket))
      })
      secured.on('tlsClientError', (error) => {
        this.#options.log.debug('TLS handshake failed', {
          listener: this.name,
          reason: error.message,
        })
      })
      server.on('connection', (socket) => {
        admitTls(socket, clock, headerMs, (admitted) => secured.emit('connection', admitted))
      })
      this.#tlsServer = secured
    }
    if (maxConnections !== undefined) server.maxConnections = maxConnections
    this.#server = server
    await bind(server, address)
    server.on('error', (error) => {
      this.#options.log.error('accepting connections failed', { listener: this.name, error })
    })
    this.#sweep()
  }

  async reload(): Promise<void> {
    const { tls } = this.#options
    if (tls === undefined) return
    const material = await readTlsFiles(tls)
    this.#tlsServer?.setSecureContext(material)
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const cut = this.#options.clock.after(deadlineMs, () => {
        for (const socket of this.#sockets) socket.destroy()
      })
      let isClosed = false
      this.#settleClose = () => {
        // The server may be closed before the last sockets have told so.
        if (!isClosed || this.#sockets.size > 0) return
        cut()
        this.#cancelSweep()
        resolve()
      }
      this.#server?.close(() => {
        isClosed = true
        this.#settleClose()
      })
      for (const connection of this.#connections) connection.shutdown()
    })
    return this.#closing
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#settleClose()
    })
  }

  #accept(socket: Socket, tls: Origin['tls']): void {
    const origin: Origin = {
      remoteAddress: plainAddress(socket.remoteAddress ?? ''),
      remotePort: socket.remotePort ?? 0,
      tls,
      listener: this.name,
    }
    const connection = new Connection(socket, origin, this.#context, () => {
      this.#connections.delete(connection)
    })
    this.#connections.add(connection)
    if (this.#closing !== null) connection.shutdown()
  }

  /** One timer for all connections: thousands of timers would each be moved with every request. */
  #sweep(): void {
    const { clock } = this.#options
    const shortest = Math.min(...Object.values({ ...this.#context.times }))
    const everyMs = Math.max(1, Math.min(SWEEP_MS, shortest / 4))
    const run = (): void => {
      this.#context.nowMs = clock.monotonic()
      for (const connection of this.#connections) connection.checkDeadline(this.#context.nowMs)
      this.#cancelSweep = clock.after(everyMs, run)
    }
    run()
  }
}

async function bind(server: Server, address: ListenAddress): Promise<void> {
  if (!('socketPath' in address)) return listenOn(server, address)
  const { socketPath, mode } = address
  try {
    await listenOnPath(server, socketPath, mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    // In a worker the supervisor has done this; two workers could remove each other's file.
    if (cluster.isPrimary && !(await removeStaleSocket(socketPath))) throw error
    await listenOnPath(server, socketPath, mode)
  }
  try {
    await applySocketAccess(socketPath, address)
  } catch (error) {
    server.close()
    throw error
  }
}

/** With a mode to come, nobody may connect between bind and chmod. */
async function listenOnPath(server: Server, path: string, mode: number | undefined): Promise<void> {
  if (mode === undefined) return listenOn(server, { path })
  const previous = process.umask(0o177)
  try {
    // The file is made within the call.
    const listening = listenOn(server, { path })
    process.umask(previous)
    await listening
  } finally {
    process.umask(previous)
  }
}

function listenOn(
  server: Server,
  where: { readonly host: string; readonly port: number } | { readonly path: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}
