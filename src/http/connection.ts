// One client connection: bytes to requests, handler, replies to bytes. Requests of a connection are
// handled strictly one after the other (a write is seen by the read pipelined behind it), so there is
// never more than one in flight and replies cannot change places.
import type { Socket } from 'node:net'
import { ApiError, internal } from '../base/errors.ts'
import type { ConnectionContext } from './connection-context.ts'
import { errorReply, type HttpHandler, type HttpReply } from './exchange.ts'
import { IncomingRequest, type Origin } from './incoming-request.ts'
import { encodeReplyHead, type ReplyHead } from './reply-encoder.ts'
import { ReplyWriter } from './reply-writer.ts'
import type { RequestHead } from './request-head.ts'
import { RequestParser } from './request-parser.ts'
import { discardBody, streamBody } from './stream-reply.ts'

/**
 * - reading: between or inside requests
 * - handling: a handler or a streamed reply is at work
 * - lingering: the last reply is written; what comes is thrown away
 * - closed
 */
type State = 'reading' | 'handling' | 'lingering' | 'closed'

const NO_BODY = Buffer.alloc(0)

export class Connection {
  readonly #socket: Socket
  readonly #context: ConnectionContext
  readonly #origin: Origin
  readonly #parser: RequestParser
  readonly #writer: ReplyWriter
  #state: State = 'reading'
  #deadlineMs: number
  /** When the request that is being read began, or -1. */
  #startedMs = -1
  #request: IncomingRequest | null = null
  #head: RequestHead | null = null
  /** No request is taken after the one in flight. */
  #isLast = false
  /** The client sends no more. */
  #hasEnded = false
  #hasTimedOut = false

  constructor(socket: Socket, origin: Origin, context: ConnectionContext, onClosed: () => void) {
    this.#socket = socket
    this.#origin = origin
    this.#context = context
    this.#parser = new RequestParser(context.parserLimits)
    this.#writer = new ReplyWriter(socket, context.times.writeStallMs)
    this.#deadlineMs = context.nowMs + context.times.headerMs
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('end', () => this.#onEnd())
    socket.on('drain', () => this.#onDrain())
    socket.on('timeout', () => socket.destroy())
    // A reset is how clients leave; 'close' follows and does the work.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#onClose()
      onClosed()
    })
  }

  /** Finishes what is in flight and closes; at once if nothing is. */
  shutdown(): void {
    this.#isLast = true
    if (this.#state === 'reading' && this.#parser.isBetweenRequests) this.#finish()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Called by the listener's sweep: acts on a deadline that has passed. */
  checkDeadline(nowMs: number): void {
    if (nowMs < this.#deadlineMs) return
    if (this.#state === 'lingering') this.destroy()
    else if (this.#state === 'handling') this.#onHandlerTimeout(nowMs)
    else if (this.#state === 'reading' && !this.#writer.isBlocked) {
      if (this.#parser.isBetweenRequests) this.#finish()
      else this.#refuse(new ApiError(408, ['request was not sent in time']), null)
    }
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'lingering' || this.#state === 'closed') return
    this.#parser.push(chunk)
    if (this.#state === 'reading' && !this.#writer.isBlocked) this.#pump()
    else if (this.#parser.buffered > this.#context.maxPipelinedBytes) this.#socket.pause()
  }

  /** A client that closes its side is, as a rule, gone; one that still listens gets its reply. */
  #onEnd(): void {
    this.#hasEnded = true
    this.#request?.abort(new Error('the client closed the connection'))
    if (this.#state === 'reading' && !this.#writer.isBlocked) this.#finish()
  }

  #onClose(): void {
    this.#state = 'closed'
    this.#deadlineMs = Number.POSITIVE_INFINITY
    this.#request?.abort(new Error('the client closed the connection'))
    this.#request = null
  }

  #onDrain(): void {
    this.#writer.unblock()
    if (this.#state === 'reading') this.#pump()
    else if (this.#state !== 'closed') this.#resume()
  }

  #resume(): void {
    if (!this.#socket.isPaused() || this.#writer.isBlocked) return
    if (this.#parser.buffered <= this.#context.maxPipelinedBytes) this.#socket.resume()
  }

  /** Takes requests out of the parser until one is in flight or the bytes are used up. */
  #pump(): void {
    while (this.#state === 'reading' && !this.#writer.isBlocked) {
      switch (this.#parser.advance()) {
        case 'more':
          this.#awaitBytes()
          return
        case 'continue':
          this.#writer.text('HTTP/1.1 100 Continue\r\n\r\n', true)
          this.#writer.flush()
          break
        case 'complete':
          this.#startedMs = -1
          this.#dispatch(this.#parser.head!, this.#parser.body)
          break
        case 'refused':
          this.#refuse(this.#parser.refusal!, this.#parser.head)
          break
      }
    }
  }

  #awaitBytes(): void {
    const { nowMs, times } = this.#context
    const isIdle = this.#parser.isBetweenRequests
    if (this.#hasEnded || (this.#isLast && isIdle)) {
      this.#finish()
      return
    }
    if (isIdle) this.#deadlineMs = nowMs + times.idleMs
    else {
      if (this.#startedMs < 0) this.#startedMs = nowMs
      const time = this.#parser.isReadingBody ? times.readMs : times.headerMs
      this.#deadlineMs = this.#startedMs + time
    }
    this.#resume()
  }

  #dispatch(head: RequestHead, body: Buffer): void {
    const { forwarded, handler } = this.#context
    let address = this.#origin.remoteAddress
    let headers: readonly string[] = head.headers
    if (forwarded !== null) {
      const resolved = forwarded(address, headers)
      if (resolved instanceof ApiError) {
        this.#refuse(resolved, head)
        return
      }
      address = resolved.address
      headers = resolved.headers
    }
    this.#handle(handler, head, new IncomingRequest(head, body, this.#origin, headers, address))
  }

  #handle(handler: HttpHandler, head: RequestHead | null, request: IncomingRequest): void {
    this.#state = 'handling'
    this.#head = head
    this.#request = request
    this.#hasTimedOut = false
    this.#deadlineMs = this.#context.nowMs + this.#context.times.handlerMs
    try {
      handler(request).then(this.#onReply, this.#onThrow)
    } catch (error) {
      this.#onThrow(error)
    }
  }

  /** Answers without the handler; the connection ends with that. */
  #refuse(error: ApiError, head: RequestHead | null): void {
    this.#isLast = true
    const { refused, forwarded } = this.#context
    if (head !== null && refused !== null) {
      const { remoteAddress } = this.#origin
      const resolved = forwarded?.(remoteAddress, head.headers)
      const { address, headers } =
        resolved === undefined || resolved instanceof ApiError
          ? { address: remoteAddress, headers: head.headers }
          : resolved
      const request = new IncomingRequest(head, NO_BODY, this.#origin, headers, address)
      this.#handle((incoming) => refused(incoming, error), head, request)
      return
    }
    this.#state = 'handling'
    this.#head = head
    this.#send(errorReply(error))
  }

  #onHandlerTimeout(nowMs: number): void {
    const expired = new ApiError(504, ['context deadline exceeded'])
    if (!this.#hasTimedOut) {
      this.#hasTimedOut = true
      this.#deadlineMs = nowMs + this.#context.times.handlerGraceMs
      this.#request?.abort(expired)
      return
    }
    this.#isLast = true
    this.#send(errorReply(expired))
  }

  // Bound once a connection, not once a request: only one request is in flight.
  readonly #onReply = (reply: HttpReply): void => {
    if (this.#state === 'handling') this.#send(reply)
    else if (isStream(reply.body)) discardBody(reply.body)
  }

  readonly #onThrow = (error: unknown): void => {
    if (!(error instanceof ApiError)) this.#logFault('a request handler failed', error)
    this.#onReply(errorReply(error instanceof ApiError ? error : internal('internal error')))
  }

  #send(reply: HttpReply): void {
    const { body } = reply
    const length = body === null ? 0 : isStream(body) ? -1 : Buffer.byteLength(body)
    const method = this.#head?.method ?? 'GET'
    let head: ReplyHead
    try {
      head = encodeReplyHead(reply, length, {
        minor: this.#head?.minor ?? 1,
        keepAlive: !this.#isLast && (this.#head?.keepAlive ?? false),
      })
    } catch (error) {
      if (isStream(body)) discardBody(body)
      this.#onThrow(error)
      return
    }
    if (head.mustClose || this.#head?.keepAlive !== true) this.#isLast = true
    const isBodyless = method === 'HEAD' || head.framing === 'none'
    if (isStream(body)) {
      if (!isBodyless) {
        this.#stream(head, body)
        return
      }
      discardBody(body)
    }
    if (isBodyless || length <= 0) this.#writer.text(head.text, true)
    else if (typeof body === 'string') {
      this.#writer.text(head.text + body, body.length === length)
    } else {
      this.#writer.text(head.text, true)
      this.#writer.bytes(body as Uint8Array)
    }
    this.#afterReply()
  }

  #stream(head: ReplyHead, body: AsyncIterable<Uint8Array>): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY
    this.#writer.text(head.text, true)
    this.#writer.flush()
    streamBody(this.#socket, body, head.framing === 'chunked', this.#writer).then(
      (isWhole) => {
        if (isWhole && this.#state === 'handling') this.#afterReply()
      },
      (error) => {
        // Cut short: the missing last chunk tells the client.
        this.#logFault('a streamed reply failed', error)
        this.destroy()
      },
    )
  }

  #afterReply(): void {
    this.#request = null
    this.#head = null
    if (this.#isLast) {
      this.#finish()
      return
    }
    this.#state = 'reading'
    if (this.#parser.buffered === 0) {
      this.#writer.flush()
      this.#awaitBytes()
      return
    }
    // More is here already: let its reply share the write.
    this.#writer.flushSoon()
    this.#pump()
  }

  /** Writes what waits, closes our side and gives the client a moment to read it. */
  #finish(): void {
    if (this.#state === 'closed') return
    this.#writer.flush()
    this.#state = 'lingering'
    this.#request = null
    this.#deadlineMs = this.#context.nowMs + this.#context.times.lingerMs
    if (this.#socket.writableLength > 0) {
      // However long the client takes, as long as it takes some.
      this.#writer.block()
      this.#deadlineMs = Number.POSITIVE_INFINITY
    }
    this.#socket.end(() => {
      if (this.#state === 'closed') return
      this.#writer.unblock()
      this.#deadlineMs = this.#context.nowMs + this.#context.times.lingerMs
      this.#socket.resume()
    })
  }

  #logFault(message: string, error: unknown): void {
    // Not the path: clients put tokens and lease ids into it.
    const { listener } = this.#origin
    this.#context.log.error(message, { error, method: this.#head?.method, listener })
  }
}

const isStream = (body: HttpReply['body']): body is AsyncIterable<Uint8Array> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body
