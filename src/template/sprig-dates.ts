// sprig's functions on dates. "Local" is the zone that the table was made with; an unknown zone counts as UTC.
import type { Clock } from '../base/clock.ts'
import { goDurationText, parseGoDuration } from './go-duration.ts'
import { formatTime, GoTime, UTC, ZERO_TIME } from './go-time.ts'
import { type FunctionTable, GoInt, type GoValue } from './go-values.ts'
import { parseInteger } from './parse-number.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'
import { parseTime } from './time-parse.ts'
import { localZone, type Zone, zoneByName } from './time-zones.ts'

export interface DateOptions {
  readonly clock: Clock
  /** Name of the zone that is "Local"; the machine's by default. */
  readonly timeZone?: string
}

function attempt<T>(run: () => T, otherwise: T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof FunctionError) return otherwise
    throw error
  }
}

const UNITS: readonly (readonly [string, bigint])[] = [
  ['y', 8760n * 3600n],
  ['mo', 720n * 3600n],
  ['d', 24n * 3600n],
  ['h', 3600n],
  ['m', 60n],
  ['s', 1n],
]

/** The largest unit alone: "2h", "3mo". */
function rounded(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  for (const [name, seconds] of UNITS) {
    const unit = seconds * 1_000_000_000n
    if (size > unit) return `${size / unit}${name}`
  }
  return '0s'
}

/** To whole seconds, half away from zero. */
function toSeconds(nanoseconds: bigint): bigint {
  const half = nanoseconds < 0n ? -500_000_000n : 500_000_000n
  return (nanoseconds + half) / 1_000_000_000n
}

const isSigned = (value: GoValue, ...kinds: string[]): value is GoInt =>
  value instanceof GoInt && !value.named && kinds.includes(value.type.kind)

export function dateFunctions(options: DateOptions): FunctionTable {
  const { clock } = options
  const local: Zone = (options.timeZone && zoneByName(options.timeZone)) || localZone()
  const now = (): GoTime => GoTime.ofMs(clock.now(), local)
  const momentOf = (value: GoValue): GoTime => {
    if (value instanceof GoTime) return value
    if (typeof value === 'bigint') return new GoTime(Number(value), 0, local)
    if (isSigned(value, 'int64', 'int32')) return new GoTime(Number(value.value), 0, local)
    return now()
  }
  const inZone = (layout: string, value: GoValue, name: string): string => {
    const zone = name === 'Local' ? local : (zoneByName(name) ?? UTC)
    return formatTime(momentOf(value).inZone(zone), layout)
  }
  const since = (of: GoTime): bigint => now().epochNanos() - of.epochNanos()
  const date = goFunction('string, any', ([layout, value]) =>
    inZone(layout as string, value, 'Local'),
  )
  const dateInZone = goFunction('string, any, string', ([layout, value, zone]) =>
    inZone(layout as string, value, zone as string),
  )
  const modify = (by: string, of: GoTime): GoTime => of.plus(parseGoDuration(by))
  const dateModify = goFunction('string, time', ([by, of]) =>
    attempt(() => modify(by as string, of as GoTime), of),
  )
  const mustDateModify = goFunction('string, time', ([by, of]) =>
    modify(by as string, of as GoTime),
  )
  const read = (layout: GoValue, text: GoValue): GoTime =>
    parseTime(layout as string, text as string, local)
  return functionTable({
    now: goFunction('', now),
    ago: goFunction('any', ([value]) => {
      const of = isSigned(value, 'int32') ? now() : momentOf(value)
      return goDurationText(toSeconds(since(of)) * 1_000_000_000n)
    }),
    date,
    date_in_zone: dateInZone,
    dateInZone,
    date_modify: dateModify,
    dateModify,
    must_date_modify: mustDateModify,
    mustDateModify,
    htmlDate: goFunction('any', ([value]) => inZone('2006-01-02', value, 'Local')),
    htmlDateInZone: goFunction('any, string', ([value, zone]) =>
      inZone('2006-01-02', value, zone as string),
    ),
    duration: goFunction('any', ([value]) => {
      let seconds = 0n
      if (typeof value === 'string') seconds = parseInteger(value, 10) ?? 0n
      if (isSigned(value, 'int64')) seconds = value.value
      return goDurationText(BigInt.asIntN(64, seconds * 1_000_000_000n))
    }),
    durationRound: goFunction('any', ([value]) => {
      if (typeof value === 'string') return rounded(attempt(() => parseGoDuration(value), 0n))
      if (isSigned(value, 'int64')) return rounded(value.value)
      return rounded(value instanceof GoTime ? since(value) : 0n)
    }),
    toDate: goFunction('string, string', ([layout, text]) =>
      attempt(() => read(layout, text), ZERO_TIME),
    ),
    mustToDate: goFunction('string, string', ([layout, text]) => read(layout, text)),
    unixEpoch: goFunction('time', ([of]) => String((of as GoTime).seconds)),
  })
}
