import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { manualSchedule } from '../../sdk/rotation-schedule.ts'
import { failed, planned, retired, rotated } from './rotation-outcome.ts'
import { dueAtOf, nextUsername, pauseMs, taskOf } from './rotation-plan.ts'
import type { RotationRecord } from './rotation-record.ts'

const NOW = Date.UTC(2030, 0, 1)

const record = (of: Partial<RotationRecord> = {}): RotationRecord => ({
  namespaceId: 'root',
  mountId: 'm',
  kind: 'static-roles',
  id: 'app',
  item: null,
  schedule: { ...manualSchedule, periodSeconds: 3600 },
  usernames: ['app'],
  graceSeconds: 0,
  lane: '',
  owner: '',
  createdAtMs: NOW,
  activeUsername: 'app',
  previousUsername: '',
  lastRotatedAtMs: NOW,
  count: 1,
  rotateAfterMs: NOW + 3600_000,
  step: 'idle',
  staging: null,
  cause: 'scheduled',
  by: '',
  retiring: [],
  graceUntilMs: 0,
  repair: null,
  claim: null,
  failures: 0,
  lastError: '',
  failingSinceMs: 0,
  retryAtMs: 0,
  hold: null,
  dueAtMs: 0,
  ...of,
})

const staging = { username: 'app', secret: 'x', tries: 1 }
const windowed = { ...manualSchedule, cron: '0 3 * * *', windowSeconds: 3600 }
const hold = (mode: 'paused' | 'frozen', untilMs = 0) => ({
  hold: { mode, by: 'x', reason: '', sinceMs: 0, untilMs },
})
const byHand = { by: 'ops', endsGrace: false }

describe('what a record asks for', () => {
  const due = { rotateAfterMs: NOW - 1 }
  it.each<[string, Partial<RotationRecord>, string | null, string | null]>([
    ['nothing before its time', {}, null, 'start'],
    ['a start at its time', due, 'start', 'start'],
    ['nothing by itself while paused', { ...due, ...hold('paused') }, null, 'start'],
    ['a start once the pause is over', { ...due, ...hold('paused', NOW - 1) }, 'start', 'start'],
    ['nothing at all while frozen', { ...due, ...hold('frozen') }, null, null],
    ['nothing before the next try', { ...due, retryAtMs: NOW + 1 }, null, 'start'],
    [
      'to go on with what is staged, also while paused',
      { staging, ...hold('paused') },
      'resume',
      'resume',
    ],
    ['nothing more of it while frozen', { staging, ...hold('frozen') }, null, null],
    [
      'a start in its window',
      { schedule: windowed, rotateAfterMs: NOW - 3600_000 },
      'start',
      'start',
    ],
    [
      'the next window after it',
      { schedule: windowed, rotateAfterMs: NOW - 3600_001 },
      'miss',
      'start',
    ],
    [
      'only proof of what was staged, after its window',
      { schedule: windowed, rotateAfterMs: NOW - 3600_001, step: 'set', staging },
      'prove',
      'resume',
    ],
    [
      'to go on outside of any window with what somebody asked for',
      { schedule: windowed, rotateAfterMs: NOW - 3600_001, step: 'set', staging, cause: 'manual' },
      'resume',
      'resume',
    ],
    [
      'nothing in the grace time',
      { ...due, retiring: [{ username: 'b', old: 1 }], graceUntilMs: NOW + 1 },
      null,
      null,
    ],
    [
      'an end after it, also while paused',
      { retiring: [{ username: 'b', old: 1 }], graceUntilMs: NOW, ...hold('paused') },
      'retire',
      'retire',
    ],
  ])('%s', (_, of, alone, asked) => {
    expect(taskOf(record(of), NOW, null)).toBe(alone)
    expect(taskOf(record(of), NOW, byHand)).toBe(asked)
  })

  it('an early end of the grace time where that was asked for', () => {
    const inGrace = record({ retiring: [{ username: 'b', old: 1 }], graceUntilMs: NOW + 1 })
    expect(taskOf(inGrace, NOW, { by: 'ops', endsGrace: true })).toBe('retire')
  })

  const when = fc.constantFrom(0, NOW - 7200_000, NOW - 1, NOW, NOW + 1, NOW + 7200_000)
  const anyRecord = fc.record({
    step: fc.constantFrom('idle', 'stage', 'set', 'test', 'retire'),
    staging: fc.constantFrom(null, staging),
    cause: fc.constantFrom('created', 'scheduled', 'manual', 'repair'),
    retiring: fc.constantFrom([], [{ username: 'b', old: 1 }]),
    schedule: fc.constantFrom(manualSchedule, windowed),
    rotateAfterMs: when,
    retryAtMs: when,
    graceUntilMs: when,
    hold: fc.oneof(
      fc.constant(null),
      fc
        .tuple(fc.constantFrom('paused', 'frozen'), when)
        .map(([mode, until]) => hold(mode as 'paused', until).hold),
    ),
  })

  it('is asked exactly when its due mark says, so that nothing is forgotten or spins', () => {
    fc.assert(
      fc.property(anyRecord, (of) => {
        const one = record(of as Partial<RotationRecord>)
        const dueAt = dueAtOf(one, NOW)
        expect(taskOf(one, NOW, null) !== null).toBe(dueAt > 0 && dueAt <= NOW)
        // Whatever waits for a time asks for something once that has come.
        if (dueAt > NOW && !one.hold) expect(taskOf(one, dueAt, null)).not.toBe(null)
      }),
      { numRuns: 3000 },
    )
  })

  it('never puts a new mark under the key of the old one', () => {
    fc.assert(
      fc.property(anyRecord, (of) => {
        const before = record({ ...(of as Partial<RotationRecord>), dueAtMs: NOW })
        expect(planned(before, before, NOW).dueAtMs).not.toBe(NOW)
        const claimed = { ...before, claim: { run: 'r', worker: 'w', startedAtMs: NOW } }
        expect(planned(before, claimed, NOW).dueAtMs).toBe(NOW)
        const later = { ...before, dueAtMs: NOW + 7200_000 }
        expect(planned(later, { ...claimed, dueAtMs: 0 }, NOW).dueAtMs).toBeLessThan(NOW + 60_000)
      }),
    )
  })
})

describe('what becomes of a record', () => {
  it('alternates between two users, and remembers whose time is over', () => {
    const pair = { usernames: ['a', 'b'], activeUsername: 'a', graceSeconds: 60 }
    const first = record(pair)
    expect(nextUsername(first)).toBe('b')
    const running = { ...first, staging: { username: 'b', secret: 1, tries: 1 } }
    const after = rotated(running, { nowMs: NOW, nextMs: NOW + 5, old: { name: 'a' } })
    expect(after).toMatchObject({
      activeUsername: 'b',
      previousUsername: 'a',
      step: 'retire',
      graceUntilMs: NOW + 60_000,
      retiring: [{ username: 'a', old: { name: 'a' } }],
      count: 2,
      staging: null,
    })
    expect(nextUsername(after)).toBe('a')
    expect(retired(after)).toMatchObject({ step: 'idle', retiring: [], graceUntilMs: 0 })
  })

  it('settles a repair before anything else, and makes the repaired one fresh', () => {
    const late = { username: 'app', secret: 'late', tries: 1, isRepair: true } as const
    const running = record({ staging, step: 'test', repair: { staging: late } })
    const first = rotated(running, { nowMs: NOW, nextMs: NOW + 5, old: undefined })
    expect(first).toMatchObject({ staging: late, step: 'set', cause: 'repair', repair: null })
    const second = rotated(first, { nowMs: NOW, nextMs: NOW + 5, old: undefined })
    expect(second).toMatchObject({ staging: null, step: 'stage', cause: 'repair' })
    expect(taskOf(second, NOW, null)).toBe('start')
  })

  it('waits longer after each failure, up to an hour, and forgets nothing on a shutdown', () => {
    const random = seededRandom(3)
    const pauses = [1, 2, 3, 4, 5, 6, 7, 20].map((failures) => pauseMs(failures, random))
    pauses.forEach((pause, at) => {
      const middle = Math.min(5000 * 2 ** ([0, 1, 2, 3, 4, 5, 6, 19][at] ?? 0), 3600_000)
      expect(pause).toBeGreaterThanOrEqual(middle * 0.75)
      expect(pause).toBeLessThanOrEqual(middle * 1.25)
    })
    const of = { words: 'no', nowMs: NOW, random, staging: undefined, isStopped: false }
    expect(failed(record({ staging }), of)).toMatchObject({ failures: 1, lastError: 'no', staging })
    const refused = failed(record({ staging, step: 'set' }), { ...of, staging: null })
    expect(refused).toMatchObject({ failures: 1, staging: null, step: 'stage' })
    expect(failed(record({ staging }), { ...of, isStopped: true })).toMatchObject({ failures: 0 })
  })
})
