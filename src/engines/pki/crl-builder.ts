// Who builds when: requests that change what is revoked wait for a list that holds their change. Requests of
// one process that come while a list is built share the next one, so that a hundred revocations cost two
// builds; across processes the list's number decides (crl-store.ts).

import type { MountContext } from '../../sdk/context.ts'
import { resourceKind } from '../../sdk/resource.ts'
import { readDirectory } from './authority.ts'
import { buildDelta, buildLists } from './crl-build.ts'
import { type CrlConfig, readCrlConfig } from './crl-config.ts'
import { type CrlGroup, groupsOf, NO_GROUP } from './crl-groups.ts'

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

const builders = resourceKind<SharedRuns<readonly string[]>>('crl-builder', {
  idleMs: 60_000,
  build: async () => new SharedRuns(),
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
  const warnings: string[] = []
  for (const group of groupsOf(await readDirectory(mount.storage)))
    warnings.push(...(await rebuildGroup(mount, group.id, true)))
  return warnings
}

/** Builds the lists that a certificate of this group stands on. Answers warnings. */
export async function rebuildFor(mount: MountContext, group: string): Promise<readonly string[]> {
  const groups = groupsOf(await readDirectory(mount.storage))
  const isListed = group !== NO_GROUP && groups.some(({ id }) => id === group)
  const target = isListed ? group : groups.find(({ isDefault }) => isDefault)?.id
  return target === undefined ? [] : rebuildGroup(mount, target, false)
}

function rebuildGroup(
  mount: MountContext,
  id: string,
  withDelta: boolean,
): Promise<readonly string[]> {
  return mount.use(builders, '', (builder) =>
    builder.run(withDelta ? `all ${id}` : id, async () => {
      const directory = await readDirectory(mount.storage)
      const group = groupsOf(directory).find((one) => one.id === id)
      if (!group) return []
      return buildLists(mount, directory, group, await readCrlConfig(mount.storage), withDelta)
    }),
  )
}

/** Builds all delta lists; nothing where there are to be none. */
export async function rebuildDeltas(mount: MountContext): Promise<void> {
  const config = await readCrlConfig(mount.storage)
  if (!config.enable_delta || config.disable) return
  for (const group of groupsOf(await readDirectory(mount.storage)))
    await rebuildDelta(mount, group, config)
}

export async function rebuildDelta(
  mount: MountContext,
  { id }: CrlGroup,
  config: CrlConfig,
): Promise<void> {
  await mount.use(builders, '', (builder) =>
    builder.run(`delta ${id}`, async () => {
      const directory = await readDirectory(mount.storage)
      const group = groupsOf(directory).find((one) => one.id === id)
      if (group) await buildDelta(mount, directory, group, config)
      return []
    }),
  )
}
