// Several serving processes on one store and one port. The supervisor (the primary of node:cluster) accepts
// connections and deals them out, holds what is the host's (unseal progress, keys), starts a worker again
// that ended, and forwards signals. It sees no storage and no request, so that hardly anything can end it;
// if it ends, the workers end with it. Workers are this same command again; configuration and keys reach
// them over the inherited pipe, never by argument or environment.
import cluster, { type Worker } from 'node:cluster'
import type { Clock } from './base/clock.ts'
import type { Random } from './base/random.ts'
import { busTopic } from './core/host-bus.ts'
import { type BusFrame, ChannelBus, HubBus } from './core/host-bus-ipc.ts'
import { type HostKeeper, openKeeper } from './core/host-keeper.ts'
import { removeStaleSocket } from './http/unix-socket.ts'
import type { Log } from './sdk/log.ts'
import type { ServerConfig } from './server-config.ts'
import { SHUTDOWN_MS } from './server-process.ts'
import { closeLostHandoffs } from './worker-handoffs.ts'

/** What a worker tells when it serves. */
export interface WorkerReady {
  /** Of each listener, as bound. */
  readonly addresses: readonly string[]
  /** What to do next, for whoever looks at the start of a sealed server. */
  readonly advice: string
}

/** Between a worker and its supervisor, outside what core knows. */
export const workerTopics = {
  config: busTopic<null, ServerConfig>('worker.config'),
  ready: busTopic<WorkerReady>('worker.ready'),
  /** It can't start; the text is for the operator. */
  failed: busTopic<string>('worker.failed'),
  reload: busTopic<ServerConfig>('worker.reload'),
  stop: busTopic<null>('worker.stop'),
} as const

const HELLO = 'strongroom-worker'
/** A worker that ended earlier than this after its start counts as failing. */
const SETTLED_MS = 10_000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000

/** The worker's bus. The first word goes out here, so topics are to be answered in the same turn. */
export function connectToSupervisor(clock: Clock): ChannelBus {
  const send = process.send?.bind(process)
  if (!send || !cluster.worker) throw new Error('this process has no supervisor')
  const port = { send: (frame: BusFrame) => void send(frame, undefined, undefined, () => {}) }
  const bus = new ChannelBus({ self: cluster.worker.id, port, clock })
  process.on('message', (frame: BusFrame) => bus.receive(frame))
  send(HELLO)
  return bus
}

export interface SupervisorParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export class Supervisor {
  readonly #parts: SupervisorParts
  readonly #bus: HubBus
  readonly #keeper: HostKeeper
  readonly #living = new Map<number, { readonly worker: Worker; readonly sinceMs: number }>()
  #config: ServerConfig
  #isStopping = false
  #failures = 0
  #noteFirst: { ready(of: WorkerReady): void; failed(text: string): void } | null = null

  constructor(parts: SupervisorParts) {
    this.#parts = parts
    this.#config = parts.config
    this.#bus = new HubBus(parts.clock)
    this.#keeper = openKeeper({
      bus: this.#bus,
      clock: parts.clock,
      random: parts.random,
      log: parts.log,
      endProcess: (number) => this.#end(number),
    })
    this.#bus.answer(workerTopics.config, () => this.#config)
    this.#bus.answer(workerTopics.ready, (ready) => this.#noteFirst?.ready(ready))
    this.#bus.answer(workerTopics.failed, (text) => this.#failed(text))
  }

  /** Starts all workers; resolves when they serve, rejects with the operator's words if one can't. */
  async start(): Promise<WorkerReady> {
    // A socket that a dead server left is removed here, once; nobody but us may use a new one until a
    // worker has given it its mode.
    process.umask(0o077)
    for (const { type, address } of this.#config.listeners) {
      if (type === 'unix') await removeStaleSocket(address)
    }
    cluster.setupPrimary({ serialization: 'advanced' })
    let waiting = this.#config.workers
    const started = new Promise<WorkerReady>((resolve, reject) => {
      this.#noteFirst = {
        ready: (ready) => {
          if (--waiting === 0) resolve(ready)
        },
        failed: (text) => reject(new Error(text)),
      }
    })
    for (let count = 0; count < this.#config.workers; count++) this.#fork()
    try {
      return await started
    } catch (error) {
      await this.stop()
      throw error
    } finally {
      this.#noteFirst = null
    }
  }

  /** A configuration read anew: workers take from it what can change while they run. */
  async reload(config: ServerConfig): Promise<void> {
    this.#config = { ...config, workers: this.#config.workers, listeners: this.#config.listeners }
    await this.#bus.gather(workerTopics.reload, config)
  }

  /** Ends the workers in order, and those that take too long at once. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const { clock } = this.#parts
    const ends = new Map(
      [...this.#living].map(([number, { worker }]) => [number, hasEnded(worker)]),
    )
    const { answers } = await this.#bus.gather(workerTopics.stop, null)
    // Those that were just starting, or hang, have nothing to finish.
    const ending = [...ends].filter(([number]) => answers.has(number)).map(([, end]) => end)
    await Promise.race([Promise.all(ending), clock.sleep(SHUTDOWN_MS * 2)])
    await Promise.all([...this.#living.keys()].map((number) => this.#end(number)))
    this.#keeper.wipe()
  }

  #fork(): void {
    const { clock, log } = this.#parts
    const worker = cluster.fork()
    closeLostHandoffs(worker, clock)
    const number = worker.id
    this.#living.set(number, { worker, sinceMs: clock.monotonic() })
    worker.on('message', (frame: BusFrame | typeof HELLO) => {
      if (frame !== HELLO) this.#bus.receive(number, frame)
      else {
        this.#bus.attach(number, {
          send: (sent) => {
            if (worker.isConnected()) worker.send(sent as object, () => {})
          },
        })
      }
    })
    worker.on('error', (error) => log.error('a worker failed', { worker: number, err: error }))
    worker.on('exit', (code, signal) => this.#ended(number, signal ?? `code ${code}`))
  }

  #ended(number: number, how: string): void {
    const { clock, log } = this.#parts
    const since = this.#living.get(number)?.sinceMs ?? 0
    this.#living.delete(number)
    this.#bus.detach(number)
    if (this.#isStopping) return
    if (this.#noteFirst) {
      this.#noteFirst.failed(`a worker ended while it was starting (${how})`)
      return
    }
    this.#failures = clock.monotonic() - since < SETTLED_MS ? this.#failures + 1 : 0
    const pauseMs =
      this.#failures === 0
        ? 0
        : Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS)
    log.error('a worker ended and is started again', { worker: number, how, pause_ms: pauseMs })
    clock.after(pauseMs, () => {
      if (!this.#isStopping) this.#fork()
    })
  }

  #failed(text: string): void {
    if (this.#noteFirst) this.#noteFirst.failed(text)
    else this.#parts.log.error('a worker could not start', { reason: text })
  }

  #end(number: number): Promise<void> {
    const worker = this.#living.get(number)?.worker
    if (!worker) return Promise.resolve()
    const ended = hasEnded(worker)
    worker.process.kill('SIGKILL')
    return ended
  }
}

const hasEnded = (worker: Worker): Promise<void> =>
  new Promise((resolve) => void worker.once('exit', () => resolve()))
