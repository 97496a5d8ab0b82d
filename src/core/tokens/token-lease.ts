// Service tokens as leases: in sys/leases each is known as `<creation path>/h<accessor>`, so that all that
// were made below a path can be listed and revoked together. A mark under that name stands as long as the
// token's entry; both come and go in one commit. Source: Vault's API page "sys/leases".
import { MAX_KEY_BYTES } from '../../base/limits.ts'
import type { Page } from '../../sdk/storage.ts'
import { tokenPathPrefix } from '../keys.ts'
import type { CoreStorage } from '../store.ts'
import { ROOT_TOKEN_PATH, type TokenEntry } from './token-entry.ts'
import { accessorOf, parseAccessor, type TokenRef } from './token-text.ts'

/** Bytes that a creation path may take in a mark: what is around it needs fewer than the rest. */
const MAX_PATH_BYTES = MAX_KEY_BYTES - 124

/**
 * The key of the token's mark; null for the root token of the initialisation, which is no lease. A path
 * too long for a key is cut to the folders that fit.
 */
export function tokenLeaseMark(
  namespaceId: string,
  hash: string,
  entry: Pick<TokenEntry, 'path'>,
): string | null {
  if (!isLease(entry)) return null
  let path = trimmed(entry.path)
  while (path.length * 3 > MAX_PATH_BYTES && Buffer.byteLength(path) > MAX_PATH_BYTES) {
    path = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  }
  return tokenPathPrefix(namespaceId) + nameOf(path, accessorOf(namespaceId, hash))
}

/** Its id in sys/leases; null where it has none. */
export function tokenLeaseId(of: {
  readonly accessor: string
  readonly entry: Pick<TokenEntry, 'path'>
}): string | null {
  return isLease(of.entry) ? nameOf(trimmed(of.entry.path), of.accessor) : null
}

/** The token that a lease id or a mark's name would stand for; null where it can't be one. */
export function refOfLeaseName(name: string): TokenRef | null {
  const at = name.lastIndexOf('/') + 1
  return name[at] === 'h' ? parseAccessor(name.slice(at + 1)) : null
}

/** Names of the marks below a path ('' or a folder), page by page. */
export async function leaseNames(
  storage: CoreStorage,
  namespaceId: string,
  prefix: string,
  page: Page,
): Promise<readonly string[]> {
  const base = tokenPathPrefix(namespaceId)
  const from = page.after === undefined ? {} : { after: base + page.after }
  const keys = await storage.range(base + prefix, { limit: page.limit, ...from })
  return keys.map((key) => key.slice(base.length))
}

const isLease = ({ path }: Pick<TokenEntry, 'path'>): boolean =>
  path !== ROOT_TOKEN_PATH && path !== ''

/** The creation path of a wrapped list ends in a slash. */
const trimmed = (path: string): string => (path.endsWith('/') ? path.replace(/\/+$/, '') : path)

const nameOf = (path: string, accessor: string): string =>
  path === '' ? `h${accessor}` : `${path}/h${accessor}`
