// Leases: pending before anything outside is made, activated with the answer, revoked through the queue of
// revocations by whichever process works it, or at once for a caller who waits. Each change moves the lease's
// mark in its own commit, so that none is ever forgotten.

import type { Clock } from '../../base/clock.ts'
import { type ApiError, badRequest, internal, unavailable } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { Lease, LeaseKind, LeaseRequest } from '../../sdk/lease.ts'
import type { Log } from '../../sdk/log.ts'
import { isUnreachable, Unreachable } from '../../sdk/unreachable.ts'
import type { BackgroundPace } from '../jobs/background-pace.ts'
import { ROOT_NAMESPACE_ID, tokenLeasePrefix } from '../keys.ts'
import { noteLease, type SecretTexts } from '../live-secrets/live-leases.ts'
import type { Counts } from '../metrics/server-metrics.ts'
import type { Mount } from '../mounts/mount-table.ts'
import type { LeaseCounts } from '../quotas/lease-counts.ts'
import type { CoreContext } from '../request-context.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import type { TokenService } from '../tokens/token-service.ts'
import { assertFits, keyOfLease, keyOfLeaseId, putChanged, putMark } from './lease-entries.ts'
import { irrevocableLeases, leaseIdsBelow, leaseNamesBelow } from './lease-lists.ts'
import {
  LEASE_BATCH,
  type LeaseQueue,
  type Outcome,
  WRITES_PER_LEASE,
  words,
} from './lease-queue.ts'
import { dueIdOf, type LeaseRecord, laneKeyOf, leaseIdOf } from './lease-record.ts'
import type { LeaseWork } from './lease-work.ts'

/** A pending lease whose request died is undone after this: longer than any request may take. */
const PENDING_MS = 5 * 60_000
/** A caller who waits for a revocation has this long before the queue takes it over. */
const HANDOVER_MS = 30_000
/** Calls to the outside that one caller makes at once. */
const MOST_AT_ONCE = 8
const ID_BYTES = 18

/** Changes a lease as part of a commit; what it became, or null. */
type Each = (tx: CoreTx, record: LeaseRecord) => LeaseRecord | null

export class LeaseService {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #tokens: Pick<TokenService, 'hold'>
  readonly #counts: Counts
  readonly #quotas: LeaseCounts
  readonly #work: LeaseWork
  readonly #queue: LeaseQueue
  readonly #pace: BackgroundPace

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    log: Log
    tokens: Pick<TokenService, 'hold'>
    counts: Counts
    quotas: LeaseCounts
    work: LeaseWork
    queue: LeaseQueue
    pace: BackgroundPace
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#log = of.log
    this.#tokens = of.tokens
    this.#counts = of.counts
    this.#quotas = of.quotas
    this.#work = of.work
    this.#queue = of.queue
    this.#pace = of.pace
  }

  /** Stores the lease as pending. The TTL is capped by the engine's and the mount's longest life. */
  async begin<I>(
    context: CoreContext,
    mount: Mount,
    kind: LeaseKind<I>,
    of: LeaseRequest<I>,
  ): Promise<Lease> {
    const now = this.#clock.now()
    const { defaultSeconds, maxSeconds: mountSeconds } = context.services.ttls()
    const maxSeconds = Math.min(of.maxTtlSeconds || mountSeconds, mountSeconds)
    const ttlSeconds = Math.min(of.ttlSeconds > 0 ? of.ttlSeconds : defaultSeconds, maxSeconds)
    const namespaceId = context.place.namespace.id
    const suffix = namespaceId === ROOT_NAMESPACE_ID ? '' : `.${namespaceId}`
    const token = context.record?.kind === 'service' ? context.record : null
    const lane = kind.lane?.(of.internal) ?? ''
    const record: LeaseRecord = {
      id: `${context.place.path}/${this.#random.bytes(ID_BYTES).toString('base64url')}${suffix}`,
      namespaceId,
      mountId: mount.record.id,
      kind: kind.name,
      ...(lane === '' ? undefined : { lane }),
      state: 'pending',
      tokenAccessor: token?.accessor ?? '',
      internal: of.internal,
      issuedAtMs: now,
      madeUntilMs: now + PENDING_MS,
      expiresAtMs: now + ttlSeconds * 1000,
      ...(of.ttlSeconds > 0 ? { defaultTtlSeconds: of.ttlSeconds } : undefined),
      maxExpiresAtMs: now + maxSeconds * 1000,
      renewedAtMs: 0,
      isRenewable: kind.renew !== undefined,
      dueAtMs: now + PENDING_MS,
      failures: 0,
      lastError: '',
    }
    assertFits(record)
    let trusts = true
    const rule = this.#quotas.ruleFor(context.place)
    const store = async (tx: CoreTx): Promise<void> => {
      await expectAlive(tx, mount, trusts)
      const counted = rule && (await this.#quotas.admit(tx, rule, fullPath(context)))
      if (token) {
        await this.#tokens.hold(tx, token, 'hasLeases', trusts)
        tx.mark(tokenLeasePrefix(token.namespaceId, token.hash) + dueIdOf(record.id))
      }
      trusts = false
      tx.put(keyOfLease(record), { json: counted ? { ...record, counted } : record })
      putMark(tx, record)
    }
    await this.#quotas.inTurn(rule, () => this.#storage.transaction(store))
    this.#counts.leasesRegistered += 1
    return {
      id: record.id,
      ttlSeconds,
      expiresAtMs: record.expiresAtMs,
      renewable: record.isRenewable,
    }
  }

  /**
   * The answer goes out: from now on the lease lives until it expires. 503 where it was revoked while it
   * was being made (its token ended, its mount was disabled): then the caller gives it up.
   */
  async activate(lease: Lease, secrets: SecretTexts): Promise<void> {
    const active = await this.#change(lease.id, async (old, tx) => {
      if (old.state !== 'pending') return old
      const { madeUntilMs: _, ...record } = old
      const isIndexed = await noteLease(tx, record, secrets)
      const active = { ...record, state: 'active', dueAtMs: record.expiresAtMs } as const
      return isIndexed ? { ...active, isIndexed } : active
    })
    if (active?.state === 'active') return
    throw unavailable('the lease was revoked while it was being made')
  }

  /** The request failed after `begin`: what it made outside is undone as soon as possible. */
  async giveUp(lease: Lease): Promise<void> {
    await this.#change(lease.id, (record) => this.#revokingNow(record))
  }

  async find(leaseId: string): Promise<LeaseRecord | null> {
    const key = keyOfLeaseId(leaseId)
    return key === null ? null : ((await this.#storage.get(key))?.json<LeaseRecord>() ?? null)
  }

  /** Throws 400 where it can't be renewed; the texts are Vault's. */
  async renew(leaseId: string, incrementSeconds: number): Promise<LeaseRecord> {
    const record = await this.find(leaseId)
    if (!record) throw badRequest('lease not found')
    if (record.state !== 'active' || record.expiresAtMs <= this.#clock.now()) {
      throw badRequest('lease expired')
    }
    if (!record.isRenewable) throw badRequest('lease is not renewable')
    const ttls = await this.#work.ttlsOf(record)
    const now = this.#clock.now()
    const byDefault = record.defaultTtlSeconds ?? ttls.defaultSeconds
    const wanted = now + (incrementSeconds > 0 ? incrementSeconds : byDefault) * 1000
    const expiresAtMs = Math.min(wanted, record.maxExpiresAtMs)
    await this.#work.renew(record, { expiresAtMs, incrementSeconds })
    const renewed = await this.#change(leaseId, (old) => {
      if (old.state !== 'active') throw badRequest('lease expired')
      return { ...old, expiresAtMs, renewedAtMs: now, dueAtMs: expiresAtMs }
    })
    if (!renewed) throw badRequest('lease not found')
    this.#counts.leasesRenewed += 1
    return renewed
  }

  /** See leaseIdsBelow, leaseNamesBelow and irrevocableLeases. */
  idsBelow(namespaceId: string, prefix: string, page: { after?: string; limit: number }) {
    return leaseIdsBelow(this.#storage, namespaceId, prefix, page)
  }
  namesBelow(namespaceId: string, prefix: string, page: { after?: string; limit?: number }) {
    return leaseNamesBelow(this.#storage, namespaceId, prefix, page)
  }
  irrevocable(namespaceId: string, page: { after?: string; limit: number }) {
    return irrevocableLeases(this.#storage, namespaceId, page)
  }

  /** Several in one snapshot; those that are gone are missing. */
  async findAll(leaseIds: readonly string[]): Promise<readonly LeaseRecord[]> {
    const keys = leaseIds.map(keyOfLeaseId).filter((key) => key !== null)
    const entries = keys.length === 0 ? [] : (await this.#storage.read(keys)).values()
    return [...entries].map((entry) => entry.json<LeaseRecord>())
  }

  /** Queues the revocation; with `sync` it is also carried out now, and what fails is thrown. */
  async revoke(leaseId: string, sync: boolean, signal: AbortSignal): Promise<void> {
    if (!sync) {
      await this.#change(leaseId, (old) => (old.isQueued ? old : this.#revoking(old)))
      return
    }
    const failure = await this.revokeNow([leaseId], { signal, isForced: false, silent: new Set() })
    if (failure) throw failure
  }

  /** Forgets a lease whatever the outside says (revoke-force): for what can't be revoked any more. */
  async forget(leaseId: string, signal: AbortSignal): Promise<void> {
    await this.revokeNow([leaseId], { signal, isForced: true, silent: new Set() })
  }

  /**
   * Revokes up to LEASE_BATCH leases for a caller who waits: null, or the first failure, after which those
   * that are left are queued. Forced, they are dropped whatever the outside says. What is still being made
   * is undone by the request that makes it. `silent` gathers lanes that gave no answer: they are not asked
   * again. `isPaced`: as part of many, it lets other requests go first.
   */
  async revokeNow(
    leaseIds: readonly string[],
    of: {
      readonly signal: AbortSignal
      readonly isForced: boolean
      readonly silent: Set<string>
      readonly isPaced?: boolean
    },
  ): Promise<ApiError | null> {
    const dueAtMs = this.#clock.now() + HANDOVER_MS
    const records: LeaseRecord[] = []
    await this.#inOneCommit(leaseIds, records, (tx, old) => {
      const { isQueued: _, ...record } = this.#revoking(old)
      const changed = record.madeUntilMs === undefined ? { ...record, dueAtMs } : record
      putChanged(tx, old, changed)
      return changed
    })
    const waiting = records.filter((record) => record.madeUntilMs === undefined)
    const outcomes: Outcome[] = []
    let failure: ApiError | null = null
    const work = async (): Promise<void> => {
      for (let record = waiting.shift(); record; record = waiting.shift()) {
        const error = await this.#tryNow(record, of)
        if (error !== undefined) {
          const { id } = record
          failure ??= internal(`failed to revoke ${JSON.stringify(id)}: ${words(error)}`)
        }
        outcomes.push({
          record,
          mark: '',
          ...(error === undefined || of.isForced ? undefined : { error }),
        })
      }
    }
    await Promise.all(Array.from({ length: MOST_AT_ONCE }, work))
    if (outcomes.length > 0) await this.#queue.settle(outcomes, { isAwaited: true })
    return of.isForced ? null : failure
  }

  /** undefined, or why it failed. */
  async #tryNow(
    record: LeaseRecord,
    of: Parameters<LeaseService['revokeNow']>[1],
  ): Promise<unknown> {
    const lane = laneKeyOf(record)
    if (of.silent.has(lane)) return new Unreachable('the other side gives no answer')
    if (of.isPaced) await this.#pace.start()
    try {
      await this.#work.revokeNow(record, of.signal)
      return undefined
    } catch (error) {
      if (isUnreachable(error)) of.silent.add(lane)
      if (of.isForced) {
        const about = { id: record.id, err: error }
        this.#log.warn('lease was dropped although its revocation failed', about)
      }
      // The caller went away: nobody refused anything.
      return of.signal.aborted ? new Unreachable('interrupted') : error
    }
  }

  /**
   * Queues the revocation of up to LEASE_BATCH leases in one commit, of a mount alone where one is named;
   * what is being revoked already is left. Answers how many it queued.
   */
  async queueRevocations(leaseIds: readonly string[], mountId?: string): Promise<number> {
    const queued: LeaseRecord[] = []
    await this.#inBackground(leaseIds, queued, (tx, old) => {
      if (old.state === 'revoking') return null
      if (mountId !== undefined && (old.mountId !== mountId || old.state === 'irrevocable'))
        return null
      const changed = this.#revoking(old)
      putChanged(tx, old, changed)
      return changed
    })
    return queued.length
  }

  /** Writes the marks of up to LEASE_BATCH leases again, where a damaged store lost them. */
  async tidy(leaseIds: readonly string[]): Promise<void> {
    await this.#inBackground(leaseIds, [], (tx, record) => {
      putMark(tx, record)
      return null
    })
  }

  /** The same when background work has its turn. */
  #inBackground(
    leaseIds: readonly string[],
    changed: LeaseRecord[],
    each: Each,
    also?: (tx: CoreTx) => void,
  ): Promise<void> {
    const commit = () => this.#inOneCommit(leaseIds, changed, each, also)
    return this.#pace.commit(commit, leaseIds.length * WRITES_PER_LEASE)
  }

  /** `changed` gets what `each` answers. */
  async #inOneCommit(
    leaseIds: readonly string[],
    changed: LeaseRecord[],
    each: Each,
    also: (tx: CoreTx) => void = () => {},
  ): Promise<void> {
    const keys = leaseIds.map(keyOfLeaseId).filter((key) => key !== null)
    await this.#storage.transaction(async (tx) => {
      changed.length = 0
      for (const entry of (await tx.read(keys)).values()) {
        const record = each(tx, entry.json<LeaseRecord>())
        if (record) changed.push(record)
      }
      also(tx)
    })
  }

  /** Queues the end of every lease of a token that is gone; true when all are queued. */
  async endOfToken(namespaceId: string, tokenHash: string, signal: AbortSignal): Promise<boolean> {
    const prefix = tokenLeasePrefix(namespaceId, tokenHash)
    for (;;) {
      const marks = await this.#storage.range(prefix, { limit: LEASE_BATCH })
      if (marks.length === 0) return true
      if (signal.aborted) return false
      const ids = marks.map((mark) => leaseIdOf(mark.slice(prefix.length)))
      const queue: Each = (tx, old) => {
        if (old.state !== 'revoking') putChanged(tx, old, this.#revoking(old))
        return null
      }
      await this.#inBackground(ids, [], queue, (tx) => {
        for (const mark of marks) tx.delete(mark)
      })
    }
  }

  /** To be revoked now, or when the request that makes it is surely over. */
  #revoking(record: LeaseRecord): LeaseRecord {
    if (record.madeUntilMs === undefined) return this.#revokingNow(record)
    return { ...record, state: 'revoking', dueAtMs: record.madeUntilMs }
  }

  #revokingNow({ madeUntilMs: _, ...record }: LeaseRecord): LeaseRecord {
    return { ...record, state: 'revoking', dueAtMs: this.#clock.now(), isQueued: true }
  }

  /** Changes a lease and moves its due mark with it, in one commit. null: there is no such lease. */
  async #change(
    leaseId: string,
    change: (record: LeaseRecord, tx: CoreTx) => LeaseRecord | Promise<LeaseRecord>,
  ): Promise<LeaseRecord | null> {
    const key = keyOfLeaseId(leaseId)
    if (key === null) return null
    return this.#storage.transaction(async (tx) => {
      const entry = await tx.get(key)
      if (!entry) return null
      const old = entry.json<LeaseRecord>()
      const changed = await change(old, tx)
      if (changed !== old) putChanged(tx, old, changed)
      return changed
    })
  }
}

const fullPath = ({ place }: CoreContext): string => `${place.namespace.path}${place.path}`

/** Nothing may hang on a mount that is being disabled: whoever takes it down looks only once. */
async function expectAlive(tx: CoreTx, mount: Mount, trusts: boolean): Promise<void> {
  for (const [key, version] of mount.alive) {
    if (trusts) tx.expect(key, version)
    else if ((await tx.get(key)) === null) throw unavailable('the mount is being disabled')
  }
}
