// Stands between a server and its database and misbehaves as a test wants: refuses, accepts and says nothing,
// cuts the line after some bytes, or holds what passes until something else has happened.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export type Direction = 'request' | 'answer'

/** What becomes of a chunk: it passes, or it is swallowed, or the line is cut (after so many of its bytes). */
export type Verdict = 'pass' | 'swallow' | { readonly cutAfter: number }

/** Sees each chunk before it passes; a promise holds it, and all behind it, until it resolves. */
export type Watch = (chunk: Buffer, direction: Direction) => Verdict | Promise<Verdict>

export class TcpProxy {
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  watch: Watch = () => 'pass'
  port = 0

  private constructor(target: number) {
    this.#target = target
  }

  /** Listens on a free loopback port and leads to another port of this machine. */
  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    await proxy.listen()
    return proxy
  }

  async listen(): Promise<void> {
    const server = createServer((client) => this.#serve(client))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as AddressInfo).port
  }

  /** Cuts every line and refuses new ones. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = null
    this.cut()
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(client: Socket): void {
    const upstream = connect(this.#target, '127.0.0.1')
    this.#link(client, upstream, 'request')
    this.#link(upstream, client, 'answer')
  }

  #link(from: Socket, to: Socket, direction: Direction): void {
    this.#sockets.add(from)
    let before: Promise<void> = Promise.resolve()
    from.on('data', (chunk: Buffer) => {
      before = before.then(async () => {
        const verdict = await this.watch(chunk, direction)
        if (verdict === 'pass') to.write(chunk)
        else if (verdict !== 'swallow') {
          to.write(chunk.subarray(0, verdict.cutAfter), () => {
            from.destroy()
            to.destroy()
          })
        }
      })
    })
    from.on('end', () => void before.then(() => to.end()))
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      void before.then(() => to.destroy())
    })
  }
}
