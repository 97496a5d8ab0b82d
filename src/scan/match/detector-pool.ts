// Detectors on worker threads and in place. A small scan never starts a thread: the first bytes are searched in place,
// since a thread takes longer to start than a commit takes to be searched; later what threads have no room for is. So
// one thread less is needed, each of which has to learn all rules anew. Findings keep the order of the fragments.
import { Worker } from 'node:worker_threads'
import { nextTurn } from '../../base/tick.ts'
import type { CreateDetectorPool, Detector, DetectorOptions, DetectorPool } from '../detector.ts'
import type { Finding } from '../finding.ts'
import type { Fragment } from '../fragment.ts'
import type { ScanConfig } from '../rule.ts'
import type { Skipped } from '../source.ts'
import { openDetector } from './open-detector.ts'
import { type BatchAnswer, packBatch, releaseBuffers } from './packed-batch.ts'

/** Bytes that are searched in place before threads are started: each takes as much time to start as some megabytes take. */
const IN_PLACE_BYTES = 24 * 1024 * 1024
/** Batches that a thread has or is about to get: it never waits for the next one. */
const BATCHES_A_THREAD = 2
/** Batches that are searched in place while those before them are with a thread. */
const BATCHES_IN_PLACE = 2

/** The thread's script in the bundle; null where the program runs from its sources, which threads can't. */
const bundledWorker = (): URL | null =>
  import.meta.url.endsWith('.ts') ? null : new URL('./scan-worker.js', import.meta.url)

export const createDetectorPool: CreateDetectorPool = async (config, options, threads) => {
  const script = bundledWorker()
  return script && threads > 1
    ? new GrowingPool(config, options, threads - 1, script, IN_PLACE_BYTES)
    : new LocalPool(config, options)
}

/** Threads, besides the one that asks, from a given script after so many bytes, for tests. */
export const openThreadPool = (
  config: ScanConfig,
  options: DetectorOptions,
  of: { readonly threads: number; readonly script: URL; readonly inPlaceBytes: number },
): DetectorPool => new GrowingPool(config, options, of.threads, of.script, of.inPlaceBytes)

class LocalPool implements DetectorPool {
  readonly inFlight = 1
  private readonly detector: Detector
  private isClosed = false

  constructor(config: ScanConfig, options: DetectorOptions) {
    this.detector = openDetector(config, options)
  }

  async detect(batch: readonly Fragment[]): Promise<Finding[]> {
    if (this.isClosed) throw new Error('the scan was ended')
    const findings = batch.flatMap((fragment) => this.detector.detect(fragment))
    releaseBuffers(batch)
    return findings
  }

  takeSkipped(): Skipped[] {
    return this.detector.takeSkipped()
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

interface Waiting {
  readonly batch: readonly Fragment[]
  resolve(findings: Finding[]): void
  reject(error: Error): void
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
}

class GrowingPool implements DetectorPool {
  readonly inFlight: number
  private readonly start: () => Worker
  private readonly threads: number
  private readonly local: LocalPool
  private readonly running: Thread[] = []
  private placeLeft: number
  private nextId = 0
  private skipped: Skipped[] = []
  private failure: Error | null = null

  constructor(
    config: ScanConfig,
    options: DetectorOptions,
    threads: number,
    script: URL,
    inPlaceBytes: number,
  ) {
    this.inFlight = threads * BATCHES_A_THREAD + BATCHES_IN_PLACE
    this.threads = threads
    this.placeLeft = inPlaceBytes
    this.start = () => new Worker(script, { workerData: { config, options } })
    this.local = new LocalPool(config, options)
  }

  detect(batch: readonly Fragment[]): Promise<Finding[]> {
    if (this.failure) return Promise.reject(this.failure)
    if (this.placeLeft > 0) {
      this.placeLeft -= batch.reduce((sum, fragment) => sum + fragment.bytes.length, 0)
      return this.local.detect(batch)
    }
    const thread = this.leastBusy()
    if (thread.waiting.size >= BATCHES_A_THREAD) return this.inPlace(batch)
    return new Promise((resolve, reject) => {
      const packed = packBatch(this.nextId++, batch)
      releaseBuffers(batch)
      // The bytes have changed hands; what is kept is who they came from.
      thread.waiting.set(packed.id, { batch, resolve, reject })
      thread.worker.postMessage(packed, [packed.buffer])
    })
  }

  private async inPlace(batch: readonly Fragment[]): Promise<Finding[]> {
    const found = await this.local.detect(batch)
    // Answers of threads may wait to be heard.
    await nextTurn()
    return found
  }

  takeSkipped(): Skipped[] {
    const taken = [...this.local.takeSkipped(), ...this.skipped]
    this.skipped = []
    return taken
  }

  async close(): Promise<void> {
    this.fail(new Error('the scan was ended'))
    await Promise.all(this.running.map((thread) => thread.worker.terminate()))
  }

  private leastBusy(): Thread {
    const idle = this.running.find((thread) => thread.waiting.size === 0)
    if (idle) return idle
    if (this.running.length < this.threads) return this.startThread()
    return this.running.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a))
  }

  private startThread(): Thread {
    const thread: Thread = { worker: this.start(), waiting: new Map() }
    thread.worker.on('message', (answer: BatchAnswer) => this.settle(thread, answer))
    thread.worker.on('error', (error: unknown) => {
      const what = error instanceof Error ? error.message : String(error)
      this.fail(new Error(`a thread of the scan failed: ${what}`))
    })
    thread.worker.on('exit', () => this.fail(new Error('a thread of the scan ended early')))
    this.running.push(thread)
    return thread
  }

  private settle(thread: Thread, answer: BatchAnswer): void {
    const waiting = thread.waiting.get(answer.id)
    if (!waiting) return
    thread.waiting.delete(answer.id)
    this.skipped.push(...answer.skipped)
    if (answer.error !== null) {
      waiting.reject(new Error(`a thread of the scan failed: ${answer.error}`))
      return
    }
    waiting.resolve(
      answer.findings.map(({ fragment, line, finding }) => ({
        ...finding,
        line: answer.lines[line]!,
        commit: waiting.batch[fragment]!.commit,
      })),
    )
  }

  /** Nothing is searched any more, and all who wait are told. */
  private fail(error: Error): void {
    this.failure ??= error
    for (const { waiting } of this.running) {
      for (const { reject } of waiting.values()) reject(this.failure)
      waiting.clear()
    }
  }
}
