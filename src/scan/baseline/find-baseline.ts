// Where a folder's baseline lies. Reading it is baseline-file.ts, which is loaded where there is one.
import { statSync } from 'node:fs'
import { join } from 'node:path'

export const BASELINE_NAMES = ['.strongroom-scan.yaml', '.strongroom-scan.json'] as const

const isThere = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The baseline of a folder; null where there is none. */
export function findBaseline(folder: string): string | null {
  return BASELINE_NAMES.map((name) => join(folder, name)).find(isThere) ?? null
}
