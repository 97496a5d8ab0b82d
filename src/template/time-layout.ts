// Go's time layouts ("2006-01-02 15:04:05"): split into chunks, and a time written by them. Source: package time.

/** The chunks of a layout: text as it stands, and the elements of the reference time. */
export interface Chunk {
  readonly text: string
  readonly isElement: boolean
}

const ELEMENT =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|__2|_2(?!006)|2006|2|3|4|5|PM|pm|-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07|[.,](?:0+|9+)(?![0-9])/g

export function layoutChunks(layout: string): Chunk[] {
  const chunks: Chunk[] = []
  let at = 0
  for (const found of layout.matchAll(ELEMENT)) {
    if (found.index > at) chunks.push({ text: layout.slice(at, found.index), isElement: false })
    chunks.push({ text: found[0], isElement: true })
    at = found.index + found[0].length
  }
  if (at < layout.length) chunks.push({ text: layout.slice(at), isElement: false })
  return chunks
}

export const MONTHS =
  'January February March April May June July August September October November December'.split(' ')
export const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** A moment as a clock and calendar of one zone show it. */
export interface Civil {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly weekday: number
  readonly yearDay: number
}

/** Seconds since 1970 on the local clock, as a date of the proleptic Gregorian calendar. */
export function civilOf(localSeconds: number): Civil {
  const days = Math.floor(localSeconds / 86400)
  const rest = localSeconds - days * 86400
  const shifted = days + 719468
  const era = Math.floor(shifted / 146097)
  const dayOfEra = shifted - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36524) -
      Math.floor(dayOfEra / 146096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return {
    year,
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysBefore(year, 1, 1) + 1,
  }
}

/** Days from 1970-01-01 to a date; months and days beyond their range carry over. */
export function daysBefore(year: number, month: number, day: number): number {
  const months = year * 12 + (month - 1)
  const y = Math.floor(months / 12)
  const m = months - y * 12 + 1
  const shiftedYear = m <= 2 ? y - 1 : y
  const era = Math.floor(shiftedYear / 400)
  const yearOfEra = shiftedYear - era * 400
  const dayOfYear = Math.floor((153 * (m > 2 ? m - 3 : m + 9) + 2) / 5)
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468 + day - 1
}

const two = (value: number): string => String(value).padStart(2, '0')

function yearText(year: number): string {
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0')
}

const CIVIL: Readonly<Record<string, (of: Civil) => string>> = {
  January: (of) => MONTHS[of.month - 1]!,
  Jan: (of) => MONTHS[of.month - 1]!.slice(0, 3),
  Monday: (of) => WEEKDAYS[of.weekday]!,
  Mon: (of) => WEEKDAYS[of.weekday]!.slice(0, 3),
  '002': (of) => String(of.yearDay).padStart(3, '0'),
  '01': (of) => two(of.month),
  '02': (of) => two(of.day),
  '03': (of) => two(of.hour % 12 || 12),
  '04': (of) => two(of.minute),
  '05': (of) => two(of.second),
  '06': (of) => two(Math.abs(of.year) % 100),
  '15': (of) => two(of.hour),
  '1': (of) => String(of.month),
  __2: (of) => String(of.yearDay).padStart(3, ' '),
  _2: (of) => String(of.day).padStart(2, ' '),
  '2006': (of) => yearText(of.year),
  '2': (of) => String(of.day),
  '3': (of) => String(of.hour % 12 || 12),
  '4': (of) => String(of.minute),
  '5': (of) => String(of.second),
  PM: (of) => (of.hour >= 12 ? 'PM' : 'AM'),
  pm: (of) => (of.hour >= 12 ? 'pm' : 'am'),
}

function offsetText(element: string, offset: number): string {
  if (element[0] === 'Z' && offset === 0) return 'Z'
  const size = Math.abs(offset)
  const minutes = Math.floor(size / 60)
  const sign = Math.trunc(offset / 60) < 0 ? '-' : '+'
  const colon = element.includes(':') ? ':' : ''
  let text = sign + two(Math.floor(minutes / 60))
  if (element.length > 3) text += colon + two(minutes % 60)
  if (element.length > 6) text += colon + two(size % 60)
  return text
}

function fraction(element: string, nanos: number): string {
  const digits = String(nanos)
    .padStart(9, '0')
    .slice(0, element.length - 1)
  if (element[1] === '0') return element[0] + digits.padEnd(element.length - 1, '0')
  const kept = digits.replace(/0+$/, '')
  return kept === '' ? '' : element[0] + kept
}

/** A moment written by a layout. */
export function writeLayout(
  layout: string,
  of: { civil: Civil; nanos: number; abbreviation: string; offset: number },
): string {
  let out = ''
  for (const { text, isElement } of layoutChunks(layout)) {
    const write = isElement ? CIVIL[text] : undefined
    if (write) out += write(of.civil)
    else if (!isElement) out += text
    else if (text === 'MST')
      out += of.abbreviation === '' ? offsetText('-0700', of.offset) : of.abbreviation
    else if (text[0] === '.' || text[0] === ',') out += fraction(text, of.nanos)
    else out += offsetText(text, of.offset)
  }
  return out
}
