// What the processes of one host say to each other: questions to the keeper (the supervisor; with one
// process that process itself), questions to every serving process with their answers gathered, and words
// without an answer. Core knows only this interface, so whatever is the host's works alike with one process
// and with many. Messages are plain data: what structured clone takes (bytes, maps, no functions).
import { ApiError } from '../base/errors.ts'
import type { Unsubscribe } from '../sdk/storage.ts'

/** A name with the types of what is asked and answered under it. */
export interface Topic<Q, A> {
  readonly name: string
  /** Never there: it carries the types only. */
  readonly types?: readonly [Q, A]
}

export const busTopic = <Q, A = void>(name: string): Topic<Q, A> => ({ name })

/** Handlers may throw an ApiError: it reaches the asker as one. `from` is the asking process's number. */
export type BusHandler<Q, A> = (question: Q, from: number) => A | Promise<A>

export interface Gathered<A> {
  /** By the number of the process; in no order. */
  readonly answers: ReadonlyMap<number, A>
  /** Processes that failed, ended or did not answer in time. */
  readonly missing: readonly number[]
}

export interface HostBus {
  /** This process's number: 0 for the keeper, the workers count from 1 and never use a number twice. */
  readonly self: number
  /** Who is to answer under a topic here; one handler each. */
  answer<Q, A>(topic: Topic<Q, A>, handler: BusHandler<Q, A>): Unsubscribe
  /** Asks the keeper. Rejects with the keeper's error, or 503 where it doesn't answer. */
  ask<Q, A>(topic: Topic<Q, A>, question: Q): Promise<A>
  /** Asks every serving process, this one included. Processes that have no handler are left out. */
  gather<Q, A>(topic: Topic<Q, A>, question: Q, timeoutMs?: number): Promise<Gathered<A>>
  /** Tells every serving process, this one included, or only `to`. No answer, no error. */
  tell<Q>(topic: Topic<Q, void>, message: Q, to?: number): void
}

/** How long an answer may take where the asker doesn't say. */
export const BUS_TIMEOUT_MS = 10_000

type AnyHandler = BusHandler<unknown, unknown>

/** The handlers of one process. */
export class BusHandlers {
  readonly #handlers = new Map<string, AnyHandler>()

  add<Q, A>(topic: Topic<Q, A>, handler: BusHandler<Q, A>): Unsubscribe {
    if (this.#handlers.has(topic.name)) throw new Error(`two handlers for ${topic.name}`)
    this.#handlers.set(topic.name, handler as AnyHandler)
    return () => void this.#handlers.delete(topic.name)
  }

  has(name: string): boolean {
    return this.#handlers.has(name)
  }

  /** Rejects where nobody answers under that name. */
  async run(name: string, question: unknown, from: number): Promise<unknown> {
    const handler = this.#handlers.get(name)
    if (!handler) throw new Error(`nobody answers ${name}`)
    return handler(question, from)
  }
}

/** The bus of a server that is one process: keeper and serving process in one. */
export class LocalBus implements HostBus {
  readonly self = 0
  readonly #handlers = new BusHandlers()

  answer<Q, A>(topic: Topic<Q, A>, handler: BusHandler<Q, A>): Unsubscribe {
    return this.#handlers.add(topic, handler)
  }

  async ask<Q, A>(topic: Topic<Q, A>, question: Q): Promise<A> {
    return (await this.#handlers.run(topic.name, question, 0)) as A
  }

  async gather<Q, A>(topic: Topic<Q, A>, question: Q): Promise<Gathered<A>> {
    if (!this.#handlers.has(topic.name)) return { answers: new Map(), missing: [] }
    try {
      const answer = (await this.#handlers.run(topic.name, question, 0)) as A
      return { answers: new Map([[0, answer]]), missing: [] }
    } catch {
      return { answers: new Map(), missing: [0] }
    }
  }

  tell<Q>(topic: Topic<Q, void>, message: Q, to?: number): void {
    if (to !== undefined && to !== 0) return
    void this.#handlers.run(topic.name, message, 0).catch(() => {})
  }
}

/** An error as it crosses between processes: what a client may see, or words for the log. */
export type BusFault =
  | { readonly status: number; readonly messages: readonly string[] }
  | { readonly text: string }

export function faultOf(error: unknown): BusFault {
  if (error instanceof ApiError) return { status: error.status, messages: error.messages }
  return { text: error instanceof Error ? error.message : String(error) }
}

export const errorOf = (fault: BusFault): Error =>
  'status' in fault ? new ApiError(fault.status, fault.messages) : new Error(fault.text)
