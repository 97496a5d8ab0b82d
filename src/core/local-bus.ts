// The bus of a server of one process, which keeps the seal's progress itself.
import type { Random } from '../base/random.ts'
import type { Log } from '../sdk/log.ts'
import { type HostBus, LocalBus } from './host-bus.ts'
import { SealKeeper } from './seal/seal-keeper.ts'

export function localBus(of: { readonly random: Random; readonly log: Log }): HostBus {
  const bus = new LocalBus()
  new SealKeeper({ ...of, bus, endProcess: null, keepsKeys: false })
  return bus
}
