// Which versions have run on a store, each with the time it was first unsealed: one entry each, written once.
import type { CoreStorage } from '../store.ts'

const VERSION_PREFIX = 'core/version/'

export interface InstalledVersion {
  readonly version: string
  readonly atMs: number
}

/** Notes a version at unsealing; a version that is known keeps its time. */
export async function noteVersion(
  storage: CoreStorage,
  version: string,
  nowMs: number,
): Promise<void> {
  const key = VERSION_PREFIX + version
  if (await storage.get(key)) return
  await storage.transaction(async (tx) => {
    if (!(await tx.get(key))) tx.put(key, { json: { version, atMs: nowMs } })
  })
}

/** Oldest first. */
export async function versionHistory(storage: CoreStorage): Promise<readonly InstalledVersion[]> {
  const keys = await storage.range(VERSION_PREFIX)
  const all: InstalledVersion[] = []
  for (const key of keys) {
    const entry = await storage.get(key)
    if (entry) all.push(entry.json<InstalledVersion>())
  }
  return all.sort((a, b) => a.atMs - b.atMs)
}
