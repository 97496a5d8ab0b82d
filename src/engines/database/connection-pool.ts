// Connections to one database: at most so many at once over all requests of this process, some kept for
// later, none older than its life. Who finds none free waits in line, for a bounded time. A connection whose
// use failed in a way that leaves it in doubt is thrown away, not given to the next.
import type { Clock } from '../../base/clock.ts'
import { DATABASE_WAIT_MS } from '../../base/limits.ts'
import { DatabaseError, untouched } from './database-error.ts'

export interface PoolOptions<C> {
  readonly clock: Clock
  /** At most this many at once. */
  readonly max: number
  /** At most this many kept while unused. */
  readonly maxIdle: number
  /** Milliseconds from its opening; 0: no end. */
  readonly lifetimeMs: number
  open(signal: AbortSignal): Promise<C>
  close(connection: C): void
  /** False where it broke while it lay unused, or was left in doubt. */
  isUsable(connection: C): boolean
}

/**
 * How many of the connections that the settings allow belong to one process: processes of a host share them,
 * but each needs one.
 */
export const shareOf = (most: number, processes = 1): number =>
  Math.max(1, Math.floor(most / processes))

interface Pooled<C> {
  readonly connection: C
  readonly openedAt: number
}

interface Waiter {
  /** True: a place is free, false: the pool is closed. */
  admit(isOpen: boolean): void
}

export class ConnectionPool<C> {
  readonly #options: PoolOptions<C>
  readonly #idle: Pooled<C>[] = []
  readonly #waiting = new Set<Waiter>()
  #places: number
  #isClosed = false

  constructor(options: PoolOptions<C>) {
    this.#options = options
    this.#places = Math.max(1, options.max)
  }

  /** Runs the body with a connection of its own; throws what it throws, or DatabaseError. */
  async use<T>(signal: AbortSignal, body: (connection: C) => Promise<T>): Promise<T> {
    await this.#enter(signal).catch(untouched)
    try {
      const pooled = this.#takeIdle() ?? (await this.#open(signal).catch(untouched))
      try {
        return await body(pooled.connection)
      } finally {
        this.#giveBack(pooled)
      }
    } finally {
      this.#leave()
    }
  }

  /** Ends what is unused; what is in use ends when it is given back, and nobody gets another. */
  close(): void {
    this.#isClosed = true
    for (const { connection } of this.#idle.splice(0)) this.#options.close(connection)
    for (const waiter of [...this.#waiting]) waiter.admit(false)
  }

  async #enter(signal: AbortSignal): Promise<void> {
    if (this.#isClosed) throw closed()
    if (signal.aborted) throw aborted()
    if (this.#places > 0) {
      this.#places--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(waiter)
        stopTimer()
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        admit: (isOpen) => {
          end()
          if (isOpen) resolve()
          else reject(closed())
        },
      }
      const onAbort = (): void => {
        end()
        reject(aborted())
      }
      const stopTimer = this.#options.clock.after(DATABASE_WAIT_MS, () => {
        end()
        reject(
          new DatabaseError(
            'unreachable',
            `no connection became free within ${DATABASE_WAIT_MS / 1000} seconds (max_open_connections)`,
          ),
        )
      })
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiter)
    })
  }

  #leave(): void {
    const next = this.#waiting.values().next()
    if (next.done) this.#places++
    else next.value.admit(true)
  }

  #takeIdle(): Pooled<C> | null {
    // The one used last: it is the most likely to be alive, and the others may grow old.
    for (let pooled = this.#idle.pop(); pooled; pooled = this.#idle.pop()) {
      if (this.#isFit(pooled)) return pooled
      this.#options.close(pooled.connection)
    }
    return null
  }

  async #open(signal: AbortSignal): Promise<Pooled<C>> {
    const connection = await this.#options.open(signal)
    return { connection, openedAt: this.#options.clock.monotonic() }
  }

  #giveBack(pooled: Pooled<C>): void {
    const isKept = !this.#isClosed && this.#idle.length < this.#options.maxIdle
    if (isKept && this.#isFit(pooled)) this.#idle.push(pooled)
    else this.#options.close(pooled.connection)
  }

  #isFit({ connection, openedAt }: Pooled<C>): boolean {
    const { lifetimeMs, clock, isUsable } = this.#options
    if (lifetimeMs > 0 && clock.monotonic() - openedAt >= lifetimeMs) return false
    return isUsable(connection)
  }
}

const closed = (): DatabaseError =>
  new DatabaseError('unreachable', 'the connection was closed because its configuration changed')
const aborted = (): DatabaseError =>
  new DatabaseError('unreachable', 'the request ended before the database answered')
