// Dead and cut token trees. A mark 'dead' on a token kills everything below it at once; a mark 'cut' says
// that the token alone was revoked, so nothing above it counts for those below. The nearest mark decides.
// Each change of a namespace's marks touches its epoch in the same commit: a set read under one version
// of the epoch holds while that version stands.

import { unavailable } from '../../base/errors.ts'
import { MAX_PAGE } from '../../base/limits.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { namespaceEpochKey, ROOT_NAMESPACE_ID, tokenTombstonePrefix } from '../keys.ts'
import type { CoreStorage } from '../store.ts'

export type Tombstone = 'dead' | 'cut'

export const tombstoneKey = (namespaceId: string, kind: Tombstone, hash: string): string =>
  `${tokenTombstonePrefix(namespaceId)}${kind}/${hash}`

export interface TombstoneSet {
  /** Version of the namespace's epoch; '' where it was never touched. */
  readonly epoch: string
  readonly byHash: ReadonlyMap<string, Tombstone>
}

/** The marks of the namespace of an ancestor; null where they are not at hand. */
export type TombstonesOf = (namespaceId: string) => TombstoneSet | null

/** What the ancestors (root first) say about a token. */
export function isLineageAlive(ancestors: readonly string[], of: TombstonesOf): boolean {
  return nearestMark(ancestors, of)?.kind !== 'dead'
}

/** The ancestors that still count: those below the nearest cut. */
export function livingAncestors(ancestors: readonly string[], of: TombstonesOf): readonly string[] {
  const mark = nearestMark(ancestors, of)
  return mark?.kind === 'cut' ? ancestors.slice(mark.at + 1) : ancestors
}

function nearestMark(
  ancestors: readonly string[],
  of: TombstonesOf,
): { kind: Tombstone; at: number } | null {
  for (let at = ancestors.length - 1; at >= 0; at--) {
    const accessor = ancestors[at]!
    const dot = accessor.indexOf('.')
    const set = of(dot === -1 ? ROOT_NAMESPACE_ID : accessor.slice(dot + 1))
    if (!set || set.byHash.size === 0) continue
    const kind = set.byHash.get(dot === -1 ? accessor : accessor.slice(0, dot))
    if (kind) return { kind, at }
  }
  return null
}

const MAX_CACHED_NAMESPACES = 10_000
const MAX_LOAD_TRIES = 8

export interface Tombstones {
  /** The cached set, if it was read under this version of the epoch. */
  peek(namespaceId: string, epoch: string): TombstoneSet | null
  /** Reads the set afresh, of one moment that lies after the call. */
  load(namespaceId: string): Promise<TombstoneSet>
  clear(): void
}

export function tombstones(storage: CoreStorage): Tombstones {
  const sets = new Map<string, TombstoneSet>()
  const epochOf = async (namespaceId: string): Promise<string> => {
    const key = namespaceEpochKey(namespaceId)
    return (await storage.readRaw([key])).get(key)?.version ?? ''
  }
  return {
    peek(namespaceId, epoch) {
      const set = sets.get(namespaceId)
      return set && set.epoch === epoch ? set : null
    },
    async load(namespaceId) {
      let epoch = await epochOf(namespaceId)
      for (let tries = 0; tries < MAX_LOAD_TRIES; tries++) {
        const byHash = await readMarks(storage, namespaceId)
        const after = await epochOf(namespaceId)
        if (after === epoch) {
          if (sets.size >= MAX_CACHED_NAMESPACES) sets.clear()
          const set = { epoch, byHash }
          sets.set(namespaceId, set)
          return set
        }
        epoch = after
      }
      throw unavailable('the namespace is changing too quickly, try again')
    },
    clear: () => sets.clear(),
  }
}

async function readMarks(
  storage: ReadStorage,
  namespaceId: string,
): Promise<Map<string, Tombstone>> {
  const prefix = tokenTombstonePrefix(namespaceId)
  const byHash = new Map<string, Tombstone>()
  let after: string | undefined
  for (;;) {
    const keys = await storage.range(prefix, {
      limit: MAX_PAGE,
      ...(after === undefined ? {} : { after }),
    })
    for (const key of keys) {
      const [kind, hash] = key.slice(prefix.length).split('/')
      // A token that is both (its tree was killed while the cut was worked off) is dead.
      if (hash && (kind === 'dead' || !byHash.has(hash))) byHash.set(hash, kind as Tombstone)
    }
    if (keys.length < MAX_PAGE) return byHash
    after = keys.at(-1)
  }
}
