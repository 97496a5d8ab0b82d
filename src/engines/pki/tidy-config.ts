// What a tidy run does: the fields of `tidy` and of config/auto-tidy, their defaults and their checks. Names are
// the wire's; durations are seconds.
import { formatDuration, parseDurationMs } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import { boolean, integer, signedDuration, string } from '../../schema/field.ts'
import type { ReadStorage } from '../../sdk/storage.ts'

export interface TidyConfig {
  readonly tidy_cert_store: boolean
  readonly tidy_revoked_certs: boolean
  /** Nothing here is ever invalid: what is stored was built or parsed. */
  readonly tidy_invalid_certs: boolean
  readonly tidy_revoked_cert_issuer_associations: boolean
  readonly tidy_expired_issuers: boolean
  /** There is no legacy bundle to move. */
  readonly tidy_move_legacy_ca_bundle: boolean
  readonly tidy_acme: boolean
  readonly safety_buffer: number
  /** null: safety_buffer. */
  readonly revoked_safety_buffer: number | null
  readonly issuer_safety_buffer: number
  readonly acme_account_safety_buffer: number
  /** Seconds between two certificates. */
  readonly pause_duration: number
  readonly page_size: number
}

export interface AutoTidyConfig extends TidyConfig {
  readonly enabled: boolean
  readonly interval_duration: number
  readonly maintain_stored_certificate_counts: boolean
  readonly publish_stored_certificate_count_metrics: boolean
}

const DAY = 24 * 3600

export const DEFAULT_AUTO_TIDY: AutoTidyConfig = {
  enabled: false,
  interval_duration: DAY / 2,
  tidy_cert_store: false,
  tidy_revoked_certs: false,
  tidy_invalid_certs: false,
  tidy_revoked_cert_issuer_associations: false,
  tidy_expired_issuers: false,
  tidy_move_legacy_ca_bundle: false,
  tidy_acme: false,
  safety_buffer: 3 * DAY,
  revoked_safety_buffer: null,
  issuer_safety_buffer: 365 * DAY,
  acme_account_safety_buffer: 30 * DAY,
  pause_duration: 0,
  page_size: 1000,
  maintain_stored_certificate_counts: false,
  publish_stored_certificate_count_metrics: false,
}

export const AUTO_TIDY_KEY = 'config/auto-tidy'

export async function readAutoTidy(storage: ReadStorage): Promise<AutoTidyConfig> {
  const stored = (await storage.get(AUTO_TIDY_KEY))?.json<Partial<AutoTidyConfig>>()
  return { ...DEFAULT_AUTO_TIDY, ...stored }
}

export const tidyFields = {
  acme_account_safety_buffer: signedDuration('How long an account without orders is kept.'),
  issuer_safety_buffer: signedDuration('How long an issuer is kept after it expired.'),
  page_size: integer('Certificates that are looked at together.'),
  pause_duration: string('Pause between two certificates, a duration.'),
  revoked_safety_buffer: signedDuration(
    'How long a revoked certificate is kept after it expired; safety_buffer unless set.',
  ),
  safety_buffer: signedDuration('How long a certificate is kept after it expired.'),
  tidy_acme: boolean('Tidy ACME orders and accounts.'),
  tidy_cert_store: boolean('Remove expired certificates.'),
  tidy_expired_issuers: boolean('Remove expired issuers, never their keys.'),
  tidy_invalid_certs: boolean('Remove entries that are no certificates.'),
  tidy_move_legacy_ca_bundle: boolean('Move the bundle of a former version away.'),
  tidy_revoked_cert_issuer_associations: boolean(
    'Find the issuers of revoked certificates that have none.',
  ),
  tidy_revoked_certs: boolean('Remove revoked certificates that expired, from lists too.'),
}

export const OPERATIONS = [
  'tidy_cert_store',
  'tidy_revoked_certs',
  'tidy_invalid_certs',
  'tidy_revoked_cert_issuer_associations',
  'tidy_expired_issuers',
  'tidy_move_legacy_ca_bundle',
  'tidy_acme',
] as const

export const isAnyTidy = (config: TidyConfig): boolean => OPERATIONS.some((name) => config[name])

export const ENABLE_ONE = `Enable at least one tidy operation to be run (${OPERATIONS.join(' / ')}).`

export const revokedBuffer = (config: TidyConfig): number =>
  config.revoked_safety_buffer ?? config.safety_buffer

/** As Go prints it: "100ms", "1m30s", "1.5s". */
export function pauseText(seconds: number): string {
  if (seconds > 0 && seconds < 1) return `${seconds * 1000}ms`
  const whole = Math.trunc(seconds)
  const rest = String(Math.round((seconds - whole) * 1000) / 1000).slice(1)
  return formatDuration(whole).replace(/s$/, `${rest}s`)
}

/** Seconds, parts of them too. Throws 400 in Vault's words. */
export function parsePause(text: string, where: string): number {
  const ms = text === '' ? 0 : parseDurationMs(text)
  if (ms === null) throw badRequest(`${where}: time: invalid duration ${JSON.stringify(text)}`)
  if (ms < 0) throw badRequest('received invalid, negative pause_duration')
  return ms / 1000
}
