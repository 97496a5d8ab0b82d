// Leases: pending before anything outside is made, activated with the answer, revoked by whichever process
// works the due index. Revocation is tried with growing pauses; after its tries a lease is irrevocable,
// shown by sys/leases and never forgotten.

import type { Clock } from '../../base/clock.ts'
import { ApiError, badRequest, internal, unavailable } from '../../base/errors.ts'
import { MAX_PAGE } from '../../base/limits.ts'
import type { Random } from '../../base/random.ts'
import type { Lease, LeaseKind, LeaseRequest } from '../../sdk/lease.ts'
import type { Log } from '../../sdk/log.ts'
import { dueIndex } from '../jobs/due-index.ts'
import type { DueHandler, DueMark } from '../jobs/due-worker.ts'
import {
  irrevocableLeasePrefix,
  leasePrefix,
  ROOT_NAMESPACE_ID,
  tokenLeasePrefix,
  tokenPathPrefix,
} from '../keys.ts'
import type { Counts } from '../metrics/server-metrics.ts'
import type { Mount } from '../mounts/mount-table.ts'
import type { LeaseCounts } from '../quotas/lease-counts.ts'
import type { CoreContext } from '../request-context.ts'
import type { CoreStorage, CoreTx } from '../store.ts'
import type { TokenService } from '../tokens/token-service.ts'
import {
  dropEntry,
  keyOfLease,
  keyOfLeaseId,
  parseIrrevocableMark,
  putChanged,
  putMarks,
} from './lease-entries.ts'
import { DUE_LEASE, dueIdOf, type LeaseRecord, leaseIdOf } from './lease-record.ts'
import type { LeaseWork } from './lease-work.ts'

/** A pending lease whose request died is undone after this: longer than any request may take. */
const PENDING_MS = 5 * 60_000
/** Tries of a revocation before the lease counts as irrevocable (Vault's number). */
const MAX_TRIES = 6
const FIRST_PAUSE_MS = 5000
const ID_BYTES = 18

export class LeaseService {
  readonly #storage: CoreStorage
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #tokens: Pick<TokenService, 'hold'>
  readonly #counts: Counts
  readonly #quotas: LeaseCounts
  readonly #work: LeaseWork

  constructor(of: {
    storage: CoreStorage
    clock: Clock
    random: Random
    log: Log
    tokens: Pick<TokenService, 'hold'>
    counts: Counts
    quotas: LeaseCounts
    work: LeaseWork
  }) {
    this.#storage = of.storage
    this.#clock = of.clock
    this.#random = of.random
    this.#log = of.log
    this.#tokens = of.tokens
    this.#counts = of.counts
    this.#quotas = of.quotas
    this.#work = of.work
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
    const record: LeaseRecord = {
      id: `${context.place.path}/${this.#random.bytes(ID_BYTES).toString('base64url')}${suffix}`,
      namespaceId,
      mountId: mount.record.id,
      kind: kind.name,
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
    let trusts = true
    const rule = this.#quotas.ruleFor(context.place)
    const store = async (tx: CoreTx): Promise<void> => {
      const counted = rule && (await this.#quotas.admit(tx, rule, fullPath(context)))
      if (token) {
        await this.#tokens.hold(tx, token, 'hasLeases', trusts)
        tx.mark(tokenLeasePrefix(token.namespaceId, token.hash) + dueIdOf(record.id))
      }
      trusts = false
      tx.put(keyOfLease(record), { json: counted ? { ...record, counted } : record })
      dueIndex.schedule(tx, DUE_LEASE, namespaceId, dueIdOf(record.id), record.dueAtMs)
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
  async activate(lease: Lease): Promise<void> {
    const active = await this.#change(lease.id, (old) => {
      // A renewal's answer carries a lease that is active already.
      if (old.state === 'active') return old
      const { madeUntilMs: _, ...record } = old
      return record.state === 'pending'
        ? { ...record, state: 'active', dueAtMs: record.expiresAtMs }
        : { ...record, madeUntilMs: record.dueAtMs }
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

  /** Queues the revocation; with `sync` it is also carried out now, and what fails is thrown. */
  async revoke(leaseId: string, sync: boolean): Promise<void> {
    const record = await this.#change(leaseId, (old) => this.#revoking(old))
    // What is still being made is undone by the request that makes it.
    if (!record || !sync || record.madeUntilMs !== undefined) return
    const failure = await this.#carryOut(record, new AbortController().signal)
    if (failure === null) return
    throw internal(`failed to revoke ${JSON.stringify(leaseId)}: ${failure}`)
  }

  /** Forgets a lease whatever the outside says (revoke-force): for what can't be revoked any more. */
  async forget(leaseId: string, signal: AbortSignal): Promise<void> {
    const record = await this.#change(leaseId, (old) => this.#revoking(old))
    if (!record || record.madeUntilMs !== undefined) return
    try {
      await this.#work.revoke(record, signal)
    } catch (error) {
      this.#log.warn('lease was dropped although its revocation failed', {
        id: leaseId,
        err: error,
      })
    }
    await this.#drop(record)
  }

  /** The ids below a prefix, page by page, in byte order. */
  async idsBelow(
    namespaceId: string,
    prefix: string,
    page: { after?: string; limit: number },
  ): Promise<readonly string[]> {
    const base = leasePrefix(namespaceId)
    const from = page.after === undefined ? {} : { after: base + page.after }
    const keys = await this.#storage.range(base + prefix, { limit: page.limit, ...from })
    return keys.map((key) => key.slice(base.length))
  }

  /** Names of leases and tokens directly below a prefix, as the list of sys/leases/lookup shows them. */
  async namesBelow(
    namespaceId: string,
    prefix: string,
    page: { after?: string; limit?: number },
  ): Promise<readonly string[]> {
    const folders = [leasePrefix(namespaceId) + prefix, tokenPathPrefix(namespaceId) + prefix]
    const [secrets, tokens] = await Promise.all(
      folders.map((folder) => listAll(this.#storage, folder, page)),
    )
    return merged(secrets!, tokens!).slice(0, page.limit)
  }

  /** Queues the revocation of up to 20 leases in one commit; what is being revoked already is left. */
  async queueRevocations(leaseIds: readonly string[]): Promise<void> {
    await this.#inOneCommit(leaseIds, (tx, old) => {
      if (old.state !== 'revoking') putChanged(tx, old, this.#revoking(old))
    })
  }

  /** Writes the marks of up to 20 leases again, where a damaged store lost them. */
  async tidy(leaseIds: readonly string[]): Promise<void> {
    await this.#inOneCommit(leaseIds, putMarks)
  }

  /** Leases that could not be revoked, page by page; `after` is the last one's `at`. */
  async irrevocable(
    namespaceId: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly { readonly at: string; mountId: string; leaseId: string }[]> {
    const prefix = irrevocableLeasePrefix(namespaceId)
    const from = page.after === undefined ? {} : { after: prefix + page.after }
    const marks = await this.#storage.range(prefix, { limit: page.limit, ...from })
    return marks.map((mark) => {
      const at = mark.slice(prefix.length)
      return { at, ...parseIrrevocableMark(at) }
    })
  }

  async #inOneCommit(
    leaseIds: readonly string[],
    each: (tx: CoreTx, record: LeaseRecord) => void,
  ): Promise<void> {
    const keys = leaseIds.map(keyOfLeaseId).filter((key) => key !== null)
    if (keys.length === 0) return
    await this.#storage.transaction(async (tx) => {
      for (const entry of (await tx.read(keys)).values()) each(tx, entry.json<LeaseRecord>())
    })
  }

  /** Queues the end of every lease of a token that is gone; true when all are queued. */
  async endOfToken(namespaceId: string, tokenHash: string, signal: AbortSignal): Promise<boolean> {
    const prefix = tokenLeasePrefix(namespaceId, tokenHash)
    for (;;) {
      const marks = await this.#storage.range(prefix, { limit: 20 })
      if (marks.length === 0) return true
      if (signal.aborted) return false
      for (const mark of marks) {
        await this.revoke(leaseIdOf(mark.slice(prefix.length)), false)
        await this.#storage.delete(mark)
      }
    }
  }

  readonly onDue: DueHandler = async (mark, signal) => {
    const record = await this.find(leaseIdOf(mark.id))
    if (!record || isStale(record, mark)) return true
    if (record.state === 'irrevocable') return true
    const isBegun = record.state === 'revoking' && record.madeUntilMs === undefined
    const due = isBegun ? record : await this.#begunRevoking(record)
    // By a clock that went back it is not due yet: the mark stays, unless a renewal has moved it.
    if (due && due.state !== 'revoking') return due.state === 'irrevocable' || isStale(due, mark)
    if (due) await this.#carryOut(due, signal)
    return true
  }

  /** An expired (or abandoned) lease turns to revoking first, so that no renewal can slip in. */
  async #begunRevoking(record: LeaseRecord): Promise<LeaseRecord | null> {
    return this.#change(record.id, (old) =>
      old.dueAtMs > this.#clock.now() ? old : this.#revokingNow(old),
    )
  }

  #revoking(record: LeaseRecord): LeaseRecord {
    if (record.madeUntilMs === undefined) return this.#revokingNow(record)
    return { ...record, state: 'revoking', dueAtMs: record.madeUntilMs }
  }

  #revokingNow({ madeUntilMs: _, ...record }: LeaseRecord): LeaseRecord {
    return { ...record, state: 'revoking', dueAtMs: this.#clock.now() }
  }

  /** Answers null, or why it failed: then it stays queued. */
  async #carryOut(record: LeaseRecord, signal: AbortSignal): Promise<string | null> {
    if (record.state !== 'revoking') return null
    try {
      await this.#work.revoke(record, signal)
    } catch (error) {
      return signal.aborted ? 'interrupted' : await this.#revocationFailed(record, error)
    }
    await this.#drop(record)
    this.#counts.leasesRevoked += 1
    return null
  }

  async #revocationFailed(record: LeaseRecord, error: unknown): Promise<string> {
    const failures = record.failures + 1
    this.#counts.leaseRevocationFailures += 1
    const lastError = error instanceof ApiError ? error.messages.join('; ') : 'internal error'
    this.#log.warn('lease was not revoked', { id: record.id, failures, err: error })
    const pause = FIRST_PAUSE_MS * 2 ** (failures - 1) * (0.5 + this.#random.fraction())
    await this.#change(record.id, (old) => ({
      ...old,
      failures,
      lastError,
      state: failures >= MAX_TRIES ? 'irrevocable' : 'revoking',
      dueAtMs: this.#clock.now() + pause,
    }))
    return lastError
  }

  async #drop(record: LeaseRecord): Promise<void> {
    await this.#storage.transaction(async (tx) => {
      const entry = await tx.get(keyOfLease(record))
      if (!entry) return
      const now = entry.json<LeaseRecord>()
      if (now.counted) await this.#quotas.release(tx, now.counted)
      dropEntry(tx, now)
    })
  }

  /** Changes a lease and moves its due mark with it, in one commit. null: there is no such lease. */
  async #change(
    leaseId: string,
    change: (record: LeaseRecord) => LeaseRecord,
  ): Promise<LeaseRecord | null> {
    const key = keyOfLeaseId(leaseId)
    if (key === null) return null
    return this.#storage.transaction(async (tx) => {
      const entry = await tx.get(key)
      if (!entry) return null
      const old = entry.json<LeaseRecord>()
      const changed = change(old)
      if (changed !== old) putChanged(tx, old, changed)
      return changed
    })
  }
}

function isStale(record: LeaseRecord, mark: DueMark): boolean {
  return record.dueAtMs > mark.atMs + 1
}

/** Names of a folder from a place on; without a limit all of them, however many pages that takes. */
async function listAll(
  storage: CoreStorage,
  folder: string,
  page: { readonly after?: string; readonly limit?: number },
): Promise<readonly string[]> {
  if (page.limit !== undefined) return storage.list(folder, page)
  const found: string[] = []
  for (let { after } = page; ; after = found.at(-1)) {
    const from = after === undefined ? {} : { after }
    const names = await storage.list(folder, { ...from, limit: MAX_PAGE })
    found.push(...names)
    if (names.length < MAX_PAGE) return found
  }
}

/** Two sorted lists as one, in byte order. */
function merged(some: readonly string[], more: readonly string[]): readonly string[] {
  if (more.length === 0) return some
  if (some.length === 0) return more
  return [...new Set([...some, ...more])]
    .map((name) => Buffer.from(name))
    .sort(Buffer.compare)
    .map(String)
}

const fullPath = ({ place }: CoreContext): string => `${place.namespace.path}${place.path}`
