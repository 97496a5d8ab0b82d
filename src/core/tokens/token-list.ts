// The accessors of a namespace's living tokens. Reads entry by entry past the caches: a list of a million
// must not push out the tokens in use.
import { tokenKey, tokenPrefix } from '../keys.ts'
import type { TokenCore } from './token-core.ts'
import { decodeEntry, isOver, type TokenEntry } from './token-entry.ts'
import { accessorOf, parseAccessor } from './token-text.ts'
import { isLineageAlive, type TombstoneSet } from './token-tombstones.ts'

const STEP = 100

/** In byte order; `limit` 0: all. */
export async function listAccessors(
  core: TokenCore,
  namespaceId: string,
  page: { readonly after?: string; readonly limit: number },
): Promise<string[]> {
  const prefix = tokenPrefix(namespaceId)
  const first = page.after === undefined ? null : parseAccessor(page.after)
  let after = first ? tokenKey(namespaceId, first.hash) : prefix
  const sets = new Map<string, TombstoneSet>()
  const found: string[] = []
  for (;;) {
    const keys = await core.storage.range(prefix, { after, limit: STEP })
    const entries = await core.storage.read(keys)
    for (const key of keys) {
      const stored = entries.get(key)
      if (!stored || !(await isAlive(core, decodeEntry(stored.text()), sets))) continue
      found.push(accessorOf(namespaceId, key.slice(prefix.length)))
      if (found.length === page.limit) return found
    }
    if (keys.length < STEP) return found
    after = keys.at(-1)!
  }
}

async function isAlive(
  core: TokenCore,
  entry: TokenEntry,
  sets: Map<string, TombstoneSet>,
): Promise<boolean> {
  if (isOver(entry, core.clock.now())) return false
  for (const ancestor of entry.ancestors) {
    const id = parseAccessor(ancestor)?.namespaceId ?? ''
    if (!sets.has(id)) sets.set(id, await core.tombstones.load(id))
  }
  return isLineageAlive(entry.ancestors, (id) => sets.get(id) ?? null)
}
