// Time that exists only as far as somebody waits for it: `step` goes to the next timer and fires it. Days
// pass in milliseconds, and the order of everything follows from the seed of whoever draws the delays.
import type { Clock } from '../../src/base/clock.ts'

interface Timer {
  readonly at: number
  readonly order: number
  readonly task: () => void
  isCancelled: boolean
}

export interface SimulatedClock extends Clock {
  /** Fires the next timer, after all that goes on without one. False: nobody waits. */
  step(): Promise<boolean>
  /** Steps until the promise settles, or throws when `limitMs` have passed. */
  until<T>(promise: Promise<T>, limitMs: number): Promise<T>
  /** Lets the time pass. */
  pass(ms: number): Promise<void>
}

/** Turns of the event loop that let everything run that waits for no timer. */
const TURNS = 2

export function simulatedClock(startMs = Date.UTC(2030, 0, 1)): SimulatedClock {
  let now = startMs
  let order = 0
  /** By time, then by the order in which they were set. */
  const timers: Timer[] = []
  const insert = (timer: Timer): void => {
    let low = 0
    let high = timers.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (timers[middle]!.at <= timer.at) low = middle + 1
      else high = middle
    }
    timers.splice(low, 0, timer)
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const clock: SimulatedClock = {
    now: () => Math.floor(now),
    monotonic: () => now - startMs,
    after(ms, task) {
      const timer: Timer = { at: now + Math.max(0, ms), order: order++, task, isCancelled: false }
      insert(timer)
      return () => {
        timer.isCancelled = true
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
    async step() {
      for (let left = TURNS; left > 0; left--) await turn()
      for (;;) {
        const timer = timers.shift()
        if (!timer) return false
        if (timer.isCancelled) continue
        now = Math.max(now, timer.at)
        timer.task()
        return true
      }
    },
    async until(promise, limitMs) {
      let isSettled = false
      const settled = (): void => {
        isSettled = true
      }
      promise.then(settled, settled)
      const end = now + limitMs
      for (;;) {
        const isMoving = await clock.step()
        if (isSettled) return promise
        if (!isMoving) throw new Error('everybody waits for something that is no timer')
        if (now > end) throw new Error(`not done within ${limitMs} simulated ms`)
      }
    },
    pass: (ms) => clock.until(clock.sleep(ms), ms + 1),
  }
  return clock
}
