// When a secret rotates next: by a period, on a grid with an offset, or by cron fields in a time zone. Pure
// functions of what is given; nothing here reads a clock. The cron fields are those that Vault reads (five,
// or four without the day of the week; names, lists, ranges, steps, "?" as "*", TZ= in front); what the
// library knows beyond is refused. Daylight saving: a time of day that the clocks skip comes at the first
// valid time after the gap, one that they repeat comes once.
import { badRequest } from '../base/errors.ts'
import type { RotationSchedule } from './rotation.ts'

/** No schedule at all: rotated by hand only. */
export const manualSchedule: RotationSchedule = {
  periodSeconds: 0,
  cron: '',
  windowSeconds: 0,
  timeZone: '',
  offsetSeconds: null,
  isDisabled: false,
}

/** Name, least and greatest value of each field, in their order. */
const FIELDS = [
  ['minute', 0, 59],
  ['hour', 0, 23],
  ['day of month', 1, 31],
  ['month', 1, 12],
  ['day of week', 0, 6],
] as const
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** Longer text is no schedule; it bounds what parsing costs. */
const MAX_CRON_CHARS = 256

/** The fields in the plain form that every cron reads, with the zone that stood in front ('' for none). */
export function readCron(text: string): { readonly pattern: string; readonly timeZone: string } {
  if (text.length > MAX_CRON_CHARS) throw badCron('it is too long')
  const zone = /^(?:CRON_)?TZ=(\S+)\s+/.exec(text)
  const parts = text
    .slice(zone?.[0].length ?? 0)
    .trim()
    .split(/\s+/)
  if (parts.length === 4) parts.push('*')
  if (parts.length !== 5) {
    throw badCron(`expected 5 fields, found ${parts[0] === '' ? 0 : parts.length}`)
  }
  const pattern = FIELDS.map(([name, least, most], at) => {
    const items = parts[at]!.split(',').map((item) => readItem(item, name, least, most))
    // A star among others is a star: it decides how the two fields of days go together.
    return items.includes('*') ? '*' : items.join(',')
  }).join(' ')
  return { pattern, timeZone: zone?.[1] ?? '' }
}

const badCron = (why: string) => badRequest(`could not parse rotation_schedule: ${why}`)

/** '*', 'a', 'a-b', each with a step behind it. */
function readItem(item: string, name: string, least: number, most: number): string {
  const match = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item)
  if (!match) throw badCron(`invalid ${name} "${item}"`)
  const [, star, from, to, step] = match
  if (step !== undefined && (Number(step) < 1 || Number(step) > most - least + 1)) {
    throw badCron(`the step of ${name} "${item}" is out of range`)
  }
  const stepText = step === undefined || Number(step) === 1 ? '' : `/${Number(step)}`
  if (star) return `*${stepText}`
  const low = numberOf(from!, name, least, most)
  // A single value with a step runs on to the end of its field.
  const high =
    to === undefined ? (step === undefined ? low : most) : numberOf(to, name, least, most)
  if (high < low) throw badCron(`the range of ${name} "${item}" runs backwards`)
  if (high === low) return String(low)
  return `${low}-${high}${stepText}`
}

function numberOf(text: string, name: string, least: number, most: number): number {
  const names = name === 'month' ? MONTHS : name === 'day of week' ? DAYS : []
  const named = names.indexOf(text.toLowerCase())
  const value = named >= 0 ? named + least : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) {
    throw badCron(`${name} "${text}" is not between ${least} and ${most}`)
  }
  return value
}

/**
 * The first time after `afterMs` at which a secret that was last rotated at `lastMs` is to rotate, as the
 * schedule says; in the past where it is overdue (a period only). 0: never on its own.
 */
export async function nextRotationMs(schedule: RotationSchedule, lastMs: number): Promise<number> {
  if (schedule.isDisabled) return 0
  if (schedule.cron !== '') return nextCronMs(schedule, lastMs)
  if (schedule.periodSeconds <= 0) return 0
  const periodMs = schedule.periodSeconds * 1000
  if (schedule.offsetSeconds === null) return lastMs + periodMs
  const offsetMs = schedule.offsetSeconds * 1000
  return (Math.floor((lastMs - offsetMs) / periodMs) + 1) * periodMs + offsetMs
}

async function nextCronMs(schedule: RotationSchedule, afterMs: number): Promise<number> {
  const { Cron } = await import('croner')
  const { pattern, timeZone } = readCron(schedule.cron)
  const offsetMs = (schedule.offsetSeconds ?? 0) * 1000
  const cron = new Cron(pattern, {
    paused: true,
    mode: '5-part',
    timezone: timeZone || schedule.timeZone || 'UTC',
  })
  const next = cron.nextRun(new Date(afterMs - offsetMs))
  return next ? next.getTime() + offsetMs : 0
}

/** Throws 400 on a zone that is unknown here and on fields that no date ever meets. */
export async function assertSchedule(schedule: RotationSchedule, nowMs: number): Promise<void> {
  if (schedule.periodSeconds > 0 && schedule.cron !== '') throw bothGiven()
  const { timeZone } = schedule.cron === '' ? { timeZone: '' } : readCron(schedule.cron)
  for (const zone of [timeZone, schedule.timeZone]) {
    if (zone !== '' && !isTimeZone(zone)) throw badRequest(`unknown time zone "${zone}"`)
  }
  const limit = schedule.periodSeconds
  const offset = schedule.offsetSeconds ?? 0
  if (offset < 0 || (limit > 0 && offset >= limit)) {
    throw badRequest('rotation_offset must be shorter than rotation_period')
  }
  if (schedule.cron === '') return
  if (offset > 24 * 3600) throw badRequest('rotation_offset of a schedule is at most a day')
  if ((await nextCronMs(schedule, nowMs)) === 0) throw badCron('no date ever meets it')
}

export const bothGiven = () =>
  badRequest(
    'mutually exclusive fields rotation_period and rotation_schedule were both specified; only one of them can be provided',
  )

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
