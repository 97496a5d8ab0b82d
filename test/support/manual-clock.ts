// A clock that stands still until a test moves it.
import type { Clock } from '../../src/base/clock.ts'

export interface ManualClock extends Clock {
  advance(ms: number): void
}

export function manualClock(startMs = Date.UTC(2030, 0, 1)): ManualClock {
  let now = startMs
  let timers: { at: number; task: () => void }[] = []
  const clock: ManualClock = {
    now: () => now,
    monotonic: () => now - startMs,
    after(ms, task) {
      const timer = { at: now + ms, task }
      timers.push(timer)
      return () => {
        timers = timers.filter((it) => it !== timer)
      }
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const stop = (): void => {
          cancel()
          reject(signal?.reason)
        }
        const cancel = clock.after(ms, () => {
          signal?.removeEventListener('abort', stop)
          resolve()
        })
        signal?.addEventListener('abort', stop, { once: true })
      }),
    advance(ms) {
      now += ms
      const ready = timers.filter((timer) => timer.at <= now)
      timers = timers.filter((timer) => timer.at > now)
      for (const timer of ready) timer.task()
    },
  }
  return clock
}

/** Lets background work run: turns of the event loop, with a second passing at each. */
export async function passSeconds(clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000)
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}
