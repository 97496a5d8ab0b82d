// The load itself: a closed loop over keep-alive connections, each sending its next request when the
// last was answered. It counts and times; what the server spent is read from /proc around it.
import { type Address, type Connection, openConnection } from './connection.ts'
import { Histogram } from './histogram.ts'
import { type Cost, costOf, treeOf } from './process-tree.ts'
import type { RequestSource } from './requests.ts'

export interface Sample {
  readonly requests: number
  readonly errors: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rssAnonBytes: number
  readonly rssBytes: number
  /** What the generator itself spent, to show that it does not measure itself. */
  readonly generatorCpuSeconds: number
}

export interface Drive {
  readonly address: Address
  /** The server's root processes. */
  readonly pids: readonly number[]
  readonly connections: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** One source for each connection, as a source's bytes are in use until its answer. */
  readonly source: () => RequestSource
  /** Ends early when it fires, for load that runs beside another. */
  readonly until?: Promise<unknown>
}

/** A server that refuses more than this share of requests is not being measured. */
const MOST_ERRORS = 0.001

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/** Runs the load and measures it after the warm-up. Throws when the server refuses requests. */
export async function drive(plan: Drive): Promise<Sample> {
  const histogram = new Histogram()
  const open = await openAll(plan.address, plan.connections)
  let errors = 0
  let firstError = ''
  let isRunning = true
  const loops = open.map((connection) => {
    const source = plan.source()
    return new Promise<void>((finished) => {
      let sentAt = performance.now()
      const onAnswer = (status: number, body: Buffer): void => {
        const now = performance.now()
        histogram.record(now - sentAt)
        if (status < 200 || status > 299) {
          errors += 1
          if (firstError === '') firstError = `${status} ${body.toString().slice(0, 300)}`
        }
        if (!isRunning || status === 0) {
          finished()
          return
        }
        sentAt = now
        connection.send(source.next(), onAnswer)
      }
      connection.send(source.next(), onAnswer)
    })
  })
  await pause(plan.warmUpMs)
  const before = costNow(plan.pids)
  const ownBefore = process.cpuUsage()
  histogram.clear()
  errors = 0
  const startedAt = performance.now()
  await Promise.race([pause(plan.measureMs), plan.until].filter(Boolean))
  const after = costNow(plan.pids)
  const own = process.cpuUsage(ownBefore)
  const seconds = (performance.now() - startedAt) / 1000
  const sample: Sample = {
    requests: histogram.count,
    errors,
    seconds,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    p50Ms: histogram.percentile(0.5),
    p99Ms: histogram.percentile(0.99),
    rssAnonBytes: after.rssAnonBytes,
    rssBytes: after.rssBytes,
    generatorCpuSeconds: (own.user + own.system) / 1e6,
  }
  isRunning = false
  await Promise.all(loops)
  for (const connection of open) connection.close()
  if (sample.requests === 0 || errors > sample.requests * MOST_ERRORS) {
    throw new Error(`${errors} of ${sample.requests} requests failed, first: ${firstError}`)
  }
  return sample
}

export interface BulkLoad {
  readonly address: Address
  readonly connections: number
  /** The next request of one connection, or null when there is none left. */
  readonly source: () => () => Buffer | null
  readonly onProgress?: (done: number) => void
}

/** Sends every request of the sources once, as fast as the server takes them. */
export async function loadAll(load: BulkLoad): Promise<void> {
  const open = await openAll(load.address, load.connections)
  let done = 0
  const loops = open.map((connection) => {
    const next = load.source()
    return new Promise<void>((finished, failed) => {
      const step = (): void => {
        const request = next()
        if (request === null) finished()
        else connection.send(request, onAnswer)
      }
      const onAnswer = (status: number, body: Buffer): void => {
        if (status < 200 || status > 299) {
          failed(new Error(`load refused: ${status} ${body.toString().slice(0, 300)}`))
          return
        }
        done += 1
        if (done % 10_000 === 0) load.onProgress?.(done)
        step()
      }
      step()
    })
  })
  await Promise.all(loops)
  for (const connection of open) connection.close()
}

function openAll(address: Address, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => openConnection(address)))
}

/** Workers may come and go, so the tree is looked up at each reading. */
const costNow = (pids: readonly number[]): Cost => costOf(treeOf(pids))
