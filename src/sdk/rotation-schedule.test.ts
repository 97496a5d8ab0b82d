import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RotationSchedule } from './rotation.ts'
import { assertSchedule, manualSchedule, nextRotationMs, readCron } from './rotation-schedule.ts'

const at = (text: string): number => Date.parse(text)
const cron = (fields: string, rest: Partial<RotationSchedule> = {}): RotationSchedule => ({
  ...manualSchedule,
  cron: fields,
  ...rest,
})
const next = async (schedule: RotationSchedule, last: string): Promise<string> => {
  const ms = await nextRotationMs(schedule, at(last))
  return ms === 0 ? 'never' : new Date(ms).toISOString().replace('.000Z', 'Z')
}

describe('cron schedules', () => {
  it.each([
    ['0 0 * * SAT', '2026-10-25T00:30:00Z', '2026-10-31T00:00:00Z'],
    ['0 0 ? * 6', '2026-10-25T00:30:00Z', '2026-10-31T00:00:00Z'],
    ['*/15 * * * *', '2026-10-25T00:30:00Z', '2026-10-25T00:45:00Z'],
    ['5/20 0 * * *', '2026-10-25T00:05:00Z', '2026-10-25T00:25:00Z'],
    ['30 9-17/4 * * mon-fri', '2026-10-23T13:30:00Z', '2026-10-23T17:30:00Z'],
    ['30 9-17/4 * * mon-fri', '2026-10-23T17:30:00Z', '2026-10-26T09:30:00Z'],
    ['0 12 1,15 jan *', '2026-10-23T17:30:00Z', '2027-01-01T12:00:00Z'],
    // Both days restricted: either counts, as in every cron.
    ['0 0 13 * FRI', '2026-10-25T00:00:00Z', '2026-10-30T00:00:00Z'],
    // Any day among others is any day.
    ['0 0 13,* * FRI', '2026-10-25T00:00:00Z', '2026-10-30T00:00:00Z'],
    ['0 0 29 2 *', '2026-10-25T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['TZ=Asia/Tokyo 0 6 * * ?', '2026-10-25T00:30:00Z', '2026-10-25T21:00:00Z'],
    ['CRON_TZ=America/New_York 0 6 * *', '2026-07-01T00:00:00Z', '2026-07-01T10:00:00Z'],
  ])('%s after %s', async (fields, last, wanted) => {
    expect(await next(cron(fields), last)).toBe(wanted)
  })

  it.each([
    // Spring: 02:30 does not exist on the 29th; it comes at the first time after the gap.
    ['30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['30 2 * * *', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
    // Autumn: 02:30 exists twice on the 25th; it comes once.
    ['30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z'],
    ['30 2 * * *', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
    // What runs through the day goes on at its pace over both.
    ['0 * * * *', '2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z'],
    ['0 * * * *', '2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z'],
    ['0 12 * * *', '2026-10-24T10:00:00Z', '2026-10-25T11:00:00Z'],
  ])('in Berlin, %s after %s', async (fields, last, wanted) => {
    expect(await next(cron(fields, { timeZone: 'Europe/Berlin' }), last)).toBe(wanted)
  })

  it('lie where an independent reading of the fields puts them', async () => {
    const field = (least: number, most: number) =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant('*') },
        fc.integer({ min: least, max: most }).map(String),
        fc.integer({ min: 1, max: most - least }).map((step) => `*/${step}`),
        fc
          .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
          .map(([a, b]) => (a <= b ? `${a}-${b}` : `${a},${b}`)),
        fc
          .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: 1, max: most - least }))
          .map(([a, step]) => `${a}/${step}`),
      )
    const fields = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
    const time = fc.integer({ min: at('2024-01-01'), max: at('2034-01-01') })
    await fc.assert(
      fc.asyncProperty(fields, time, async (parts, lastMs) => {
        const found = await nextRotationMs(cron(parts.join(' ')), lastMs)
        expect(new Date(found).toISOString()).toBe(new Date(brute(parts, lastMs)).toISOString())
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['', 'could not parse rotation_schedule: expected 5 fields, found 0'],
    ['* * *', 'could not parse rotation_schedule: expected 5 fields, found 3'],
    ['* * * * * *', 'could not parse rotation_schedule: expected 5 fields, found 6'],
    ['foo', 'could not parse rotation_schedule: expected 5 fields, found 1'],
    ['60 * * * *', 'could not parse rotation_schedule: minute "60" is not between 0 and 59'],
    ['* * 0 * *', 'could not parse rotation_schedule: day of month "0" is not between 1 and 31'],
    ['* * L * *', 'could not parse rotation_schedule: day of month "L" is not between 1 and 31'],
    ['* * * * FRI#2', 'could not parse rotation_schedule: invalid day of week "FRI#2"'],
    ['* * * * mon-sun', /the range of day of week "mon-sun" runs backwards/],
    ['*/0 * * * *', /the step of minute "\*\/0" is out of range/],
    ['@daily', /expected 5 fields/],
    ['@every 1s', /expected 5 fields/],
    ['* * 30 2 *', 'could not parse rotation_schedule: no date ever meets it'],
    ['TZ=Mars/Base * * * * *', 'unknown time zone "Mars/Base"'],
    [`* * * * ${'1,'.repeat(200)}1`, /too long/],
  ])('%s is refused', async (fields, words) => {
    // An empty text is no schedule: only the reader itself sees it.
    const refused = fields === '' ? async () => readCron('') : () => assertSchedule(cron(fields), 0)
    await expect(refused()).rejects.toThrow(words)
  })

  it('never throw anything but a 400', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 40 }), async (text) => {
        try {
          await assertSchedule(cron(text), 0)
        } catch (error) {
          expect(error).toMatchObject({ status: 400 })
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('periods', () => {
  const periodic = (periodSeconds: number, offsetSeconds: number | null): RotationSchedule => ({
    ...manualSchedule,
    periodSeconds,
    offsetSeconds,
  })
  const cases = fc.record({
    period: fc.integer({ min: 5, max: 10_000_000 }),
    a: fc.nat(),
    b: fc.nat(),
    last: fc.integer({ min: 0, max: at('2100-01-01') }),
  })

  it('count from the last rotation, or lie on a grid', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ period, a, last }) => {
        expect(await nextRotationMs(periodic(period, null), last)).toBe(last + period * 1000)
        const offset = a % period
        const found = await nextRotationMs(periodic(period, offset), last)
        expect(found).toBeGreaterThan(last)
        expect(found - last).toBeLessThanOrEqual(period * 1000)
        expect((found - offset * 1000) % (period * 1000)).toBe(0)
      }),
    )
  })

  it('never let a pair rotate together, whatever was done by hand', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.nat(), async ({ period, a, b, last }, later) => {
        fc.pre(a % period !== b % period)
        const first = await nextRotationMs(periodic(period, a % period), last)
        const second = await nextRotationMs(periodic(period, b % period), last + (later % 1e9))
        expect(first).not.toBe(second)
      }),
    )
  })

  it('are shifted by the offset where cron fields give them', async () => {
    const pair = [0, 1800].map((offsetSeconds) => cron('0 3 * * *', { offsetSeconds }))
    expect(await next(pair[0]!, '2026-01-01T04:00:00Z')).toBe('2026-01-02T03:00:00Z')
    expect(await next(pair[1]!, '2026-01-01T04:00:00Z')).toBe('2026-01-02T03:30:00Z')
    expect(await next(pair[1]!, '2026-01-02T03:10:00Z')).toBe('2026-01-02T03:30:00Z')
  })

  it('are none without a period and fields, or where rotation is disabled', async () => {
    expect(await nextRotationMs(manualSchedule, 5)).toBe(0)
    expect(await nextRotationMs({ ...periodic(60, null), isDisabled: true }, 5)).toBe(0)
    expect(await nextRotationMs(cron('* * * * *', { isDisabled: true }), 5)).toBe(0)
  })
})

/** The next minute after `lastMs` that the fields name, found by looking at one after the other. */
function brute(parts: readonly string[], lastMs: number): number {
  const [minutes, hours, days, months, weekdays] = parts.map((part, index) => {
    const [least, most] = [
      [0, 59],
      [0, 23],
      [1, 31],
      [1, 12],
      [0, 6],
    ][index] as [number, number]
    const found = new Set<number>()
    for (const item of part.split(',')) {
      const [range, step = '1'] = item.split('/') as [string, string?]
      const [from, to] = range === '*' ? [least, most] : range.split('-').map(Number)
      const end = to ?? (item.includes('/') ? most : from!)
      for (let value = from!; value <= end; value += Number(step)) found.add(value)
    }
    return found
  }) as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>]
  const [isAnyDay, isAnyWeekday] = [2, 4].map((index) => /^\*(\/1)?$/.test(parts[index]!))
  for (let day = lastMs - (lastMs % 86400_000); ; day += 86400_000) {
    const date = new Date(day)
    if (!months.has(date.getUTCMonth() + 1)) continue
    const byDay = days.has(date.getUTCDate())
    const byWeekday = weekdays.has(date.getUTCDay())
    if (isAnyDay || isAnyWeekday ? !(byDay && byWeekday) : !(byDay || byWeekday)) continue
    for (let minute = 0; minute < 1440; minute++) {
      const time = day + minute * 60_000
      if (time > lastMs && hours.has(Math.floor(minute / 60)) && minutes.has(minute % 60))
        return time
    }
  }
}
