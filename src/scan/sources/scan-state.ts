// Where an incremental scan of a history goes on: the tips that were scanned whole, under which rules. The file lies
// in the repository's git directory (shared by its work trees) and holds names of commits only, no findings. A scan
// that was partial, or that had findings nobody has dealt with, must not be stored: the next one would not tell of them.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { systemRandom } from '../../base/random.ts'
import { type GitPlace, gitOutput } from './git-command.ts'

const VERSION = 1

export interface ScanState {
  /** Commits whose history is scanned. */
  readonly tips: readonly string[]
}

async function stateFile(place: GitPlace): Promise<string> {
  const path = await gitOutput(place, ['rev-parse', '--git-common-dir'])
  const common = Buffer.from(path.replace(/\n$/, ''), 'latin1').toString()
  return resolve(place.directory, common, 'strongroom', 'scan-state')
}

/** What marks a boundary of the history here: a clone that is deepened is scanned anew. */
async function boundary(place: GitPlace): Promise<string> {
  const path = await gitOutput(place, ['rev-parse', '--git-path', 'shallow'])
  const file = Buffer.from(path.replace(/\n$/, ''), 'latin1').toString()
  return readFile(resolve(place.directory, file), 'latin1').catch(() => '')
}

/** The state that was stored under the same rules, or null; a file that is no state counts as none. */
export async function readScanState(place: GitPlace, rulesHash: string): Promise<ScanState | null> {
  try {
    const read: unknown = JSON.parse(await readFile(await stateFile(place), 'utf8'))
    const state = read as Record<string, unknown>
    if (state.version !== VERSION || state.rules !== rulesHash) return null
    if (state.boundary !== (await boundary(place))) return null
    const tips = Array.isArray(state.tips) ? state.tips : []
    if (!tips.every((tip) => typeof tip === 'string' && /^[0-9a-f]{40,64}$/.test(tip))) return null
    return { tips: tips as string[] }
  } catch {
    return null
  }
}

/** Stores whole or not at all. Fails where the git directory can't be written. */
export async function writeScanState(
  place: GitPlace,
  rulesHash: string,
  state: ScanState,
): Promise<void> {
  const file = await stateFile(place)
  const text = JSON.stringify({
    version: VERSION,
    rules: rulesHash,
    boundary: await boundary(place),
    tips: state.tips,
  })
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${systemRandom.uuid()}`
  try {
    await writeFile(draft, `${text}\n`, { flag: 'wx' })
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
