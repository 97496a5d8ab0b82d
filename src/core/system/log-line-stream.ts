// The body of sys/monitor: log lines from the moment it is read until its reader leaves. A reader that is too
// slow loses the oldest lines and is told how many; it never holds up whoever logs.
import type { LogFilter } from '../../base/log.ts'
import type { HostMonitor } from './host-monitor.ts'

/** Lines kept for a reader that is behind. */
const MOST_WAITING = 512

export class LogLineStream implements AsyncIterableIterator<Uint8Array> {
  readonly #waiting: string[] = []
  readonly #stop: () => void
  #lost = 0
  #wake: (() => void) | null = null
  #isDone = false

  constructor(monitor: HostMonitor, filter: LogFilter) {
    this.#stop = monitor.listen(filter, (line) => this.#add(line))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    while (this.#waiting.length === 0 && !this.#isDone) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    if (this.#isDone) return { done: true, value: undefined }
    const lost = this.#lost === 0 ? '' : `${this.#lost} lines were lost: the reader is too slow\n`
    this.#lost = 0
    return { done: false, value: Buffer.from(lost + this.#waiting.splice(0).join('')) }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#isDone = true
    this.#stop()
    this.#wake?.()
    return { done: true, value: undefined }
  }

  #add(line: string): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#waiting.shift()
      this.#lost += 1
    }
    this.#waiting.push(line)
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
