// One enabled device as this process runs it: entry writer, chain and queue around the plugin's device.
// A new run is a new writer: its first line is the signed start record. About once a second, while lines
// come, it writes a signed checkpoint and keeps in storage how far the chain is written.
import type { Clock } from '../../base/clock.ts'
import { badRequest } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { AuditDevice, AuditPlugin } from '../../sdk/audit.ts'
import type { Log } from '../../sdk/log.ts'
import type { CoreStorage } from '../store.ts'
import type { AuditRules } from './audit-broker.ts'
import { parseCommonOptions } from './audit-options.ts'
import { type AuditMountRecord, saveHead, type WriterHead } from './audit-store.ts'
import { type ChainSigner, ChainWriter } from './chain.ts'
import { startEntry } from './chain-records.ts'
import { DeviceQueue, DeviceTrouble, type LineBatch } from './device-queue.ts'
import { EntryWriter, isoTime } from './entry-writer.ts'
import { type SaltedHmac, saltedHmac } from './salted-hmac.ts'

export interface DeviceRunParts {
  readonly record: AuditMountRecord
  readonly plugin: AuditPlugin
  readonly signer: ChainSigner
  readonly rules: AuditRules
  readonly storage: CoreStorage
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const WRITER_ID_BYTES = 15

export class AuditDeviceRun {
  readonly record: AuditMountRecord
  readonly hmac: SaltedHmac
  readonly writer: EntryWriter
  readonly queue: DeviceQueue
  readonly #parts: DeviceRunParts
  readonly #startedMs: number
  readonly #started: LineBatch
  readonly #openTarget: () => Promise<AuditDevice>
  #opening: Promise<AuditDevice> | undefined
  /** Number of the last checkpoint line. */
  #checkpointed = 0
  #cancelTimer: () => void = () => undefined
  #isClosed = false

  constructor(parts: DeviceRunParts) {
    const { record, clock, random, signer, rules, plugin } = parts
    this.#parts = parts
    this.record = record
    this.#startedMs = clock.now()
    const options = parseCommonOptions(record.options, { allowPrefix: true })
    this.hmac = saltedHmac(record.salt)
    this.writer = new EntryWriter({ ...options, hmac: this.hmac }, new Map())
    const chain = new ChainWriter(
      random.bytes(WRITER_ID_BYTES).toString('base64url'),
      signer,
      options.prefix,
    )
    const context = {
      clock,
      fromRequest: record.fromRequest,
      directories: rules.directories,
      prefix: options.prefix,
    }
    this.#openTarget = () => plugin.open(record.options, context)
    this.queue = new DeviceQueue({
      chain,
      clock,
      limits: rules.limits,
      open: () => this.#opened(),
      onTrouble: (trouble) => this.#tell(trouble),
    })
    this.#started = this.queue.addSigned(startEntry(this.#startedMs, record.path, signer.publicKey))
    this.#arm()
  }

  /** Opens the target now, which the first line would do. Rejects with 400 in the device's words. */
  async open(): Promise<void> {
    try {
      await this.#opened()
    } catch (cause) {
      throw badRequest(cause instanceof Error ? cause.message : 'it failed', { cause })
    }
  }

  /** One device for whoever asks first; after a failure the next one tries anew. */
  #opened(): Promise<AuditDevice> {
    this.#opening ??= this.#openTarget().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Rejects with 400 where the device doesn't take its first lines: the start and a test entry. */
  async test(): Promise<void> {
    const { clock, random } = this.#parts
    const request = `{"id":"${random.uuid()}","operation":"update","path":"sys/audit/test"}`
    const last = this.queue.add(
      `{"time":"${isoTime(clock.now())}","type":"request","auth":{"token_type":"default"},"request":${request}`,
    )
    try {
      await this.#started.taken
      await last.taken
    } catch (cause) {
      const why = cause instanceof DeviceTrouble ? cause.message : 'it failed'
      throw badRequest(`audit backend failed test message: ${why}`, { cause })
    }
  }

  /** The chain as far as the device has taken it by now; `n` is 0 before its first line. */
  get writtenHead(): WriterHead {
    const { clock, record } = this.#parts
    const times = { startedMs: this.#startedMs, updatedMs: clock.now() }
    return { ...this.queue.written, device: record.path, ...times, ended: false }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.queue.close()
    await this.#keepHead(this.queue.written.n === this.queue.head.n)
  }

  #arm(): void {
    const { clock, rules } = this.#parts
    this.#cancelTimer = clock.after(rules.checkpointMs, () => void this.#checkpoint())
  }

  async #checkpoint(): Promise<void> {
    if (this.queue.trouble === undefined && this.queue.head.n > this.#checkpointed) {
      const line = this.queue.addCheckpoint()
      this.#checkpointed = this.queue.head.n
      // A device in trouble is told of elsewhere; its head stays where it was.
      await line.taken.then(() => this.#keepHead(false)).catch(() => undefined)
    }
    if (!this.#isClosed) this.#arm()
  }

  async #keepHead(ended: boolean): Promise<void> {
    const { storage, record, log } = this.#parts
    const head = this.writtenHead
    if (head.n === 0) return
    try {
      await saveHead(storage, { ...head, ended })
    } catch (error) {
      log.warn('the head of an audit chain could not be stored', { device: record.path, error })
    }
  }

  #tell(trouble: DeviceTrouble | undefined): void {
    const { log, record } = this.#parts
    if (trouble) {
      log.error('audit device failed', { device: record.path, reason: trouble.message })
    } else log.info('audit device takes lines again', { device: record.path })
  }
}
