// The host's bus over the pipes between a supervisor and its workers: the supervisor has the hub, each
// worker a channel. What one worker asks of all goes through the hub. Invariant: every question ends, with
// an answer, an error, the end of the process that was asked, or its timeout.
import type { Clock } from '../base/clock.ts'
import { unavailable } from '../base/errors.ts'
import type { Unsubscribe } from '../sdk/storage.ts'
import {
  BUS_TIMEOUT_MS,
  type BusFault,
  type BusHandler,
  BusHandlers,
  errorOf,
  faultOf,
  type Gathered,
  type HostBus,
  type Topic,
} from './host-bus.ts'

/** One end of a pipe. Frames arrive in the order in which they were sent. */
export interface BusPort {
  send(frame: BusFrame): void
}

/** What goes over a pipe. An id belongs to the side that asked. */
export type BusFrame =
  | {
      readonly kind: 'ask'
      readonly id: number
      readonly topic: string
      readonly body: unknown
      readonly from: number
    }
  | {
      readonly kind: 'gather'
      readonly id: number
      readonly topic: string
      readonly body: unknown
      readonly timeoutMs: number
    }
  | {
      readonly kind: 'tell'
      readonly topic: string
      readonly body: unknown
      readonly from: number
      readonly to: number | null
    }
  | { readonly kind: 'answer'; readonly id: number; readonly body: unknown }
  | { readonly kind: 'fault'; readonly id: number; readonly fault: BusFault }
  /** Nobody answers under that topic in this process. */
  | { readonly kind: 'none'; readonly id: number }

type Settled = Extract<BusFrame, { id: number }> | { readonly kind: 'gone' }

/** Questions that wait for an answer. */
class Waiting {
  readonly #clock: Clock
  readonly #entries = new Map<number, (settled: Settled) => void>()
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(timeoutMs: number): { readonly id: number; readonly settled: Promise<Settled> } {
    const id = ++this.#last
    const settled = new Promise<Settled>((resolve) => {
      const cancel = this.#clock.after(timeoutMs, () => this.settle(id, { kind: 'gone' }))
      this.#entries.set(id, (value) => {
        cancel()
        resolve(value)
      })
    })
    return { id, settled }
  }

  settle(id: number, value: Settled): void {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    entry?.(value)
  }

  endAll(): void {
    for (const id of [...this.#entries.keys()]) this.settle(id, { kind: 'gone' })
  }
}

const gone = (): Error =>
  unavailable('the supervisor of this server did not answer; try the request again')

/** A worker's side. Frames that come over the pipe are handed to `receive`. */
export class ChannelBus implements HostBus {
  readonly self: number
  readonly #port: BusPort
  readonly #waiting: Waiting
  readonly #handlers = new BusHandlers()

  constructor(of: { readonly self: number; readonly port: BusPort; readonly clock: Clock }) {
    this.self = of.self
    this.#port = of.port
    this.#waiting = new Waiting(of.clock)
  }

  answer<Q, A>(topic: Topic<Q, A>, handler: BusHandler<Q, A>): Unsubscribe {
    return this.#handlers.add(topic, handler)
  }

  async ask<Q, A>(topic: Topic<Q, A>, question: Q): Promise<A> {
    const { id, settled } = this.#waiting.begin(BUS_TIMEOUT_MS * 3)
    this.#port.send({ kind: 'ask', id, topic: topic.name, body: question, from: this.self })
    return bodyOf(await settled) as A
  }

  async gather<Q, A>(
    topic: Topic<Q, A>,
    question: Q,
    timeoutMs = BUS_TIMEOUT_MS,
  ): Promise<Gathered<A>> {
    const { id, settled } = this.#waiting.begin(timeoutMs + 1000)
    this.#port.send({ kind: 'gather', id, topic: topic.name, body: question, timeoutMs })
    return bodyOf(await settled) as Gathered<A>
  }

  tell<Q>(topic: Topic<Q, void>, message: Q, to?: number): void {
    const { self: from } = this
    this.#port.send({ kind: 'tell', topic: topic.name, body: message, from, to: to ?? null })
  }

  receive(frame: BusFrame): void {
    if (frame.kind === 'ask') void runHandler(this.#handlers, frame, this.#port)
    else if (frame.kind === 'tell') {
      void this.#handlers.run(frame.topic, frame.body, frame.from).catch(() => {})
    } else if (frame.kind !== 'gather') this.#waiting.settle(frame.id, frame)
  }
}

function bodyOf(settled: Settled): unknown {
  if (settled.kind === 'answer') return settled.body
  if (settled.kind === 'fault') throw errorOf(settled.fault)
  throw gone()
}

async function runHandler(
  handlers: BusHandlers,
  frame: Extract<BusFrame, { kind: 'ask' }>,
  port: BusPort,
): Promise<void> {
  const { id, topic } = frame
  if (!handlers.has(topic)) return port.send({ kind: 'none', id })
  try {
    port.send({ kind: 'answer', id, body: await handlers.run(topic, frame.body, frame.from) })
  } catch (error) {
    port.send({ kind: 'fault', id, fault: faultOf(error) })
  }
}

/** The supervisor's side: the keeper, and the switch between the workers. */
export class HubBus implements HostBus {
  readonly self = 0
  readonly #clock: Clock
  readonly #handlers = new BusHandlers()
  readonly #workers = new Map<number, { readonly port: BusPort; readonly waiting: Waiting }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  attach(worker: number, port: BusPort): void {
    this.#workers.set(worker, { port, waiting: new Waiting(this.#clock) })
  }

  /** A worker that ended: nobody waits for it any longer. */
  detach(worker: number): void {
    const found = this.#workers.get(worker)
    this.#workers.delete(worker)
    found?.waiting.endAll()
  }

  receive(worker: number, frame: BusFrame): void {
    const found = this.#workers.get(worker)
    if (!found) return
    if (frame.kind === 'ask') void runHandler(this.#handlers, frame, found.port)
    else if (frame.kind === 'gather') void this.#gatherFor(worker, frame, found.port)
    else if (frame.kind === 'tell') this.#spread(frame)
    else found.waiting.settle(frame.id, frame)
  }

  answer<Q, A>(topic: Topic<Q, A>, handler: BusHandler<Q, A>): Unsubscribe {
    return this.#handlers.add(topic, handler)
  }

  async ask<Q, A>(topic: Topic<Q, A>, question: Q): Promise<A> {
    return (await this.#handlers.run(topic.name, question, 0)) as A
  }

  gather<Q, A>(topic: Topic<Q, A>, question: Q, timeoutMs = BUS_TIMEOUT_MS): Promise<Gathered<A>> {
    return this.#gather(topic.name, question, 0, timeoutMs) as Promise<Gathered<A>>
  }

  tell<Q>(topic: Topic<Q, void>, message: Q, to?: number): void {
    this.#spread({ kind: 'tell', topic: topic.name, body: message, from: 0, to: to ?? null })
  }

  #spread(frame: Extract<BusFrame, { kind: 'tell' }>): void {
    for (const [id, { port }] of this.#workers) {
      if (frame.to === null || frame.to === id) port.send(frame)
    }
  }

  async #gatherFor(
    worker: number,
    frame: Extract<BusFrame, { kind: 'gather' }>,
    port: BusPort,
  ): Promise<void> {
    const body = await this.#gather(frame.topic, frame.body, worker, frame.timeoutMs)
    port.send({ kind: 'answer', id: frame.id, body })
  }

  async #gather(
    topic: string,
    body: unknown,
    from: number,
    timeoutMs: number,
  ): Promise<Gathered<unknown>> {
    const answers = new Map<number, unknown>()
    const missing: number[] = []
    const asked = [...this.#workers].map(async ([worker, { port, waiting }]) => {
      const { id, settled } = waiting.begin(timeoutMs)
      port.send({ kind: 'ask', id, topic, body, from })
      const outcome = await settled
      if (outcome.kind === 'answer') answers.set(worker, outcome.body)
      else if (outcome.kind !== 'none') missing.push(worker)
    })
    await Promise.all(asked)
    return { answers, missing }
  }
}
