// Figures of this process: memory, processor time, open files, lag of its event loop. Names are those that
// Prometheus' clients agreed on, and Vault's where it has them.
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metric } from './metric.ts'

const NANOSECONDS = 1e9

export class ProcessMetrics {
  readonly #worker: string
  readonly #startedAtMs: number
  readonly #lag = monitorEventLoopDelay({ resolution: 20 })

  /** `worker` tells the processes of a host apart. */
  constructor(worker: number, startedAtMs: number) {
    this.#worker = String(worker)
    this.#startedAtMs = startedAtMs
    this.#lag.enable()
  }

  metrics(): Metric[] {
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const gauge = (name: string, about: string, value: number): Metric => ({
      kind: 'gauge',
      name,
      about,
      labels: { worker: this.#worker },
      value,
    })
    const seconds = (user + system) / 1e6
    const lag = Number.isFinite(this.#lag.mean) ? this.#lag.mean / NANOSECONDS : 0
    const longest = this.#lag.max / NANOSECONDS
    this.#lag.reset()
    return [
      gauge('process.resident.memory.bytes', 'Resident memory.', rss),
      gauge('process.start.time.seconds', 'When it started.', this.#startedAtMs / 1000),
      gauge('process.open.fds', 'Open files and sockets.', openFiles()),
      gauge('vault.runtime.alloc_bytes', 'Heap in use.', heapUsed),
      gauge('vault.runtime.sys_bytes', 'Memory taken from the system.', rss),
      gauge('nodejs.heap.size.total.bytes', 'Heap taken from the system.', heapTotal),
      gauge('nodejs.external.memory.bytes', 'Memory outside the heap.', external + arrayBuffers),
      gauge('nodejs.eventloop.lag.mean.seconds', 'Lag since it was last asked.', lag),
      gauge('nodejs.eventloop.lag.max.seconds', 'Longest lag since it was last asked.', longest),
      {
        kind: 'counter',
        name: 'process.cpu.seconds.total',
        about: 'Processor time used.',
        labels: { worker: this.#worker },
        value: seconds,
      },
    ]
  }

  close(): void {
    this.#lag.disable()
  }
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
