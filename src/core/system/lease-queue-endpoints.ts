// sys/leases/queues: what is being worked off. Read from storage, so any process answers the same. Our own:
// Vault has no such path.

import { integer, json } from '../../schema/field.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { ALL_SHARDS } from '../jobs/due-worker.ts'
import { laneNameOf, mountOfLaneKey } from '../leases/lease-record.ts'
import { type LeaseSweep, SWEEP_JOB_IDS } from '../leases/lease-sweeps.ts'
import { UNMOUNT_JOB_IDS, type Unmounting } from '../mounts/unmount-jobs.ts'
import type { CoreContext } from '../request-context.ts'

const { read } = endpoints<CoreContext>()

/** A longer queue is shown as this long: the count must stay cheap. */
const MOST_COUNTED = 100_000
/** Queues, and jobs of each kind, that one answer shows. */
const MOST_SHOWN = 500

const iso = (ms: number): string => new Date(ms).toISOString()

/** Mounts that were disabled in this namespace and are not gone yet. */
async function dyingMounts(ctx: CoreContext): Promise<readonly Unmounting[]> {
  const jobs = await ctx.core.jobs.list(UNMOUNT_JOB_IDS, { limit: 100 })
  return jobs
    .map(({ item }) => item as Unmounting)
    .filter(({ namespaceId }) => namespaceId === ctx.place.namespace.id)
}

async function queues(ctx: CoreContext, dying: readonly Unmounting[]): Promise<Data[]> {
  const { leaseQueue } = ctx.core
  const { mounts } = await ctx.view.table(ctx.place.namespace)
  const records = [...mounts.map(({ record }) => record), ...dying.map(({ record }) => record)]
  const paths = new Map(records.map(({ id, path }) => [id, path]))
  const shown: Data[] = []
  for (const shard of ALL_SHARDS) {
    for (const lane of await leaseQueue.lanes(shard)) {
      const mount = paths.get(mountOfLaneKey(lane))
      if (mount === undefined || shown.length >= MOST_SHOWN) continue
      const silent = await leaseQueue.silent(lane)
      shown.push({
        mount,
        lane: silent?.lane ?? laneNameOf(lane),
        queued: await leaseQueue.length(lane, MOST_COUNTED),
        state: silent ? 'waiting' : 'working',
        ...(silent
          ? {
              waiting_since: iso(silent.sinceMs),
              tries: silent.failures,
              next_try: iso(silent.nextTryMs),
              error: silent.lastError,
            }
          : undefined),
      })
    }
  }
  return shown
}

async function sweeps(ctx: CoreContext): Promise<Data[]> {
  const jobs = await ctx.core.jobs.list(SWEEP_JOB_IDS, { limit: 100 })
  return jobs
    .filter(({ namespaceId }) => namespaceId === ctx.place.namespace.id)
    .map(({ item, lastError }) => {
      const { action, prefix, done = 0 } = item as LeaseSweep
      return { prefix, action, leases_done: done, error: lastError }
    })
}

export const leaseQueueEndpoints: readonly Row<CoreContext>[] = [
  read('leases/queues', {
    about: 'Show which leases wait to be revoked, and how far disabled mounts and prefixes are.',
    auth: 'sudo',
    effects: false,
    output: {
      queued: integer('Leases in all queues of this namespace; each is counted up to 100,000.'),
      queues: json('By mount and connection: queued, state (working or waiting), error.'),
      disabled_mounts: json('Phase (tokens, leases, wait, data) and what was queued so far.'),
      prefixes: json('Paths of revoke-prefix, revoke-force and tidy that a job works off.'),
    },
    handle: async (ctx) => {
      const dying = await dyingMounts(ctx)
      const shown = await queues(ctx, dying)
      return {
        data: {
          queued: shown.reduce((sum, { queued }) => sum + Number(queued), 0),
          queues: shown,
          disabled_mounts: dying.map(({ record, phase, tokens = 0, leases = 0 }) => ({
            mount: record.path,
            phase: phase ?? 'leases',
            tokens_revoked: tokens,
            leases_queued: leases,
          })),
          prefixes: await sweeps(ctx),
        },
      }
    },
  }),
]
