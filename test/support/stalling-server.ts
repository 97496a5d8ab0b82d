// Servers that are there and no good: they accept and say nothing, cut the line after some bytes, or pass on
// to a real server only a part of what it answers.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface StallingServer {
  readonly port: number
  close(): void
}

/** Each connection is given to `serve`, which decides what is said on it. */
export function startStalling(serve: (socket: Socket) => void): Promise<StallingServer> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    serve(socket)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close() {
          server.close()
          for (const socket of sockets) socket.destroy()
        },
      })
    })
  })
}

/** Says nothing, ever. */
export const silent = (): void => {}

/** Hangs up at once. */
export const cutting = (socket: Socket): void => void socket.destroy()

/** Passes on the first `bytes` of what the real server answers, then nothing more. */
export const halfAnswering =
  (port: number, bytes: number) =>
  (socket: Socket): void => {
    let left = bytes
    const real = connect(port, '127.0.0.1')
    real.on('error', () => socket.destroy())
    socket.on('close', () => real.destroy())
    socket.on('data', (chunk) => real.write(chunk))
    real.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, left)
      left -= part.length
      if (part.length > 0) socket.write(part)
    })
  }
