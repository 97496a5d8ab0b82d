// Lists of rotations from their indexes, page by page: all records, in order of the time at which they are to
// rotate, and those whose last try failed. A page costs what it shows, whatever there is beside it.
import { badRequest } from '../../base/errors.ts'
import { nextTurn } from '../../base/tick.ts'
import type { CoreStorage } from '../store.ts'
import {
  FAILING_PREFIX,
  NEXT_PREFIX,
  nextKey,
  OVERDUE_MS,
  parseName,
  RECORD_PREFIX,
  type RotationRecord,
  recordKey,
} from './rotation-record.ts'

/** Records of one page: each is read, so a page stays within some 500 KB. */
export const MAX_ROTATION_PAGE = 500
/** A cursor is the end of an index key. */
const MAX_CURSOR_CHARS = 900
/** Counting for figures stops here: more are as alarming. */
const MOST_COUNTED = 10_000

export type RotationIndex = 'records' | 'due' | 'overdue' | 'failing'

export interface RotationPage {
  readonly records: readonly RotationRecord[]
  /** Where the next page begins; '' after the last. */
  readonly cursor: string
}

/** One page. `mountId` narrows 'records' to a mount. */
export async function listRotations(
  storage: CoreStorage,
  of: {
    readonly namespaceId: string
    readonly index: RotationIndex
    readonly nowMs: number
    readonly mountId?: string
    readonly after: string | undefined
    readonly limit: number | undefined
  },
): Promise<RotationPage> {
  const { namespaceId, index, nowMs } = of
  const base = `${prefixOf(index)}${namespaceId}/`
  const prefix = index === 'records' && of.mountId !== undefined ? `${base}${of.mountId}/` : base
  if ((of.after?.length ?? 0) > MAX_CURSOR_CHARS) throw badRequest('no such cursor')
  const limit =
    of.limit !== undefined && of.limit > 0
      ? Math.min(of.limit, MAX_ROTATION_PAGE)
      : MAX_ROTATION_PAGE
  const keys = await storage.range(prefix, {
    limit,
    ...(of.after ? { after: base + of.after } : undefined),
    ...(index === 'overdue' ? { before: nextKey(namespaceId, nowMs - OVERDUE_MS) } : undefined),
  })
  const cursor = keys.length < limit ? '' : keys.at(-1)!.slice(base.length)
  const wanted = keys.flatMap((key) => {
    const name = key.slice(base.length)
    const ref = parseName(
      namespaceId,
      index === 'records' ? name : name.slice(name.indexOf('/') + 1),
    )
    return ref ? [recordKey(ref)] : []
  })
  const found = await storage.read(wanted)
  const records = wanted.flatMap((key) => found.get(key)?.json<RotationRecord>() ?? [])
  return { records, cursor }
}

function prefixOf(index: RotationIndex): string {
  if (index === 'records') return RECORD_PREFIX
  return index === 'failing' ? FAILING_PREFIX : NEXT_PREFIX
}

/** How many are overdue and how many fail, over all namespaces; counted up to 10,000 of each. */
export async function countRotations(
  storage: CoreStorage,
  nowMs: number,
): Promise<{ readonly overdue: number; readonly failing: number }> {
  const overdue = await countEach(storage, NEXT_PREFIX, (namespaceId) =>
    nextKey(namespaceId, nowMs - OVERDUE_MS),
  )
  const failing = await countEach(storage, FAILING_PREFIX, () => undefined)
  return { overdue, failing }
}

async function countEach(
  storage: CoreStorage,
  prefix: string,
  beforeOf: (namespaceId: string) => string | undefined,
): Promise<number> {
  let count = 0
  for (let folder: string | undefined; ; ) {
    const folders: readonly string[] = await storage.list(
      prefix,
      folder === undefined ? { limit: 100 } : { limit: 100, after: folder },
    )
    for (const name of folders) {
      const before = beforeOf(name.slice(0, -1))
      count += await countBelow(storage, prefix + name, before, MOST_COUNTED - count)
      if (count >= MOST_COUNTED) return count
    }
    if (folders.length < 100) return count
    folder = folders.at(-1)
  }
}

async function countBelow(
  storage: CoreStorage,
  prefix: string,
  before: string | undefined,
  most: number,
): Promise<number> {
  let count = 0
  for (let after: string | undefined; count < most; ) {
    const page: readonly string[] = await storage.range(prefix, {
      limit: 1000,
      ...(after === undefined ? undefined : { after }),
      ...(before === undefined ? undefined : { before }),
    })
    count += page.length
    if (page.length < 1000) break
    after = page.at(-1)
    // A page takes a millisecond: requests get in between.
    await nextTurn()
  }
  return Math.min(count, most)
}
