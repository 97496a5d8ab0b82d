// Lists that are made anew by themselves: before they expire (auto_rebuild), and deltas in their interval
// where something was revoked (enable_delta). One job per mount plans its next run; and each revocation or change
// of issuers that waits for its lists has a job behind it, in case the process dies in between.
import type { MountContext } from '../../sdk/context.ts'
import { jobKind } from '../../sdk/job.ts'
import type { Tx } from '../../sdk/storage.ts'
import { type Directory, readDirectory } from './authority.ts'
import { isDeltaOutdated } from './crl-build.ts'
import { rebuildAll, rebuildDelta, rebuildFor } from './crl-builder.ts'
import { type CrlConfig, durationMs, readCrlConfig } from './crl-config.ts'
import { groupsOf } from './crl-groups.ts'
import { readCrlState } from './crl-store.ts'

/** Lists whose own build never came to its end; `group` null: all of the mount. */
export const ensureListed = jobKind<{ readonly group: string | null }>('crl-ensure', {
  async run(mount, { group }) {
    if (group === null) await rebuildAll(mount, true)
    else if (!(await readCrlConfig(mount.storage)).disable) await rebuildFor(mount, group)
    return 'done'
  },
})

/** After this time a build that was under way has ended or died. */
export const ENSURE_AFTER_MS = 60_000

/** Part of the commit that changes what lists hold: should its own build not come to its end, the job builds. */
export const ensureLater = (
  mount: MountContext,
  tx: Tx,
  id: string,
  group: string | null,
): Promise<void> =>
  mount.schedule(tx, ensureListed, {
    id,
    atMs: mount.clock.now() + ENSURE_AFTER_MS,
    item: { group },
  })

/** The lists that this id waited for are published. */
export const wasListed = (mount: MountContext, id: string): Promise<void> =>
  mount.storage.transaction((tx) => mount.unschedule(tx, ensureListed, id))

export const crlUpkeep = jobKind<null>('crl-upkeep', {
  async run(mount) {
    const config = await readCrlConfig(mount.storage)
    if (!config.auto_rebuild || config.disable) return 'done'
    const directory = await readDirectory(mount.storage)
    if ((await dueAtMs(mount, directory, config)) <= mount.clock.now())
      await rebuildAll(mount, false)
    else if (config.enable_delta) {
      for (const group of groupsOf(directory))
        if (await isDeltaOutdated(mount, directory, group)) await rebuildDelta(mount, group.id)
    }
    return { againAtMs: await nextRunMs(mount, config), item: null }
  },
})

/** Plans the next run anew, after a build or a change of the configuration. */
export async function planUpkeep(mount: MountContext): Promise<void> {
  const config = await readCrlConfig(mount.storage)
  const atMs = await nextRunMs(mount, config)
  await mount.storage.transaction((tx) =>
    mount.schedule(tx, crlUpkeep, { id: 'upkeep', atMs, item: null }),
  )
}

/** Part of the commit that switches upkeep on: there is a run, even if the process dies before it plans one. */
export const startUpkeep = (mount: MountContext, tx: Tx): Promise<void> =>
  mount.schedule(tx, crlUpkeep, {
    id: 'upkeep',
    atMs: mount.clock.now() + ENSURE_AFTER_MS,
    item: null,
  })

/** Nothing to do for this long still means a look: issuers may have come. */
const LONGEST_WAIT_MS = 3600_000
const SHORTEST_WAIT_MS = 1000

async function nextRunMs(mount: MountContext, config: CrlConfig): Promise<number> {
  const now = mount.clock.now()
  const due = await dueAtMs(mount, await readDirectory(mount.storage), config)
  const interval = config.enable_delta ? durationMs(config.delta_rebuild_interval) : Infinity
  const wanted = Math.min(due, now + interval, now + LONGEST_WAIT_MS)
  return Math.max(now + SHORTEST_WAIT_MS, wanted)
}

/** When the first complete list has to be made anew; Infinity where there is none that could be. */
async function dueAtMs(
  mount: MountContext,
  directory: Directory,
  config: CrlConfig,
): Promise<number> {
  const grace = durationMs(config.auto_rebuild_grace_period)
  let due = Number.POSITIVE_INFINITY
  for (const { id } of groupsOf(directory)) {
    const { complete } = await readCrlState(mount.storage, id)
    if (complete) due = Math.min(due, complete.nextUpdateMs - grace)
  }
  return due
}
