// A backend around another one whose n-th commit fails as real stores fail: before anything happened, or
// after all of it happened, when the answer is lost. Callers can't tell which; their invariants must hold.
import { unavailable } from '../../src/base/errors.ts'
import type { Batch, StorageBackend } from '../../src/sdk/storage.ts'

/** 'before': throws, nothing written. 'after': written, then throws. 'conflict': nothing, says conflict. */
export type Fault = 'before' | 'after' | 'conflict'

export interface FaultyStorage extends StorageBackend {
  /** How many commits were asked for. */
  readonly commits: number
}

/** `faultOf` is asked at every commit, with its number from 1 on; without a fault it goes through. */
export function faultyStorage(
  inner: StorageBackend,
  faultOf: (commit: number, batch: Batch) => Fault | undefined,
): FaultyStorage {
  let commits = 0
  return {
    get commits() {
      return commits
    },
    read: (keys) => inner.read(keys),
    list: (prefix, page) => inner.list(prefix, page),
    range: (prefix, page) => inner.range(prefix, page),
    changes: (onChange) => inner.changes(onChange),
    scan: (prefix) => inner.scan(prefix),
    stats: () => inner.stats?.() ?? {},
    close: () => inner.close(),
    async commit(batch) {
      commits += 1
      const fault = faultOf(commits, batch)
      if (fault === 'conflict') return 'conflict'
      if (fault === 'before') throw unavailable('injected fault: nothing was written')
      const outcome = await inner.commit(batch)
      if (fault === 'after') throw unavailable('injected fault: the answer was lost')
      return outcome
    },
  }
}
