// The system's clock, moved ahead by hand: lives end when a test says so, while timers (latency of
// storage, pauses before retries, background work) go on in real time.
import { type Clock, systemClock } from '../../src/base/clock.ts'

export interface ShiftedClock extends Clock {
  advance(ms: number): void
}

export function shiftedClock(): ShiftedClock {
  let shift = 0
  return {
    ...systemClock,
    now: () => systemClock.now() + shift,
    advance: (ms) => {
      shift += ms
    },
  }
}
