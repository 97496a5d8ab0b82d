// time.Time and time.Duration as template values, with the methods that templates use. A time is a moment with a zone.
import { goDurationText } from './go-duration.ts'
import { type GoType, INT64, TIME } from './go-types.ts'
import { GoInt, GoStruct, type GoValue, registerTime, type TemplateFunction } from './go-values.ts'
import { goFunction } from './template-functions.ts'
import { type Civil, civilOf, daysBefore, MONTHS, WEEKDAYS, writeLayout } from './time-layout.ts'
import { localZone, UTC, type Zone } from './time-zones.ts'

export { UTC }
export const DURATION: GoType = { name: 'time.Duration', kind: 'int64' }
const MONTH: GoType = { name: 'time.Month', kind: 'int' }
const WEEKDAY: GoType = { name: 'time.Weekday', kind: 'int' }
const NO_FIELDS: ReadonlyMap<string, GoValue> = new Map()

export class GoTime extends GoStruct {
  /** Whole seconds since 1970. */
  readonly seconds: number
  /** Nanoseconds within the second. */
  readonly nanos: number
  readonly zone: Zone

  constructor(seconds: number, nanos: number, zone: Zone) {
    super(TIME, NO_FIELDS)
    this.seconds = seconds
    this.nanos = nanos
    this.zone = zone
  }

  static ofMs(ms: number, zone: Zone): GoTime {
    const seconds = Math.floor(ms / 1000)
    return new GoTime(seconds, Math.round((ms - seconds * 1000) * 1e6), zone)
  }

  civil(): Civil {
    return civilOf(this.seconds + this.zone.at(this.seconds).offset)
  }
  inZone(zone: Zone): GoTime {
    return new GoTime(this.seconds, this.nanos, zone)
  }
  /** Nanoseconds since 1970. */
  epochNanos(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanos)
  }
  plus(nanoseconds: bigint): GoTime {
    const total = this.epochNanos() + nanoseconds
    const nanos = ((total % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
    return new GoTime(Number((total - nanos) / 1_000_000_000n), Number(nanos), this.zone)
  }
  override text(): string {
    return formatTime(this, '2006-01-02 15:04:05.999999999 -0700 MST')
  }
  override json(): GoValue {
    return formatTime(this, '2006-01-02T15:04:05.999999999Z07:00')
  }
  override equals(other: GoStruct): boolean {
    return (
      other instanceof GoTime &&
      other.seconds === this.seconds &&
      other.nanos === this.nanos &&
      other.zone.name === this.zone.name
    )
  }
  override method(name: string): TemplateFunction | undefined {
    const make = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
    return make?.(this)
  }
}

registerTime((date) => GoTime.ofMs(date.getTime(), UTC))

/** Go's zero time. */
export const ZERO_TIME = new GoTime(-62135596800, 0, UTC)

/** A time written by one of Go's layouts. */
export function formatTime(of: GoTime, layout: string): string {
  const { abbreviation, offset } = of.zone.at(of.seconds)
  const civil = civilOf(of.seconds + offset)
  return writeLayout(layout, { civil, nanos: of.nanos, abbreviation, offset })
}

/** The moment that a zone's clock shows; one that it shows twice or never is taken as Go takes it. */
export function timeFromCivil(
  of: Omit<Civil, 'weekday' | 'yearDay'> & { nanos: number },
  zone: Zone,
): GoTime {
  const days = daysBefore(of.year, of.month, of.day)
  const local = days * 86400 + of.hour * 3600 + of.minute * 60 + of.second
  const { offset } = zone.at(local)
  let seconds = local - offset
  const there = zone.at(seconds).offset
  if (there !== offset) seconds = local - there
  return new GoTime(seconds, of.nanos, zone)
}

export function durationValue(nanoseconds: bigint): GoInt {
  const size = BigInt.asIntN(64, nanoseconds)
  const float = (unit: number) => goFunction('', () => Number(size) / unit)
  const whole = (unit: bigint) => goFunction('', () => new GoInt(INT64, size / unit))
  const methods: Readonly<Record<string, TemplateFunction>> = {
    String: goFunction('', () => goDurationText(size)),
    Hours: float(3.6e12),
    Minutes: float(6e10),
    Seconds: float(1e9),
    Milliseconds: whole(1_000_000n),
    Microseconds: whole(1000n),
    Nanoseconds: whole(1n),
  }
  return new GoInt(DURATION, size, { text: goDurationText(size), methods })
}

function named(type: GoType, value: number, text: string): GoInt {
  return new GoInt(type, BigInt(value), { text, methods: { String: goFunction('', () => text) } })
}

const plain = (read: (of: GoTime) => GoValue) => (of: GoTime) => goFunction('', () => read(of))
const part = (read: (of: Civil) => number) => plain((of) => BigInt(read(of.civil())))
const compared = (hold: (difference: bigint) => boolean) => (of: GoTime) =>
  goFunction('time', ([other]) => hold(of.epochNanos() - (other as GoTime).epochNanos()))

const METHODS: Readonly<Record<string, (of: GoTime) => TemplateFunction>> = {
  Format: (of) => goFunction('string', ([layout]) => formatTime(of, layout as string)),
  String: plain((of) => of.text()),
  Unix: plain((of) => new GoInt(INT64, BigInt(of.seconds))),
  UnixMilli: plain((of) => new GoInt(INT64, floorDiv(of.epochNanos(), 1_000_000n))),
  UnixMicro: plain((of) => new GoInt(INT64, floorDiv(of.epochNanos(), 1000n))),
  UnixNano: plain((of) => new GoInt(INT64, BigInt.asIntN(64, of.epochNanos()))),
  Year: part((of) => of.year),
  Day: part((of) => of.day),
  Hour: part((of) => of.hour),
  Minute: part((of) => of.minute),
  Second: part((of) => of.second),
  YearDay: part((of) => of.yearDay),
  Nanosecond: plain((of) => BigInt(of.nanos)),
  Month: plain((of) => named(MONTH, of.civil().month, MONTHS[of.civil().month - 1]!)),
  Weekday: plain((of) => named(WEEKDAY, of.civil().weekday, WEEKDAYS[of.civil().weekday]!)),
  UTC: plain((of) => of.inZone(UTC)),
  Local: plain((of) => of.inZone(localZone())),
  IsZero: plain((of) => of.seconds === ZERO_TIME.seconds && of.nanos === 0),
  After: compared((difference) => difference > 0n),
  Before: compared((difference) => difference < 0n),
  Equal: compared((difference) => difference === 0n),
  Sub: (of) =>
    goFunction('time', ([other]) =>
      durationValue(clamp(of.epochNanos() - (other as GoTime).epochNanos())),
    ),
  Add: (of) => ({
    params: [DURATION],
    isVariadic: false,
    call: ([by]) => of.plus((by as GoInt).value),
  }),
  AddDate: (of) =>
    goFunction('int, int, int', ([years, months, days]) => {
      const civil = of.civil()
      const moved = {
        ...civil,
        year: civil.year + Number(years),
        month: civil.month + Number(months),
        day: civil.day + Number(days),
      }
      return timeFromCivil({ ...moved, nanos: of.nanos }, of.zone)
    }),
}

const floorDiv = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b

function clamp(value: bigint): bigint {
  const most = 2n ** 63n - 1n
  return value > most ? most : value < -most - 1n ? -most - 1n : value
}
