// What is listed of leases, page by page in byte order: ids and names below a path, and the irrevocable.
import { MAX_PAGE } from '../../base/limits.ts'
import { irrevocableLeasePrefix, leasePrefix, tokenPathPrefix } from '../keys.ts'
import type { CoreStorage } from '../store.ts'
import { parseIrrevocableMark } from './lease-entries.ts'

/** The ids below a prefix. */
export async function leaseIdsBelow(
  storage: CoreStorage,
  namespaceId: string,
  prefix: string,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly string[]> {
  const base = leasePrefix(namespaceId)
  const from = page.after === undefined ? {} : { after: base + page.after }
  const keys = await storage.range(base + prefix, { limit: page.limit, ...from })
  return keys.map((key) => key.slice(base.length))
}

/** Names of leases and tokens directly below a prefix, as the list of sys/leases/lookup shows them. */
export async function leaseNamesBelow(
  storage: CoreStorage,
  namespaceId: string,
  prefix: string,
  page: { readonly after?: string; readonly limit?: number },
): Promise<readonly string[]> {
  const folders = [leasePrefix(namespaceId) + prefix, tokenPathPrefix(namespaceId) + prefix]
  const [secrets, tokens] = await Promise.all(
    folders.map((folder) => listAll(storage, folder, page)),
  )
  return merged(secrets!, tokens!).slice(0, page.limit)
}

/** Leases that could not be revoked; `after` is the last one's `at`. */
export async function irrevocableLeases(
  storage: CoreStorage,
  namespaceId: string,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly { readonly at: string; mountId: string; leaseId: string }[]> {
  const prefix = irrevocableLeasePrefix(namespaceId)
  const from = page.after === undefined ? {} : { after: prefix + page.after }
  const marks = await storage.range(prefix, { limit: page.limit, ...from })
  return marks.map((mark) => {
    const at = mark.slice(prefix.length)
    return { at, ...parseIrrevocableMark(at) }
  })
}

/** Names of a folder from a place on; without a limit all of them, however many pages that takes. */
async function listAll(
  storage: CoreStorage,
  folder: string,
  page: { readonly after?: string; readonly limit?: number },
): Promise<readonly string[]> {
  if (page.limit !== undefined) return storage.list(folder, page)
  const found: string[] = []
  for (let { after } = page; ; after = found.at(-1)) {
    const from = after === undefined ? {} : { after }
    const names = await storage.list(folder, { ...from, limit: MAX_PAGE })
    found.push(...names)
    if (names.length < MAX_PAGE) return found
  }
}

/** Two sorted lists as one, in byte order. */
function merged(some: readonly string[], more: readonly string[]): readonly string[] {
  if (more.length === 0) return some
  if (some.length === 0) return more
  return [...new Set([...some, ...more])]
    .map((name) => Buffer.from(name))
    .sort(Buffer.compare)
    .map(String)
}
