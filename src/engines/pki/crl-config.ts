// config/crl: how revocation lists and OCSP answers are made. Durations are kept as they were written, as
// Vault answers them.

import { parseDurationSeconds } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import type { ReadStorage } from '../../sdk/storage.ts'

export interface CrlConfig {
  readonly expiry: string
  readonly disable: boolean
  readonly ocsp_disable: boolean
  readonly ocsp_expiry: string
  readonly auto_rebuild: boolean
  readonly auto_rebuild_grace_period: string
  readonly enable_delta: boolean
  readonly delta_rebuild_interval: string
  readonly allow_expired_cert_revocation: boolean
}

export const DEFAULT_CRL_CONFIG: CrlConfig = {
  expiry: '72h',
  disable: false,
  ocsp_disable: false,
  ocsp_expiry: '12h',
  auto_rebuild: false,
  auto_rebuild_grace_period: '12h',
  enable_delta: false,
  delta_rebuild_interval: '15m',
  allow_expired_cert_revocation: false,
}

export const CRL_CONFIG_KEY = 'config/crl'

export async function readCrlConfig(storage: ReadStorage): Promise<CrlConfig> {
  const stored = (await storage.get(CRL_CONFIG_KEY))?.json<Partial<CrlConfig>>()
  return { ...DEFAULT_CRL_CONFIG, ...stored }
}

/** Milliseconds of a duration that was checked when it was set. */
export const durationMs = (text: string): number => (parseDurationSeconds(text) ?? 0) * 1000

/** Throws 400 for settings that contradict each other, in Vault's words. */
export function assertCrlConfig(config: CrlConfig): void {
  const { expiry } = config
  const grace = config.auto_rebuild_grace_period
  const interval = config.delta_rebuild_interval
  if (config.auto_rebuild && durationMs(grace) >= durationMs(expiry))
    throw badRequest(
      `CRL auto-rebuilding grace period (${grace}) must be strictly shorter than CRL expiry (${expiry}) value when auto-rebuilding of CRLs is enabled`,
    )
  if (config.enable_delta && durationMs(interval) >= durationMs(expiry))
    throw badRequest(
      `CRL delta rebuild window (${interval}) must be strictly shorter than CRL expiry (${expiry}) value when delta CRLs are enabled`,
    )
  if (!config.auto_rebuild && config.enable_delta)
    throw badRequest(
      'Delta CRLs cannot be enabled when auto rebuilding is disabled as the complete CRL is always regenerated!',
    )
}
