// Limits on leases. A rule's leases are counted in shards, changed in the very commit that makes or drops a
// lease, so that the count is right over all processes and after every crash; each lease stores where it was
// counted. Far below the limit shards are summed without holding anybody up; near it all of them are part of
// the commit, so that the limit is never passed. Without a quota nothing is counted and nothing is read.
import type { Clock } from '../../base/clock.ts'
import { tooMany } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { JobService } from '../jobs/job-service.ts'
import { ROOT_NAMESPACE_ID } from '../keys.ts'
import type { LeaseCounted } from '../leases/lease-record.ts'
import type { Place } from '../mounts/topology.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import { RECOUNT_JOB, type Recount, runRecount } from './lease-recount.ts'
import { type LeaseCountRule, sameScope } from './quota-rule.ts'
import type { QuotaStore } from './quota-store.ts'

/** Enough that leases made at once rarely meet in one. */
const SHARDS = 32
/** From this many below the limit on the count is exact: more than are ever being made at once. */
const NEAR = 1024

const FIRST_PASS = { item: { pass: 1, namespaces: null } satisfies Recount }

const shardKey = (ruleId: string, shard: number): string => `core/quota-count/${ruleId}/${shard}`
const shardKeys = (ruleId: string): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => shardKey(ruleId, shard))

type Entries = Awaited<ReturnType<CoreStorage['read']>>
const sumOf = (entries: Entries): number =>
  [...entries.values()].reduce((sum, entry) => sum + entry.json<number>(), 0)

export class LeaseCounts {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #jobs: JobService
  readonly #quotas: QuotaStore
  /** Rules near their limit: leases of this process take turns there instead of meeting in conflicts. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    jobs: JobService
    quotas: QuotaStore
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#jobs = of.jobs
    this.#quotas = of.quotas
  }

  /** null where no lease made there is counted. */
  ruleFor({ namespace, mount, mountPath }: Place): LeaseCountRule | null {
    const rules = this.#quotas.active?.leaseCounts
    if (!rules) return null
    const place = {
      namespaceId: namespace.id,
      namespacePath: namespace.path,
      mountId: mount?.record.id ?? null,
      mountPath,
    }
    return rules.ruleFor(place, '')
  }

  /** Runs the commit that makes a lease; near the limit one after the other. */
  inTurn<T>(rule: LeaseCountRule | null, task: () => Promise<T>): Promise<T> {
    const before = rule && this.#turns.get(rule.id)
    if (!before) return task()
    const turn = before.then(task, task)
    this.#turns.set(
      rule.id,
      turn.catch(() => {}),
    )
    return turn
  }

  /** Counts a lease in the commit that makes it. Throws 429 where there are as many as may be. */
  async admit(tx: CoreTx, rule: LeaseCountRule, path: string): Promise<LeaseCounted> {
    const keys = shardKeys(rule.id)
    const isNear = sumOf(await this.#storage.read(keys)) >= rule.maxLeases - NEAR
    if (!isNear) this.#turns.delete(rule.id)
    else if (!this.#turns.has(rule.id)) this.#turns.set(rule.id, Promise.resolve())
    const shard = Math.floor(this.#random.fraction() * SHARDS)
    const key = keys[shard]!
    const counts = await tx.read(isNear ? keys : [key])
    if (isNear && sumOf(counts) >= rule.maxLeases) {
      throw tooMany(`request path ${JSON.stringify(path)}: lease count quota exceeded`)
    }
    tx.put(key, { json: (counts.get(key)?.json<number>() ?? 0) + 1 })
    return { ruleId: rule.id, shard }
  }

  /** Takes a lease off the count in the commit that drops it. */
  async release(tx: CoreTx, { ruleId, shard }: LeaseCounted): Promise<void> {
    const key = shardKey(ruleId, shard)
    const entry = await tx.get(key)
    // Counters go with their rule; a lease that outlives it must not bring one back.
    if (entry) tx.put(key, { json: entry.json<number>() - 1 })
  }

  /** For a lease that a rule covers only now: it counts, whether or not the limit is passed. */
  async add(tx: CoreTx, ruleId: string): Promise<LeaseCounted> {
    const shard = Math.floor(this.#random.fraction() * SHARDS)
    const key = shardKey(ruleId, shard)
    const before = (await tx.get(key))?.json<number>() ?? 0
    tx.put(key, { json: before + 1 })
    return { ruleId, shard }
  }

  async count(ruleId: string): Promise<number> {
    return sumOf(await this.#storage.read(shardKeys(ruleId)))
  }

  /**
   * Leases that are there already are counted before this answers; of very many (see runRecount) the rest by
   * a job, and until it is done the limit may be passed.
   */
  async put(of: Pick<LeaseCountRule, 'name' | 'path' | 'scope' | 'maxLeases'>): Promise<void> {
    const old = await this.#quotas.get('lease-count', of.name)
    const isSame = old !== null && sameScope(old.scope, of.scope)
    const id = isSame ? old.id : this.#random.uuid()
    await this.#quotas.put({ kind: 'lease-count', id, ...of }, (tx, replaced) => {
      if (replaced && replaced.id !== id) this.#dropCounters(tx, replaced.id)
      if (!isSame || old.scope.inheritable !== of.scope.inheritable) this.#recount(tx)
    })
    if (!isSame || old.scope.inheritable !== of.scope.inheritable) await this.#countNow()
  }

  async remove(name: string): Promise<void> {
    await this.#quotas.remove('lease-count', name, (tx, old) => {
      this.#dropCounters(tx, old.id)
      this.#recount(tx)
    })
    await this.#countNow()
  }

  #dropCounters(tx: CoreTx, ruleId: string): void {
    for (const key of shardKeys(ruleId)) tx.delete(key)
  }

  /** The first run of the job's work; if it fails, the job does it. */
  async #countNow(): Promise<void> {
    const of = { storage: this.#storage, clock: this.#clock, quotas: this.#quotas, counts: this }
    await runRecount(of, FIRST_PASS, new AbortController().signal).catch(() => {})
  }

  #recount(tx: CoreTx): void {
    this.#jobs.schedule(tx, {
      kind: RECOUNT_JOB,
      namespaceId: ROOT_NAMESPACE_ID,
      item: FIRST_PASS.item,
      atMs: this.#clock.now(),
    })
  }
}
