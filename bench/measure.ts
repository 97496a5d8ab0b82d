// Rounds: each round measures every operation on every server in turn, so that what else the machine
// does hits all of them alike. A figure is the median of its rounds, with the lowest and highest.
import { openConnection } from './connection.ts'
import { drive, pause, type Sample } from './load.ts'
import { type OperationName, requestBytes, requestSource } from './requests.ts'
import type { Target } from './target.ts'

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export type MeasuredName = OperationName | 'kv-read-with-logins'

export interface Figure {
  readonly target: string
  readonly operation: MeasuredName
  readonly secrets: number
  readonly workers: number | null
  readonly perSecond: Spread
  readonly perCpuSecond: Spread
  readonly p50Ms: Spread
  readonly p99Ms: Spread
  /** The highest seen. */
  readonly rssAnonBytes: number
  readonly rssBytes: number
  /** Requests per CPU second of the load generator: far above the server's, or it measures itself. */
  readonly generatorPerCpuSecond: number
}

export interface Measured {
  readonly target: Target
  readonly workers: number | null
}

export interface Rounds {
  readonly operations: readonly OperationName[]
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly loginsPerSecond: number
  readonly onSample: (target: Target, operation: MeasuredName, sample: Sample) => void
}

const WARM_UP_MS = 700

export async function measureRounds(
  measured: readonly Measured[],
  options: Rounds,
): Promise<Figure[]> {
  const samples = new Map<string, Sample[]>()
  const keep = (target: Target, operation: MeasuredName, sample: Sample): void => {
    const key = `${target.name}\n${operation}`
    const kept = samples.get(key)
    if (kept) kept.push(sample)
    else samples.set(key, [sample])
    options.onSample(target, operation, sample)
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const operation of options.operations) {
      for (const { target } of measured) {
        keep(target, operation, await measureOnce(target, operation, options))
      }
    }
    if (options.loginsPerSecond === 0) continue
    for (const { target } of measured) {
      const creates = samples.get(`${target.name}\ntoken-create`)!.at(-1)!
      const sample = await measureWithLogins(target, creates, options)
      keep(target, 'kv-read-with-logins', sample)
    }
  }
  const names: readonly MeasuredName[] =
    options.loginsPerSecond > 0
      ? [...options.operations, 'kv-read-with-logins']
      : options.operations
  return measured.flatMap(({ target, workers }) =>
    names.map((operation) =>
      figure(target, operation, workers, samples.get(`${target.name}\n${operation}`)!),
    ),
  )
}

function measureOnce(target: Target, operation: OperationName, options: Rounds): Promise<Sample> {
  return drive({
    address: target.address,
    pids: target.pids,
    connections: options.connections,
    warmUpMs: WARM_UP_MS,
    measureMs: options.seconds * 1000,
    source: () => requestSource(operation, target.api),
  })
}

/**
 * Reads while tokens are made at a fixed rate beside them. The CPU time that the tokens cost by
 * themselves, as this round measured it, is taken off: what is left is what the reads cost now.
 */
async function measureWithLogins(
  target: Target,
  creates: Sample,
  options: Rounds,
): Promise<Sample> {
  const body = JSON.stringify({ ttl: '1h' })
  const request = requestBytes(target.api, 'POST /v1/auth/token/create', body)
  const pacer = await pacedLoad(target, request, options.loginsPerSecond)
  const sample = await measureOnce(target, 'kv-read', options)
  const logins = await pacer.stop()
  const share = sample.seconds / logins.seconds
  const loginCpu = (logins.done * share * creates.cpuSeconds) / creates.requests
  return { ...sample, cpuSeconds: Math.max(0.01, sample.cpuSeconds - loginCpu) }
}

interface Pacer {
  stop(): Promise<{ done: number; seconds: number }>
}

const PACER_CONNECTIONS = 8
const PACER_TICK_MS = 10

async function pacedLoad(target: Target, request: Buffer, perSecond: number): Promise<Pacer> {
  const idle = await Promise.all(
    Array.from({ length: PACER_CONNECTIONS }, () => openConnection(target.address)),
  )
  const all = [...idle]
  const startedAt = performance.now()
  let sent = 0
  let done = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * perSecond
    while (sent < due) {
      const connection = idle.pop()
      if (connection === undefined) return
      sent += 1
      connection.send(request, () => {
        done += 1
        idle.push(connection)
      })
    }
  }, PACER_TICK_MS)
  return {
    async stop() {
      clearInterval(timer)
      const seconds = (performance.now() - startedAt) / 1000
      while (idle.length < all.length) await pause(PACER_TICK_MS)
      for (const connection of all) connection.close()
      return { done, seconds }
    },
  }
}

function figure(
  target: Target,
  operation: MeasuredName,
  workers: number | null,
  samples: readonly Sample[],
): Figure {
  const highest = (of: (sample: Sample) => number): number => Math.max(...samples.map(of))
  return {
    target: target.name,
    operation,
    secrets: target.api.secrets,
    workers,
    perSecond: spread(samples.map((sample) => sample.requests / sample.seconds)),
    perCpuSecond: spread(samples.map((sample) => sample.requests / sample.cpuSeconds)),
    p50Ms: spread(samples.map((sample) => sample.p50Ms)),
    p99Ms: spread(samples.map((sample) => sample.p99Ms)),
    rssAnonBytes: highest((sample) => sample.rssAnonBytes),
    rssBytes: highest((sample) => sample.rssBytes),
    generatorPerCpuSecond: spread(
      samples.map((sample) => sample.requests / sample.generatorCpuSeconds),
    ).median,
  }
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}
