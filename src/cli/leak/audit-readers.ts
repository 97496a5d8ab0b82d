// Who read a path, from files of an audit log: paths and callers stand in it in plain, values never do.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

export interface Reader {
  readonly name: string
  readonly entity: string
  readonly address: string
  count: number
  /** RFC 3339, of the first and the last time. */
  first: string
  last: string
}

interface AuditLine {
  readonly type?: unknown
  readonly time?: unknown
  readonly error?: unknown
  readonly auth?: { readonly display_name?: unknown; readonly entity_id?: unknown }
  readonly request?: {
    readonly path?: unknown
    readonly operation?: unknown
    readonly remote_address?: unknown
    readonly namespace?: { readonly path?: unknown }
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Answered reads of these paths (with their namespace in front) since then, by caller and address. */
export async function readersOf(
  files: readonly string[],
  paths: ReadonlySet<string>,
  sinceMs: number,
): Promise<readonly Reader[]> {
  const readers = new Map<string, Reader>()
  const needles = [...paths].map((path) =>
    JSON.stringify(path.slice(path.lastIndexOf('/') + 1)).slice(1, -1),
  )
  for (const file of files) {
    const raw = createReadStream(file)
    const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      // Most lines are of other paths: they are not parsed.
      if (needles.some((needle) => line.includes(needle))) noteLine(readers, line, paths, sinceMs)
    }
  }
  return [...readers.values()].sort((a, b) => (a.last < b.last ? 1 : -1))
}

function noteLine(
  readers: Map<string, Reader>,
  line: string,
  paths: ReadonlySet<string>,
  sinceMs: number,
): void {
  let entry: AuditLine
  try {
    // A device may have a prefix in front of its lines.
    entry = JSON.parse(line.slice(line.indexOf('{'))) as AuditLine
  } catch {
    return
  }
  const { request, auth } = entry
  if (entry.type !== 'response' || text(entry.error) !== '' || !request) return
  if (request.operation !== 'read') return
  if (!paths.has(text(request.namespace?.path) + text(request.path))) return
  const time = text(entry.time)
  if (!(Date.parse(time) >= sinceMs)) return
  const name = text(auth?.display_name) || '-'
  const entity = text(auth?.entity_id)
  const address = text(request.remote_address)
  const key = JSON.stringify([name, entity, address])
  const known = readers.get(key)
  if (!known) {
    readers.set(key, { name, entity, address, count: 1, first: time, last: time })
    return
  }
  known.count += 1
  if (time < known.first) known.first = time
  if (time > known.last) known.last = time
}
