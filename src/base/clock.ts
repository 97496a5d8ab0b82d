// Time as a value that is handed in, so that tests and the simulation can own it. Only this file
// touches Date.now and timers (CONVENTIONS: clock, randomness, secrets).

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number
  /** Monotonic milliseconds from an arbitrary start; never goes back. */
  monotonic(): number
  /** Runs `task` once after `ms`; the returned function cancels it. Never keeps the process alive. */
  after(ms: number, task: () => void): () => void
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** setTimeout fires at once beyond this, so longer waits are taken in steps. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, task) {
    const until = performance.now() + ms
    let timer: NodeJS.Timeout
    const arm = (): void => {
      const left = until - performance.now()
      timer =
        left > LONGEST_TIMER_MS
          ? setTimeout(arm, LONGEST_TIMER_MS)
          : setTimeout(task, Math.max(0, left))
      timer.unref()
    }
    arm()
    return () => clearTimeout(timer)
  },
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const cancel = systemClock.after(ms, () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      })
      const stop = (): void => {
        cancel()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', stop, { once: true })
    })
  },
}

/** Sleeps as systemClock does, and keeps the process alive meanwhile: for programs that wait for nothing else. */
export function sleepAwake(ms: number, signal?: AbortSignal): Promise<void> {
  const keepAlive = setInterval(() => {}, LONGEST_TIMER_MS)
  return systemClock.sleep(ms, signal).finally(() => clearInterval(keepAlive))
}
