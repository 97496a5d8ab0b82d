// auth/token/tidy: walks the tokens of a namespace and mends their marks. Commits keep entries and marks
// together, so there is something to do only after damage: a restored part, a lost page.
import { dueKey } from '../jobs/due-index.ts'
import { tokenChildPrefix, tokenKey, tokenPrefix } from '../keys.ts'
import { DUE_TOKEN, type TokenCore } from './token-core.ts'
import { decodeEntry, parentOf, type TokenEntry } from './token-entry.ts'
import { tokenLeaseMark } from './token-lease.ts'
import { accessorOf, parseAccessor } from './token-text.ts'

export interface TidyCounts {
  readonly tokens: number
  /** Marks that were written again. */
  readonly mended: number
}

/** Tokens of one read and commit: each has at most three marks and one entry. */
const STEP = 30

export async function tidyTokens(
  core: TokenCore,
  namespaceId: string,
  signal: AbortSignal,
): Promise<TidyCounts> {
  const prefix = tokenPrefix(namespaceId)
  let tokens = 0
  let mended = 0
  let after = prefix
  while (!signal.aborted) {
    const keys = await core.storage.range(prefix, { after, limit: STEP })
    if (keys.length === 0) break
    mended += await mend(core, namespaceId, keys)
    tokens += keys.length
    after = keys.at(-1)!
  }
  return { tokens, mended }
}

interface Mark {
  readonly key: string
  /** The mark makes sense only while this entry stands; null: always. */
  readonly parentKey: string | null
}

async function mend(
  core: TokenCore,
  namespaceId: string,
  keys: readonly string[],
): Promise<number> {
  const wanted = new Map<string, Mark[]>()
  const entries = await core.storage.read(keys)
  for (const [key, entry] of entries) {
    const hash = key.slice(tokenPrefix(namespaceId).length)
    wanted.set(key, marksOf(namespaceId, hash, decodeEntry(entry.text())))
  }
  const marks = [...wanted.values()].flat().map((mark) => mark.key)
  const present = marks.length === 0 ? new Map() : await core.storage.readRaw(marks)
  if (present.size === marks.length) return 0
  return await core.storage.transaction(async (tx) => {
    let count = 0
    for (const [key, its] of wanted) {
      const lost = its.filter((mark) => !present.has(mark.key))
      // Revoked or renewed meanwhile: then its marks moved with it.
      const version = lost.length > 0 ? (await tx.get(key))?.version : undefined
      if (version === undefined || version !== entries.get(key)?.version) continue
      for (const mark of lost) {
        if (mark.parentKey !== null && !(await tx.get(mark.parentKey))) continue
        tx.mark(mark.key)
        count++
      }
    }
    return count
  })
}

function marksOf(namespaceId: string, hash: string, entry: TokenEntry): Mark[] {
  const marks: Mark[] = []
  if (entry.expiresAtMs > 0) {
    const key = dueKey(DUE_TOKEN, namespaceId, hash, entry.expiresAtMs)
    marks.push({ key, parentKey: null })
  }
  const leaseMark = tokenLeaseMark(namespaceId, hash, entry)
  if (leaseMark !== null) marks.push({ key: leaseMark, parentKey: null })
  const parent = parentOf(entry)
  const ref = parent === null ? null : parseAccessor(parent)
  if (ref) {
    const key = tokenChildPrefix(ref.namespaceId, ref.hash) + accessorOf(namespaceId, hash)
    marks.push({ key, parentKey: tokenKey(ref.namespaceId, ref.hash) })
  }
  return marks
}
