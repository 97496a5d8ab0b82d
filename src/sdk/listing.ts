// Lists of names in pages, as every engine answers LIST: `after` a name, at most `limit`, in byte order;
// an empty list is a 404. Vault's API pages (pagination parameters of OpenBao).
import { MAX_PAGE } from '../base/limits.ts'
import { integer, string, list as stringList } from '../schema/field.ts'
import type { Answer } from './answer.ts'
import type { ReadStorage } from './storage.ts'

export const pageInput = {
  after: string('Only names after this one; it need not exist.'),
  limit: integer('At most this many names; 0, negative or absent: all.'),
}

export const keysOutput = { keys: stringList('The names; those of folders end in "/".') }

export interface PageOf {
  readonly after: string | undefined
  readonly limit: number | undefined
}

/** Names right below the prefix (ends in '/' or is empty); sub-folders end in '/'. */
export const listNames = (
  storage: ReadStorage,
  prefix: string,
  page: PageOf,
): Promise<readonly string[]> => collect(page, page.after, (step) => storage.list(prefix, step))

/** All keys below the prefix, relative to it. */
export async function rangeNames(
  storage: ReadStorage,
  prefix: string,
  page: PageOf,
): Promise<readonly string[]> {
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
