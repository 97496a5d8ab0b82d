// Ports on the loopback interface for the real servers of tests.
import { type AddressInfo, connect, createServer } from 'node:net'
import type { TiedChild } from './tied-child.ts'

const READY_MS = 60_000

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

const takesConnections = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** Waits until the program listens; throws with its log where it ends instead. */
export async function waitForPort(port: number, child: TiedChild): Promise<void> {
  const until = performance.now() + READY_MS
  while (!(await takesConnections(port))) {
    if (child.process.exitCode !== null || performance.now() > until) {
      await child.end()
      throw new Error(`the server did not start: ${child.log()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
