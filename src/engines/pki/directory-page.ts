// A page of issuers or keys with what is known of each, as LIST answers it.
import type { Answer } from '../../sdk/answer.ts'
import type { PageOf } from '../../sdk/listing.ts'

/** `entries` are in order of their ids. An empty page is a 404. */
export function pageOfEntries<T extends { readonly id: string }>(
  entries: readonly T[],
  { after, limit }: PageOf,
  info: (entry: T) => Readonly<Record<string, unknown>>,
): Answer {
  const rest = after ? entries.filter(({ id }) => id > after) : entries
  const page = limit !== undefined && limit > 0 ? rest.slice(0, limit) : rest
  if (page.length === 0) return { empty: true }
  return {
    data: {
      key_info: Object.fromEntries(page.map((entry) => [entry.id, info(entry)])),
      keys: page.map(({ id }) => id),
    },
  }
}
