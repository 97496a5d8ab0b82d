// The way of lines to one device: chained in order, gathered per tick, written one write at a time, bounded
// in bytes and in time. A device that fails or is stuck is in trouble: requests stop waiting for it at
// once, its lines stay here (the chain has no holes) and are offered again until it takes them.
import type { Clock } from '../../base/clock.ts'
import { atEndOfTick } from '../../base/tick.ts'
import { type AuditDevice, AuditWriteError } from '../../sdk/audit.ts'
import type { ChainHead, ChainWriter } from './chain.ts'
import { checkpointEntry, endEntry } from './chain-records.ts'
import { LineBuffer } from './line-buffer.ts'

export interface QueueLimits {
  /** Bytes of lines that wait for one device; what finds no room is refused and counted. */
  readonly maxBytes: number
  /** How long a write may take before requests stop waiting for it. */
  readonly deadlineMs: number
  /** First and longest wait before a device in trouble is tried again. */
  readonly retryMs: number
  readonly maxRetryMs: number
}

/** Lines that are written together; the requests that have one among them share its promise. */
export interface LineBatch {
  /** Resolves when the device took the lines; rejects with a DeviceTrouble. */
  readonly taken: Promise<void>
}

/** Why a device did not take a line, in words that name no file and no secret. */
export class DeviceTrouble extends Error {
  override readonly name = 'DeviceTrouble'
}

/** A write goes out when this much is gathered, so that a long backlog moves in steps. */
const BATCH_BYTES = 1024 * 1024

class Batch implements LineBatch {
  readonly taken: Promise<void>
  readonly lines: LineBuffer
  /** What is to be written; once it is set, no line may join. */
  encoded: Uint8Array[] | undefined
  settled = false
  /** The chain as far as these lines bring it. */
  head: ChainHead | undefined
  resolve!: () => void
  #reject!: (trouble: DeviceTrouble) => void

  constructor(lines = new LineBuffer()) {
    this.lines = lines
    this.taken = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.#reject = reject
    })
    // Whoever waits sees the rejection; nobody may be waiting.
    this.taken.catch(() => undefined)
  }

  fail(trouble: DeviceTrouble): void {
    this.settled = true
    this.#reject(trouble)
  }

  get bytes(): number {
    return this.lines.length
  }

  /** The lines as bytes, side by side in one buffer. */
  encode(): Uint8Array[] {
    this.encoded ??= this.lines.lines()
    return this.encoded
  }
}

export class DeviceQueue {
  readonly #open: () => Promise<AuditDevice>
  readonly #chain: ChainWriter
  readonly #clock: Clock
  readonly #limits: QueueLimits
  readonly #onTrouble: (trouble: DeviceTrouble | undefined) => void
  #device: AuditDevice | undefined
  /** In order; the first may be in a write, the last gathers. */
  #batches: Batch[] = []
  #bytes = 0
  /** The buffer of a batch that was written, for the next one. */
  #spare: LineBuffer | undefined
  #running: Promise<void> | undefined
  #isScheduled = false
  #trouble: DeviceTrouble | undefined
  #tries = 0
  #cancelRetry: (() => void) | undefined
  #deadline = new AbortController()
  #reloads: ((error?: unknown) => void)[] = []
  #lost = 0
  #closing: Promise<void> | undefined
  #written: ChainHead

  /** `onTrouble` is told of each change: a trouble, or undefined when lines are taken again. */
  constructor(of: {
    readonly open: () => Promise<AuditDevice>
    readonly chain: ChainWriter
    readonly clock: Clock
    readonly limits: QueueLimits
    readonly onTrouble?: (trouble: DeviceTrouble | undefined) => void
  }) {
    this.#open = of.open
    this.#chain = of.chain
    this.#clock = of.clock
    this.#limits = of.limits
    this.#onTrouble = of.onTrouble ?? (() => undefined)
    this.#written = of.chain.head
  }

  /** Why the device takes nothing now; undefined while it is well. */
  get trouble(): DeviceTrouble | undefined {
    return this.#trouble
  }

  /** The chain as far as the device has taken it. */
  get written(): ChainHead {
    return this.#written
  }

  /** The chain as far as it was made. */
  get head(): ChainHead {
    return this.#chain.head
  }

  /** Lines that found no room or could never be taken, since the last record that says so. */
  get lost(): number {
    return this.#lost
  }

  /** Chains an entry (without closing brace) and queues its line. */
  add(openEntry: string): LineBatch {
    if (this.#bytes >= this.#limits.maxBytes || this.#closing) return this.#refuse()
    const batch = this.#gathering()
    const before = batch.bytes
    this.#chain.line(openEntry, batch.lines)
    return this.#joined(batch, before)
  }

  /** The same for a record about the chain itself, which is signed. */
  addSigned(openEntry: string): LineBatch {
    const batch = this.#gathering()
    const before = batch.bytes
    this.#chain.signedLine(openEntry, batch.lines)
    return this.#joined(batch, before)
  }

  addCheckpoint(): LineBatch {
    const lost = this.#lost
    this.#lost = 0
    return this.addSigned(checkpointEntry(this.#clock.now(), lost))
  }

  /** Reopens the device's target once the write that is under way has ended. */
  reload(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reloads.push((error) => (error === undefined ? resolve() : reject(error)))
      void this.#run()
    })
  }

  /** Writes the end of the chain, waits for what can be written within the deadline, closes. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.addSigned(endEntry(this.#clock.now(), this.#lost))
    this.#retryNow()
    let cancel: () => void = () => undefined
    const deadline = new Promise<void>((resolve) => {
      cancel = this.#clock.after(this.#limits.deadlineMs, resolve)
    })
    await Promise.race([this.#running, deadline])
    cancel()
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#batches = []
    await this.#device?.close()
  }

  #refuse(): LineBatch {
    this.#lost++
    const batch = new Batch()
    batch.fail(this.#trouble ?? new DeviceTrouble('its queue is full'))
    return batch
  }

  /** The batch that the next line belongs to. */
  #gathering(): Batch {
    let batch = this.#batches.at(-1)
    const isFull = batch === undefined || batch.encoded !== undefined || batch.bytes >= BATCH_BYTES
    // While the device is in trouble all share a failed batch; once it is well nobody may join that.
    if (batch === undefined || isFull || (batch.settled && this.#trouble === undefined)) {
      batch = new Batch(this.#spare)
      this.#spare = undefined
      if (this.#trouble) batch.fail(this.#trouble)
      this.#batches.push(batch)
    }
    return batch
  }

  /** Counts the line that was just put into the batch, and sees to it that somebody writes it. */
  #joined(batch: Batch, bytesBefore: number): LineBatch {
    batch.head = this.#chain.head
    this.#bytes += batch.bytes - bytesBefore
    if (!this.#isScheduled && !this.#running && this.#cancelRetry === undefined) {
      this.#isScheduled = true
      atEndOfTick(() => {
        this.#isScheduled = false
        void this.#run()
      })
    }
    return batch
  }

  /** Works until nothing is left to do or the device has to be left alone for a while. */
  #run(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #work(): Promise<void> {
    for (;;) {
      const first = this.#batches[0]
      if (this.#reloads.length > 0) await this.#reloadDevice()
      else if (first !== undefined && this.#cancelRetry === undefined) await this.#write(first)
      else return
    }
  }

  async #reloadDevice(): Promise<void> {
    const waiting = this.#reloads
    this.#reloads = []
    let failure: unknown
    try {
      await this.#device?.reload?.()
    } catch (error) {
      failure = new DeviceTrouble(wordsOf(error), { cause: error })
    }
    for (const done of waiting) done(failure)
    // What kept the device from taking lines may be over: that is why an operator reloads.
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
  }

  async #write(batch: Batch): Promise<void> {
    const lines = batch.encode()
    const cancel = this.#clock.after(this.#limits.deadlineMs, () => this.#isStuck())
    try {
      this.#device ??= await this.#open()
      await this.#device.write(lines, this.#deadline.signal)
    } catch (error) {
      this.#writeFailed(batch, error)
      return
    } finally {
      cancel()
      if (this.#deadline.signal.aborted) this.#deadline = new AbortController()
    }
    this.#batches.shift()
    this.#bytes -= batch.bytes
    if (batch.head) this.#written = batch.head
    if (batch.lines.clear()) this.#spare = batch.lines
    if (this.#trouble) {
      this.#trouble = undefined
      this.#tries = 0
      this.#onTrouble(undefined)
    }
    if (!batch.settled) {
      batch.settled = true
      batch.resolve()
    }
  }

  #isStuck(): void {
    const trouble = new DeviceTrouble(`it did not take lines within ${this.#limits.deadlineMs} ms`)
    this.#isInTrouble(trouble)
    this.#deadline.abort(trouble)
  }

  #isInTrouble(trouble: DeviceTrouble): void {
    const isKnown = this.#trouble?.message === trouble.message
    this.#trouble = trouble
    for (const batch of this.#batches) if (!batch.settled) batch.fail(trouble)
    // Each try fails anew: that it is still the same is no news.
    if (!isKnown) this.#onTrouble(trouble)
  }

  #writeFailed(batch: Batch, error: unknown): void {
    if (error instanceof AuditWriteError) this.#dropTaken(batch, error)
    if (error instanceof AuditWriteError && error.hopeless) {
      // The device is well: only the requests of this batch don't know whether their line arrived.
      if (!batch.settled) batch.fail(new DeviceTrouble(wordsOf(error), { cause: error }))
      return
    }
    if (!this.#deadline.signal.aborted) {
      this.#isInTrouble(new DeviceTrouble(wordsOf(error), { cause: error }))
    }
    const wait = Math.min(this.#limits.retryMs * 2 ** this.#tries++, this.#limits.maxRetryMs)
    if (this.#closing) return void this.#batches.splice(0)
    this.#cancelRetry = this.#clock.after(wait, () => this.#retryNow())
  }

  #dropTaken(batch: Batch, error: AuditWriteError): void {
    if (error.hopeless) this.#lost++
    batch.encoded = batch.encode().slice(error.takenLines + (error.hopeless ? 1 : 0))
    if (batch.encoded.length > 0) return
    this.#batches.shift()
    this.#bytes -= batch.bytes
    if (batch.head) this.#written = batch.head
  }

  #retryNow(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    if (this.#trouble && this.#batches.length === 0) this.addCheckpoint()
    void this.#run()
  }
}

/** The trouble in words: of a system error only what went wrong, not where. */
function wordsOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof message !== 'string') return 'it failed'
  const system = typeof code === 'string' && /^[A-Z0-9_]+: ([^,]*)/.exec(message)
  return system ? system[1]! : message
}
