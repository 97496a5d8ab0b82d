// All functions of sprig v3 for text templates. Nothing outside is touched unless it is allowed: the environment and
// the network are refused by default, as Kubernetes' controllers do, and `hermetic` leaves out all that varies.
import { type Clock, systemClock } from '../base/clock.ts'
import { type Random, systemRandom } from '../base/random.ts'
import { fromByteString, toByteString } from './byte-strings.ts'
import type { FunctionTable } from './go-values.ts'
import { certificateFunctions } from './sprig-certificates.ts'
import { cryptoFunctions } from './sprig-crypto.ts'
import { dateFunctions } from './sprig-dates.ts'
import { DICT_FUNCTIONS } from './sprig-dicts.ts'
import { LIST_FUNCTIONS } from './sprig-lists.ts'
import { mathFunctions } from './sprig-math.ts'
import { PATH_FUNCTIONS } from './sprig-paths.ts'
import { REGEXP_FUNCTIONS } from './sprig-regexp.ts'
import { SEMVER_FUNCTIONS } from './sprig-semver.ts'
import { STRING_FUNCTIONS } from './sprig-strings.ts'
import { URL_FUNCTIONS } from './sprig-urls.ts'
import { VALUE_FUNCTIONS } from './sprig-values.ts'
import { functionTable, goFunction } from './template-functions.ts'

export interface SprigOptions {
  readonly random?: Random
  readonly clock?: Clock
  /** The zone that is "Local"; the machine's by default. */
  readonly timeZone?: string
  /** Only what gives the same output every time: sprig's hermetic set. */
  readonly hermetic?: boolean
  /** Gives `env` and `expandenv` these variables; without it they are no functions. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Gives `getHostByName` this way to look a name up; without it it is no function. */
  readonly lookupHost?: (name: string) => string
}

/** What sprig itself leaves out of its hermetic functions. */
const NOT_HERMETIC = (
  'date date_in_zone date_modify now htmlDate htmlDateInZone dateInZone dateModify randAlphaNum ' +
  'randAlpha randAscii randNumeric randBytes uuidv4 env expandenv getHostByName'
).split(' ')

/** $NAME and ${NAME}, as a shell expands them; unknown ones are empty. */
function expand(text: string, variable: (name: string) => string): string {
  return text.replace(
    /\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*|[*#$@!?\-0-9]))/g,
    (_, braced, bare) => variable((braced ?? bare) as string),
  )
}

function outside(options: SprigOptions): FunctionTable {
  const { environment, lookupHost } = options
  const table = new Map<string, ReturnType<typeof goFunction>>()
  if (environment) {
    const variable = (name: string): string =>
      Object.hasOwn(environment, name) ? toByteString(environment[name] ?? '') : ''
    table.set(
      'env',
      goFunction('string', ([name]) => variable(fromByteString(name as string))),
    )
    table.set(
      'expandenv',
      goFunction('string', ([text]) =>
        expand(text as string, (name) => variable(fromByteString(name))),
      ),
    )
  }
  if (lookupHost) {
    table.set(
      'getHostByName',
      goFunction('string', ([name]) => lookupHost(name as string)),
    )
  }
  return table
}

/** The table for parseTemplate's `functions`. Make it once: it is the same for every template. */
export function sprigFunctions(options: SprigOptions = {}): FunctionTable {
  const { random = systemRandom, clock = systemClock, timeZone } = options
  const table = new Map(
    functionTable(
      STRING_FUNCTIONS,
      LIST_FUNCTIONS,
      DICT_FUNCTIONS,
      VALUE_FUNCTIONS,
      PATH_FUNCTIONS,
      URL_FUNCTIONS,
      SEMVER_FUNCTIONS,
      REGEXP_FUNCTIONS,
      mathFunctions(random),
      dateFunctions({ clock, ...(timeZone === undefined ? {} : { timeZone }) }),
      cryptoFunctions(random),
      certificateFunctions({ random, clock }),
      outside(options),
    ),
  )
  if (options.hermetic) for (const name of NOT_HERMETIC) table.delete(name)
  return table
}
