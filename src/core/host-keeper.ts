// What runs once for a host, whatever its processes: in the supervisor, or in the only process. Services
// that need one place (the seal's progress; whatever else counts for the whole host) are made here and
// answer the topics that processes ask with `bus.ask`.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Log } from '../sdk/log.ts'
import { type HostBus, LocalBus } from './host-bus.ts'
import { keepRates } from './quotas/rate-limiter.ts'
import { SealKeeper } from './seal/seal-keeper.ts'

export interface KeeperParts {
  readonly bus: HostBus
  readonly clock: Clock
  readonly random: Random
  /** The root logger. */
  readonly log: Log
  /** Kills a process that does not do as told; it is started anew. null: the keeper is the only process. */
  readonly endProcess: ((number: number) => Promise<void>) | null
}

export interface HostKeeper {
  /** Forgets secrets, at the end of the supervisor. */
  wipe(): void
}

export function openKeeper({ bus, clock, random, log, endProcess }: KeeperParts): HostKeeper {
  // The only process has the keys anyway.
  const keepsKeys = endProcess !== null
  const seal = new SealKeeper({ bus, random, log: log.named('seal'), endProcess, keepsKeys })
  keepRates(bus, clock)
  return { wipe: () => seal.wipe() }
}

/** The bus of a server of one process, which is its own keeper. */
export function localBus(of: Pick<KeeperParts, 'clock' | 'random' | 'log'>): HostBus {
  const bus = new LocalBus()
  openKeeper({ ...of, bus, endProcess: null })
  return bus
}
