// The meaning of a request head: method, target, framing (RFC 9112 sections 3 and 6), persistence.
// Wherever two readers could disagree about where the request ends or whom it is for, it is refused.
import { ApiError, badRequest, methodNotAllowed } from '../base/errors.ts'
import {
  BAD_HEADER,
  BAD_REQUEST_LINE,
  BAD_VERSION,
  NEED_MORE,
  offsets,
  scanHead,
  TOO_MANY_HEADERS,
} from './head-scanner.ts'
import {
  knownHeader,
  ROLE_CONNECTION,
  ROLE_CONTENT_LENGTH,
  ROLE_EXPECT,
  ROLE_HOST,
  ROLE_PLAIN,
  ROLE_TRANSFER_ENCODING,
} from './header-names.ts'

/** The methods served; LIST and SCAN are the API's own. */
export const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'LIST',
  'SCAN',
  'OPTIONS',
])

export class RequestHead {
  method = ''
  target = ''
  path = ''
  query = ''
  /** Minor version of HTTP/1. */
  minor = 1
  /** Flat: lower-case name, value. */
  readonly headers: string[] = []
  host: string | null = null
  /** Bytes of the body as declared, or -1 without Content-Length. */
  contentLength = -1
  isChunked = false
  keepAlive = true
  mustClose = false
  wantsContinue = false
  /** Why a well-formed head is refused all the same, or null. */
  fault: ApiError | null = null
  /** Where the body starts in the scanned bytes. */
  bodyStart = 0
}

/**
 * Reads a head from `bytes[start, end)`. null: not all there yet. An ApiError: not HTTP. Otherwise a
 * head, whose `fault` must be looked at. `isSecure` says whether the socket is TLS.
 */
export function readRequestHead(
  bytes: Buffer,
  start: number,
  end: number,
  isSecure: boolean,
): RequestHead | ApiError | null {
  const bodyStart = scanHead(bytes, start, end)
  if (bodyStart < 0) return bodyStart === NEED_MORE ? null : scanFault(bodyStart)
  const text = bytes.toString('latin1', start, bodyStart)
  const head = new RequestHead()
  head.bodyStart = bodyStart
  head.method = text.substring(0, offsets[0]!)
  head.target = text.substring(offsets[1]!, offsets[2]!)
  head.minor = offsets[3]!
  head.keepAlive = head.minor === 1
  if (!METHODS.has(head.method)) head.fault = methodNotAllowed('unsupported method')
  readHeaders(head, text, offsets[4]!)
  if (head.host === null && head.minor === 1) head.fault ??= badRequest('missing Host header')
  if (head.isChunked && head.contentLength >= 0) {
    head.fault ??= badRequest('both Content-Length and Transfer-Encoding are set')
  }
  if (head.isChunked && head.minor === 0) {
    head.fault ??= badRequest('Transfer-Encoding is not part of HTTP/1.0')
  }
  if (head.target.charCodeAt(0) !== 47) readOtherTarget(head, isSecure)
  splitTarget(head)
  return head
}

function scanFault(code: number): ApiError {
  if (code === BAD_VERSION) return new ApiError(505, ['HTTP version not supported'])
  if (code === TOO_MANY_HEADERS) return headersTooLarge()
  if (code === BAD_HEADER) return badRequest('malformed HTTP header')
  return badRequest(code === BAD_REQUEST_LINE ? 'malformed HTTP request line' : 'malformed request')
}

export const headersTooLarge = (): ApiError =>
  new ApiError(431, ['request header fields too large'])

function readHeaders(head: RequestHead, text: string, count: number): void {
  let seen = 0
  for (let index = 0; index < count; index++) {
    const slot = 5 + 4 * index
    const known = knownHeader(text.substring(offsets[slot]!, offsets[slot + 1]!))
    const value = text.substring(offsets[slot + 2]!, offsets[slot + 3]!)
    if ((seen & known.onceBit) !== 0) head.fault ??= badRequest(`duplicate header: ${known.name}`)
    seen |= known.onceBit
    head.headers.push(known.name, value)
    if (known.role === ROLE_PLAIN) continue
    // White space behind a value is allowed, but readers differ in which (llhttp: no tab behind
    // `chunked`); where the framing hangs on it, none is taken.
    const isFraming = known.role === ROLE_CONTENT_LENGTH || known.role === ROLE_TRANSFER_ENCODING
    if (isFraming && text[offsets[slot + 3]!] !== '\r') {
      head.fault ??= badRequest(`malformed ${known.name} header`)
    }
    applyHeader(head, known.role, value)
  }
}

function applyHeader(head: RequestHead, role: number, value: string): void {
  switch (role) {
    case ROLE_HOST:
      head.host = value
      if (!HOST.test(value)) head.fault ??= badRequest('malformed Host header')
      break
    case ROLE_CONTENT_LENGTH:
      if (DIGITS.test(value)) head.contentLength = Number(value)
      else head.fault ??= badRequest('malformed Content-Length header')
      break
    case ROLE_TRANSFER_ENCODING:
      head.isChunked = true
      if (value.toLowerCase() !== 'chunked') {
        head.fault ??= new ApiError(501, ['unsupported transfer encoding'])
      }
      break
    case ROLE_CONNECTION:
      applyConnection(head, value)
      break
    case ROLE_EXPECT:
      if (value.toLowerCase() !== '100-continue') {
        head.fault ??= new ApiError(417, ['unsupported expectation'])
      } else head.wantsContinue = head.minor === 1
      break
  }
}

/** Fifteen digits stay exact in a number. */
const DIGITS = /^[0-9]{1,15}$/
/** RFC 3986 host and port; empty is allowed, user information is not. */
const HOST =
  /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._~%-]+)?\])(?::[0-9]{0,5})?$/

function applyConnection(head: RequestHead, value: string): void {
  for (const option of value.toLowerCase().split(',')) {
    const word = option.trim()
    if (word === 'close') head.mustClose = true
    else if (word === 'keep-alive') head.keepAlive = true
  }
  // Said both, `close` wins.
  if (head.mustClose) head.keepAlive = false
}

/** Absolute form is taken only if it names this connection's scheme and the Host header's authority. */
function readOtherTarget(head: RequestHead, isSecure: boolean): void {
  const match = /^(https?):\/\/([^/?]+)(\/[^?]*)?(\?.*)?$/i.exec(head.target)
  if (match === null) {
    head.fault ??= badRequest('request target must be a path')
    return
  }
  const isMatching =
    match[1]!.toLowerCase() === (isSecure ? 'https' : 'http') &&
    match[2]!.toLowerCase() === head.host?.toLowerCase()
  if (!isMatching) head.fault ??= badRequest('request target does not match the Host header')
  head.target = `${match[3] ?? '/'}${match[4] ?? ''}`
}

function splitTarget(head: RequestHead): void {
  const mark = head.target.indexOf('?')
  head.path = mark < 0 ? head.target : head.target.substring(0, mark)
  head.query = mark < 0 ? '' : head.target.substring(mark + 1)
}
