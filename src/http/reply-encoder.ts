// Replies as bytes (RFC 9112): the status line, checked headers, framing. Framing is decided here and
// nowhere else, so that no handler can make a reply that two readers cut differently.
import { STATUS_CODES } from 'node:http'
import type { HttpReply } from './exchange.ts'

/** How a reply's end is found by the client. */
export type Framing = 'length' | 'chunked' | 'close' | 'none'

export interface ReplyHead {
  /** Status line to empty line, printable ASCII. */
  readonly text: string
  readonly framing: Framing
  /** The handler asked to close the connection. */
  readonly mustClose: boolean
}

export interface ReplyContext {
  /** Minor version of the request. */
  readonly minor: number
  /** The connection goes on after this reply. */
  readonly keepAlive: boolean
}

/** RFC 9110 5.6.2. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VALUE = /^[\t\x20-\x7e]*$/
const FRAMING_NAME = /^(?:content-length|transfer-encoding|connection|keep-alive|trailer|upgrade)$/i

const statusLines = new Map<number, string>()

function statusLine(status: number): string {
  const cached = statusLines.get(status)
  if (cached !== undefined) return cached
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new Error(`a handler answered with status ${status}`)
  }
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  statusLines.set(status, line)
  return line
}

/** Statuses that never have a body, not even an empty one with a length. */
const isBodiless = (status: number): boolean => status === 204 || status === 304

/** `length` is the body's size in bytes, or -1 for a stream. Throws on a reply that must not go out. */
export function encodeReplyHead(
  reply: HttpReply,
  length: number,
  context: ReplyContext,
): ReplyHead {
  let text = statusLine(reply.status)
  let mustClose = false
  const { headers } = reply
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!
    const value = headers[index + 1]!
    if (!VALUE.test(value) || !NAME.test(name)) {
      throw new Error(`a handler answered with a malformed header ${JSON.stringify(name)}`)
    }
    if (mayFrame(name) && FRAMING_NAME.test(name)) {
      if (name.toLowerCase() !== 'connection' || value.toLowerCase() !== 'close') {
        throw new Error(`a handler answered with the framing header ${name}`)
      }
      mustClose = true
    } else text += `${name}: ${value}\r\n`
  }
  const framing = chooseFraming(reply.status, length, context)
  if (framing === 'length') text += `Content-Length: ${length}\r\n`
  else if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n'
  if (mustClose || !context.keepAlive || framing === 'close') text += 'Connection: close\r\n'
  else if (context.minor === 0) text += 'Connection: keep-alive\r\n'
  return { text: `${text}\r\n`, framing, mustClose: mustClose || framing === 'close' }
}

function chooseFraming(status: number, length: number, context: ReplyContext): Framing {
  if (isBodiless(status)) return 'none'
  if (length >= 0) return 'length'
  return context.minor === 1 ? 'chunked' : 'close'
}

/** A quick look at the length: most names are then not matched at all. */
function mayFrame(name: string): boolean {
  const { length } = name
  return length === 10 || length === 14 || length === 17 || length === 7
}
