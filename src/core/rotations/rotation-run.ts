// One run over one record: stage, set, test, promote, retire. Before anything is done outside, what is about
// to be done is stored under this run's claim; every later step expects that claim. A run whose claim was
// taken over (its process stood still and was given up) finds out at its next step and stores what it may
// have done outside as a repair, so that store and outside agree in the end.
import { type AnyRotationKind, type RotationCall, RotationRefused } from '../../sdk/rotation.ts'
import type { Tx } from '../../sdk/storage.ts'
import { wholeOf } from '../barrier/transaction.ts'
import { mountAliveKey } from '../mounts/mount-alive.ts'
import type { CoreTx } from '../store.ts'
import { addEvent, type NewEvent } from './rotation-history.ts'
import { failed, planned, type RunParts, retired, rotated } from './rotation-outcome.ts'
import {
  type ByHand,
  nextUsername,
  type RotationTask,
  rotateAfter,
  taskOf,
} from './rotation-plan.ts'
import {
  isOwnUser,
  putRecord,
  type RotationCause,
  type RotationRecord,
  recordKey,
  type Staging,
} from './rotation-record.ts'

/** Another run has the record now, or the record is gone. */
export class ClaimLost extends Error {}

const iso = (ms: number): string => new Date(ms).toISOString()

export type RunResult =
  | { readonly did: 'nothing' | 'busy' | 'gone' }
  | { readonly did: 'rotated' | 'retired' | 'missed'; readonly record: RotationRecord }
  | { readonly did: 'failed'; readonly record: RotationRecord; readonly error: unknown }

type Change = (record: RotationRecord, tx: Tx, whole: CoreTx) => Promise<RotationRecord>

export class RotationRun {
  readonly #parts: RunParts
  readonly #kind: AnyRotationKind
  readonly #byHand: ByHand | null
  readonly #startedAtMs: number
  /** What this run may have put in force outside. */
  #mayBeSet: Staging | null = null
  /** Whether `set` made it up itself: then another run's `set` made another one. */
  #isMadeBySet = false
  /** The user whose end this run may have brought about. */
  #mayBeEnded: string | null = null

  constructor(parts: RunParts, kind: AnyRotationKind, byHand: ByHand | null) {
    this.#parts = parts
    this.#kind = kind
    this.#byHand = byHand
    this.#startedAtMs = parts.clock.monotonic()
  }

  /** Does what the record asks for now. `known` is what was just read, with its version. */
  async run(known: RotationRecord, version: string): Promise<RunResult> {
    const task = taskOf(known, this.#parts.clock.now(), this.#byHand)
    if (task === null) return { did: 'nothing' }
    try {
      return await this.#perform(task, known, version)
    } catch (error) {
      if (!(error instanceof ClaimLost)) throw error
      await this.#keepAsRepair(known)
      return { did: 'busy' }
    }
  }

  #perform(
    task: NonNullable<RotationTask>,
    known: RotationRecord,
    version: string,
  ): Promise<RunResult> {
    switch (task) {
      case 'start':
        return this.#start(known, version)
      case 'resume':
      case 'prove':
        return this.#resume(known, version, task === 'prove')
      case 'retire':
        return this.#claimed(version, {}, (record) => this.#retire(record))
      case 'miss':
        return this.#miss(version)
    }
  }

  async #start(known: RotationRecord, version: string): Promise<RunResult> {
    const username = nextUsername(known)
    const begun = this.#beginning(known)
    let secret: unknown
    try {
      secret = await this.#kind.stage(
        this.#parts.context,
        known.item as never,
        this.#call(known, username),
      )
    } catch (error) {
      return this.#claimed(version, { ...begun, step: 'stage' }, (record) =>
        this.#fail(record, error),
      )
    }
    const staging: Staging = { username, secret, tries: 1 }
    if (this.#kind.set) {
      return this.#claimed(version, { ...begun, step: 'set', staging }, (record) =>
        this.#set(record),
      )
    }
    // Nothing outside: what is staged becomes current in one commit, and needs no claim.
    const record = await this.#change(
      async (now, tx, whole) => this.#promoted({ ...now, ...begun, staging }, tx, whole),
      version,
    )
    return this.#ended(record)
  }

  /** A rotation that goes on keeps why it began; one that somebody asks for now is theirs. */
  #beginning(known: RotationRecord): { cause: RotationCause; by: string } {
    if (this.#byHand) return { cause: 'manual', by: this.#byHand.by }
    return known.step === 'stage'
      ? { cause: known.cause, by: known.by }
      : { cause: 'scheduled', by: '' }
  }

  async #resume(known: RotationRecord, version: string, onlyProof: boolean): Promise<RunResult> {
    const staging = known.staging!
    const begun = this.#byHand ? this.#beginning(known) : {}
    const tries = onlyProof ? staging.tries : staging.tries + 1
    return this.#claimed(version, { ...begun, staging: { ...staging, tries } }, async (record) => {
      this.#mayBeSet = record.staging
      try {
        const proof = await this.#prove(record)
        // A set that was answered well stands even where nothing proves it.
        if (proof === 'works' || (proof === 'unknown' && known.step === 'test')) {
          return await this.#promote(record)
        }
      } catch (error) {
        if (error instanceof ClaimLost) throw error
        return this.#fail(record, error)
      }
      return onlyProof ? this.#release(record, (now) => this.#missed(now)) : this.#set(record)
    })
  }

  async #prove(record: RotationRecord) {
    if (!this.#kind.test) return 'unknown'
    const { username, secret } = record.staging!
    return this.#kind.test(
      this.#parts.context,
      record.item as never,
      secret as never,
      this.#call(record, username),
    )
  }

  async #set(record: RotationRecord): Promise<RunResult> {
    const { username, secret, tries } = record.staging!
    const call = this.#call(record, username)
    this.#mayBeSet = record.staging
    let tested = record
    try {
      const { context } = this.#parts
      const made = await this.#kind.set!(context, record.item as never, secret as never, call)
      const staging: Staging = { username, secret: made === undefined ? secret : made, tries }
      this.#mayBeSet = staging
      this.#isMadeBySet = made !== undefined
      tested = await this.#change(async (now) => ({ ...now, step: 'test', staging }))
      if ((await this.#prove(tested)) === 'refused') {
        throw new RotationRefused('the new secret was set, but is refused when it is used')
      }
    } catch (error) {
      if (error instanceof ClaimLost) throw error
      // Only a first try that was refused is sure to have changed nothing: another secret may be made then.
      const isUntouched = error instanceof RotationRefused && tries === 1 && tested === record
      if (isUntouched) this.#mayBeSet = null
      return this.#fail(tested, error, isUntouched ? null : undefined)
    }
    return this.#promote(tested)
  }

  async #promote(record: RotationRecord): Promise<RunResult> {
    let promoted: RotationRecord
    try {
      promoted = await this.#change((now, tx, whole) => this.#promoted(now, tx, whole))
    } catch (error) {
      if (error instanceof ClaimLost) throw error
      return this.#fail(record, error)
    }
    this.#mayBeSet = null
    return this.#ended(promoted)
  }

  async #promoted(record: RotationRecord, tx: Tx, whole: CoreTx): Promise<RotationRecord> {
    const { clock } = this.#parts
    const nowMs = clock.now()
    const { username, secret } = record.staging!
    const call = { ...this.#call(record, username), nowMs }
    const old = await this.#kind.promote(tx, record.item as never, secret as never, call)
    const after = rotated(record, {
      nowMs,
      nextMs: await rotateAfter(record.schedule, nowMs, nowMs),
      old: this.#kind.retire ? old : undefined,
    })
    await this.#note(whole, record, { outcome: 'rotated', username, error: '' })
    // A retirement without a grace time goes on under the same claim.
    const goesOn = after.retiring.length > 0 && after.graceUntilMs <= nowMs && record.claim !== null
    return goesOn ? after : { ...after, claim: null }
  }

  /** After the promotion: a previous secret without a grace time ends at once. */
  async #ended(record: RotationRecord): Promise<RunResult> {
    const { cause, by, id, kind } = record
    this.#parts.log.info('secret rotated', { kind, id, cause, by, ms: this.#elapsedMs() })
    this.#parts.counts.rotations += 1
    if (record.claim) await this.#retire(record)
    return { did: 'rotated', record }
  }

  async #retire(record: RotationRecord): Promise<RunResult> {
    const { username, old } = record.retiring[0]!
    this.#mayBeEnded = username
    try {
      await this.#kind.retire!(
        this.#parts.context,
        record.item as never,
        old as never,
        this.#call(record, username),
      )
    } catch (error) {
      return this.#fail(record, error)
    }
    const after = await this.#change(async (now, _tx, whole) => {
      await this.#note(whole, now, { outcome: 'retired', username, error: '' })
      return { ...retired(now), claim: null }
    })
    this.#mayBeEnded = null
    this.#parts.log.info('previous secret ended', { kind: record.kind, id: record.id })
    return { did: 'retired', record: after }
  }

  async #miss(version: string): Promise<RunResult> {
    return this.#claimed(version, {}, (record) => this.#release(record, (now) => this.#missed(now)))
  }

  async #missed(record: RotationRecord): Promise<RotationRecord> {
    const nowMs = this.#parts.clock.now()
    const rotateAfterMs = await rotateAfter(record.schedule, nowMs, nowMs)
    const step = record.staging ? record.step : 'idle'
    return { ...record, step, rotateAfterMs, retryAtMs: record.staging ? rotateAfterMs : 0 }
  }

  async #release(
    record: RotationRecord,
    change: (record: RotationRecord) => Promise<RotationRecord>,
  ): Promise<RunResult> {
    const error = 'its window passed before it could be rotated: it waits for the next one'
    const after = await this.#change(async (now, _tx, whole) => {
      await this.#note(whole, now, { outcome: 'missed', username: '', error })
      return { ...(await change(now)), claim: null }
    })
    const { kind, id, rotateAfterMs } = after
    this.#parts.log.warn('rotation missed its window', { kind, id, next: iso(rotateAfterMs) })
    return { did: 'missed', record: { ...after, lastError: record.lastError } }
  }

  async #fail(
    record: RotationRecord,
    error: unknown,
    staging: null | undefined = undefined,
  ): Promise<RunResult> {
    const { clock, random, log, counts, signal } = this.#parts
    const words = log.wordsOf(error)
    const isStopped = signal.aborted
    const after = await this.#change(async (now, _tx, whole) => {
      const after = failed(now, { words, nowMs: clock.now(), random, staging, isStopped })
      if (!isStopped) {
        const username = record.staging?.username ?? record.retiring[0]?.username ?? ''
        await this.#note(whole, now, { outcome: 'failed', username, error: words })
      }
      return { ...after, claim: null }
    })
    if (!isStopped) {
      counts.rotationFailures += 1
      const { kind, id, step, failures, retryAtMs } = after
      const again = iso(retryAtMs)
      log.failed({ kind, id, step, attempt: failures, error: words, again }, error)
    }
    return { did: 'failed', record: after, error }
  }

  /** Takes the record under a claim of this run, provided that it is as it was read, and goes on. */
  async #claimed(
    version: string,
    change: Partial<RotationRecord>,
    next: (record: RotationRecord) => Promise<RunResult>,
  ): Promise<RunResult> {
    const { claim, clock } = this.#parts
    const claiming = { ...claim, startedAtMs: clock.now() }
    const record = await this.#change(
      async (now) => ({ ...now, ...change, claim: claiming }),
      version,
    )
    return next(record)
  }

  /** Changes the record: at the first step of the version that was read, later under this run's claim. */
  #change(body: Change, version?: string): Promise<RotationRecord> {
    const { context, ref, claim, clock } = this.#parts
    return context.storage.transaction(async (tx) => {
      const whole = wholeOf(tx)
      const key = recordKey(ref)
      const aliveKey = mountAliveKey(ref.mountId)
      const found = await whole.read([key, aliveKey])
      const entry = found.get(key)
      if (!entry || !found.has(aliveKey)) throw new ClaimLost()
      const before = entry.json<RotationRecord>()
      const isOurs =
        version === undefined ? before.claim?.run === claim.run : entry.version === version
      if (!isOurs) throw new ClaimLost()
      const after = await body(before, tx, whole)
      return putRecord(whole, before, planned(before, after, clock.now()))
    })
  }

  /** Stores what this run may have done outside, unless the record has come to the same by itself. */
  async #keepAsRepair(known: RotationRecord): Promise<void> {
    const staging = this.#mayBeSet
    if (!staging && this.#mayBeEnded === null) return
    const { context, ref, clock, log } = this.#parts
    const isKept = await context.storage.transaction(async (tx) => {
      const whole = wholeOf(tx)
      const before = (await whole.get(recordKey(ref)))?.json<RotationRecord>()
      if (!before || before.createdAtMs !== known.createdAtMs) return false
      if (this.#isSettled(known, before)) return false
      // Given up with its user, which was told then.
      if (staging && !isOwnUser(before, staging.username)) return false
      const repair = staging && ({ ...staging, isRepair: true } as const)
      const step = repair ? 'set' : 'stage'
      const after: RotationRecord =
        before.claim || before.staging
          ? { ...before, repair: { staging: repair } }
          : { ...before, step, staging: repair, cause: 'repair', by: '' }
      putRecord(whole, before, planned(before, after, clock.now()))
      return true
    })
    if (isKept) log.repair({ kind: ref.kind, id: ref.id })
  }

  /** Whether what this run did late is what the record holds anyway. */
  #isSettled(known: RotationRecord, now: RotationRecord): boolean {
    const staging = this.#mayBeSet
    if (!staging) return now.activeUsername === '' || now.activeUsername !== this.#mayBeEnded
    if (JSON.stringify(now.staging?.secret) === JSON.stringify(staging.secret)) return true
    // Whoever took over went on with the same secret, and nothing came after it.
    return !this.#isMadeBySet && !now.staging && now.count === known.count + 1
  }

  #note(tx: CoreTx, record: RotationRecord, event: NewEvent): Promise<void> {
    const { clock } = this.#parts
    return addEvent(tx, record, event, { nowMs: clock.now(), durationMs: this.#elapsedMs() })
  }

  #elapsedMs(): number {
    return Math.round(this.#parts.clock.monotonic() - this.#startedAtMs)
  }

  #call(record: RotationRecord, username: string): RotationCall {
    const { signal } = this.#parts
    return { id: record.id, username, attempt: record.failures + 1, signal }
  }
}
