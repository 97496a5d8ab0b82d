// Which process works which shard of the due index. A process announces itself with a heartbeat entry and
// claims shards in its name. A claim is dead when its owner's heartbeat stood still while the observer looked
// on for long enough: no clocks are compared, and time in which the observer itself stood still (a suspended
// machine, stalled storage) counts for nothing, since the others stood still then too. A worker that lost its
// claim without noticing does harm to nobody, as due handlers may run twice.
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { CoreStorage } from '../store.ts'
import { ALL_SHARDS } from './due-worker.ts'

const WORKER_PREFIX = 'core/worker/'
const CLAIM_PREFIX = 'core/due-claim/'
const HEARTBEAT_MS = 2000
/** Four missed heartbeats: what a killed process worked goes on within 8 to 12 seconds. */
const DEAD_MS = 8000
/** Looking on is looking at least so often; of a longer time only this counts. */
const LONGEST_LOOK_MS = 2 * HEARTBEAT_MS

export class ShardClaims {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #id: string
  readonly #owned = new Set<number>()
  /** When each other worker's heartbeat was last seen to move, in time of looking on. */
  readonly #seen = new Map<string, { version: string; sinceMs: number }>()
  #beatAtMs = Number.NEGATIVE_INFINITY
  /** How long this process has looked on so far, and until when that is counted. */
  #lookedMs = 0
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(storage: CoreStorage, clock: Clock, random: Random) {
    this.#storage = storage
    this.#clock = clock
    this.#id = random.uuid()
  }

  /** This process, as its heartbeat names it. */
  get id(): string {
    return this.#id
  }

  /** Makes sure that the heartbeat stands before something is claimed in its name. */
  async announce(): Promise<void> {
    if (this.#beatAtMs === Number.NEGATIVE_INFINITY) await this.#beat()
  }

  /** Whether another process's heartbeat still moves, as far as this one has seen. */
  async lives(id: string): Promise<boolean> {
    const key = WORKER_PREFIX + id
    const beat = (await this.#storage.readRaw([key])).get(key)
    return beat !== undefined && this.#moves(id, beat.version, this.#look())
  }

  owned(): readonly number[] {
    return [...this.#owned]
  }

  /** Beats, drops what was lost, takes what is free or dead up to a fair share. */
  async refresh(): Promise<void> {
    const now = this.#clock.monotonic()
    if (now - this.#beatAtMs < HEARTBEAT_MS) return
    this.#beatAtMs = now
    await this.#beat()
    const living = await this.#livingWorkers(this.#look())
    const share = Math.ceil(ALL_SHARDS.length / living.size)
    const keys = ALL_SHARDS.map((shard) => CLAIM_PREFIX + shard)
    const claims = await this.#storage.read(keys)
    const mine: number[] = []
    const free: number[] = []
    for (const shard of ALL_SHARDS) {
      const owner = claims.get(CLAIM_PREFIX + shard)?.text()
      if (owner === this.#id) mine.push(shard)
      else if (owner === undefined || !living.has(owner)) free.push(shard)
    }
    this.#owned.clear()
    for (const shard of mine.slice(0, share)) this.#owned.add(shard)
    for (const shard of mine.slice(share)) await this.#giveBack(shard)
    for (const shard of free) {
      if (
        this.#owned.size < share &&
        (await this.#take(shard, claims.get(CLAIM_PREFIX + shard)?.version))
      ) {
        this.#owned.add(shard)
      }
    }
  }

  /** Frees what this process holds, so that others need not wait for its heartbeat to die. */
  async release(): Promise<void> {
    for (const shard of this.#owned) await this.#giveBack(shard)
    this.#owned.clear()
    await this.#storage.delete(WORKER_PREFIX + this.#id)
  }

  /** The time of looking on, up to now. */
  #look(): number {
    const now = this.#clock.monotonic()
    this.#lookedMs += Math.min(Math.max(0, now - this.#lookedAtMs), LONGEST_LOOK_MS)
    this.#lookedAtMs = now
    return this.#lookedMs
  }

  async #beat(): Promise<void> {
    await this.#storage.put(WORKER_PREFIX + this.#id, { json: { beatAtMs: this.#clock.now() } })
  }

  /** Notes what was seen of a heartbeat; false where it stood still for too long. */
  #moves(id: string, version: string, now: number): boolean {
    const seen = this.#seen.get(id)
    if (!seen || seen.version !== version) this.#seen.set(id, { version, sinceMs: now })
    else if (now - seen.sinceMs > DEAD_MS) return false
    return true
  }

  async #livingWorkers(now: number): Promise<Set<string>> {
    const keys = await this.#storage.range(WORKER_PREFIX)
    const beats = await this.#storage.readRaw(keys)
    const living = new Set([this.#id])
    for (const [key, { version }] of beats) {
      const id = key.slice(WORKER_PREFIX.length)
      if (!this.#moves(id, version, now)) {
        if (id !== this.#id) await this.#storage.delete(key)
        this.#seen.delete(id)
        continue
      }
      living.add(id)
    }
    return living
  }

  async #take(shard: number, version: string | undefined): Promise<boolean> {
    return this.#storage.transaction(async (tx) => {
      const key = CLAIM_PREFIX + shard
      const now = await tx.get(key)
      if (now?.version !== version) return false
      tx.put(key, this.#id)
      return true
    })
  }

  async #giveBack(shard: number): Promise<void> {
    await this.#storage.transaction(async (tx) => {
      const key = CLAIM_PREFIX + shard
      if ((await tx.get(key))?.text() === this.#id) tx.delete(key)
    })
  }
}
