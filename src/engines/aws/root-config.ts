// What the mount signs its calls to AWS with (config/root) and how long users live (config/lease).
// API: https://developer.hashicorp.com/vault/api-docs/secret/aws
import type { RotationSchedule } from '../../sdk/rotation.ts'
import { manualSchedule } from '../../sdk/rotation-schedule.ts'
import type { ReadStorage } from '../../sdk/storage.ts'

export const ROOT_KEY = 'config/root'
export const LEASE_KEY = 'config/lease'

export interface RootConfig {
  /** Both '' where the server's own environment, files or machine role are to be used. */
  readonly accessKey: string
  readonly secretKey: string
  /** '': AWS_REGION, AWS_DEFAULT_REGION or us-east-1. */
  readonly region: string
  readonly iamEndpoint: string
  readonly stsEndpoint: string
  /** '': the region above. */
  readonly stsRegion: string
  /** Asked in turn where the one before can't be reached; regions pair with them. */
  readonly stsFallbackEndpoints: readonly string[]
  readonly stsFallbackRegions: readonly string[]
  /** Negative: what the AWS client does by itself. */
  readonly maxRetries: number
  /** '': the default. */
  readonly usernameTemplate: string
  /** When the access key is replaced by itself. */
  readonly schedule: RotationSchedule
}

export interface LeaseConfig {
  readonly leaseSeconds: number
  readonly maxSeconds: number
}

export const emptyRoot: RootConfig = {
  accessKey: '',
  secretKey: '',
  region: '',
  iamEndpoint: '',
  stsEndpoint: '',
  stsRegion: '',
  stsFallbackEndpoints: [],
  stsFallbackRegions: [],
  maxRetries: -1,
  usernameTemplate: '',
  schedule: manualSchedule,
}

/** null where nothing was configured. */
export const readRoot = async (storage: ReadStorage): Promise<RootConfig | null> =>
  (await storage.get(ROOT_KEY))?.json<RootConfig>() ?? null

/** Zeros where nothing was configured: the mount's own times apply. */
export const readLease = async (storage: ReadStorage): Promise<LeaseConfig> =>
  (await storage.get(LEASE_KEY))?.json<LeaseConfig>() ?? { leaseSeconds: 0, maxSeconds: 0 }

/** The region of calls: as AWS's own tools choose it. */
export const regionOf = (config: RootConfig): string =>
  config.region || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || 'us-east-1'
