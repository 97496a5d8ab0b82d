// Where things are: namespaces and mounts, cached for the version of the core epoch that the request has
// just read. A change moves the epoch, and the next request of any process builds anew what it needs;
// nothing is loaded before it is asked for.
import type { Namespace, RequestContext } from '../../sdk/context.ts'
import type { Engine } from '../../sdk/plugin.ts'
import type { Awaitable } from '../../sdk/storage.ts'
import {
  mountDataPrefix,
  mountKey,
  mountPrefix,
  namespaceChildKey,
  namespaceKey,
  ROOT_NAMESPACE_ID,
} from '../keys.ts'
import { allPages } from '../pages.ts'
import { RouteTable } from '../router/route-table.ts'
import type { CoreStorage } from '../store.ts'
import { mountAliveKey } from './mount-alive.ts'
import { auditMount, type MountRecord, mountInfo } from './mount-record.ts'
import { type Mount, MountTable } from './mount-table.ts'

export interface NamespaceRecord {
  readonly id: string
  readonly uuid: string
  readonly parentId: string
  /** Full path with a trailing slash; '' for root. */
  readonly path: string
  readonly customMetadata: Readonly<Record<string, string>>
  readonly locked?: { readonly unlockKeyHash: string }
  /** Set when deletion began: nothing below it is served any more. */
  readonly tainted?: boolean
}

export const rootNamespace: NamespaceRecord = {
  id: ROOT_NAMESPACE_ID,
  uuid: ROOT_NAMESPACE_ID,
  parentId: '',
  path: '',
  customMetadata: {},
}

/** Entries of the name cache before it is emptied: names come from callers. */
const MAX_CACHED_NAMES = 20_000
/** One namespace has endless spellings (more slashes), so long ones are walked each time. */
const LONGEST_CACHED_HEADER = 256

export interface Place {
  readonly namespace: NamespaceRecord
  readonly table: MountTable
  /** null where no mount serves the path. */
  readonly mount: Mount | null
  /** The path within the namespace, and within the mount. */
  readonly path: string
  readonly mountPath: string
  /** The outermost namespace on the way that is locked; null: none is. */
  readonly lockedBy: NamespaceRecord | null
}

/** Finds the plugin of a type; core's own tables (sys, token, cubbyhole) are among them. */
export type FindEngine = (recordClass: 'secret' | 'auth', type: string) => Engine | undefined

export class Topology {
  readonly #storage: CoreStorage
  readonly #findEngine: FindEngine
  readonly #routes = new Map<readonly unknown[], RouteTable<RequestContext>>()
  #view: TopologyView | null = null

  constructor(storage: CoreStorage, findEngine: FindEngine) {
    this.#storage = storage
    this.#findEngine = findEngine
  }

  /** The view for the epoch version just read (undefined: nothing was ever written). */
  at(epoch: string | undefined): TopologyView {
    const version = epoch ?? ''
    if (this.#view?.version !== version) {
      this.#view = new TopologyView(version, this.#storage, (record, namespace, alive) =>
        this.#compile(record, namespace, alive),
      )
    }
    return this.#view
  }

  /** Forgets everything (seal). */
  clear(): void {
    this.#view = null
  }

  #compile(record: MountRecord, namespace: Namespace, alive: ReadonlyMap<string, string>): Mount {
    const engine = this.#findEngine(record.class, record.type)
    const rows = engine?.variants?.(record.options ?? {}) ?? engine?.endpoints ?? NO_ROWS
    let routes = this.#routes.get(rows)
    if (!routes) this.#routes.set(rows, (routes = new RouteTable(rows)))
    return {
      record,
      info: mountInfo(record),
      audit: auditMount(record),
      namespace,
      routes,
      storage: this.#storage.scoped(mountDataPrefix(record.id), alive),
      alive,
    }
  }
}

const NO_ROWS: readonly never[] = []

type Compile = (
  record: MountRecord,
  namespace: Namespace,
  alive: ReadonlyMap<string, string>,
) => Mount

/** A namespace that headers name, ready to be looked into. */
type Start = Pick<Place, 'namespace' | 'table' | 'lockedBy'>

function placeAt({ namespace, table, lockedBy }: Start, mount: Mount, path: string): Place {
  const mountPath = path.slice(mount.record.path.length)
  return { namespace, table, mount, path, mountPath, lockedBy }
}

export class TopologyView {
  readonly version: string
  readonly #storage: CoreStorage
  readonly #compile: Compile
  readonly #tables = new Map<string, MountTable>()
  readonly #namespaces = new Map<string, NamespaceRecord>([[ROOT_NAMESPACE_ID, rootNamespace]])
  readonly #children = new Map<string, string | null>()
  /** By header, as it was sent. */
  readonly #starts = new Map<string, Start>()

  constructor(version: string, storage: CoreStorage, compile: Compile) {
    this.version = version
    this.#storage = storage
    this.#compile = compile
  }

  /**
   * Where a request goes: the namespace of the header, then further namespaces named by the path's first
   * segments, then the mount. null where the header names no namespace. Mounts are tried first, since a
   * mount and a child namespace can't share a name. Answers at once where all was looked up before.
   */
  locate(header: string, path: string): Awaitable<Place | null> {
    const start = this.#starts.get(header)
    const mount = start?.table.match(path)
    return start && mount ? placeAt(start, mount, path) : this.#walk(header, path)
  }

  async #walk(header: string, path: string): Promise<Place | null> {
    let namespace: NamespaceRecord = rootNamespace
    let lockedBy: NamespaceRecord | null = null
    if (header !== '') {
      for (const name of header.split('/')) {
        const child = name === '' ? namespace : await this.child(namespace.id, name)
        if (!child) return null
        namespace = child
        if (namespace.locked) lockedBy ??= namespace
      }
    }
    if (header.length <= LONGEST_CACHED_HEADER) {
      if (this.#starts.size >= MAX_CACHED_NAMES) this.#starts.clear()
      this.#starts.set(header, { namespace, table: await this.table(namespace), lockedBy })
    }
    let rest = path
    for (;;) {
      const table: MountTable = this.#tables.get(namespace.id) ?? (await this.table(namespace))
      const mount = table.match(rest)
      if (mount) return placeAt({ namespace, table, lockedBy }, mount, rest)
      const slash = rest.indexOf('/')
      const child: NamespaceRecord | null =
        slash < 1 ? null : await this.child(namespace.id, rest.slice(0, slash))
      if (!child) return { namespace, table, mount: null, path: rest, mountPath: '', lockedBy }
      namespace = child
      if (namespace.locked) lockedBy ??= namespace
      rest = rest.slice(slash + 1)
    }
  }

  /** 'a/b' or 'a/b/'; null where there is none. */
  async namespaceByPath(path: string): Promise<NamespaceRecord | null> {
    let namespace: NamespaceRecord | null = rootNamespace
    for (const name of path.split('/')) {
      if (name === '') continue
      namespace = await this.child(namespace.id, name)
      if (!namespace) return null
    }
    return namespace
  }

  async namespaceById(id: string): Promise<NamespaceRecord | null> {
    const cached = this.#namespaces.get(id)
    if (cached) return cached
    const record = (await this.#storage.get(namespaceKey(id)))?.json<NamespaceRecord>() ?? null
    if (record) this.#namespaces.set(id, record)
    return record
  }

  async child(parentId: string, name: string): Promise<NamespaceRecord | null> {
    const key = namespaceChildKey(parentId, name)
    let id = this.#children.get(key)
    if (id === undefined) {
      id = (await this.#storage.get(key))?.text() ?? null
      if (this.#children.size >= MAX_CACHED_NAMES) this.#children.clear()
      this.#children.set(key, id)
    }
    if (id === null) return null
    const record = await this.namespaceById(id)
    return record?.tainted ? null : record
  }

  async table(namespace: NamespaceRecord): Promise<MountTable> {
    const cached = this.#tables.get(namespace.id)
    if (cached) return cached
    const prefix = mountPrefix(namespace.id)
    const keys = await allPages((page) => this.#storage.range(prefix, page))
    const mounts: Mount[] = []
    for (let at = 0; at < keys.length; at += 50) {
      const some = keys.slice(at, at + 50)
      const ids = some.map((key) => key.slice(prefix.length))
      const aliveKeys = ids.map(mountAliveKey)
      const entries = await this.#storage.read(some)
      const alive = await this.#storage.readRaw(aliveKeys)
      for (let index = 0; index < some.length; index++) {
        const record = entries.get(mountKey(namespace.id, ids[index]!))?.json<MountRecord>()
        const mark = alive.get(aliveKeys[index]!)
        if (!record || !mark) continue
        const expects = new Map([[aliveKeys[index]!, mark.version]])
        mounts.push(this.#compile(record, namespace, expects))
      }
    }
    const table = new MountTable(namespace, mounts)
    this.#tables.set(namespace.id, table)
    return table
  }
}
