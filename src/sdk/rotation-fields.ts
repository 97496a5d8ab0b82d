// The request fields that say when a secret rotates, the same in every engine: rows spread them into their
// input, merge what was sent into what was stored, and print it. Source: Vault's API pages of database static
// roles and of automated root rotation, with their messages; rotation_timezone, rotation_offset and
// rotation_grace are ours.
import { badRequest } from '../base/errors.ts'
import { MIN_ROTATION_SECONDS, MIN_ROTATION_WINDOW_SECONDS } from '../base/limits.ts'
import { boolean, duration, integer, string } from '../schema/field.ts'
import type { Parsed } from '../schema/parse-fields.ts'
import type { RotationSchedule } from './rotation.ts'
import { assertSchedule, bothGiven, manualSchedule } from './rotation-schedule.ts'

/** For a static account, which must have a schedule. */
export const rotationFields = {
  rotation_period: duration('Time from one rotation to the next. Excludes rotation_schedule.'),
  rotation_schedule: string('Cron fields that say when to rotate. Excludes rotation_period.'),
  rotation_window: duration(
    'How long after a scheduled time a rotation may still begin; then it waits for the next time.',
  ),
  rotation_timezone: string('Time zone of rotation_schedule, as "Europe/Berlin"; UTC if empty.'),
  rotation_offset: duration(
    'Shift of the times, so that paired records never rotate together. With rotation_period they then lie on a fixed grid.',
  ),
}

/** For root credentials and other configuration, which rotate on their own only when asked to. */
export const automatedRotationFields = {
  ...rotationFields,
  disable_automated_rotation: boolean('Rotate by hand only, whatever the schedule says.'),
}

/** For what keeps its previous secret valid for a while. */
export const rotationGraceField = {
  rotation_grace: duration('How long the previous secret stays valid after a rotation.'),
}

/** As reads print them. */
export const rotationOutput = {
  rotation_period: integer('Seconds from one rotation to the next.'),
  rotation_schedule: string('Cron fields.'),
  rotation_window: integer('Seconds.'),
  rotation_timezone: string('Time zone of the schedule.'),
  rotation_offset: integer('Shift in seconds.'),
}

type Sent = Partial<Parsed<typeof automatedRotationFields>>

/**
 * The schedule of a static account after a request. `before` is null on creation. Throws 400 in Vault's
 * words where fields contradict each other or are too small.
 */
export async function staticSchedule(
  sent: Sent,
  before: RotationSchedule | null,
  nowMs: number,
): Promise<RotationSchedule> {
  const period = sent.rotation_period
  const cron = sent.rotation_schedule || undefined
  if (period !== undefined && cron !== undefined) throw bothGiven()
  if (before === null && period === undefined && cron === undefined) {
    throw badRequest(
      'one of rotation_schedule or rotation_period must be provided to create a static account',
    )
  }
  if (period !== undefined) {
    if (period < MIN_ROTATION_SECONDS) {
      throw badRequest(`rotation_period must be ${MIN_ROTATION_SECONDS} seconds or more`)
    }
    if (sent.rotation_window) {
      throw badRequest('rotation_window is invalid with use of rotation_period')
    }
  }
  const merged = merge(sent, before ?? manualSchedule)
  if (sent.rotation_window && merged.cron === '') {
    throw badRequest('rotation_window is invalid with use of rotation_period')
  }
  if (sent.rotation_window && sent.rotation_window < MIN_ROTATION_WINDOW_SECONDS) {
    throw badRequest(`rotation_window must be ${MIN_ROTATION_WINDOW_SECONDS} seconds or more`)
  }
  await assertSchedule(merged, nowMs)
  return merged
}

/** The same for configuration: without a period or schedule it rotates by hand only. */
export async function automatedSchedule(
  sent: Sent,
  before: RotationSchedule | null,
  nowMs: number,
): Promise<RotationSchedule> {
  const period = sent.rotation_period ?? 0
  const window = sent.rotation_window ?? 0
  if (period > 0 && sent.rotation_schedule) throw bothGiven()
  if (period > 0 && window > 0) throw badRequest('rotation_window does not apply to period')
  if (period > 0 && period < MIN_ROTATION_SECONDS) {
    throw badRequest(`rotation_period must be ${MIN_ROTATION_SECONDS} seconds or more`)
  }
  const merged = merge(sent, before ?? manualSchedule)
  if (window > 0 && merged.cron === '') {
    throw badRequest('cannot use rotation_window without rotation_schedule')
  }
  await assertSchedule(merged, nowMs)
  return merged
}

/** What was sent replaces what was stored; a period drops the schedule with its window, and the reverse. */
function merge(sent: Sent, before: RotationSchedule): RotationSchedule {
  const byPeriod = (sent.rotation_period ?? 0) > 0
  const byCron = (sent.rotation_schedule ?? '') !== ''
  const periodSeconds = byCron ? 0 : (sent.rotation_period ?? before.periodSeconds)
  const cron = byPeriod ? '' : (sent.rotation_schedule ?? before.cron)
  return {
    periodSeconds,
    cron,
    windowSeconds: cron === '' ? 0 : (sent.rotation_window ?? before.windowSeconds),
    timeZone: sent.rotation_timezone ?? before.timeZone,
    offsetSeconds: sent.rotation_offset ?? before.offsetSeconds,
    isDisabled: sent.disable_automated_rotation ?? before.isDisabled,
  }
}

/** What a read answers of a schedule, without what isn't in use there: as Vault does for static roles. */
export function scheduleData(schedule: RotationSchedule): Readonly<Record<string, unknown>> {
  return {
    ...(schedule.cron === ''
      ? { rotation_period: schedule.periodSeconds }
      : { rotation_schedule: schedule.cron, rotation_window: schedule.windowSeconds }),
    ...ownData(schedule),
  }
}

/** The same with every field, as Vault does for automated rotation of configuration. */
export function automatedData(schedule: RotationSchedule): Readonly<Record<string, unknown>> {
  return {
    rotation_period: schedule.periodSeconds,
    rotation_schedule: schedule.cron,
    rotation_window: schedule.windowSeconds,
    disable_automated_rotation: schedule.isDisabled,
    ...ownData(schedule),
  }
}

const ownData = (schedule: RotationSchedule): Readonly<Record<string, unknown>> => ({
  ...(schedule.timeZone === '' ? undefined : { rotation_timezone: schedule.timeZone }),
  ...(schedule.offsetSeconds === null ? undefined : { rotation_offset: schedule.offsetSeconds }),
})
