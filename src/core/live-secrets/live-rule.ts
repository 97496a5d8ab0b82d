// How changes of secrets are noticed: a commit that writes a place of a followed mount also writes that place's
// dirty mark, in the barrier, so that no engine, job or rotation can forget it. A mount that is not followed costs
// its commits one read of an absent key.
import { MAX_KEY_BYTES } from '../../base/limits.ts'
import type { CommitRule } from '../barrier/transaction.ts'
import { livePrefix, liveWatchKey, mountDataPrefix } from '../keys.ts'

/** What stands under liveWatchKey. */
export interface LiveWatch {
  readonly namespaceId: string
  readonly folders: readonly string[]
}

const MOUNTS = mountDataPrefix('').slice(0, -1)
/** Of a mount's id, a UUID. */
const ID_CHARS = 36

export const dirtyPrefix = (namespaceId: string): string => `${livePrefix(namespaceId)}dirty/`

/** `place` is the key below the mount's storage, folder included. */
export const dirtyKey = (namespaceId: string, mountId: string, place: string): string =>
  `${dirtyPrefix(namespaceId)}${mountId}/${place}`

/** Whether the index has keys for it: a name at the limit of what storage takes leaves no room, and isn't followed. */
export const hasLiveKey = (namespaceId: string, mountId: string, place: string): boolean =>
  Buffer.byteLength(dirtyKey(namespaceId, mountId, place)) <= MAX_KEY_BYTES

export const liveRule: CommitRule = {
  conditionOf(key) {
    if (!key.startsWith(MOUNTS)) return null
    return liveWatchKey(key.slice(MOUNTS.length, MOUNTS.length + ID_CHARS))
  },
  marks(condition, keys) {
    const { namespaceId, folders } = condition.json<LiveWatch>()
    return keys.flatMap((key) => {
      const mountId = key.slice(MOUNTS.length, MOUNTS.length + ID_CHARS)
      const place = key.slice(MOUNTS.length + ID_CHARS + 1)
      const isFollowed = folders.some((folder) => place.startsWith(folder))
      return isFollowed && hasLiveKey(namespaceId, mountId, place)
        ? [dirtyKey(namespaceId, mountId, place)]
        : []
    })
  },
}
