import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_HEADER_BYTES, MAX_HEADER_COUNT } from '../base/limits.ts'
import type { RequestHead } from './request-head.ts'
import { type ParserLimits, RequestParser } from './request-parser.ts'

const limits: ParserLimits = {
  maxHeaderBytes: MAX_HEADER_BYTES,
  maxBodyBytes: (path) => (path === '/small' ? 4 : 1024 * 1024),
  isSecure: false,
}

interface Seen {
  readonly requests: readonly string[]
  /** Status and whether a head came with it. */
  readonly refusal: string | null
}

/** Everything that a parser makes of these chunks. */
function parse(chunks: readonly Buffer[], rules: ParserLimits = limits): Seen {
  const parser = new RequestParser(rules)
  // Bodies are looked at last: they must not change when later bytes come.
  const taken: { readonly head: RequestHead; readonly body: Buffer }[] = []
  const seen = (refusal: string | null): Seen => ({ requests: taken.map(describeRequest), refusal })
  for (const chunk of chunks) {
    parser.push(Buffer.from(chunk))
    for (let state = parser.advance(); state !== 'more'; state = parser.advance()) {
      if (state === 'refused') {
        const { refusal, head } = parser
        return seen(`${refusal!.status}${head === null ? '' : ' with head'}`)
      }
      if (state === 'continue') continue
      taken.push({ head: parser.head!, body: parser.body })
    }
  }
  return seen(null)
}

function describeRequest({ head, body }: { head: RequestHead; body: Buffer }): string {
  const { method, target, path, query, headers, keepAlive, minor } = head
  const text = body.toString('latin1')
  return JSON.stringify({ method, target, path, query, headers, keepAlive, minor, body: text })
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const parseText = (text: string, rules?: ParserLimits): Seen => parse([bytes(text)], rules)
const get = (rest: string): string => `GET /v1/a HTTP/1.1\r\n${rest}`
const post = (rest: string): string => `POST /v1/a HTTP/1.1\r\nHost: a\r\n${rest}`

const H = 'Host: a\r\n'

describe('requests taken', () => {
  it('reads a request as Go clients send it', () => {
    const seen = parseText(
      'PUT /v1/secret/data/a?version=1 HTTP/1.1\r\nHost: 127.0.0.1:8200\r\n' +
        'User-Agent: Go-http-client/1.1\r\nContent-Length: 13\r\nX-Vault-Request: true\r\n' +
        'X-Vault-Token:  hvs.x \t\r\nAccept-Encoding: gzip\r\n\r\n{"data":{}}\r\n',
    )
    expect(seen.refusal).toBeNull()
    expect(seen.requests.map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        method: 'PUT',
        target: '/v1/secret/data/a?version=1',
        path: '/v1/secret/data/a',
        query: 'version=1',
        headers: [
          ...['host', '127.0.0.1:8200', 'user-agent', 'Go-http-client/1.1', 'content-length', '13'],
          ...['x-vault-request', 'true', 'x-vault-token', 'hvs.x', 'accept-encoding', 'gzip'],
        ],
        keepAlive: true,
        minor: 1,
        body: '{"data":{}}\r\n',
      },
    ])
  })

  it.each([
    ['every method', ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'LIST', 'SCAN', 'OPTIONS']],
  ])('%s', (_, methods) => {
    const text = methods.map((method) => `${method} / HTTP/1.1\r\n${H}\r\n`).join('')
    const { requests, refusal } = parseText(text)
    expect(refusal).toBeNull()
    expect(requests.map((seen) => JSON.parse(seen).method)).toEqual(methods)
  })

  it.each([
    ['no headers in 1.0', 'GET / HTTP/1.0\r\n\r\n'],
    ['empty host', `GET / HTTP/1.1\r\nHost:\r\n\r\n`],
    ['IPv6 host', `GET / HTTP/1.1\r\nHost: [::1]:8200\r\n\r\n`],
    ['empty header value', get(`${H}X-A:\r\n\r\n`)],
    ['Latin-1 value', get(`${H}X-A: \xfc\r\n\r\n`)],
    ['raw UTF-8 in the target', `GET /v1/\xc3\xbc HTTP/1.1\r\n${H}\r\n`],
    ['one empty line before', `\r\n${get(`${H}\r\n`)}`],
    ['two values of a list', get(`${H}X-Vault-MFA: a\r\nX-Vault-MFA: b\r\n\r\n`)],
    ['absolute form that matches', `GET http://A:1/v1/a?b HTTP/1.1\r\nHost: a:1\r\n\r\n`],
    [
      'chunked',
      post('Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n'),
    ],
    ['chunked and empty', post('Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n')],
    ['length zero', post('Content-Length: 0\r\n\r\n')],
    ['body at its cap', `POST /small HTTP/1.1\r\n${H}Content-Length: 4\r\n\r\nabcd`],
    ['expectation', post('Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na')],
  ])('%s', (_, text) => {
    const seen = parseText(text)
    expect(seen.refusal).toBeNull()
    expect(seen.requests).toHaveLength(1)
  })

  it('keeps the connection as the client says', () => {
    const keeps = (text: string): boolean => JSON.parse(parseText(text).requests[0]!).keepAlive
    expect(keeps(get(`${H}\r\n`))).toBe(true)
    expect(keeps(get(`${H}Connection: close\r\n\r\n`))).toBe(false)
    expect(keeps(get(`${H}Connection: x, CLOSE\r\n\r\n`))).toBe(false)
    expect(keeps(get(`${H}Connection: close\r\nConnection: keep-alive\r\n\r\n`))).toBe(false)
    expect(keeps('GET / HTTP/1.0\r\n\r\n')).toBe(false)
    expect(keeps('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n')).toBe(true)
    expect(keeps('GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n')).toBe(false)
  })

  it('asks for the body of a client that waits', () => {
    const parser = new RequestParser(limits)
    parser.push(bytes(post('Expect: 100-continue\r\nContent-Length: 2\r\n\r\n')))
    expect([parser.advance(), parser.advance()]).toEqual(['continue', 'more'])
    parser.push(bytes('ab'))
    expect(parser.advance()).toBe('complete')
    expect(parser.body.toString()).toBe('ab')
  })
})

describe('requests refused', () => {
  const many = (count: number): string => `${'X-A: b\r\n'.repeat(count)}`
  it.each([
    // The request line.
    ['400', 'GET  / HTTP/1.1\r\n\r\n'],
    ['400', ' GET / HTTP/1.1\r\n\r\n'],
    ['400', 'GET / HTTP/1.1 \r\n\r\n'],
    ['400', 'GET /\r\n\r\n'],
    ['400', 'GET / http/1.1\r\n\r\n'],
    ['400', 'GET / HTTP/1.1\n\n'],
    ['400', 'GET / HTTP/1.1\rHost: a\r\n\r\n'],
    ['400', 'GET\t/ HTTP/1.1\r\n\r\n'],
    ['400', 'GET /a\tb HTTP/1.1\r\n\r\n'],
    ['400', 'GET /\0 HTTP/1.1\r\n\r\n'],
    ['400', 'GET /#a HTTP/1.1\r\n\r\n'],
    ['400', 'G(T / HTTP/1.1\r\n\r\n'],
    ['400', `${'A'.repeat(40)} / HTTP/1.1\r\n\r\n`],
    ['400', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['400', `\r\n\r\n${get(`${H}\r\n`)}`],
    ['505', 'GET / HTTP/2.0\r\n\r\n'],
    ['505', 'GET / HTTP/1.2\r\n\r\n'],
    ['505', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['405 with head', `TRACE / HTTP/1.1\r\n${H}\r\n`],
    ['405 with head', `list / HTTP/1.1\r\n${H}\r\n`],
    ['405 with head', `CONNECT a:1 HTTP/1.1\r\n${H}\r\n`],
    ['400 with head', `OPTIONS * HTTP/1.1\r\n${H}\r\n`],
    ['400 with head', `GET v1/a HTTP/1.1\r\n${H}\r\n`],
    ['400 with head', `GET http://b/v1/a HTTP/1.1\r\n${H}\r\n`],
    ['400 with head', `GET https://a/v1/a HTTP/1.1\r\n${H}\r\n`],
    ['400 with head', `GET http://x@a/v1/a HTTP/1.1\r\n${H}\r\n`],
    // Header syntax.
    ['400', get('Host : a\r\n\r\n')],
    ['400', get(`${H}X-A: b\r\n c\r\n\r\n`)],
    ['400', get(`${H} X-A: b\r\n\r\n`)],
    ['400', get(`${H}X-A: b\n\r\n`)],
    ['400', get(`${H}X-A: b\rX-B: c\r\n\r\n`)],
    ['400', get(`${H}X-A: b\0\r\n\r\n`)],
    ['400', get(`${H}X-A: b\x7f\r\n\r\n`)],
    ['400', get(`${H}X-A\r\n\r\n`)],
    ['400', get(`${H}: b\r\n\r\n`)],
    ['400', get(`${H}X\xe4: b\r\n\r\n`)],
    ['400', get(`${H}X-A: b\r\n\n`)],
    ['400', get(`${H}X-A: b\r\n\rX`)],
    ['431', get(`${H}${many(MAX_HEADER_COUNT)}\r\n`)],
    ['431', get(`${H}X-A: ${'b'.repeat(MAX_HEADER_BYTES)}\r\n\r\n`)],
    ['431', get(`${H}X-A: ${'b'.repeat(MAX_HEADER_BYTES)}`)],
    // Header meaning.
    ['400 with head', get('\r\n')],
    ['400 with head', get(`${H}Host: a\r\n\r\n`)],
    ['400 with head', get('Host: a b\r\n\r\n')],
    ['400 with head', get('Host: a/b\r\n\r\n')],
    ['400 with head', get('Host: u@a\r\n\r\n')],
    ['400 with head', get(`${H}X-Vault-Token: a\r\nx-vault-token: a\r\n\r\n`)],
    ['400 with head', get(`${H}X-Vault-Namespace: a\r\nX-VAULT-NAMESPACE: b\r\n\r\n`)],
    ['400 with head', get(`${H}Authorization: a\r\nAuthorization: b\r\n\r\n`)],
    ['417 with head', post('Expect: 200-ok\r\n\r\n')],
    // Framing.
    ['400 with head', post('Content-Length: 1\r\nContent-Length: 1\r\n\r\na')],
    ['400 with head', post('Content-Length: 1\r\nContent-Length: 2\r\n\r\nab')],
    ['400 with head', post('Content-Length: 1, 1\r\n\r\na')],
    ['400 with head', post('Content-Length: 1\t\r\n\r\na')],
    ['400 with head', post('Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n')],
    ['400 with head', post('Content-Length: +1\r\n\r\na')],
    ['400 with head', post('Content-Length: -1\r\n\r\na')],
    ['400 with head', post('Content-Length: 0x1\r\n\r\na')],
    ['400 with head', post('Content-Length: 1e1\r\n\r\na')],
    ['400 with head', post('Content-Length:\r\n\r\na')],
    ['400 with head', post('Content-Length: 9999999999999999\r\n\r\na')],
    ['400 with head', post('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')],
    ['400 with head', post('Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n')],
    ['400 with head', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n')],
    ['501 with head', post('Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n')],
    ['501 with head', post('Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n')],
    ['501 with head', post('Transfer-Encoding: "chunked"\r\n\r\n')],
    ['501 with head', post('Transfer-Encoding:\r\n\r\n')],
    ['400 with head', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['413 with head', post('Content-Length: 1048577\r\n\r\n')],
    ['413 with head', `POST /small HTTP/1.1\r\n${H}Content-Length: 5\r\n\r\n`],
  ])('%s: %j', (refusal, text) => {
    expect(parseText(text)).toEqual({ requests: [], refusal })
  })

  const chunked = post('Transfer-Encoding: chunked\r\n\r\n')
  it.each([
    ['400 with head', '\r\n'],
    ['400 with head', ' 1\r\na\r\n0\r\n\r\n'],
    ['400 with head', '1 \r\na\r\n0\r\n\r\n'],
    ['400 with head', '0x1\r\na\r\n0\r\n\r\n'],
    ['400 with head', '+1\r\na\r\n0\r\n\r\n'],
    ['400 with head', '-1\r\na\r\n0\r\n\r\n'],
    ['400 with head', '1;a=b\r\na\r\n0\r\n\r\n'],
    ['400 with head', '1\na\r\n0\r\n\r\n'],
    ['400 with head', '1\r\nab\r\n0\r\n\r\n'],
    ['400 with head', '1\r\na\n0\r\n\r\n'],
    ['400 with head', '1\r\na0\r\n\r\n'],
    ['400 with head', '0\r\nX-A: b\r\n\r\n'],
    ['400 with head', '0\r\n\n'],
    ['400 with head', '000000001\r\na\r\n0\r\n\r\n'],
    ['413 with head', 'ffffffff\r\n'],
    ['413 with head', '100001\r\n'],
  ])('chunked, %s: %j', (refusal, text) => {
    expect(parseText(chunked + text)).toEqual({ requests: [], refusal })
  })

  it('reads nothing behind a refusal', () => {
    const parser = new RequestParser(limits)
    parser.push(bytes(`BAD\0${get(`${H}\r\n`)}`))
    expect(parser.advance()).toBe('refused')
    parser.push(bytes(get(`${H}\r\n`)))
    expect(parser.advance()).toBe('refused')
    expect(parser.buffered).toBe(0)
  })

  it('counts a chunked body over all its chunks', () => {
    const small = `POST /small HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n`
    expect(parseText(`${small}2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n`).requests).toHaveLength(1)
    expect(parseText(`${small}2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n`).refusal).toBe('413 with head')
  })
})

// Valid requests of all shapes, as text.
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_!-]{0,15}$/).map((text) => `Q-${text}`)
const value = fc.stringMatching(/^[\x21-\x7e\x80-\xff]([\t -~]{0,30}[!-~])?$/)
const target = fc.stringMatching(/^\/[!-"$-~\x80-\xff]{0,40}$/)
const bodyText = fc.string({ unit: 'binary-ascii', maxLength: 200 })
const chunkedBody = fc
  .array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }), { maxLength: 5 })
  .map((chunks) => `${chunks.map((c) => `${c.length.toString(16)}\r\n${c}\r\n`).join('')}0\r\n\r\n`)
const request = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'LIST', 'SCAN', 'PUT'),
    target,
    headers: fc.array(fc.tuple(name, value), { maxLength: 8 }),
    body: fc.oneof(
      fc.constant('\r\n'),
      bodyText.map((text) => `Content-Length: ${text.length}\r\n\r\n${text}`),
      chunkedBody.map((text) => `Transfer-Encoding: chunked\r\n\r\n${text}`),
    ),
  })
  .map(({ method, target: where, headers, body }) => {
    const lines = headers.map(([key, text]) => `${key}: ${text}\r\n`).join('')
    return `${method} ${where} HTTP/1.1\r\n${H}${lines}${body}`
  })
const pipeline = fc.array(request, { minLength: 1, maxLength: 4 }).map((all) => bytes(all.join('')))

function cut(whole: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b)
  const chunks: Buffer[] = []
  let from = 0
  for (const place of [...places, whole.length]) {
    if (place > from) chunks.push(whole.subarray(from, place))
    from = Math.max(from, place)
  }
  return chunks
}

describe('fuzz', () => {
  it('makes the same requests of the same bytes, wherever they are cut', () => {
    fc.assert(
      fc.property(pipeline, fc.array(fc.nat(), { maxLength: 12 }), (whole, places) => {
        const seen = parse([whole])
        expect(seen.refusal).toBeNull()
        expect(seen.requests.length).toBeGreaterThan(0)
        expect(parse(cut(whole, places))).toEqual(seen)
      }),
      { numRuns: 400 },
    )
  })

  it('makes the same requests of single bytes', () => {
    fc.assert(
      fc.property(pipeline, (whole) => {
        expect(parse([...whole].map((byte) => Buffer.of(byte)))).toEqual(parse([whole]))
      }),
      { numRuns: 50 },
    )
  })

  it('never throws or hangs on mutated bytes, and judges them alike wherever they are cut', () => {
    const mutation = fc.tuple(fc.nat(), fc.constantFrom('set', 'drop', 'insert'), fc.nat(255))
    const interesting = fc.constantFrom(0, 9, 10, 13, 32, 35, 44, 48, 58, 59, 127, 255)
    const mutate = (whole: Buffer, edits: readonly [number, string, number][]): Buffer => {
      const list = [...whole]
      for (const [place, kind, byte] of edits) {
        const at = place % (list.length + 1)
        if (kind === 'set') list[at] = byte
        else list.splice(at, kind === 'drop' ? 1 : 0, ...(kind === 'drop' ? [] : [byte]))
      }
      return Buffer.from(list)
    }
    const edits = fc.array(
      fc.oneof(
        mutation,
        fc.tuple(fc.nat(), fc.constantFrom('set', 'insert'), interesting),
      ) as fc.Arbitrary<[number, string, number]>,
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(pipeline, edits, fc.array(fc.nat(), { maxLength: 8 }), (valid, list, places) => {
        const whole = mutate(valid, list)
        const seen = parse([whole])
        const pieces = parse(cut(whole, places))
        expect(pieces.requests).toEqual(seen.requests)
        // A head that was never finished may be refused later in one way of cutting than in another.
        if (seen.refusal !== null && pieces.refusal !== null) {
          expect(pieces.refusal).toBe(seen.refusal)
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('takes arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
        parse(chunks.map((chunk) => Buffer.from(chunk)))
      }),
    )
  })

  it('does not pay a square for a head or a body in one-byte pieces', () => {
    const started = process.cpuUsage()
    const head = bytes(get(`${H}X-A: ${'b'.repeat(60_000)}\r\n\r\n`))
    expect(parse([...head].map((byte) => Buffer.of(byte))).requests).toHaveLength(1)
    const body = bytes(post(`Content-Length: 200000\r\n\r\n${'b'.repeat(200_000)}`))
    expect(parse([...body].map((byte) => Buffer.of(byte))).requests).toHaveLength(1)
    const { user } = process.cpuUsage(started)
    expect(user).toBeLessThan(4_000_000)
  })
})
