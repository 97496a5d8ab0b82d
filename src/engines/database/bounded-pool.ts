// A pool of connections for drivers that have none of their own with Vault's rules: never more open than
// `maxOpen`, at most `maxIdle` kept, none older than `maxLifetimeMs`. Who finds all in use waits in line,
// in order, with a deadline. After `close` what is idle ends at once, what is in use when given back.
// Source: Go's database/sql (SetMaxOpenConns, SetMaxIdleConns, SetConnMaxLifetime).
import type { Clock } from '../../base/clock.ts'
import { DatabaseError } from './database-error.ts'
import { bounded } from './deadline.ts'

export interface PoolRules<C> {
  readonly clock: Clock
  readonly maxOpen: number
  readonly maxIdle: number
  /** 0: as long as they live. */
  readonly maxLifetimeMs: number
  /** How long to stand in line. */
  readonly waitMs: number
  /** Connects and logs in, in bounded time. */
  open(signal: AbortSignal): Promise<C>
  /** Whether it can serve again. */
  isUsable(connection: C): boolean
  /** Ends it at once; never throws. */
  end(connection: C): void
}

interface Pooled<C> {
  readonly connection: C
  readonly openedAt: number
}

export class BoundedPool<C> {
  readonly #rules: PoolRules<C>
  readonly #idle: Pooled<C>[] = []
  readonly #waiters: (() => void)[] = []
  #taken = 0
  #closed = false

  constructor(rules: PoolRules<C>) {
    this.#rules = rules
  }

  /** Runs the body with a connection of its own; one that is not usable afterwards is ended. */
  async use<T>(signal: AbortSignal, body: (connection: C) => Promise<T>): Promise<T> {
    await this.#place(signal)
    let pooled: Pooled<C> | null = null
    try {
      pooled = this.#takeIdle() ?? (await this.#open(signal))
      return await body(pooled.connection)
    } finally {
      if (pooled) this.#giveBack(pooled)
      this.#leave()
    }
  }

  close(): void {
    this.#closed = true
    for (const { connection } of this.#idle.splice(0)) this.#rules.end(connection)
  }

  /** Takes one of the places; stands in line where all are taken. */
  async #place(signal: AbortSignal): Promise<void> {
    if (this.#taken < this.#rules.maxOpen) {
      this.#taken++
      return
    }
    const { clock, waitMs } = this.#rules
    let arrive = (): void => {}
    const turn = new Promise<void>((resolve) => {
      arrive = resolve
    })
    this.#waiters.push(arrive)
    const what = `waiting for one of ${this.#rules.maxOpen} connections`
    await bounded({ clock, ms: waitMs, signal, what }, turn, () => {
      const at = this.#waiters.indexOf(arrive)
      if (at >= 0) this.#waiters.splice(at, 1)
      // The place was handed over in the same moment: it goes to the next.
      else this.#leave()
    })
  }

  /** Hands the place to the first in line, or frees it. */
  #leave(): void {
    const next = this.#waiters.shift()
    if (next) next()
    else this.#taken--
  }

  #takeIdle(): Pooled<C> | null {
    // The one used last is the one most likely to be alive.
    for (let pooled = this.#idle.pop(); pooled; pooled = this.#idle.pop()) {
      if (this.#isFresh(pooled)) return pooled
      this.#rules.end(pooled.connection)
    }
    return null
  }

  async #open(signal: AbortSignal): Promise<Pooled<C>> {
    if (this.#closed) throw new DatabaseError('unreachable', 'the connection was closed')
    const connection = await this.#rules.open(signal)
    return { connection, openedAt: this.#rules.clock.monotonic() }
  }

  #giveBack(pooled: Pooled<C>): void {
    if (this.#closed || this.#idle.length >= this.#rules.maxIdle || !this.#isFresh(pooled))
      this.#rules.end(pooled.connection)
    else this.#idle.push(pooled)
  }

  #isFresh({ connection, openedAt }: Pooled<C>): boolean {
    const { maxLifetimeMs, clock } = this.#rules
    if (maxLifetimeMs > 0 && clock.monotonic() - openedAt >= maxLifetimeMs) return false
    return this.#rules.isUsable(connection)
  }
}
