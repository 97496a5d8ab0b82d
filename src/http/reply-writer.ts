// Puts replies on a socket in as few writes as possible: head and body are one write, and so are the
// replies to requests that came in one segment. Says when the client doesn't take them fast enough.
import type { Socket } from 'node:net'

/** Replies that wait for one write are sent before they grow beyond this. */
const MAX_CORKED = 64 * 1024
/** Up to here text and bytes are joined into one buffer; beyond, copying costs more than a writev. */
const MAX_JOINED_BYTES = 64 * 1024

export class ReplyWriter {
  readonly #socket: Socket
  readonly #stallMs: number
  #corked = ''
  #isAscii = true
  #hasScheduledFlush = false
  #isBlocked = false

  constructor(socket: Socket, stallMs: number) {
    this.#socket = socket
    this.#stallMs = stallMs
  }

  /** The socket holds more than it should: send nothing and read nothing until `unblock`. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  /** Appends text, which goes out with the next flush. */
  text(text: string, isAscii: boolean): void {
    this.#corked += text
    this.#isAscii &&= isAscii
    if (this.#corked.length > MAX_CORKED) this.flush()
  }

  /** Sends what waits and these bytes, which nobody may write to any more. */
  bytes(bytes: Uint8Array): void {
    const text = this.#corked
    if (this.#isAscii && bytes.length <= MAX_JOINED_BYTES) {
      this.#corked = ''
      const joined = Buffer.allocUnsafe(text.length + bytes.length)
      joined.write(text, 0, 'latin1')
      joined.set(bytes, text.length)
      this.#check(this.#socket.write(joined))
      return
    }
    this.#socket.cork()
    this.flush()
    this.#check(this.#socket.write(bytes))
    this.#socket.uncork()
  }

  /** Sends what waits, in one write. */
  flush(): void {
    const text = this.#corked
    if (text === '') return
    const encoding = this.#isAscii ? 'latin1' : 'utf8'
    this.#corked = ''
    this.#isAscii = true
    this.#check(this.#socket.write(text, encoding))
  }

  /** Flushes when all that can be done now is done: replies of the same tick then share a write. */
  flushSoon(): void {
    if (this.#hasScheduledFlush) return
    this.#hasScheduledFlush = true
    process.nextTick(() => {
      this.#hasScheduledFlush = false
      this.flush()
    })
  }

  /**
   * Stops reading while the socket is full. The socket's own timer sees progress inside one large
   * write, and with reading paused nothing but progress resets it.
   */
  block(): void {
    this.#isBlocked = true
    this.#socket.pause()
    this.#socket.setTimeout(this.#stallMs)
  }

  /** For the socket's 'drain' event. */
  unblock(): void {
    this.#isBlocked = false
    this.#socket.setTimeout(0)
  }

  #check(hasRoom: boolean): void {
    if (!hasRoom) this.block()
  }
}
