// Lists that are made anew by themselves: before they expire (auto_rebuild), and deltas in their interval
// where something was revoked (enable_delta). One job per mount plans its next run; and each revocation that
// waits for its list has a job behind it, in case the process dies in between.
import { MAX_PAGE } from '../../base/limits.ts'
import type { MountContext } from '../../sdk/context.ts'
import { jobKind } from '../../sdk/job.ts'
import type { Tx } from '../../sdk/storage.ts'
import { type Directory, readDirectory } from './authority.ts'
import { rebuildAll, rebuildDelta, rebuildFor } from './crl-builder.ts'
import { type CrlConfig, durationMs, readCrlConfig } from './crl-config.ts'
import { entryPages } from './crl-entries.ts'
import { groupsOf } from './crl-groups.ts'
import { readCrlState } from './crl-store.ts'

/** A revocation whose own build never came to its end. */
export const ensureListed = jobKind<{ readonly group: string }>('crl-ensure', {
  async run(mount, { group }) {
    await rebuildFor(mount, group)
    return 'done'
  },
})

/** After this time a build that was under way has ended or died. */
const ENSURE_AFTER_MS = 60_000

/** Part of a revocation's commit: should its own build not come to its end, the job builds. */
export const ensureLater = (
  mount: MountContext,
  tx: Tx,
  serial: string,
  group: string,
): Promise<void> =>
  mount.schedule(tx, ensureListed, {
    id: serial,
    atMs: mount.clock.now() + ENSURE_AFTER_MS,
    item: { group },
  })

/** The list that holds the certificate is published. */
export const wasListed = (mount: MountContext, serial: string): Promise<void> =>
  mount.storage.transaction((tx) => mount.unschedule(tx, ensureListed, serial))

export const crlUpkeep = jobKind<null>('crl-upkeep', {
  async run(mount) {
    const config = await readCrlConfig(mount.storage)
    if (!config.auto_rebuild || config.disable) return 'done'
    const directory = await readDirectory(mount.storage)
    if ((await dueAtMs(mount, directory, config)) <= mount.clock.now())
      await rebuildAll(mount, false)
    else if (config.enable_delta) await rebuildNeededDeltas(mount, directory, config)
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

/** Only where something was revoked since the delta list was made. */
async function rebuildNeededDeltas(
  mount: MountContext,
  directory: Directory,
  config: CrlConfig,
): Promise<void> {
  for (const group of groupsOf(directory)) {
    const { delta } = await readCrlState(mount.storage, group.id)
    let count = 0
    for await (const keys of entryPages(mount.storage, 'delta-entries/', group.id)) {
      count += keys.length
      if (count > MAX_PAGE * 100) break
    }
    if (count !== (delta?.entries ?? 0)) await rebuildDelta(mount, group, config)
  }
}
