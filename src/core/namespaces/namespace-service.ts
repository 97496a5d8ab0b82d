// Namespaces: create, change, delete. A namespace starts with its own sys, cubbyhole and token mounts and
// its default policy; deleting one is a tombstone that counts at once, the rest is worked off by jobs.
import { badRequest, conflict } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { CORE_EPOCH_KEY, namespaceChildKey, namespaceChildPrefix, namespaceKey } from '../keys.ts'
import { expectEpoch, type MountService, type MountSpec } from '../mounts/mount-service.ts'
import type { FindEngine, NamespaceRecord, TopologyView } from '../mounts/topology.ts'
import type { CoreStorage, CoreTx } from '../store.ts'

const RESERVED_NAMES = ['.', '..', 'root', 'sys', 'audit', 'auth', 'cubbyhole', 'identity']
/** Depth of nesting: each level costs a look-up and a prefix in policies. */
const MAX_DEPTH = 64

/** Mounts that every namespace has. */
export const builtInMounts: readonly MountSpec[] = [
  {
    class: 'secret',
    type: 'system',
    path: 'sys/',
    description: 'system endpoints used for control, policy and debugging',
  },
  {
    class: 'secret',
    type: 'cubbyhole',
    path: 'cubbyhole/',
    description: 'per-token private secret storage',
    local: true,
  },
  { class: 'auth', type: 'token', path: 'auth/token/', description: 'token based credentials' },
]

export class NamespaceService {
  readonly #storage: CoreStorage
  readonly #mounts: MountService
  readonly #findEngine: FindEngine
  readonly #random: Random
  readonly #scheduleSweep: (tx: CoreTx, namespaceId: string) => void

  constructor(of: {
    storage: CoreStorage
    mounts: MountService
    findEngine: FindEngine
    random: Random
    /** Schedules the work behind a deleted namespace in the commit that deletes it. */
    scheduleSweep: (tx: CoreTx, namespaceId: string) => void
  }) {
    this.#storage = of.storage
    this.#mounts = of.mounts
    this.#findEngine = of.findEngine
    this.#random = of.random
    this.#scheduleSweep = of.scheduleSweep
  }

  /** Creates the namespace, or answers the one that is there with its metadata replaced if given. */
  async create(
    view: TopologyView,
    parent: NamespaceRecord,
    path: string,
    customMetadata: Readonly<Record<string, string>> | undefined,
  ): Promise<NamespaceRecord> {
    const names = path.split('/').filter((name) => name !== '')
    const name = names.pop()
    if (name === undefined) throw badRequest('a namespace needs a name')
    let owner: NamespaceRecord | null = parent
    for (const step of names) {
      owner = await view.child(owner.id, step)
      if (!owner) throw badRequest(`parent namespace doesn't exist: ${names.join('/')}/`)
    }
    const existing = await view.child(owner.id, name)
    if (existing) return customMetadata ? this.change(existing, () => customMetadata) : existing
    assertName(name)
    const fullPath = `${owner.path}${name}/`
    if (fullPath.split('/').length > MAX_DEPTH)
      throw badRequest(`namespaces nest at most ${MAX_DEPTH} deep`)
    const clash = (await view.table(owner)).clash(`${name}/`)
    if (clash) throw badRequest(`existing mount conflicts with namespace: ${clash.record.path}`)
    const record: NamespaceRecord = {
      id: newNamespaceId(this.#random),
      uuid: this.#random.uuid(),
      parentId: owner.id,
      path: fullPath,
      customMetadata: customMetadata ?? {},
    }
    const parentId = owner.id
    await this.#storage.transaction(async (tx) => {
      await expectEpoch(tx, view)
      if (await tx.get(namespaceKey(record.id))) throw conflict('namespace id is taken; try again')
      tx.put(namespaceKey(record.id), { json: record })
      tx.put(namespaceChildKey(parentId, name), record.id)
      this.insertBuiltIns(tx, record.id)
      tx.touch(CORE_EPOCH_KEY)
    })
    return record
  }

  insertBuiltIns(tx: CoreTx, namespaceId: string): void {
    for (const spec of builtInMounts) {
      const engine = this.#findEngine(spec.class, spec.type)!
      this.#mounts.insert(tx, namespaceId, this.#mounts.newRecord(engine, spec))
    }
  }

  async change(
    namespace: NamespaceRecord,
    metadata: (old: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
  ): Promise<NamespaceRecord> {
    return this.#update(namespace, (old) => ({
      ...old,
      customMetadata: metadata(old.customMetadata),
    }))
  }

  /** Locks or unlocks the API of a namespace (null unlocks). */
  async setLock(namespace: NamespaceRecord, unlockKeyHash: string | null): Promise<void> {
    await this.#update(namespace, ({ locked: _, ...rest }) =>
      unlockKeyHash === null ? rest : { ...rest, locked: { unlockKeyHash } },
    )
  }

  async #update(
    namespace: NamespaceRecord,
    change: (old: NamespaceRecord) => NamespaceRecord,
  ): Promise<NamespaceRecord> {
    return this.#storage.transaction(async (tx) => {
      const entry = await tx.get(namespaceKey(namespace.id))
      if (!entry) throw badRequest('namespace does not exist')
      const changed = change(entry.json<NamespaceRecord>())
      tx.put(namespaceKey(namespace.id), { json: changed })
      tx.touch(CORE_EPOCH_KEY)
      return changed
    })
  }

  /** Names of the direct children, each with a trailing slash. */
  async children(
    parent: NamespaceRecord,
    page: { after?: string; limit?: number },
  ): Promise<readonly string[]> {
    const names = await this.#storage.list(namespaceChildPrefix(parent.id), page)
    return names.map((name) => `${name}/`)
  }

  /** Ends a namespace for every caller at once. Throws 400 while it has child namespaces. */
  async remove(view: TopologyView, namespace: NamespaceRecord): Promise<void> {
    if ((await this.#storage.list(namespaceChildPrefix(namespace.id), { limit: 1 })).length > 0) {
      throw badRequest(`cannot delete namespace (${namespace.path}) containing child namespaces`)
    }
    const name = namespace.path.split('/').at(-2)!
    const mounts = (await view.table(namespace)).mounts
    await this.#storage.transaction(async (tx) => {
      await expectEpoch(tx, view)
      tx.put(namespaceKey(namespace.id), { json: { ...namespace, tainted: true } })
      tx.delete(namespaceChildKey(namespace.parentId, name))
      tx.touch(CORE_EPOCH_KEY)
      // More mounts than one commit holds are retired by the sweep: none of them is reachable any more.
      for (const { record } of mounts.slice(0, 10)) this.#mounts.retire(tx, namespace.id, record)
      this.#scheduleSweep(tx, namespace.id)
    })
  }
}

function assertName(name: string): void {
  if (RESERVED_NAMES.includes(name))
    throw badRequest(`"${name}" is a reserved path and cannot be used as a namespace`)
  if (/[\s+*/]/.test(name) || name.length > 128) {
    throw badRequest('a namespace name is at most 128 characters without spaces, "+", "*" and "/"')
  }
}

/** Six base-62 characters, as token suffixes and lease ids carry them. */
function newNamespaceId(random: Random): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  let id = ''
  while (id.length < 6) {
    const byte = random.bytes(1)[0]!
    // 248 is the largest multiple of 62 below 256: without this, some letters would come more often.
    if (byte < 248) id += alphabet[byte % 62]
  }
  return id
}
