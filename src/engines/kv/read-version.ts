// Reads one version of a key. The current version is one storage read and no JSON parsing; an older one,
// or a large one, is a second read, and the first is repeated if the version was dropped in between.
import { stringifyJson } from '../../base/json.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { decodeEntry, type Place, viewCurrent } from './entry-format.ts'
import { goneAtMs, isGoneAt, versionMetadata, versionOf } from './key-record.ts'
import { secretKey, versionKey } from './secret-path.ts'

export interface ReadVersion {
  /** JSON text of the version's metadata. */
  readonly metadata: string
  /** JSON text of the data; null where it is deleted, expired or destroyed. */
  readonly data: string | null
}

/** A reader that meets a writer more often than this in one read has met a bug. */
const MAX_TRIES = 8

/** `version` undefined or not positive means the current one. null: no such key or version. */
export async function readVersion(
  storage: ReadStorage,
  path: string,
  version: number | undefined,
  nowMs: number,
): Promise<ReadVersion | null> {
  const key = secretKey(path)
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const entry = await storage.get(key)
    if (entry === null) return null
    const found = locate(entry.text(), version)
    if (found === null) return null
    if (found.place === 'none' || isGoneAt(found.goneAtMs, nowMs))
      return { metadata: found.metadata, data: null }
    if (found.place === 'here') return { metadata: found.metadata, data: found.data }
    const own = await storage.get(found.key)
    if (own !== null) return { metadata: found.metadata, data: own.text() }
  }
  throw new Error('the data of a version is missing')
}

interface Located {
  readonly metadata: string
  readonly goneAtMs: number
  readonly place: Place
  readonly data: string
  /** Where the data stands if it is not here. */
  readonly key: string
}

function locate(text: string, version: number | undefined): Located | null {
  const current = viewCurrent(text)
  const wanted = version !== undefined && version > 0 ? version : current.version
  if (wanted === 0) return null
  if (wanted === current.version && current.place !== 'own') {
    const { metadata, goneAtMs, place, data } = current
    return { metadata, goneAtMs, place, data, key: '' }
  }
  const { record } = decodeEntry(text)
  const facts = versionOf(record, wanted)
  if (facts === undefined) return null
  return {
    metadata: stringifyJson(versionMetadata(record, wanted)),
    goneAtMs: goneAtMs(facts),
    place: facts.destroyed ? 'none' : 'own',
    data: '',
    key: versionKey(record.id, wanted),
  }
}
