// Who builds when: requests that change what is revoked wait for a list that holds their change. Requests of
// one process that come while a list is built share the next one, so that a hundred revocations cost two
// builds; across processes the list's number decides (crl-store.ts). Those who come one after the other share
// too where the list is long: it is built during half of the time at most.

import type { Clock } from '../../base/clock.ts'
import type { MountContext } from '../../sdk/context.ts'
import { resourceKind } from '../../sdk/resource.ts'
import { readDirectory } from './authority.ts'
import { buildDelta, buildLists } from './crl-build.ts'
import { readCrlConfig } from './crl-config.ts'
import { groupsOf, NO_GROUP } from './crl-groups.ts'
import { dropUnusedLists } from './crl-store.ts'

/** Runs one task per key at a time; whoever asks meanwhile shares the one that follows. */
export class SharedRuns<T> {
  readonly #running = new Map<string, { now: Promise<T>; next: Promise<T> | null }>()

  run(key: string, task: () => Promise<T>): Promise<T> {
    const found = this.#running.get(key)
    if (!found) return this.#start(key, task)
    found.next ??= found.now.then(ignore, ignore).then(() => this.#start(key, task))
    return found.next
  }

  #start(key: string, task: () => Promise<T>): Promise<T> {
    const slot: { now: Promise<T>; next: Promise<T> | null } = { now: task(), next: null }
    this.#running.set(key, slot)
    const end = (): void => {
      if (this.#running.get(key) === slot && slot.next === null) this.#running.delete(key)
    }
    slot.now.then(end, end)
    return slot.now
  }
}

const ignore = (): void => {}

/** A pause shorter than this would change nothing; one longer than this would look like an outage. */
const LEAST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 5000

/** Leaves as much time between two builds of a list as the first of them took. */
export class Pace {
  readonly #clock: Clock
  readonly #freeAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const pauseMs = (this.#freeAt.get(key) ?? 0) - this.#clock.monotonic()
    if (pauseMs >= LEAST_PAUSE_MS) await this.#clock.sleep(pauseMs)
    const begunMs = this.#clock.monotonic()
    try {
      return await task()
    } finally {
      const endMs = this.#clock.monotonic()
      this.#freeAt.set(key, endMs + Math.min(LONGEST_PAUSE_MS, endMs - begunMs))
    }
  }
}

interface Builder {
  readonly runs: SharedRuns<readonly string[]>
  readonly pace: Pace
}

const builders = resourceKind<Builder>('crl-builder', {
  idleMs: 60_000,
  build: async ({ clock }) => ({ runs: new SharedRuns(), pace: new Pace(clock) }),
  dispose: async () => {},
})

/**
 * Builds all lists of the mount. `isForced` also where they are disabled (an empty list then). Answers
 * warnings.
 */
export async function rebuildAll(
  mount: MountContext,
  isForced: boolean,
): Promise<readonly string[]> {
  const config = await readCrlConfig(mount.storage)
  if (config.disable && !isForced) return []
  await dropUnusedLists(mount)
  const warnings: string[] = []
  for (const group of groupsOf(await readDirectory(mount.storage)))
    warnings.push(...(await rebuildGroup(mount, group.id, true)))
  return warnings
}

/** Builds the lists that a certificate of this group stands on. Answers warnings. */
export async function rebuildFor(mount: MountContext, group: string): Promise<readonly string[]> {
  const target = await listingGroup(mount, group)
  return target === null ? [] : rebuildGroup(mount, target, false)
}

/** The group on whose list that group's entries stand; null: on none. */
export async function listingGroup(mount: MountContext, group: string): Promise<string | null> {
  const groups = groupsOf(await readDirectory(mount.storage))
  if (group !== NO_GROUP && groups.some(({ id }) => id === group)) return group
  return groups.find(({ isDefault }) => isDefault)?.id ?? null
}

function rebuildGroup(
  mount: MountContext,
  id: string,
  withDelta: boolean,
): Promise<readonly string[]> {
  return mount.use(builders, '', ({ runs, pace }) =>
    runs.run(withDelta ? `all ${id}` : id, () =>
      pace.run(id, () => buildLists(mount, id, withDelta)),
    ),
  )
}

/** Builds all delta lists; nothing where there are to be none. */
export async function rebuildDeltas(mount: MountContext): Promise<void> {
  const config = await readCrlConfig(mount.storage)
  if (!config.enable_delta || config.disable) return
  for (const group of groupsOf(await readDirectory(mount.storage)))
    await rebuildDelta(mount, group.id)
}

export async function rebuildDelta(mount: MountContext, id: string): Promise<void> {
  await mount.use(builders, '', ({ runs, pace }) =>
    runs.run(`delta ${id}`, () =>
      pace.run(`delta ${id}`, async () => {
        await buildDelta(mount, id)
        return []
      }),
    ),
  )
}
