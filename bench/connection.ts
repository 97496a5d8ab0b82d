// One keep-alive HTTP/1.1 connection that costs little CPU: requests are ready bytes, answers are
// cut out of one read buffer, and only status and body are looked at. One request at a time.
import { connect, type Socket } from 'node:net'

/** `body` is a view of the read buffer: valid only until the callback returns. */
export type OnAnswer = (status: number, body: Buffer) => void

export interface Connection {
  /** Sends one whole request; its answer goes to `onAnswer`. The bytes must stay until then. */
  send(request: Buffer, onAnswer: OnAnswer): void
  close(): void
}

export interface Address {
  readonly host: string
  readonly port: number
}

const READ_BYTES = 256 * 1024

export function openConnection(address: Address): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let waiting: OnAnswer | null = null
    let kept: Buffer | null = null
    let isClosed = false
    const take = (size: number, shared: Uint8Array): boolean => {
      const fresh = Buffer.from(shared.buffer, shared.byteOffset, size)
      const bytes: Buffer = kept ? Buffer.concat([kept, fresh]) : fresh
      const answer = parseAnswer(bytes)
      if (answer === null) {
        kept = kept ? bytes : Buffer.from(fresh)
        return true
      }
      kept = null
      const receiver = waiting
      waiting = null
      receiver?.(answer.status, answer.body)
      return true
    }
    const socket: Socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: take },
    })
    const fail = (error: Error): void => {
      if (isClosed) return
      isClosed = true
      // An open request that ends here is an error of the run: status 0 tells it.
      waiting?.(0, Buffer.from(error.message))
      reject(error)
    }
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('connection closed by the server')))
    socket.on('connect', () =>
      resolve({
        send(request, onAnswer) {
          if (isClosed) return onAnswer(0, Buffer.from('connection closed'))
          waiting = onAnswer
          socket.write(request)
        },
        close() {
          isClosed = true
          socket.destroy()
        },
      }),
    )
  })
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LENGTH = /\r\ncontent-length: *(\d+)/i
const CHUNKED = /\r\ntransfer-encoding: *chunked/i

/** The answer that the bytes hold, or null while they are incomplete. */
export function parseAnswer(bytes: Buffer): { status: number; body: Buffer } | null {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) return null
  const status = bytes[9]! * 100 + bytes[10]! * 10 + bytes[11]! - 48 * 111
  const head = bytes.toString('latin1', 12, headEnd)
  const bodyAt = headEnd + 4
  const length = LENGTH.exec(head)
  if (length) {
    const end = bodyAt + Number(length[1])
    return bytes.length < end ? null : { status, body: bytes.subarray(bodyAt, end) }
  }
  if (CHUNKED.test(head)) {
    const body = joinChunks(bytes.subarray(bodyAt))
    return body === null ? null : { status, body }
  }
  return { status, body: bytes.subarray(bodyAt, bodyAt) }
}

function joinChunks(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const from = lineEnd + 2
    if (bytes.length < from + size + 2) return null
    if (size === 0) return Buffer.concat(parts)
    parts.push(bytes.subarray(from, from + size))
    at = from + size + 2
  }
}
