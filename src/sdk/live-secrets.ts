// Secrets at rest that leak scanners are to recognize. An engine says in which folder of its storage they lie and
// how one entry is read; core keeps the index of their digests, and learns of changes from the commits themselves,
// so no handler has to tell.
import type { MountContext } from './context.ts'

export interface LiveValue {
  /** Which part of the secret, such as the name in a KV secret's data. */
  readonly key: string
  /** 0 where the engine counts none. */
  readonly version: number
  /** False: it was replaced by a newer one. */
  readonly isCurrent: boolean
  readonly value: string
}

export interface LiveSecretSource {
  /** Below the mount's storage, ending in '/': each key in it is one place, also where its values lie elsewhere. */
  readonly folder: string
  /** What the place holds now; empty where it is gone. `name` is its key below the folder. */
  read(mount: MountContext, name: string): Promise<readonly LiveValue[]>
  /** The path below the mount by which it is read: a caller who may read it may know of it. */
  apiPath(mount: MountContext, name: string): string
  /** The path below the mount that a write to replaces the secret; absent where only its owner can. */
  rotatePath?(name: string): string
}
