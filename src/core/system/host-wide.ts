// What the sys rows ask of this host as a whole: its requests in flight, its loggers and their lines.
import type { LogLevel } from '../../base/log.ts'
import type { Host } from '../host.ts'

export interface RequestInFlight {
  readonly start_time: string
  readonly client_remote_address: string
  readonly request_path: string
  readonly request_method: string
}

/** By request id. */
export async function inFlightOf(host: Host): Promise<Record<string, RequestInFlight>> {
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

/** null: back to the level of the configuration. Without a name all loggers are meant. */
export interface LevelChange {
  readonly name: string | null
  readonly level: LogLevel | null
}

export function changeLevel(host: Host, { name, level }: LevelChange): void {
  const of = name === null ? undefined : name
  if (level === null) host.logs.resetLevel(of)
  else host.logs.setLevel(level, of)
}
