// Requests at a fixed rate over a few connections: what other callers feel while the server works at
// something else. A closed loop would fill every processor and measure only that.
import { openConnection } from './connection.ts'
import { Histogram } from './histogram.ts'
import { pause } from './load.ts'

export interface Steady {
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const CONNECTIONS = 4

export interface SteadyLoad {
  /** Ends it and tells what was measured since `clear`. */
  end(): Promise<Steady>
  clear(): void
}

/** Reads a path `perSecond` times a second until it is ended. Throws where one is refused. */
export async function steadyLoad(of: {
  readonly base: string
  readonly token: string
  readonly path: string
  readonly perSecond: number
}): Promise<SteadyLoad> {
  const { hostname, port } = new URL(of.base)
  const request = Buffer.from(
    `GET /v1/${of.path} HTTP/1.1\r\nHost: bench\r\nX-Vault-Token: ${of.token}\r\n\r\n`,
  )
  const histogram = new Histogram()
  let isRunning = true
  let failure: Error | null = null
  const every = (1000 * CONNECTIONS) / of.perSecond
  const loop = async (at: number): Promise<void> => {
    const connection = await openConnection({ host: hostname, port: Number(port) })
    let dueAt = performance.now() + (every * at) / CONNECTIONS
    while (isRunning) {
      await pause(Math.max(0, dueAt - performance.now()))
      // From when it was due: a server that stalls must not hide it by being asked less.
      const from = Math.min(performance.now(), dueAt + 1)
      await new Promise<void>((resolve) =>
        connection.send(request, (status, body) => {
          histogram.record(performance.now() - from)
          if (status !== 200) failure = new Error(`${of.path}: ${status} ${body.toString()}`)
          resolve()
        }),
      )
      dueAt += every
    }
    connection.close()
  }
  const loops = Promise.all(Array.from({ length: CONNECTIONS }, (_, at) => loop(at)))
  return {
    clear: () => histogram.clear(),
    async end() {
      isRunning = false
      await loops
      if (failure) throw failure
      const [p50Ms, p99Ms] = [histogram.percentile(0.5), histogram.percentile(0.99)]
      return { requests: histogram.count, p50Ms, p99Ms }
    },
  }
}
