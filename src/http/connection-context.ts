// What all connections of one listener share: the handler, the rules and the coarse clock.
import type { Log } from '../sdk/log.ts'
import type { HttpHandler, RefusalHandler } from './exchange.ts'
import type { ForwardedResolver } from './forwarded-for.ts'
import type { ParserLimits } from './request-parser.ts'

/** Times in milliseconds; they are checked once a sweep, so they may run that much longer. */
export interface ConnectionTimes {
  /** From the first byte of a request (or the accept) to the end of its head. */
  readonly headerMs: number
  /** From the first byte of a request to the end of its body. */
  readonly readMs: number
  /** From one reply to the next request. */
  readonly idleMs: number
  /** From the end of a request to the handler's answer; then its signal aborts. */
  readonly handlerMs: number
  /** What the handler still gets after that, before the edge answers 504 in its place. */
  readonly handlerGraceMs: number
  /** How long a waiting reply may make no progress. */
  readonly writeStallMs: number
  /** How long what a client still sends is taken and thrown away after the last reply. */
  readonly lingerMs: number
}

export interface ConnectionContext {
  readonly handler: HttpHandler
  readonly refused: RefusalHandler | null
  readonly forwarded: ForwardedResolver | null
  readonly parserLimits: ParserLimits
  readonly times: ConnectionTimes
  readonly maxPipelinedBytes: number
  readonly log: Log
  /** A coarse monotonic time, set by the listener's sweep, so that a request reads no clock. */
  nowMs: number
}
