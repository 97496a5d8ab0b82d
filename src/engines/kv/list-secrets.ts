// Lists the secrets of a folder, or all below it, in pages. Both versions of KV keep a key under the same
// prefix, so both list alike. Order: byte order of the names.
import { MAX_PAGE } from '../../base/limits.ts'
import { integer, string, list as stringList } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { secretKey } from './secret-path.ts'

export const pageInput = {
  after: string('Only names after this one; it need not exist.'),
  limit: integer('At most this many names; 0, negative or absent: all.'),
}

export const folderParam = {
  path: string('The folder; with or without a slash at the end.', { required: true }),
}

export const keysOutput = { keys: stringList('The names; those of folders end in "/".') }

export interface PageOf {
  readonly after: string | undefined
  readonly limit: number | undefined
}

/** The folder's own path: '' or ending in '/'. */
export const folderOf = (path: string): string =>
  path === '' || path.endsWith('/') ? path : `${path}/`

/** Names right below the folder; sub-folders end in '/'. */
export function namesIn(
  storage: ReadStorage,
  folder: string,
  page: PageOf,
): Promise<readonly string[]> {
  const prefix = secretKey(folder)
  return collect(page, page.after, (step) => storage.list(prefix, step))
}

/** Paths, relative to the folder, of all secrets below it. */
export async function namesBelow(
  storage: ReadStorage,
  folder: string,
  page: PageOf,
): Promise<readonly string[]> {
  const prefix = secretKey(folder)
  const after = page.after ? prefix + page.after : undefined
  const keys = await collect(page, after, (step) => storage.range(prefix, step))
  return keys.map((key) => key.slice(prefix.length))
}

type Step = { readonly limit: number; readonly after?: string }

async function collect(
  page: PageOf,
  start: string | undefined,
  next: (step: Step) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const wanted = page.limit !== undefined && page.limit > 0 ? page.limit : Infinity
  const all: string[] = []
  let after = start || undefined
  for (;;) {
    const limit = Math.min(MAX_PAGE, wanted - all.length)
    const names = await next(after === undefined ? { limit } : { limit, after })
    for (const name of names) all.push(name)
    if (names.length < limit || all.length >= wanted) return all
    after = names.at(-1)
  }
}

/** Vault's rule: an empty list is a 404. */
export const keysAnswer = (keys: readonly string[]): Answer =>
  keys.length === 0 ? { empty: true } : { data: { keys } }
