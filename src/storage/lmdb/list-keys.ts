// Names and keys in order from an LMDB store. A list seeks past each sub-folder, so its cost follows the
// names it gives and not what lies below them. Both run within one read snapshot.
import type { Database } from 'lmdb'
import { behindFolder, listStart } from '../../sdk/batch-limits.ts'
import type { Page } from '../../sdk/storage.ts'

type Store = Database<Buffer, string>

/** The smallest key there can be; lmdb's own default start is made for another key encoding. */
export const FIRST_KEY = '\0'

/** Keys of one folder that are walked over before a seek is cheaper. */
const WALK = 8

/** The children of a folder, sub-folders ending in '/'; see StorageBackend.list. */
export function listNames(db: Store, prefix: string, page: Page): string[] {
  const names: string[] = []
  let start: { key: string; exclusive: boolean } | null = listStart(prefix, page.after)
  while (start !== null && names.length < page.limit) start = walk(db, prefix, page, start, names)
  return names
}

/** Walks from `start` until the page is full, the folder ends (null) or a seek is worth it (its place). */
function walk(
  db: Store,
  prefix: string,
  page: Page,
  start: { key: string; exclusive: boolean },
  names: string[],
): { key: string; exclusive: boolean } | null {
  let folder: string | null = null
  let inFolder = 0
  for (const key of keysFrom(db, start)) {
    if (!key.startsWith(prefix)) return null
    if (folder !== null && key.startsWith(folder)) {
      if (++inFolder < WALK) continue
      return { key: behindFolder(folder), exclusive: false }
    }
    if (names.length === page.limit) return null
    const slash = key.indexOf('/', prefix.length)
    folder = slash < 0 ? null : key.slice(0, slash + 1)
    inFolder = 0
    const name = (folder ?? key).slice(prefix.length)
    if (name !== '') names.push(name)
  }
  return null
}

/** Whole keys that begin with prefix; see StorageBackend.range. */
export function rangeKeys(
  db: Store,
  prefix: string,
  page: Page & { readonly before?: string },
): string[] {
  const keys: string[] = []
  const { after } = page
  const start =
    after === undefined || !isBehind(after, prefix)
      ? { key: prefix, exclusive: false }
      : { key: after, exclusive: true }
  for (const key of keysFrom(db, start, page.before)) {
    if (!key.startsWith(prefix) || keys.push(key) === page.limit) break
  }
  return keys
}

/** Whether `after` lies at or behind the first key of the prefix, so that it is where to start. */
const isBehind = (after: string, prefix: string): boolean =>
  Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0

function keysFrom(
  db: Store,
  start: { key: string; exclusive: boolean },
  before?: string,
): Iterable<string> {
  return db.getKeys({
    start: start.key === '' ? FIRST_KEY : start.key,
    exclusiveStart: start.exclusive,
    ...(before === undefined || before === '' ? {} : { end: before }),
  })
}
