// What the sys rows ask of this host as a whole, whichever of its processes answers: requests in flight,
// figures, levels of loggers, what plugins hold. Each process answers for itself over the host's bus.
import type { LogLevel } from '../../base/log.ts'
import type { Host } from '../host.ts'
import { busTopic } from '../host-bus.ts'
import type { Metric } from '../metrics/metric.ts'

export interface RequestInFlight {
  readonly start_time: string
  readonly client_remote_address: string
  readonly request_path: string
  readonly request_method: string
}

/** null: back to the level of the configuration. Without a name all loggers are meant. */
export interface LevelChange {
  readonly name: string | null
  readonly level: LogLevel | null
}

const topics = {
  inFlight: busTopic<null, Record<string, RequestInFlight>>('sys.in-flight'),
  metrics: busTopic<null, readonly Metric[]>('sys.metrics'),
  level: busTopic<LevelChange>('sys.level'),
  dispose: busTopic<readonly string[]>('sys.dispose'),
} as const

/** How long the slowest process may take: a scrape is worth no more. */
const ANSWER_MS = 2000

/** Makes this process answer the others. */
export function answerHostWide(host: Host): void {
  const { bus } = host
  bus.answer(topics.inFlight, () => ownInFlight(host))
  bus.answer(topics.metrics, () => host.metrics.metrics())
  bus.answer(topics.level, (change) => applyLevel(host, change))
  bus.answer(topics.dispose, async (mountIds) => {
    for (const id of mountIds) await host.core?.resources.dispose(id)
  })
}

/** By request id. */
export async function inFlightOf(host: Host): Promise<Record<string, RequestInFlight>> {
  const { answers } = await host.bus.gather(topics.inFlight, null, ANSWER_MS)
  return Object.assign({}, ...answers.values()) as Record<string, RequestInFlight>
}

/** One set of each process. */
export async function metricsOfHost(host: Host): Promise<readonly (readonly Metric[])[]> {
  const { answers } = await host.bus.gather(topics.metrics, null, ANSWER_MS)
  return [...answers.values()]
}

export async function changeLevel(host: Host, change: LevelChange): Promise<void> {
  await host.bus.gather(topics.level, change, ANSWER_MS)
}

/** Lets go of what plugins hold for these mounts: it is made anew where it is used. */
export async function disposeResources(host: Host, mountIds: readonly string[]): Promise<void> {
  await host.bus.gather(topics.dispose, mountIds, ANSWER_MS)
}

function ownInFlight(host: Host): Record<string, RequestInFlight> {
  const all: Record<string, RequestInFlight> = {}
  for (const { id, startedAtMs, request } of host.inFlight.all()) {
    all[id] = {
      start_time: new Date(startedAtMs).toISOString(),
      client_remote_address: `${request.remoteAddress}:${request.remotePort}`,
      request_path: `/v1/${request.path}`,
      request_method: request.method,
    }
  }
  return all
}

function applyLevel(host: Host, { name, level }: LevelChange): void {
  const of = name === null ? undefined : name
  if (level === null) host.logs.resetLevel(of)
  else host.logs.setLevel(level, of)
}
