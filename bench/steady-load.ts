// Requests at a fixed rate over a few connections: what other callers feel while the server works at
// something else. A closed loop would fill every processor and measure only that.
import { openConnection } from './connection.ts'
import { Histogram } from './histogram.ts'
import { pause } from './load.ts'

export interface Steady {
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** The median of the p99 of its windows of five seconds: one that others on the machine spoilt is not all. */
  readonly windowP99Ms: number
}

const WINDOW_MS = 5000

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
  const window = new Histogram()
  let windows: number[] = []
  let windowEndsAt = performance.now() + WINDOW_MS
  const record = (ms: number): void => {
    histogram.record(ms)
    window.record(ms)
    if (performance.now() < windowEndsAt) return
    windows.push(window.percentile(0.99))
    window.clear()
    windowEndsAt = performance.now() + WINDOW_MS
  }
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
          record(performance.now() - from)
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
    clear() {
      histogram.clear()
      window.clear()
      windows = []
    },
    async end() {
      isRunning = false
      await loops
      if (failure) throw failure
      const [p50Ms, p99Ms] = [histogram.percentile(0.5), histogram.percentile(0.99)]
      const sorted = windows.toSorted((a, b) => a - b)
      const windowP99Ms = sorted[sorted.length >> 1] ?? p99Ms
      return { requests: histogram.count, p50Ms, p99Ms, windowP99Ms }
    },
  }
}
