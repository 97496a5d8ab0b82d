// The mount-wide settings of KV v2. A write reads them in its own transaction, together with the key, so
// that a change counts for every write that commits after it.
import type { Entry, ReadStorage } from '../../sdk/storage.ts'

export interface KvConfig {
  /** 0: ten. */
  readonly maxVersions: number
  readonly casRequired: boolean
  readonly metadataCasRequired: boolean
  /** 0: none; negative: no key expires its versions, whatever it says. */
  readonly deleteAfterSeconds: number
}

export const CONFIG_KEY = 'config'

export const NO_CONFIG: KvConfig = {
  maxVersions: 0,
  casRequired: false,
  metadataCasRequired: false,
  deleteAfterSeconds: 0,
}

export const configFrom = (entry: Entry | null | undefined): KvConfig =>
  entry ? entry.json<KvConfig>() : NO_CONFIG

export const readConfig = async (storage: ReadStorage): Promise<KvConfig> =>
  configFrom(await storage.get(CONFIG_KEY))
