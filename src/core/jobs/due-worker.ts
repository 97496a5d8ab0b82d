// Works off what is due: walks the marks of the shards that this process has claimed, in order of time, and
// hands each to the handler of its kind. A mark goes only when its handler says done, so a crash at any
// point leaves the mark for whoever lives. Handlers may run twice and check the entry behind the mark.
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Log } from '../../sdk/log.ts'
import { DUE_PREFIX } from '../keys.ts'
import type { CoreStorage } from '../store.ts'
import { DUE_SHARDS } from './due-index.ts'
import type { ShardClaims } from './shard-claims.ts'

export interface DueMark {
  readonly key: string
  readonly kind: string
  readonly namespaceId: string
  readonly id: string
  readonly atMs: number
}

/** True: the mark can go (or the handler moved it). False: look again after a pause. */
export type DueHandler = (mark: DueMark, signal: AbortSignal) => Promise<boolean>

/** How often the front of each shard is looked at: what is due is begun within a second. */
const PERIOD_MS = 1000
/** Marks of one shard that are read at a time. */
const PAGE = 64
/** Handlers that run at once in this process, over all shards. */
const MAX_RUNNING = 32
/** A handler that failed leaves its mark in place; it is not tried again before this. */
const RETRY_MS = 5000

export class DueWorker {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #claims: ShardClaims
  readonly #handlers: Readonly<Record<string, DueHandler>>
  /** Marks that run or rest after a failure, by key. */
  readonly #busy = new Set<string>()
  readonly #stop = new AbortController()
  #running = 0
  #wake: (() => void) | null = null
  #loop: Promise<void> = Promise.resolve()

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    log: Log
    claims: ShardClaims
    handlers: Readonly<Record<string, DueHandler>>
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#log = of.log
    this.#claims = of.claims
    this.#handlers = of.handlers
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Stops taking marks and waits for the handlers that run. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the server is being sealed or shut down'))
    this.#wake?.()
    await this.#loop
    while (this.#running > 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    await this.#claims.release()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#claims.refresh()
        for (const shard of this.#claims.owned()) await this.#workShard(shard)
      } catch (error) {
        if (!signal.aborted) this.#log.warn('due work was interrupted', { err: error })
      }
      await this.#clock.sleep(PERIOD_MS + this.#random.fraction() * 100, signal).catch(() => {})
    }
  }

  /** Starts what is due in one shard; returns when the rest of it lies in the future. */
  async #workShard(shard: number): Promise<void> {
    const prefix = `${DUE_PREFIX}${shard.toString(16)}/`
    const before = `${prefix}${String(this.#clock.now()).padStart(13, '0')}`
    let after: string | undefined
    while (!this.#stop.signal.aborted) {
      const page = after === undefined ? { limit: PAGE, before } : { limit: PAGE, before, after }
      const keys = await this.#storage.range(prefix, page)
      for (const key of keys) {
        if (this.#busy.has(key)) continue
        await this.#slot()
        if (this.#stop.signal.aborted) return
        void this.#handle(key)
      }
      if (keys.length < PAGE) return
      after = keys.at(-1)
    }
  }

  /** Waits until fewer than the most allowed handlers run. */
  async #slot(): Promise<void> {
    while (this.#running >= MAX_RUNNING && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async #handle(key: string): Promise<void> {
    const mark = parseMark(key)
    const handler = mark && this.#handlers[mark.kind]
    this.#busy.add(key)
    this.#running++
    let isDone = false
    try {
      if (mark && handler) {
        isDone = await handler(mark, this.#stop.signal)
        if (isDone) await this.#storage.delete(key)
      } else this.#log.error('due mark of an unknown kind', { key })
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#log.warn('due work failed and will be tried again', { kind: mark?.kind, err: error })
      }
    } finally {
      this.#running--
      if (isDone) this.#busy.delete(key)
      else this.#clock.after(RETRY_MS, () => this.#busy.delete(key))
      const wake = this.#wake
      this.#wake = null
      wake?.()
    }
  }
}

/** `due/<shard>/<time>/<namespace>/<kind>/<id>`; null where it isn't of that form. */
export function parseMark(key: string): DueMark | null {
  const parts = key.split('/')
  if (parts.length !== 6) return null
  const [, , time, namespaceId, kind, id] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  return { key, kind, namespaceId, id, atMs: Number(time) }
}

export const ALL_SHARDS: readonly number[] = Array.from({ length: DUE_SHARDS }, (_, at) => at)
