// Reads a time by one of Go's layouts: which texts are taken, what is missing or out of range, and in which words it is
// refused, as package time does it.
import { GoTime, timeFromCivil } from './go-time.ts'
import { FunctionError } from './template-error.ts'
import { civilOf, daysBefore, layoutChunks, MONTHS, WEEKDAYS } from './time-layout.ts'
import { fixedZone, UTC, type Zone } from './time-zones.ts'

interface Read {
  year: number
  month: number
  day: number
  yearDay: number
  hour: number
  minute: number
  second: number
  nanos: number
  isPm: boolean
  isAm: boolean
  zone: Zone | null
  offset: number | null
  zoneName: string
}

const BAD = Symbol('bad')
type Rest = string | typeof BAD
/** Takes one element off the front; gives what is left. `out.range` names what is out of range. */
type Take = (value: string, read: Read, out: { range: string }) => Rest

const number =
  (
    digits: RegExp,
    store: (read: Read, value: number) => void,
    range?: [string, number, number],
  ): Take =>
  (value, read, out) => {
    const found = digits.exec(value)
    if (!found) return BAD
    const size = Number(found[0].trim())
    if (range && (size < range[1] || size > range[2])) out.range = range[0]
    store(read, size)
    return value.slice(found[0].length)
  }

const ONE = /^[0-9]{1,2}/
const TWO = /^[0-9]{2}/

function name(
  names: readonly string[],
  length: number | null,
  store?: (read: Read, at: number) => void,
): Take {
  const known = names.map((word) => (length === null ? word : word.slice(0, length)).toLowerCase())
  return (value, read) => {
    const at = known.findIndex((word) => value.toLowerCase().startsWith(word))
    if (at < 0) return BAD
    store?.(read, at)
    return value.slice(known[at]!.length)
  }
}

function half(words: readonly [string, string]): Take {
  return (value, read) => {
    if (!value.startsWith(words[0]) && !value.startsWith(words[1])) return BAD
    if (value.startsWith(words[1])) read.isPm = true
    else read.isAm = true
    return value.slice(2)
  }
}

const setMonth = (read: Read, value: number): void => {
  read.month = value
}
const setDay = (read: Read, value: number): void => {
  read.day = value
}
const setHour = (read: Read, value: number): void => {
  read.hour = value
}
const setMinute = (read: Read, value: number): void => {
  read.minute = value
}
const setSecond = (read: Read, value: number): void => {
  read.second = value
}
const setYearDay = (read: Read, value: number): void => {
  read.yearDay = value
}

const ELEMENTS: Readonly<Record<string, Take>> = {
  January: name(MONTHS, null, (read, at) => setMonth(read, at + 1)),
  Jan: name(MONTHS, 3, (read, at) => setMonth(read, at + 1)),
  Monday: name(WEEKDAYS, null),
  Mon: name(WEEKDAYS, 3),
  '2006': number(/^[0-9]{4}/, (read, value) => {
    read.year = value
  }),
  '06': number(TWO, (read, value) => {
    read.year = value + (value >= 69 ? 1900 : 2000)
  }),
  '01': number(TWO, setMonth, ['month', 1, 12]),
  '1': number(ONE, setMonth, ['month', 1, 12]),
  '02': number(TWO, setDay),
  _2: number(/^ ?[0-9]{1,2}/, setDay),
  '2': number(ONE, setDay),
  '002': number(/^[0-9]{3}/, setYearDay),
  __2: number(/^ {0,2}[0-9]{1,3}/, setYearDay),
  '15': number(ONE, setHour, ['hour', 0, 23]),
  '03': number(TWO, setHour, ['hour', 0, 12]),
  '3': number(ONE, setHour, ['hour', 0, 12]),
  '04': number(TWO, setMinute, ['minute', 0, 59]),
  '4': number(ONE, setMinute, ['minute', 0, 59]),
  '05': number(TWO, setSecond, ['second', 0, 59]),
  '5': number(ONE, setSecond, ['second', 0, 59]),
  PM: half(['AM', 'PM']),
  pm: half(['am', 'pm']),
}

function nanosOf(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, '0'))
}

const fraction =
  (element: string): Take =>
  (value, read) => {
    const pattern = element[1] === '0' ? `^[.,][0-9]{${element.length - 1}}` : '^[.,][0-9]+'
    const found = new RegExp(pattern).exec(value)
    if (!found) return element[1] === '0' ? BAD : value
    read.nanos = nanosOf(found[0].slice(1))
    return value.slice(found[0].length)
  }

const PAIR = '([0-9]{2})'
const OFFSETS: Readonly<Record<number, string>> = {
  3: '',
  5: PAIR,
  6: `:${PAIR}`,
  7: PAIR + PAIR,
  9: `:${PAIR}:${PAIR}`,
}

const offset =
  (element: string): Take =>
  (value, read, out) => {
    if (element[0] === 'Z' && value[0] === 'Z') {
      read.zone = UTC
      return value.slice(1)
    }
    const found = new RegExp(`^([+-])${PAIR}${OFFSETS[element.length]}`).exec(value)
    if (!found) return BAD
    const [hours, minutes, seconds] = [found[2], found[3], found[4]].map((text) =>
      Number(text ?? 0),
    )
    if (hours! > 24) out.range = 'time zone offset hour'
    if (minutes! > 60) out.range = 'time zone offset minute'
    if (seconds! > 60) out.range = 'time zone offset second'
    const size = (hours! * 60 + minutes!) * 60 + seconds!
    read.offset = found[1] === '-' ? -size : size
    return value.slice(found[0].length)
  }

const zoneName: Take = (value, read) => {
  if (value.startsWith('UTC')) {
    read.zone = UTC
    return value.slice(3)
  }
  const found = /^(?:ChST|MeST|WITA|GMT[+-][0-9]{1,2}|GMT|[+-][0-9]{2}|[A-Z]{3,5}(?![A-Z]))/.exec(
    value,
  )
  if (!found || (/^[A-Z]+$/.test(found[0]) && !isAbbreviation(found[0]))) return BAD
  read.zoneName = found[0]
  return value.slice(found[0].length)
}

/** Three letters, or four and five that end as abbreviations do. */
function isAbbreviation(word: string): boolean {
  if (word.length === 5) return word.endsWith('T')
  if (word.length === 4) return word.endsWith('T') || word === 'WITA'
  return word.length === 3
}

function takeFor(element: string): Take {
  const simple = Object.hasOwn(ELEMENTS, element) ? ELEMENTS[element] : undefined
  if (simple) return simple
  if (element === 'MST') return zoneName
  return element[0] === '.' || element[0] === ',' ? fraction(element) : offset(element)
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** Reads a time in this zone unless the text names another. Throws FunctionError in Go's words. */
export function parseTime(layout: string, text: string, zone: Zone): GoTime {
  const refuse = (part: string, rest: string, message?: string): never => {
    const reason = message ?? `: cannot parse ${quoted(rest)} as ${quoted(part)}`
    if (message) throw new FunctionError(`parsing time ${quoted(text)}${message}`)
    throw new FunctionError(`parsing time ${quoted(text)} as ${quoted(layout)}${reason}`)
  }
  const read: Read = {
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    isPm: false,
    isAm: false,
    zone: null,
    offset: null,
    zoneName: '',
  }
  let rest = text
  const chunks = layoutChunks(layout)
  for (const [i, chunk] of chunks.entries()) {
    if (!chunk.isElement) {
      const left = withoutPrefix(rest, chunk.text)
      if (left === null) return refuse(chunk.text, rest)
      rest = left
      continue
    }
    const out = { range: '' }
    const left = takeFor(chunk.text)(rest, read, out)
    if (out.range !== '') return refuse('', '', `: ${out.range} out of range`)
    if (left === BAD) return refuse(chunk.text, rest)
    rest = left
    if (chunk.text === '05' || chunk.text === '5')
      rest = looseFraction(rest, read, chunks.slice(i + 1).find((later) => later.isElement)?.text)
  }
  if (rest !== '') return refuse('', '', `: extra text: ${quoted(rest)}`)
  return finish(read, zone, (what) => refuse('', '', `: ${what}`))
}

/** A fraction after the seconds is taken even if the layout has none. */
function looseFraction(rest: string, read: Read, next: string | undefined): string {
  if (next !== undefined && /^[.,][09]/.test(next)) return rest
  const found = /^[.,]([0-9]+)/.exec(rest)
  if (!found) return rest
  read.nanos = nanosOf(found[1]!)
  return rest.slice(found[0].length)
}

/** Text of the layout: a space there takes any number of spaces. */
function withoutPrefix(value: string, prefix: string): string | null {
  let at = 0
  for (let i = 0; i < prefix.length; i++) {
    if (prefix[i] === ' ') {
      if (at < value.length && value[at] !== ' ') return null
      while (prefix[i + 1] === ' ') i++
      while (value[at] === ' ') at++
    } else if (value[at++] !== prefix[i]) return null
  }
  return value.slice(at)
}

function finish(read: Read, zone: Zone, refuse: (what: string) => never): GoTime {
  if (read.isPm && read.hour < 12) read.hour += 12
  else if (read.isAm && read.hour === 12) read.hour = 0
  const isLeap = (read.year % 4 === 0 && read.year % 100 !== 0) || read.year % 400 === 0
  if (read.yearDay >= 0) {
    if (read.yearDay < 1 || read.yearDay > (isLeap ? 366 : 365)) refuse('day-of-year out of range')
    const start = daysBefore(read.year, 1, 1) + read.yearDay - 1
    const { month, day } = civilOf(start * 86400)
    if (read.month >= 0 && read.month !== month) refuse('day-of-year does not match month')
    if (read.day >= 0 && read.day !== day) refuse('day-of-year does not match day')
    read.month = month
    read.day = day
  } else {
    if (read.month < 0) read.month = 1
    if (read.day < 0) read.day = 1
    const most = daysBefore(read.year, read.month + 1, 1) - daysBefore(read.year, read.month, 1)
    if (read.day < 1 || read.day > most) refuse('day out of range')
  }
  if (read.zone) return timeFromCivil(read, read.zone)
  if (read.offset !== null) {
    const utc = timeFromCivil(read, UTC)
    const seconds = utc.seconds - read.offset
    const there = zone.at(seconds)
    const isSame = there.offset === read.offset
    if (isSame && (read.zoneName === '' || there.abbreviation === read.zoneName)) {
      return new GoTime(seconds, read.nanos, zone)
    }
    return new GoTime(seconds, read.nanos, fixedZone(read.zoneName, read.offset))
  }
  if (read.zoneName === '') return timeFromCivil(read, zone)
  const known = timeFromCivil(read, zone)
  if (zone.at(known.seconds).abbreviation === read.zoneName) return known
  const hours = /^GMT([+-][0-9]+)$/.exec(read.zoneName)
  const size = hours ? Number(hours[1]) * 3600 : 0
  const { seconds } = timeFromCivil(read, UTC)
  return new GoTime(seconds - size, read.nanos, fixedZone(read.zoneName, size))
}
