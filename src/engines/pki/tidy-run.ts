// A tidy run as a durable job: it works in slices, step by step, and goes on in any process. Auto-tidy is a job
// that starts such runs in its interval.
import { nextTurn } from '../../base/tick.ts'
import type { MountContext } from '../../sdk/context.ts'
import { jobKind } from '../../sdk/job.ts'
import type { Tx } from '../../sdk/storage.ts'
import { readDirectory } from './authority.ts'
import { rebuildAll } from './crl-builder.ts'
import { readCrlConfig } from './crl-config.ts'
import { removeIssuer } from './issuer-changes.ts'
import { readAutoTidy, type TidyConfig } from './tidy-config.ts'
import {
  isRunning,
  PHASES,
  type Phase,
  putTidyStatus,
  readTidyStatus,
  type TidyStatus,
} from './tidy-status.ts'
import { type StepResult, tidyAssociations, tidyCerts, tidyRevoked } from './tidy-steps.ts'

/** Storage that fails for a while is waited for; what fails again and again ends the run. */
const MOST_TRIES = 5

/** A slice of a run: then others of its lane get their turn. */
const SLICE_MS = 500

interface RunItem {
  readonly id: string
}

export const tidyRun = jobKind<RunItem>('tidy', {
  async run(mount, { id }, { attempt, signal }) {
    const until = mount.clock.monotonic() + SLICE_MS
    for (;;) {
      const status = await readTidyStatus(mount.storage)
      if (status?.id !== id || !isRunning(status)) return 'done'
      if (status.state === 'Cancelling') {
        await finish(mount, id, { state: 'Cancelled' })
        return 'done'
      }
      const step = await stepOf(mount, status, attempt)
      if (step.isOver && (await nextPhase(mount, status)) === 'done') return 'done'
      const pauseMs = step.count * status.config.pause_duration * 1000
      if (pauseMs > 0) return { againAtMs: mount.clock.now() + pauseMs, item: { id } }
      if (signal.aborted || mount.clock.monotonic() > until)
        return { againAtMs: mount.clock.now(), item: { id } }
      await nextTurn()
    }
  },
})

async function stepOf(
  mount: MountContext,
  status: TidyStatus,
  attempt: number,
): Promise<StepResult> {
  try {
    return await STEPS[status.phase](mount, status)
  } catch (error) {
    if (mount.signal.aborted || attempt < MOST_TRIES) throw error
    mount.log.error('tidy failed', { err: error })
    await finish(mount, status.id, {
      state: 'Error',
      error: error instanceof Error ? error.message : 'internal error',
    })
    return { isOver: false, count: 0 }
  }
}

const NOTHING: StepResult = { isOver: true, count: 0 }

const STEPS: Readonly<
  Record<Phase, (mount: MountContext, status: TidyStatus) => Promise<StepResult>>
> = {
  certs: async (mount, status) =>
    status.config.tidy_cert_store ? tidyCerts(mount, status) : NOTHING,
  revoked: async (mount, status) =>
    status.config.tidy_cert_store || status.config.tidy_revoked_certs
      ? tidyRevoked(mount, status)
      : NOTHING,
  associations: async (mount, status) =>
    status.config.tidy_revoked_cert_issuer_associations ? tidyAssociations(mount, status) : NOTHING,
  lists: async (mount, status) => {
    const { auto_rebuild: isAutomatic } = await readCrlConfig(mount.storage)
    if (status.changesLists && !isAutomatic) await rebuildAll(mount, false)
    return NOTHING
  },
  issuers: async (mount, status) =>
    status.config.tidy_expired_issuers ? tidyIssuers(mount, status) : NOTHING,
}

/** One at a time; the default issuer stays. */
async function tidyIssuers(mount: MountContext, { config }: TidyStatus): Promise<StepResult> {
  const directory = await readDirectory(mount.storage)
  const beforeMs = mount.clock.now() - config.issuer_safety_buffer * 1000
  const expired = directory.issuers.find(
    ({ id, notAfterMs }) => notAfterMs < beforeMs && id !== directory.defaultIssuer,
  )
  if (!expired) return NOTHING
  await removeIssuer(mount, expired.id)
  mount.log.info('removed an expired issuer', { issuer: expired.id, serial: expired.serial })
  return { isOver: false, count: 1 }
}

/** 'done' behind the last phase, or where the run was ended meanwhile. */
async function nextPhase(mount: MountContext, status: TidyStatus): Promise<'done' | 'goes on'> {
  const next = PHASES[PHASES.indexOf(status.phase) + 1]
  if (next === undefined) {
    await finish(mount, status.id, { state: 'Finished' })
    return 'done'
  }
  await mount.storage.transaction(async (tx) => {
    const now = await readTidyStatus(tx)
    if (now?.id === status.id) putTidyStatus(tx, { ...now, phase: next, after: null })
  })
  return 'goes on'
}

function finish(
  mount: MountContext,
  id: string,
  change: Pick<TidyStatus, 'state'> & { readonly error?: string },
): Promise<void> {
  return mount.storage.transaction(async (tx) => {
    const now = await readTidyStatus(tx)
    if (now?.id === id && isRunning(now))
      putTidyStatus(tx, { ...now, ...change, finishedAtMs: mount.clock.now() })
  })
}

/** Part of a commit: begins a run, unless one is under way (false). */
export async function startTidy(mount: MountContext, tx: Tx, config: TidyConfig): Promise<boolean> {
  if (isRunning(await readTidyStatus(tx))) return false
  const id = mount.random.uuid()
  const startedAtMs = mount.clock.now()
  putTidyStatus(tx, {
    ...{ id, state: 'Running', config, phase: 'certs', after: null, startedAtMs },
    ...{ finishedAtMs: null, error: null, changesLists: false },
    ...{ certsDeleted: 0, revokedDeleted: 0, missingIssuers: 0 },
  })
  await mount.schedule(tx, tidyRun, { id, atMs: startedAtMs, item: { id } })
  return true
}

/** Never more often than this, whatever the interval. */
const LEAST_INTERVAL_MS = 60_000

export const autoTidy = jobKind<null>('auto-tidy', {
  async run(mount) {
    const config = await readAutoTidy(mount.storage)
    if (!config.enabled) return 'done'
    await mount.storage.transaction((tx) => startTidy(mount, tx, onlyTidy(config)))
    return { againAtMs: nextAutoTidyMs(mount, config.interval_duration), item: null }
  },
})

export const nextAutoTidyMs = (mount: MountContext, intervalSeconds: number): number =>
  mount.clock.now() + Math.max(LEAST_INTERVAL_MS, intervalSeconds * 1000)

/** What a run has to know of the configuration. */
export function onlyTidy(config: TidyConfig): TidyConfig {
  return {
    tidy_cert_store: config.tidy_cert_store,
    tidy_revoked_certs: config.tidy_revoked_certs,
    tidy_invalid_certs: config.tidy_invalid_certs,
    tidy_revoked_cert_issuer_associations: config.tidy_revoked_cert_issuer_associations,
    tidy_expired_issuers: config.tidy_expired_issuers,
    tidy_move_legacy_ca_bundle: config.tidy_move_legacy_ca_bundle,
    tidy_acme: config.tidy_acme,
    safety_buffer: config.safety_buffer,
    revoked_safety_buffer: config.revoked_safety_buffer,
    issuer_safety_buffer: config.issuer_safety_buffer,
    acme_account_safety_buffer: config.acme_account_safety_buffer,
    pause_duration: config.pause_duration,
    page_size: config.page_size,
  }
}
