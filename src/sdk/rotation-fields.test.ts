import { describe, expect, it } from 'vitest'
import { parseFields } from '../schema/parse-fields.ts'
import type { RotationSchedule } from './rotation.ts'
import {
  automatedData,
  automatedRotationFields,
  automatedSchedule,
  scheduleData,
  staticSchedule,
} from './rotation-fields.ts'
import { manualSchedule } from './rotation-schedule.ts'

const NOW = Date.UTC(2030, 0, 1)
type Sent = Parameters<typeof staticSchedule>[0]

function parsed(input: Record<string, string | number | boolean>): Sent {
  const values: Record<string, unknown> = {}
  parseFields(automatedRotationFields, input, false, values)
  return values as Sent
}
const ofStatic = (input: Record<string, string | number>, before: RotationSchedule | null = null) =>
  staticSchedule(parsed(input), before, NOW)
const ofConfig = (
  input: Record<string, string | number | boolean>,
  before: RotationSchedule | null = null,
) => automatedSchedule(parsed(input), before, NOW)

const BOTH =
  'mutually exclusive fields rotation_period and rotation_schedule were both specified; only one of them can be provided'

describe('the schedule of a static account', () => {
  it.each([
    [{}, 'one of rotation_schedule or rotation_period must be provided to create a static account'],
    [{ rotation_period: 3600, rotation_schedule: '* * * * *' }, BOTH],
    [{ rotation_period: 4 }, 'rotation_period must be 5 seconds or more'],
    [
      { rotation_period: 5400, rotation_window: 3600 },
      'rotation_window is invalid with use of rotation_period',
    ],
    [
      { rotation_schedule: '* * * * *', rotation_window: 3599 },
      'rotation_window must be 3600 seconds or more',
    ],
    [{ rotation_schedule: 'foo' }, /^could not parse rotation_schedule: /],
    [{ rotation_schedule: '* * * * *', rotation_timezone: 'Nowhere' }, /unknown time zone/],
    [{ rotation_period: 60, rotation_offset: 60 }, /rotation_offset must be shorter/],
  ])('refuses %o', async (input, words) => {
    await expect(ofStatic(input as Record<string, string | number>)).rejects.toThrow(words)
  })

  it('follows what was sent last, and keeps the rest', async () => {
    const byCron = await ofStatic({
      rotation_schedule: '0 3 * * SAT',
      rotation_window: '2h',
      rotation_timezone: 'Europe/Berlin',
    })
    expect(scheduleData(byCron)).toEqual({
      rotation_schedule: '0 3 * * SAT',
      rotation_window: 7200,
      rotation_timezone: 'Europe/Berlin',
    })
    expect(await ofStatic({}, byCron)).toEqual(byCron)
    const byPeriod = await ofStatic({ rotation_period: '24h' }, byCron)
    expect(byPeriod).toMatchObject({ periodSeconds: 86400, cron: '', windowSeconds: 0 })
    const back = await ofStatic({ rotation_schedule: '0 4 * * *' }, byPeriod)
    expect(back).toMatchObject({ periodSeconds: 0, cron: '0 4 * * *', windowSeconds: 0 })
  })
})

describe('the schedule of a configuration', () => {
  it.each([
    [{ rotation_period: 3600, rotation_schedule: '* * * * *' }, BOTH],
    [{ rotation_period: 30, rotation_window: 120 }, 'rotation_window does not apply to period'],
    [{ rotation_window: 120 }, 'cannot use rotation_window without rotation_schedule'],
    [{ rotation_schedule: 'foo' }, /could not parse rotation_schedule/],
  ])('refuses %o', async (input, words) => {
    await expect(ofConfig(input as Record<string, string | number>)).rejects.toThrow(words)
  })

  it('is none unless asked for, and can be zeroed and disabled', async () => {
    expect(await ofConfig({})).toEqual(manualSchedule)
    const byCron = await ofConfig({
      rotation_schedule: '*/20 * * * SAT',
      rotation_window: 120,
      rotation_period: 0,
    })
    expect(automatedData(byCron)).toEqual({
      rotation_period: 0,
      rotation_schedule: '*/20 * * * SAT',
      rotation_window: 120,
      disable_automated_rotation: false,
    })
    const off = await ofConfig({ rotation_schedule: '', disable_automated_rotation: true }, byCron)
    expect(automatedData(off)).toMatchObject({
      rotation_schedule: '',
      rotation_window: 0,
      disable_automated_rotation: true,
    })
  })
})
