// tidy, tidy-status, tidy-cancel and config/auto-tidy.
import { badRequest } from '../../base/errors.ts'
import { MAX_PAGE } from '../../base/limits.ts'
import { nextTurn } from '../../base/tick.ts'
import { boolean, duration, integer, signedDuration, string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import type { MountContext, RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { CERT_PREFIX, REVOKED_PREFIX } from './revocation-store.ts'
import { sortedData } from './sorted-data.ts'
import {
  AUTO_TIDY_KEY,
  type AutoTidyConfig,
  DEFAULT_AUTO_TIDY,
  ENABLE_ONE,
  isAnyTidy,
  parsePause,
  pauseText,
  readAutoTidy,
  revokedBuffer,
  tidyFields,
} from './tidy-config.ts'
import { autoTidy, nextAutoTidyMs, onlyTidy, startTidy } from './tidy-run.ts'
import { isRunning, putTidyStatus, readTidyStatus, statusData } from './tidy-status.ts'

const { read, write } = endpoints()

const tidyInput = {
  ...tidyFields,
  tidy_revocation_list: boolean('An older name of tidy_revoked_certs.', { deprecated: true }),
}
const autoFields = {
  ...tidyFields,
  enabled: boolean('Runs begin by themselves.'),
  interval_duration: signedDuration('Time between two runs.'),
  maintain_stored_certificate_counts: boolean('tidy-status counts certificates.'),
  publish_stored_certificate_count_metrics: boolean('The counts are metrics too.'),
}
const autoOutput = {
  ...autoFields,
  acme_account_safety_buffer: duration('Seconds.'),
  issuer_safety_buffer: duration('Seconds.'),
  revoked_safety_buffer: duration('Seconds.'),
  safety_buffer: duration('Seconds.'),
}
const statusOutput = {
  ...tidyFields,
  acme_account_deleted_count: integer('Accounts that were removed.'),
  acme_account_revoked_count: integer('Accounts that were revoked.'),
  acme_orders_deleted_count: integer('Orders that were removed.'),
  cert_store_deleted_count: integer('Certificates that were removed.'),
  current_cert_store_count: integer('Certificates that are stored, if they are to be counted.'),
  current_revoked_cert_count: integer('Certificates that are revoked, if so.'),
  error: string('What ended the run.'),
  internal_backend_uuid: string("The mount's id."),
  last_auto_tidy_finished: string('When the last run ended.'),
  message: string('What the run does.'),
  missing_issuer_cert_count: integer('Revoked certificates whose issuer was not there.'),
  revoked_cert_deleted_count: integer('Revoked certificates that were removed.'),
  state: string('Inactive, Running, Finished, Error, Cancelling or Cancelled.'),
  time_finished: string('When the run ended.'),
  time_started: string('When the run began.'),
  total_acme_account_count: integer('Accounts.'),
}

export const tidyRows = [
  write('tidy', {
    about: 'Removes certificates and revocations that expired, in the background.',
    input: tidyInput,
    handle: tidy,
  }),
  read('tidy-status', {
    about: 'Shows the last tidy run.',
    effects: false,
    output: statusOutput,
    handle: async (ctx) => ({ data: await status(ctx) }),
  }),
  write('tidy-cancel', {
    about: 'Ends the tidy run that is under way.',
    output: statusOutput,
    handle: cancel,
  }),
  read('config/auto-tidy', {
    about: 'Shows when and what is tidied by itself.',
    effects: false,
    output: autoOutput,
    handle: async (ctx) => ({ data: autoData(await readAutoTidy(ctx.storage)) }),
  }),
  write('config/auto-tidy', {
    about: 'Sets when and what is tidied by itself.',
    input: autoFields,
    output: autoOutput,
    handle: setAutoTidy,
  }),
]

const sentOnly = (sent: Readonly<Record<string, unknown>>): Partial<AutoTidyConfig> =>
  Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined))

async function tidy(ctx: RequestContext, sent: Parsed<typeof tidyInput>): Promise<Answer> {
  const { tidy_revocation_list: oldName, pause_duration: pause, ...rest } = sent
  const config = onlyTidy({
    ...DEFAULT_AUTO_TIDY,
    ...sentOnly(rest),
    tidy_revoked_certs: (sent.tidy_revoked_certs ?? false) || (oldName ?? false),
    pause_duration: parsePause(pause ?? '', 'Error parsing pause_duration'),
  })
  if (config.safety_buffer < 1) throw badRequest('safety_buffer must be greater than zero')
  if (revokedBuffer(config) < 1) throw badRequest('revokedSafetyBuffer must be greater than zero')
  if (config.issuer_safety_buffer < 1)
    throw badRequest('issuer_safety_buffer must be greater than zero')
  if (config.acme_account_safety_buffer < 1)
    throw badRequest('acme_account_safety_buffer must be greater than zero')
  if (config.page_size > 0 && config.page_size < 5)
    throw badRequest('page_size must be greater than five')
  const isStarted = await ctx.storage.transaction((tx) => startTidy(ctx, tx, config))
  if (!isStarted)
    return { data: null, status: 200, warnings: ['Tidy operation already in progress.'] }
  return { data: null, status: 202, warnings: [isAnyTidy(config) ? STARTED : NOTHING_SET] }
}

const STARTED =
  "Tidy operation successfully started. Any information from the operation will be printed to the server's logs."
const NOTHING_SET = `Manual tidy requested but no tidy operations were set. ${ENABLE_ONE}`

async function status(ctx: MountContext): Promise<Data> {
  const { maintain_stored_certificate_counts: isCounted } = await readAutoTidy(ctx.storage)
  const counts = isCounted
    ? { stored: await count(ctx, CERT_PREFIX), revoked: await count(ctx, REVOKED_PREFIX) }
    : null
  return statusData(await readTidyStatus(ctx.storage), ctx.mount.id, counts)
}

/** Only where it was asked for: a shared counter would make every issue wait for every other. */
async function count(ctx: MountContext, prefix: string): Promise<number> {
  let total = 0
  let after: string | undefined
  for (;;) {
    const page = { limit: MAX_PAGE, ...(after === undefined ? {} : { after }) }
    const keys = await ctx.storage.range(prefix, page)
    total += keys.length
    if (keys.length < MAX_PAGE) return total
    after = keys.at(-1)
    await nextTurn()
  }
}

async function cancel(ctx: RequestContext): Promise<Answer> {
  const isCancelled = await ctx.storage.transaction(async (tx) => {
    const now = await readTidyStatus(tx)
    if (!isRunning(now)) return false
    putTidyStatus(tx, { ...now, state: 'Cancelling' })
    return true
  })
  if (isCancelled) return { data: await status(ctx) }
  const warning = 'Tidy operation cannot be cancelled as none is currently running.'
  return { data: null, status: 200, warnings: [warning] }
}

const autoData = (config: AutoTidyConfig): Data =>
  sortedData({
    ...config,
    revoked_safety_buffer: revokedBuffer(config),
    pause_duration: pauseText(config.pause_duration),
  })

async function setAutoTidy(ctx: RequestContext, sent: Parsed<typeof autoFields>): Promise<Answer> {
  const { pause_duration: pause, ...rest } = sent
  const changes = sentOnly(rest)
  const paused =
    pause === undefined
      ? {}
      : { pause_duration: parsePause(pause, 'unable to parse given pause_duration') }
  const config = await ctx.storage.transaction(async (tx) => {
    const changed = { ...(await readAutoTidy(tx)), ...changes, ...paused }
    assertAutoTidy(changed)
    tx.put(AUTO_TIDY_KEY, { json: changed })
    const atMs = nextAutoTidyMs(ctx, changed.interval_duration)
    if (changed.enabled) await ctx.schedule(tx, autoTidy, { id: 'auto', atMs, item: null })
    else await ctx.unschedule(tx, autoTidy, 'auto')
    return changed
  })
  return { data: autoData(config) }
}

/** Throws 400 in Vault's words. */
function assertAutoTidy(config: AutoTidyConfig): void {
  if (config.interval_duration < 0)
    throw badRequest(
      `given interval_duration must be greater than or equal to zero seconds; got: ${config.interval_duration}`,
    )
  for (const name of [
    'safety_buffer',
    'issuer_safety_buffer',
    'acme_account_safety_buffer',
  ] as const)
    if (config[name] < 1)
      throw badRequest(`given ${name} must be at least one second; got: ${config[name]}`)
  if (revokedBuffer(config) < 1)
    throw badRequest(
      `revoked_safety_buffer must be at least one second; got: ${revokedBuffer(config)}`,
    )
  if (config.page_size < 5) throw badRequest('page_size must be at least 5')
  if (config.enabled && !isAnyTidy(config))
    throw badRequest(`Auto-tidy enabled but no tidy operations were requested. ${ENABLE_ONE}`)
  if (config.publish_stored_certificate_count_metrics && !config.maintain_stored_certificate_counts)
    throw badRequest(
      'Can not publish a running storage metrics count to metrics without first maintaining that count.  Enable `maintain_stored_certificate_counts` to enable `publish_stored_certificate_count_metrics`.',
    )
}
