// The paging of lists: `after` a name, at most `limit` names.
import { MAX_PAGE } from '../../base/limits.ts'
import { integer, string } from '../../schema/field.ts'

export const pageFields = {
  after: string('Only names after this one.'),
  limit: integer('At most this many names; 0 or absent: all.'),
}

/** What storage understands: -1 and 0 mean no limit, as in the API. */
export function pageOf(page: {
  readonly after: string | undefined
  readonly limit: number | undefined
}): { after?: string; limit?: number } {
  return {
    ...(page.after ? { after: page.after } : undefined),
    ...(page.limit !== undefined && page.limit > 0
      ? { limit: Math.min(page.limit, MAX_PAGE) }
      : undefined),
  }
}
