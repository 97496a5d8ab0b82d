// A bound on time for what a driver does: drivers have timeouts for some of their steps and none for a
// server that stalls in between. Whoever waits is let go at the deadline or when its request is over.
import type { Clock } from '../../base/clock.ts'
import { DatabaseError } from './database-error.ts'

export interface Deadline {
  readonly clock: Clock
  readonly ms: number
  readonly signal: AbortSignal
  /** What was waited for, in words that follow "no answer within …". */
  readonly what: string
}

/**
 * The outcome of `work`, or at the deadline (or when the signal aborts) DatabaseError 'unreachable'.
 * `giveUp` is then called once and ends what still runs; its outcome is not looked at any more.
 */
export async function bounded<T>(
  deadline: Deadline,
  work: Promise<T>,
  giveUp: () => void,
): Promise<T> {
  const { clock, ms, signal, what } = deadline
  let cancel = (): void => {}
  let unlisten = (): void => {}
  const over = new Promise<never>((_resolve, reject) => {
    const end = (message: string): void => {
      reject(new DatabaseError('unreachable', message))
      giveUp()
    }
    const onAbort = (): void => end(`${what}: the request was given up`)
    cancel = clock.after(ms, () => end(`${what}: no answer within ${ms / 1000} s`))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    unlisten = () => signal.removeEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    cancel()
    unlisten()
    // Nobody listens to the loser any more; its failure is no news.
    work.catch(() => {})
    over.catch(() => {})
  }
}
