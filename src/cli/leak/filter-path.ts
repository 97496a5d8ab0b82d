// Where a scanner's filter lies, and the filter itself, as the commands of `leak` use them.
import { FilterError, type FilterFile, readFilterFile } from '../../scan/vault/live-filter.ts'
import type { Environment } from '../environment.ts'
import { Failure, messageOf } from '../failure.ts'
import { stringFlag } from '../flags.ts'
import { expandHome } from '../token-helper.ts'

export const DEFAULT_FILTER = '~/.strongroom/live-secrets.filter'

export const filterFlag = stringFlag(
  `The file of the filter. The default is ${DEFAULT_FILTER}, or what LIVE_FILTER says in the environment.`,
  { completes: 'files' },
)

export const filterPath = (given: string, env: Environment): string =>
  expandHome(given || env.read('LIVE_FILTER') || DEFAULT_FILTER)

/** null where there is none yet. Throws Failure where it is none of ours. */
export function readFilter(path: string): FilterFile | null {
  try {
    return readFilterFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    if (error instanceof FilterError) throw new Failure(2, error.message)
    throw new Failure(2, `${path} can't be read: ${messageOf(error)}`)
  }
}
