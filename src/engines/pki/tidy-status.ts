// The state of the mount's tidy run: one record, changed in the commits that do the work, so that a run goes on
// where it stopped, whichever process takes it over, and tidy-status tells the truth.
import type { Data } from '../../sdk/answer.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'
import { goTime } from './go-time.ts'
import { sortedData } from './sorted-data.ts'
import { pauseText, revokedBuffer, type TidyConfig } from './tidy-config.ts'

export const PHASES = ['certs', 'revoked', 'associations', 'lists', 'issuers'] as const
export type Phase = (typeof PHASES)[number]

export interface TidyStatus {
  /** The run's id: a job of another run has nothing to do. */
  readonly id: string
  readonly state: 'Running' | 'Finished' | 'Error' | 'Cancelling' | 'Cancelled'
  readonly config: TidyConfig
  readonly phase: Phase
  /** The key of an index behind which the phase goes on; null: its front. */
  readonly after: string | null
  readonly startedAtMs: number
  readonly finishedAtMs: number | null
  readonly error: string | null
  readonly certsDeleted: number
  readonly revokedDeleted: number
  readonly missingIssuers: number
  /** Lists have to be made anew. */
  readonly changesLists: boolean
}

export const TIDY_STATUS_KEY = 'tidy/status'

/** null: there was no run yet. */
export const readTidyStatus = async (storage: ReadStorage): Promise<TidyStatus | null> =>
  (await storage.get(TIDY_STATUS_KEY))?.json<TidyStatus>() ?? null

export const putTidyStatus = (tx: Tx, status: TidyStatus): void =>
  tx.put(TIDY_STATUS_KEY, { json: status })

export const isRunning = (status: TidyStatus | null): status is TidyStatus =>
  status !== null && (status.state === 'Running' || status.state === 'Cancelling')

const MESSAGES: Readonly<Record<Phase, string>> = {
  certs: 'Tidying certificate store',
  revoked: 'Tidying revoked certificates',
  associations: 'Tidying revoked certificates: finding their issuers',
  lists: 'Tidying revoked certificates: making lists anew',
  issuers: 'Tidying expired issuers',
}

const messageOf = (status: TidyStatus): string =>
  `${MESSAGES[status.phase]}: ${status.certsDeleted} certificates and ${status.revokedDeleted} revoked certificates removed`

const EMPTY_FIELDS = [
  ...['acme_account_deleted_count', 'acme_account_revoked_count', 'acme_account_safety_buffer'],
  ...['acme_orders_deleted_count', 'cert_store_deleted_count', 'current_cert_store_count'],
  ...['current_revoked_cert_count', 'error', 'issuer_safety_buffer', 'message'],
  ...['missing_issuer_cert_count', 'page_size', 'pause_duration', 'revoked_cert_deleted_count'],
  ...['revoked_safety_buffer', 'safety_buffer', 'tidy_acme', 'tidy_cert_store'],
  ...['tidy_expired_issuers', 'tidy_invalid_certs', 'tidy_move_legacy_ca_bundle'],
  ...['tidy_revoked_cert_issuer_associations', 'tidy_revoked_certs', 'time_finished'],
  ...['time_started', 'total_acme_account_count'],
]

/** The answer of tidy-status; `counts` where the mount is to count its certificates. */
export function statusData(
  status: TidyStatus | null,
  mountId: string,
  counts: { readonly stored: number; readonly revoked: number } | null,
): Data {
  const data: Record<string, unknown> = Object.fromEntries(EMPTY_FIELDS.map((name) => [name, null]))
  data.internal_backend_uuid = mountId
  data.state = 'Inactive'
  if (counts) {
    data.current_cert_store_count = counts.stored
    data.current_revoked_cert_count = counts.revoked
  }
  return sortedData(status ? { ...data, ...runData(status) } : data)
}

function runData(status: TidyStatus): Record<string, unknown> {
  const { config, finishedAtMs } = status
  const isOver = finishedAtMs !== null
  return {
    ...config,
    revoked_safety_buffer: revokedBuffer(config),
    pause_duration: pauseText(config.pause_duration),
    acme_account_deleted_count: 0,
    acme_account_revoked_count: 0,
    acme_orders_deleted_count: 0,
    total_acme_account_count: 0,
    cert_store_deleted_count: status.certsDeleted,
    revoked_cert_deleted_count: status.revokedDeleted,
    missing_issuer_cert_count: status.missingIssuers,
    error: status.error,
    last_auto_tidy_finished: goTime(finishedAtMs ?? status.startedAtMs),
    message: status.state === 'Finished' ? null : messageOf(status),
    state: status.state,
    time_started: goTime(status.startedAtMs),
    time_finished: isOver ? goTime(finishedAtMs) : null,
  }
}
