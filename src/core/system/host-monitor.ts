// The log lines of all processes of this host, for sys/monitor. The process that has the listener asks the
// others over the bus; they send their lines until they are told to stop or are no longer asked.
import type { Clock } from '../../base/clock.ts'
import type { LogFilter, Logs } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import { busTopic, type HostBus } from '../host-bus.ts'

interface Opening {
  readonly id: string
  readonly filter: LogFilter
}

const topics = {
  open: busTopic<Opening>('monitor.open'),
  close: busTopic<string>('monitor.close'),
  line: busTopic<{ readonly id: string; readonly line: string }>('monitor.line'),
} as const

/** A process whose asker is gone without a word stops after this; askers ask again in a third of it. */
const LEASE_MS = 30_000

export class HostMonitor {
  readonly #clock: Clock
  readonly #random: Random
  readonly #logs: Logs
  readonly #bus: HostBus
  /** Listeners of this process. */
  readonly #listeners = new Map<string, (line: string) => void>()
  /** What this process sends to others: ends it, and its lease. */
  readonly #sending = new Map<string, { stop(): void; cancelEnd(): void }>()

  constructor(of: { clock: Clock; random: Random; logs: Logs; bus: HostBus }) {
    this.#clock = of.clock
    this.#random = of.random
    this.#logs = of.logs
    this.#bus = of.bus
    of.bus.answer(topics.open, (opening, from) => this.#send(opening, from))
    of.bus.answer(topics.close, (id) => this.#end(id))
    of.bus.answer(topics.line, ({ id, line }) => this.#listeners.get(id)?.(line))
  }

  /** Hears the lines of every process; the answer ends it. */
  listen(filter: LogFilter, hear: (line: string) => void): () => void {
    const id = this.#random.uuid()
    const stopOwn = this.#logs.listen(filter, hear)
    this.#listeners.set(id, hear)
    let cancel = (): void => {}
    const ask = (): void => {
      this.#bus.tell(topics.open, { id, filter })
      cancel = this.#clock.after(LEASE_MS / 3, ask)
    }
    ask()
    return () => {
      cancel()
      stopOwn()
      this.#listeners.delete(id)
      this.#bus.tell(topics.close, id)
    }
  }

  #send({ id, filter }: Opening, from: number): void {
    // What this process writes its listeners hear without the bus.
    if (from === this.#bus.self) return
    const known = this.#sending.get(id)
    known?.cancelEnd()
    const stop =
      known?.stop ??
      this.#logs.listen(filter, (line) => this.#bus.tell(topics.line, { id, line }, from))
    const cancelEnd = this.#clock.after(LEASE_MS, () => this.#end(id))
    this.#sending.set(id, { stop, cancelEnd })
  }

  #end(id: string): void {
    const sending = this.#sending.get(id)
    this.#sending.delete(id)
    sending?.cancelEnd()
    sending?.stop()
  }
}
