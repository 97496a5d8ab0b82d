// An incremental HTTP/1.x request parser (RFC 9112): socket chunks in, whole requests out, one at a
// time, in order, wherever the chunks are cut. It never throws, and once it refused something it reads
// no more: where a refused request ends is not worth guessing.
import { type ApiError, badRequest, tooLarge } from '../base/errors.ts'
import { BodyBuffer } from './body-buffer.ts'
import { headersTooLarge, RequestHead, readRequestHead } from './request-head.ts'

export interface ParserLimits {
  readonly maxHeaderBytes: number
  /** The cap of a request's body, by its path (still encoded). */
  maxBodyBytes(path: string): number
  /** The socket is TLS: decides which absolute-form targets match. */
  readonly isSecure: boolean
}

/**
 * - more: nothing to do until the next push
 * - continue: `head` waits for "100 Continue" before it sends its body; advance again afterwards
 * - complete: `head` and `body` are a request; advance again for the next one
 * - refused: answer `refusal` (for `head`, unless that is null) and close
 */
export type ParserState = 'more' | 'continue' | 'complete' | 'refused'

type Phase = 'head' | 'fixed' | 'size' | 'data' | 'dataEnd' | 'last' | 'refused'

const NONE = Buffer.alloc(0)
const FIRST_STORE_BYTES = 2048
/** Eight hex digits are 4 GiB, above any cap. */
const MAX_SIZE_DIGITS = 8
const CR = 13
const LF = 10

export class RequestParser {
  head: RequestHead | null = null
  body: Buffer = NONE
  refusal: ApiError | null = null

  readonly #limits: ParserLimits
  #phase: Phase = 'head'
  #bytes: Buffer = NONE
  #at = 0
  #end = 0
  /** `#bytes` is our own store, which later pushes write to; otherwise it is a socket's chunk. */
  #isStore = false
  /** Up to where an unfinished head was scanned, or -1. */
  #scanned = -1
  #hasSkippedLine = false
  readonly #gathered = new BodyBuffer()
  /** Bytes of the body or chunk still to come. */
  #missing = 0
  #cap = 0

  constructor(limits: ParserLimits) {
    this.#limits = limits
  }

  /** Bytes received and not yet part of a request. */
  get buffered(): number {
    return this.#end - this.#at
  }

  /** No byte of an unfinished request is here. */
  get isBetweenRequests(): boolean {
    return this.#phase === 'head' && this.#at === this.#end
  }

  /** The head is complete and its body is not. */
  get isReadingBody(): boolean {
    return this.#phase !== 'head' && this.#phase !== 'refused'
  }

  /** Takes over a chunk; nobody may write to it afterwards. */
  push(chunk: Buffer): void {
    if (this.#phase === 'refused') return
    if (this.#at === this.#end) {
      this.#bytes = chunk
      this.#at = 0
      this.#end = chunk.length
      this.#isStore = false
      return
    }
    const needed = this.#end - this.#at + chunk.length
    if (!this.#isStore || this.#end + chunk.length > this.#bytes.length) {
      const store = Buffer.allocUnsafeSlow(Math.max(FIRST_STORE_BYTES, needed * 2))
      this.#bytes.copy(store, 0, this.#at, this.#end)
      if (this.#scanned >= 0) this.#scanned -= this.#at
      this.#end -= this.#at
      this.#at = 0
      this.#bytes = store
      this.#isStore = true
    }
    chunk.copy(this.#bytes, this.#end)
    this.#end += chunk.length
  }

  /** Goes as far as the bytes allow. */
  advance(): ParserState {
    for (;;) {
      const state = this.#step()
      if (state === null) continue
      // Don't keep a consumed chunk alive while the connection rests.
      if (this.#at === this.#end && this.#end !== 0) {
        this.#bytes = NONE
        this.#at = 0
        this.#end = 0
      }
      return state
    }
  }

  /** null: this phase is done, take the next one. */
  #step(): ParserState | null {
    switch (this.#phase) {
      case 'head':
        return this.#readHead()
      case 'fixed':
        return this.#readFixed()
      case 'size':
        return this.#readSize()
      case 'data':
        return this.#readData()
      case 'dataEnd':
      case 'last':
        return this.#readLineEnd()
      case 'refused':
        return 'refused'
    }
  }

  #readHead(): ParserState | null {
    if (this.#at === this.#end || !this.#skipEmptyLine()) return 'more'
    // A rescan is due only when a line may have ended, so that a head in one-byte pieces costs no square.
    if (this.#scanned >= 0 && this.#bytes.subarray(this.#scanned, this.#end).indexOf(LF) < 0) {
      return this.#awaitHead()
    }
    const { maxHeaderBytes, isSecure } = this.#limits
    const head = readRequestHead(this.#bytes, this.#at, this.#end, isSecure)
    if (head === null) return this.#awaitHead()
    this.#scanned = -1
    if (!(head instanceof RequestHead)) return this.#refuse(head, null)
    if (head.bodyStart - this.#at > maxHeaderBytes) return this.#refuse(headersTooLarge(), null)
    this.#at = head.bodyStart
    this.#hasSkippedLine = false
    if (head.fault !== null) return this.#refuse(head.fault, head)
    return this.#beginBody(head)
  }

  #awaitHead(): ParserState {
    if (this.buffered > this.#limits.maxHeaderBytes) return this.#refuse(headersTooLarge(), null)
    this.#scanned = this.#end
    return 'more'
  }

  /** Old clients end a body with a CR LF too many (RFC 9112 2.2); one is taken. False: not decided yet. */
  #skipEmptyLine(): boolean {
    if (this.#hasSkippedLine || this.#bytes[this.#at] !== CR) return true
    if (this.#at + 1 === this.#end) return false
    if (this.#bytes[this.#at + 1] !== LF) return true
    this.#hasSkippedLine = true
    this.#at += 2
    return this.#at !== this.#end
  }

  #beginBody(head: RequestHead): ParserState | null {
    this.head = head
    this.body = NONE
    if (head.contentLength <= 0 && !head.isChunked) return 'complete'
    this.#cap = this.#limits.maxBodyBytes(head.path)
    if (head.contentLength > this.#cap) return this.#refuse(bodyTooLarge(), head)
    this.#phase = head.isChunked ? 'size' : 'fixed'
    this.#missing = head.isChunked ? 0 : head.contentLength
    return head.wantsContinue && this.#at === this.#end ? 'continue' : null
  }

  #readFixed(): ParserState {
    const available = this.#end - this.#at
    if (this.#gathered.length === 0 && available >= this.#missing) {
      const stop = this.#at + this.#missing
      // A view: whatever comes later is written behind it, never over it.
      const body = this.#bytes.subarray(this.#at, stop)
      this.#at = stop
      return this.#complete(body)
    }
    this.#gather()
    return this.#missing === 0 ? this.#complete(this.#gathered.take()) : 'more'
  }

  /** Moves what is there of the missing bytes into the body. */
  #gather(): void {
    const take = Math.min(this.#missing, this.#end - this.#at)
    this.#gathered.append(this.#bytes, this.#at, this.#at + take, this.head?.contentLength ?? -1)
    this.#at += take
    this.#missing -= take
  }

  /** `1*HEXDIG CR LF`. Extensions are refused: nobody sends them but to confuse two readers. */
  #readSize(): ParserState | null {
    let at = this.#at
    let size = 0
    for (; at < this.#end; at++) {
      const digit = hexDigit(this.#bytes[at]!)
      if (digit < 0) break
      size = size * 16 + digit
      if (at - this.#at >= MAX_SIZE_DIGITS) return this.#refuse(badChunk(), this.head)
    }
    if (at === this.#end) return 'more'
    if (at === this.#at || this.#bytes[at] !== CR) return this.#refuse(badChunk(), this.head)
    if (at + 1 === this.#end) return 'more'
    if (this.#bytes[at + 1] !== LF) return this.#refuse(badChunk(), this.head)
    this.#at = at + 2
    if (this.#gathered.length + size > this.#cap) return this.#refuse(bodyTooLarge(), this.head)
    this.#missing = size
    this.#phase = size === 0 ? 'last' : 'data'
    return null
  }

  #readData(): ParserState | null {
    this.#gather()
    if (this.#missing > 0) return 'more'
    this.#phase = 'dataEnd'
    return null
  }

  /** CR LF after a chunk's data, or after the last size: trailers are refused. */
  #readLineEnd(): ParserState | null {
    const available = this.#end - this.#at
    if (available > 0 && this.#bytes[this.#at] !== CR) return this.#refuse(badChunk(), this.head)
    if (available < 2) return 'more'
    if (this.#bytes[this.#at + 1] !== LF) return this.#refuse(badChunk(), this.head)
    this.#at += 2
    if (this.#phase === 'last') return this.#complete(this.#gathered.take())
    this.#phase = 'size'
    return null
  }

  #complete(body: Buffer): ParserState {
    this.#phase = 'head'
    this.body = body
    return 'complete'
  }

  #refuse(error: ApiError, head: RequestHead | null): ParserState {
    this.#phase = 'refused'
    this.#at = this.#end
    this.#gathered.take()
    this.body = NONE
    this.head = head
    this.refusal = error
    return 'refused'
  }
}

const badChunk = (): ApiError => badRequest('malformed chunked request body')
const bodyTooLarge = (): ApiError => tooLarge('http: request body too large')

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}
