// Brings each request's entries to all enabled devices and says when at least one has them. Every device
// has its own salt, options, queue and chain, so none can hold up or silence another. While devices are
// enabled, a request that none of them takes is refused; with no device enabled nothing is recorded.
import type { Clock } from '../../base/clock.ts'
import { badRequest } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { AuditPlugin } from '../../sdk/audit.ts'
import type { Log } from '../../sdk/log.ts'
import type { CoreStorage } from '../store.ts'
import { AuditDeviceRun } from './audit-device-run.ts'
import type { AuditRequest, AuditResponse } from './audit-entry.ts'
import { parseCommonOptions } from './audit-options.ts'
import { AuditRefusal, reasonOf, type Unrecorded } from './audit-refusal.ts'
import {
  type AuditMountRecord,
  assertPathFree,
  changeHeaderSetting,
  changeTable,
  forgetHeads,
  type HeaderSettings,
  loadSigner,
  readHeaderSettings,
  readHeads,
  readTable,
  type WriterHead,
} from './audit-store.ts'
import type { ChainSigner } from './chain.ts'
import type { LineBatch, QueueLimits } from './device-queue.ts'
import type { AuditedHeaders } from './entry-writer.ts'

export interface AuditRules {
  readonly limits: QueueLimits
  /** Directories that files named by a request must lie in; empty: anywhere. */
  readonly directories: readonly string[]
  readonly allowPrefix: boolean
  /** How often signed checkpoints are written and heads kept in storage while lines come. */
  readonly checkpointMs: number
}

export const DEFAULT_AUDIT_RULES: AuditRules = {
  limits: { maxBytes: 16 * 1024 * 1024, deadlineMs: 5000, retryMs: 100, maxRetryMs: 2000 },
  directories: [],
  allowPrefix: false,
  checkpointMs: 1000,
}

export interface AuditBrokerParts {
  readonly storage: CoreStorage
  readonly plugins: readonly AuditPlugin[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly rules?: Partial<AuditRules>
}

/** The batches that one tick's lines went into, and what those who wait for them share. */
interface Round {
  readonly batches: readonly LineBatch[]
  readonly recorded: Promise<void>
}

export type NewAuditMount = Pick<
  AuditMountRecord,
  'path' | 'type' | 'description' | 'options' | 'local' | 'fromRequest'
>

export class AuditBroker {
  readonly #parts: AuditBrokerParts
  readonly #rules: AuditRules
  #signer: ChainSigner | undefined
  #runs: readonly AuditDeviceRun[] = []
  #headers: AuditedHeaders = new Map()
  #rounds: { [K in Unrecorded]?: Round } = {}
  #changing: Promise<unknown> = Promise.resolve()

  constructor(parts: AuditBrokerParts) {
    this.#parts = parts
    this.#rules = { ...DEFAULT_AUDIT_RULES, ...parts.rules }
  }

  /** True while at least one device is enabled. */
  get isEnabled(): boolean {
    return this.#runs.length > 0
  }

  /** True while some request header is to be recorded: else nobody needs to gather them. */
  get recordsHeaders(): boolean {
    return this.#headers.size > 0
  }

  /**
   * Records the request before it is worked on. Resolves when a device has the line; rejects with 500 in
   * words when none could take it. undefined where nothing is enabled.
   */
  request(of: AuditRequest): Promise<void> | undefined {
    if (this.#runs.length === 0) return undefined
    const batches = this.#runs.map((run) => run.queue.add(run.writer.requestEntry(of)))
    return this.#recorded(batches, 'request')
  }

  /** Records the answer of a request that was recorded, before it is sent. */
  response(of: AuditRequest, answer: AuditResponse): Promise<void> | undefined {
    if (this.#runs.length === 0) return undefined
    return this.#answered(of, answer, answer.error === undefined ? 'answer' : 'error')
  }

  /** Both at once, for rows that have no effects: one wait instead of two. */
  pair(of: AuditRequest, answer: AuditResponse): Promise<void> | undefined {
    if (this.#runs.length === 0) return undefined
    // Lines keep their order, so the second is not taken before the first.
    for (const run of this.#runs) run.queue.add(run.writer.requestEntry(of))
    return this.#answered(of, answer, 'request')
  }

  /** What sys/audit-hash answers: the text as it appears in that device's lines. */
  hash(path: string, input: string): string {
    const found = this.#runs.find((run) => run.record.path === withSlash(path))
    if (!found) throw badRequest(`unknown audit backend ${JSON.stringify(withSlash(path))}`)
    return found.hmac(input)
  }

  list(): readonly AuditMountRecord[] {
    return this.#runs.map((run) => run.record)
  }

  /** Adds a device after it took a first line (unless options.skip_test is 'true'). Throws 400 in words. */
  enable(mount: NewAuditMount): Promise<void> {
    return this.#inTurn(async () => {
      const path = withSlash(mount.path)
      if (path === '/') throw badRequest('backend path must be specified')
      const options = parseCommonOptions(mount.options, this.#rules)
      const { random, storage } = this.#parts
      const record: AuditMountRecord = {
        ...mount,
        path,
        uuid: random.uuid(),
        accessor: `audit_${mount.type}_${random.bytes(4).toString('hex')}`,
        salt: random.uuid(),
      }
      const present = await readTable(storage)
      assertPathFree(present, path)
      await this.#assertTargetFree(present, record)
      const run = await this.#start(record)
      try {
        await run.open()
        if (!options.skipTest) await run.test()
        await changeTable(storage, (records) => {
          assertPathFree(records, path)
          return [...records, record]
        })
      } catch (error) {
        await run.close()
        throw error
      }
      this.#use([...this.#runs, run])
    })
  }

  /**
   * Removes a device, where there is one; its chain is ended and its target closed. Throws 400 where those
   * that are left can record nothing, unless `isForced`.
   */
  disable(path: string, isForced = false): Promise<void> {
    return this.#inTurn(async () => {
      const wanted = withSlash(path)
      const isIt = (record: AuditMountRecord): boolean => record.path === wanted
      if (!(await readTable(this.#parts.storage)).some(isIt)) return
      if (!isForced) {
        await this.#assertOthersRecord(this.#runs.filter(({ record }) => !isIt(record)))
      }
      await changeTable(this.#parts.storage, (records) => records.filter((one) => !isIt(one)))
      await this.#load()
    })
  }

  /** Brings this process in line with storage: at unseal, and whenever the core epoch moved. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#load())
  }

  /** Reopens all targets (SIGHUP). Rejects with the first failure after all were tried. */
  async reopen(): Promise<void> {
    const results = await Promise.allSettled(this.#runs.map((run) => run.queue.reload()))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** At seal and shutdown: ends the chains, writes what can be written, closes. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      const runs = this.#runs
      this.#use([])
      // Sealed: the key stays with whoever still signs an end record, then nowhere.
      this.#signer = undefined
      await Promise.all(runs.map((run) => run.close()))
    })
  }

  headerSettings(): HeaderSettings {
    return Object.fromEntries(this.#headers)
  }

  /** Sets how a request header is recorded; null: not at all. */
  async setHeader(name: string, setting: { readonly hmac: boolean } | null): Promise<void> {
    if (name === '') throw badRequest('header value cannot be empty')
    await changeHeaderSetting(this.#parts.storage, name.toLowerCase(), setting)
    await this.reload()
  }

  /** The public key of the checkpoints, raw Ed25519 in base64url, for `audit verify`. */
  async publicKey(): Promise<string> {
    return (await this.#loadSigner()).publicKey
  }

  /**
   * How far each writer's chain is known to be written, for `audit verify`. Those of this process are of
   * this moment, those of others as they were last stored.
   */
  async heads(): Promise<readonly WriterHead[]> {
    const heads = new Map<string, WriterHead>()
    for await (const head of readHeads(this.#parts.storage)) heads.set(head.writer, head)
    for (const { writtenHead } of this.#runs) {
      if (writtenHead.n > 0) heads.set(writtenHead.writer, writtenHead)
    }
    return [...heads.values()]
  }

  /**
   * Forgets the heads of writers that wrote nothing since then, so that `audit verify` no longer asks for
   * their lines; gives their names. The writers of this process stay.
   */
  forgetHeads(beforeMs: number, device?: string): Promise<readonly string[]> {
    return forgetHeads(this.#parts.storage, {
      beforeMs,
      device: device === undefined ? undefined : withSlash(device),
      except: new Set(this.#runs.map((run) => run.queue.head.writer)),
    })
  }

  /** Trouble of each device by path, for health and metrics; undefined while it is well. */
  troubles(): ReadonlyMap<string, string | undefined> {
    return new Map(this.#runs.map((run) => [run.record.path, run.queue.trouble?.message]))
  }

  #answered(of: AuditRequest, answer: AuditResponse, unrecorded: Unrecorded): Promise<void> {
    const batches = this.#runs.map((run) => run.queue.add(run.writer.responseEntry(of, answer)))
    return this.#recorded(batches, unrecorded)
  }

  #recorded(batches: readonly LineBatch[], unrecorded: Unrecorded): Promise<void> {
    const round = this.#rounds[unrecorded]
    if (round?.batches.every((batch, at) => batch === batches[at])) return round.recorded
    const paths = this.#runs.map((run) => run.record.path)
    const recorded = anyTaken(batches).catch((error: unknown) => {
      const troubles = error instanceof AggregateError ? error.errors : [error]
      throw new AuditRefusal(unrecorded, reasonOf(paths, troubles))
    })
    recorded.catch(() => undefined)
    this.#rounds[unrecorded] = { batches, recorded }
    return recorded
  }

  /** Throws 400 where devices would be left but none of them takes a line. */
  async #assertOthersRecord(others: readonly AuditDeviceRun[]): Promise<void> {
    if (others.length === 0) return
    const well = others.filter((run) => run.queue.trouble === undefined)
    // Who is not known to be in trouble shows it by a record of its chain.
    const taken = well.map((run) => run.queue.addCheckpoint())
    if (
      well.length > 0 &&
      (await anyTaken(taken).then(
        () => true,
        () => false,
      ))
    )
      return
    const paths = others.map((run) => run.record.path)
    const reason = reasonOf(
      paths,
      others.map((run) => run.queue.trouble),
    )
    throw badRequest(
      `no other audit device can record now, so every request would be refused: ${reason} ` +
        '(repair or disable the others first)',
    )
  }

  async #load(): Promise<void> {
    const { storage } = this.#parts
    const records = await readTable(storage)
    this.#headers = new Map(Object.entries(await readHeaderSettings(storage)))
    const kept = new Map(this.#runs.map((run) => [run.record.uuid, run]))
    const runs: AuditDeviceRun[] = []
    for (const record of records) {
      runs.push(kept.get(record.uuid) ?? (await this.#start(record)))
      kept.delete(record.uuid)
    }
    this.#use(runs)
    await Promise.all([...kept.values()].map((run) => run.close()))
  }

  #use(runs: readonly AuditDeviceRun[]): void {
    for (const run of runs) run.writer.headers = this.#headers
    this.#runs = runs
    this.#rounds = {}
  }

  async #start(record: AuditMountRecord): Promise<AuditDeviceRun> {
    const plugin = this.#parts.plugins.find((one) => one.type === record.type)
    if (!plugin) throw badRequest(`unknown backend type: ${JSON.stringify(record.type)}`)
    const signer = await this.#loadSigner()
    return new AuditDeviceRun({ ...this.#parts, record, plugin, signer, rules: this.#rules })
  }

  /** Throws 400 where an enabled device writes to the same target: their lines would be there twice. */
  async #assertTargetFree(
    present: readonly AuditMountRecord[],
    { type, options }: AuditMountRecord,
  ): Promise<void> {
    const plugin = this.#parts.plugins.find((one) => one.type === type)
    const target = await plugin?.target?.(options)
    if (target === undefined) return
    for (const other of present) {
      if (other.type !== type || (await plugin!.target!(other.options)) !== target) continue
      throw badRequest(`the audit device ${other.path} writes to the same target already`)
    }
  }

  async #loadSigner(): Promise<ChainSigner> {
    this.#signer ??= await loadSigner(this.#parts.storage)
    return this.#signer
  }

  /** Changes of the set of devices happen one after the other. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(task, task)
    this.#changing = turn.catch(() => undefined)
    return turn
  }
}

/** Resolves when one of the devices took its lines; rejects when none did. */
const anyTaken = (batches: readonly LineBatch[]): Promise<void> =>
  batches.length === 1 ? batches[0]!.taken : Promise.any(batches.map((one) => one.taken))

const withSlash = (path: string): string => (path.endsWith('/') ? path : `${path}/`)
