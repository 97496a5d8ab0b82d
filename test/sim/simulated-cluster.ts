// Rival processes of one server on one store, simulated: each host has a clock and a connection of its own
// that end with it, so that a crash is what it is in life: nothing of it goes on, and what was under way to
// the store arrives or doesn't. Client calls end without an answer when their host crashes. A host can also
// stand still for a while, as a suspended machine does, and go on later as if nothing had happened.
import type { Clock } from '../../src/base/clock.ts'
import type { Random } from '../../src/base/random.ts'
import type { Engine } from '../../src/sdk/plugin.ts'
import type { Batch, StorageBackend } from '../../src/sdk/storage.ts'
import { memoryBackend } from '../../src/storage/memory/memory-backend.ts'
import { type Fault, faultyStorage } from '../support/faulty-storage.ts'
import {
  type Called,
  type CallOptions,
  type InProcess,
  inProcess,
  openTestHost,
} from '../support/in-process.ts'
import { AuditMemory } from '../support/memory-audit.ts'
import { type SimulatedClock, simulatedClock } from '../support/simulated-clock.ts'

interface Process {
  readonly server: InProcess
  readonly crashed: Promise<null>
  readonly life: Life
  crash(): void
}

/** Whether a host still is, and what it waits for while it stands still. */
interface Life {
  isAlive: boolean
  paused: { readonly over: Promise<void>; end(): void } | null
}

export interface ClusterOptions {
  readonly random: Random
  readonly engines: readonly Engine[]
  readonly hosts: number
  /** Asked at each commit of each host. */
  faultOf(batch: Batch): Fault | undefined
  /** Log lines of all hosts. */
  readonly log?: (line: string) => void
}

export class SimulatedCluster {
  readonly clock: SimulatedClock = simulatedClock()
  readonly audit = new AuditMemory()
  readonly #options: ClusterOptions
  readonly #store: StorageBackend
  readonly #processes: (Process | null)[] = []
  #key = ''
  #rootToken = ''
  #calls = 0

  constructor(options: ClusterOptions) {
    this.#options = options
    const { random } = options
    const latency = { minMs: 0, maxMs: 8 }
    this.#store = memoryBackend({ clock: this.clock, random, latency, conflictRate: 0.01 })
  }

  get rootToken(): string {
    return this.#rootToken
  }

  /** Initialises the store, starts all hosts and enables the audit device. */
  async start(): Promise<void> {
    const first = this.#open()
    const made = await first.server.call(
      'POST',
      'sys/init',
      { secret_shares: 1, secret_threshold: 1 },
      { token: null },
    )
    if (made.status !== 200) throw new Error(`init: ${made.text}`)
    this.#key = made.body.keys[0]
    this.#rootToken = made.body.root_token
    first.crash()
    for (let at = 0; at < this.#options.hosts; at++) {
      this.#processes.push(null)
      await this.restart(at)
    }
    const enabled = await this.#processes[0]?.server.call('POST', 'sys/audit/memory', {
      type: 'memory',
    })
    if (enabled?.status !== 204) throw new Error(`audit: ${enabled?.text}`)
  }

  isRunning(at: number): boolean {
    return (this.#processes[at] ?? null) !== null
  }

  crash(at: number): void {
    this.#processes[at]?.crash()
    this.#processes[at] = null
  }

  /** From now on the host does nothing and hears nothing, until `resume`. */
  pause(at: number): void {
    const life = this.#processes[at]?.life
    if (!life || life.paused) return
    let end = (): void => {}
    const over = new Promise<void>((resolve) => {
      end = resolve
    })
    life.paused = { over, end }
  }

  /** False: it did not stand still. */
  resume(at: number): boolean {
    const life = this.#processes[at]?.life
    if (!life?.paused) return false
    life.paused.end()
    life.paused = null
    return true
  }

  async restart(at: number): Promise<void> {
    for (;;) {
      const opened = this.#open()
      const body = { key: this.#key }
      const { status } = await opened.server.call('POST', 'sys/unseal', body, { token: null })
      if (status === 200) {
        this.#processes[at] = opened
        return
      }
      // A fault on the way up: the process is started again, as a supervisor does.
      opened.crash()
      await this.clock.sleep(100)
    }
  }

  /**
   * A call to one host. null: no answer came, since the host was down or crashed meanwhile. Throws where
   * an answer left the server without its audit line.
   */
  async call(
    at: number,
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Called | null> {
    const process = this.#processes[at]
    if (!process) return null
    const id = `call-${++this.#calls}`
    const token = options.token === undefined ? this.#rootToken : options.token
    const of = { ...options, token, remoteAddress: id }
    const reply = await Promise.race([process.server.call(method, path, body, of), process.crashed])
    if (reply) this.#assertAudited(id, `${method} ${path}`, reply)
    return reply
  }

  #assertAudited(id: string, what: string, { status, text }: Called): void {
    if (text.includes('no audit device could record')) return
    const wanted = status < 400 ? '"type":"response"' : '"type":'
    const mark = `"remote_address":"${id}"`
    const { texts } = this.audit
    for (let at = texts.length - 1; at >= 0; at--) {
      if (texts[at]!.includes(mark) && texts[at]!.includes(wanted)) return
    }
    throw new Error(`${what} was answered ${status} without an audit line`)
  }

  #open(): Process {
    const { random, engines, log } = this.#options
    const life: Life = { isAlive: true, paused: null }
    let end: () => void = () => {}
    const crashed = new Promise<null>((resolve) => {
      end = () => resolve(null)
    })
    const clock = mortalClock(this.clock, life)
    const faulty = faultyStorage(this.#store, (_, batch) => this.#options.faultOf(batch))
    const backend = mortalStorage(faulty, life)
    const { host } = openTestHost({
      backend,
      clock,
      random,
      engines,
      auditPlugins: [this.audit.plugin],
      ...(log ? { log } : {}),
    })
    return {
      server: inProcess(host, backend, [], this.#rootToken),
      crashed,
      life,
      crash: () => {
        life.isAlive = false
        end()
      },
    }
  }

  /** The store itself, as an observer sees it. */
  get store(): StorageBackend {
    return this.#store
  }
}

/** Goes on once the host does; never where it has ended. */
async function whenMoving(life: Life): Promise<void> {
  while (life.paused) await life.paused.over
  if (!life.isAlive) await never()
}

/** After the end no timer fires any more; while it stands still they wait. */
function mortalClock(inner: Clock, life: Life): Clock {
  const fire = (task: () => void): void => {
    if (life.paused) void life.paused.over.then(() => fire(task))
    else if (life.isAlive) task()
  }
  return {
    now: () => inner.now(),
    monotonic: () => inner.monotonic(),
    after: (ms, task) => inner.after(ms, () => fire(task)),
    sleep: (ms, signal) => inner.sleep(ms, signal).then(() => whenMoving(life)),
  }
}

const never = (): Promise<never> => new Promise(() => {})

/** After the end nothing is sent and nothing is heard; what was sent before arrives. */
function mortalStorage(inner: StorageBackend, life: Life): StorageBackend {
  const only = async <T>(ask: () => T | Promise<T>): Promise<T> => {
    await whenMoving(life)
    try {
      const answer = await ask()
      await whenMoving(life)
      return answer
    } catch (error) {
      await whenMoving(life)
      throw error
    }
  }
  return {
    read: (keys) => only(async () => inner.read(keys)),
    list: (prefix, page) => only(() => inner.list(prefix, page)),
    range: (prefix, page) => only(() => inner.range(prefix, page)),
    commit: (batch) => only(() => inner.commit(batch)),
    changes: (onChange) => inner.changes((keys) => life.isAlive && onChange(keys)),
    scan: (prefix) => inner.scan(prefix),
    close: async () => {},
  }
}
