// Walks a paged listing to its end. Only for sets that are small by nature (mounts of a namespace,
// policies); what can grow to a million is worked off page by page where it is used.
import { MAX_PAGE } from '../base/limits.ts'
import type { Page } from '../sdk/storage.ts'

export async function allPages(
  next: (page: Page) => Promise<readonly string[]>,
): Promise<string[]> {
  const all: string[] = []
  let after: string | undefined
  for (;;) {
    const page = await next(after === undefined ? { limit: MAX_PAGE } : { limit: MAX_PAGE, after })
    all.push(...page)
    if (page.length < MAX_PAGE) return all
    after = page.at(-1)
  }
}
