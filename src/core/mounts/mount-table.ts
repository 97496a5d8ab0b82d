// The mounts of one namespace, compiled for look-ups: which mount serves a path. Built from storage once
// per core epoch and namespace; immutable.
import type { MountInfo, Namespace, RequestContext } from '../../sdk/context.ts'
import type { Storage } from '../../sdk/storage.ts'
import type { AuditMount } from '../audit/audit-entry.ts'
import type { RouteTable } from '../router/route-table.ts'
import type { MountRecord } from './mount-record.ts'

/** A mount that serves requests. */
export interface Mount {
  readonly record: MountRecord
  readonly info: MountInfo
  /** The mount as audit entries show it: one object for all its requests. */
  readonly audit: AuditMount
  readonly namespace: Namespace
  readonly routes: RouteTable<RequestContext>
  readonly storage: Storage
  /** What each commit for it expects: the version of its alive mark. Empty for what can't be disabled. */
  readonly alive: ReadonlyMap<string, string>
}

export class MountTable {
  readonly namespace: Namespace
  readonly mounts: readonly Mount[]
  readonly #byPath = new Map<string, Mount>()
  #deepest = 1

  constructor(namespace: Namespace, mounts: readonly Mount[]) {
    this.namespace = namespace
    this.mounts = [...mounts].sort((a, b) => (a.record.path < b.record.path ? -1 : 1))
    for (const mount of mounts) {
      this.#byPath.set(mount.record.path, mount)
      this.#deepest = Math.max(this.#deepest, mount.record.path.split('/').length - 1)
    }
  }

  /** The mount whose path is the longest prefix of `path` ('secret' also finds 'secret/'). */
  match(path: string): Mount | null {
    let found: Mount | null = null
    let slash = path.indexOf('/')
    for (let depth = 0; depth < this.#deepest; depth++) {
      const prefix = slash < 0 ? `${path}/` : path.slice(0, slash + 1)
      found = this.#byPath.get(prefix) ?? found
      if (slash < 0) break
      slash = path.indexOf('/', slash + 1)
    }
    return found
  }

  /** The mount at exactly this path (with its trailing slash). */
  at(path: string): Mount | undefined {
    return this.#byPath.get(path)
  }

  /** A mount that would clash with a new one at `path`: one lies within the other. */
  clash(path: string): Mount | undefined {
    return this.mounts.find(
      ({ record }) => record.path.startsWith(path) || path.startsWith(record.path),
    )
  }
}
