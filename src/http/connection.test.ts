import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { ApiError } from '../base/errors.ts'
import type { HttpReply, HttpRequest } from './exchange.ts'
import type { Listener, ListenOptions } from './listener.ts'
import { echo, exchange, jsonReply, listenFor, recordingLog, TestClient } from './test-client.ts'

let listener: Listener
const open = async (
  handler: (request: HttpRequest) => Promise<HttpReply>,
  options?: Partial<ListenOptions>,
): Promise<void> => {
  listener = await listenFor(handler, options)
}
afterEach(() => listener.close(0))

const H = 'Host: a\r\n'
const last = `${H}Connection: close\r\n\r\n`
const bodies = (text: string): unknown[] =>
  [...text.matchAll(/\r\n\r\n(\{[^\r]*\})/g)].map((match) => JSON.parse(match[1]!) as unknown)

describe('keep-alive and pipelining', () => {
  it('answers LIST among others, in order, however they are cut', async () => {
    await open(async (request) => {
      // The first takes longest: a concurrent server would answer it last.
      if (request.target === '/1') await systemClock.sleep(20)
      return echo(request)
    })
    const all =
      `LIST /1 HTTP/1.1\r\n${H}\r\nPOST /2 HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc` +
      `LIST /3 HTTP/1.1\r\n${H}\r\nPUT /4 HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n` +
      `1\r\nx\r\n0\r\n\r\nGET /5 HTTP/1.1\r\n${last}`
    const expected = [
      { method: 'LIST', target: '/1', body: '' },
      { method: 'POST', target: '/2', body: 'abc' },
      { method: 'LIST', target: '/3', body: '' },
      { method: 'PUT', target: '/4', body: 'x' },
      { method: 'GET', target: '/5', body: '' },
    ]
    expect(bodies(await exchange(listener, all))).toEqual(expected)
    const client = TestClient.to(listener)
    client.socket.setNoDelay(true)
    for (let at = 0; at < all.length; at += 3) {
      client.send(all.slice(at, at + 3))
      if (at % 9 === 0) await systemClock.sleep(1)
    }
    expect(bodies(await client.untilClosed())).toEqual(expected)
  })

  it('sends the replies of one segment in few writes', async () => {
    await open(async () => jsonReply({ a: 1 }))
    const client = TestClient.to(listener)
    let segments = 0
    client.socket.on('data', () => segments++)
    client.send(`${`GET / HTTP/1.1\r\n${H}\r\n`.repeat(50)}GET / HTTP/1.1\r\n${last}`)
    expect(bodies(await client.untilClosed())).toHaveLength(51)
    expect(segments).toBeLessThan(10)
  })

  it('serves HTTP/1.0 with and without keep-alive', async () => {
    await open(echo)
    const reply = await exchange(
      listener,
      'GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET /3 HTTP/1.0\r\n\r\n',
    )
    expect(bodies(reply)).toHaveLength(2)
    expect(reply).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: keep-alive\r\n[\s\S]*HTTP\/1\.1 200/,
    )
    expect(reply).toMatch(/Connection: close\r\n\r\n\{"method":"GET","target":"\/2"/)
  })

  it('stops reading a client that pipelines without end', async () => {
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await open(async (request) => {
      if (request.target === '/hold') await held
      return echo(request)
    })
    const client = TestClient.to(listener).send(`GET /hold HTTP/1.1\r\n${H}\r\n`)
    const one = `POST /x HTTP/1.1\r\n${H}Content-Length: 1000\r\n\r\n${'x'.repeat(1000)}`
    const count = 20_000
    client.send(one.repeat(count))
    await systemClock.sleep(100)
    // What neither the server nor the kernel's buffers took waits at the client.
    expect(client.socket.writableLength).toBeGreaterThan(0)
    release()
    client.send(`GET /end HTTP/1.1\r\n${last}`)
    expect((await client.untilClosed()).match(/HTTP\/1\.1 200/g)).toHaveLength(count + 2)
  })

  it('answers a client that closed its side after sending', async () => {
    await open(echo)
    const client = TestClient.to(listener)
    client.socket.end(`GET /1 HTTP/1.1\r\n${H}\r\nGET /2 HTTP/1.1\r\n${H}\r\n`)
    expect(bodies(await client.untilClosed())).toHaveLength(2)
  })
})

describe('bodies', () => {
  it('sends 100 Continue when the body is awaited, in its place', async () => {
    await open(echo)
    const client = TestClient.to(listener).send(
      `GET /1 HTTP/1.1\r\n${H}\r\nPUT /2 HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
    )
    await client.until(/\/1[\s\S]*HTTP\/1\.1 100 Continue\r\n\r\n$/)
    client.send('ab')
    expect(await client.until(/"body":"ab"/)).toMatch(/100 Continue\r\n\r\nHTTP\/1\.1 200/)
  })

  it('refuses a body over the cap of its path before it is sent', async () => {
    await open(echo, { maxBodyBytes: (path) => (path === '/big' ? 1e6 : 10) })
    const reply = await exchange(
      listener,
      `PUT /a HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 11\r\n\r\n`,
    )
    expect(reply).toMatch(/^HTTP\/1\.1 413 /)
    expect(reply).toContain('{"errors":["http: request body too large"]}')
    expect(reply).not.toContain('100 Continue')
    const big = 'x'.repeat(100_000)
    const text = `PUT /big HTTP/1.1\r\nContent-Length: ${big.length}\r\n${last}${big}`
    expect(bodies(await exchange(listener, text))).toEqual([
      { method: 'PUT', target: '/big', body: big },
    ])
  })

  it('lets a client read the refusal although it still sends', async () => {
    await open(echo, { maxBodyBytes: () => 10 })
    const client = TestClient.to(listener)
    client.send(`PUT /a HTTP/1.1\r\n${H}Content-Length: 5000000\r\n\r\n`)
    for (let sent = 0; sent < 50; sent++) client.send('x'.repeat(100_000))
    expect(await client.until(/413 [\s\S]*errors/)).toBeTruthy()
    client.socket.end()
  })

  it('answers text, bytes, nothing, HEAD, 204 and 304', async () => {
    const replies: Record<string, HttpReply> = {
      '/text': { status: 200, headers: [], body: 'ü€' },
      '/bytes': { status: 200, headers: [], body: Buffer.from([0, 255]) },
      '/large': { status: 200, headers: [], body: Buffer.alloc(100_000, 120) },
      '/none': { status: 200, headers: [], body: null },
      '/204': { status: 204, headers: [], body: 'not sent' },
      '/304': { status: 304, headers: [], body: null },
      '/472': { status: 472, headers: ['X-A', 'b'], body: '' },
    }
    await open(async (request) => replies[request.target]!)
    const get = (path: string, method = 'GET'): Promise<string> =>
      exchange(listener, `${method} ${path} HTTP/1.1\r\n${last}`)
    const end = 'Connection: close\r\n\r\n'
    const text = Buffer.from('ü€').toString('latin1')
    expect(await get('/text')).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${end}${text}`)
    expect(await get('/text', 'HEAD')).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${end}`)
    expect(await get('/bytes')).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${end}\0\xff`)
    expect((await get('/large')).length).toBeGreaterThan(100_000)
    expect(await get('/none')).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${end}`)
    expect(await get('/204')).toBe(`HTTP/1.1 204 No Content\r\n${end}`)
    expect(await get('/304')).toBe(`HTTP/1.1 304 Not Modified\r\n${end}`)
    expect(await get('/472')).toBe(`HTTP/1.1 472 \r\nX-A: b\r\nContent-Length: 0\r\n${end}`)
  })

  it('streams', async () => {
    let hasEnded = 0
    async function* parts(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from('one')
        yield Buffer.alloc(0)
        await systemClock.sleep(5)
        yield Buffer.from('two')
      } finally {
        hasEnded++
      }
    }
    await open(async () => ({ status: 200, headers: [], body: parts() }))
    const twice = `GET / HTTP/1.1\r\n${H}\r\nGET / HTTP/1.1\r\n${last}`
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n'
    const chunks = '\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n'
    expect(await exchange(listener, twice)).toBe(
      `${head}${chunks}${head}Connection: close\r\n${chunks}`,
    )
    expect(await exchange(listener, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo',
    )
    const headOnly = await exchange(listener, `HEAD / HTTP/1.1\r\n${last}`)
    expect(headOnly).toBe(`${head}Connection: close\r\n\r\n`)
    expect(hasEnded).toBe(3)
  })

  it('stops a stream whose client is gone, and cuts one that fails', async () => {
    let isStopped = false
    const log = recordingLog()
    await open(
      async (request) => {
        async function* forever(): AsyncGenerator<Uint8Array> {
          try {
            for (;;) {
              yield Buffer.alloc(1000)
              if (request.target === '/fail') throw new Error('disk')
              await systemClock.sleep(1)
            }
          } finally {
            isStopped = request.target === '/'
          }
        }
        return { status: 200, headers: [], body: forever() }
      },
      { log },
    )
    const client = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${H}\r\n`)
    await client.until(/200 OK/)
    client.socket.destroy()
    await until(() => isStopped)
    const cut = await exchange(listener, `GET /fail HTTP/1.1\r\n${H}\r\n`)
    expect(cut).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(log.lines).toEqual(['a streamed reply failed'])
  })

  it('sends a stream no faster than it is read', async () => {
    let made = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; made < 10_000; made++) yield Buffer.alloc(65_536)
    }
    await open(async () => ({ status: 200, headers: [], body: endless() }))
    const client = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${H}\r\n`)
    client.socket.pause()
    await systemClock.sleep(200)
    const before = made
    expect(before).toBeLessThan(500)
    await systemClock.sleep(50)
    expect(made).toBe(before)
    client.socket.destroy()
  })
})

describe('faults', () => {
  it('answers 500 for what a handler must not do, and logs it', async () => {
    const log = recordingLog()
    await open(
      async (request): Promise<HttpReply> => {
        if (request.target === '/throw') throw new Error('secret detail')
        if (request.target === '/api') throw new ApiError(403, ['permission denied'])
        if (request.target === '/status') return { status: 99, headers: [], body: null }
        if (request.target === '/close') {
          return { status: 200, headers: ['Connection', 'close'], body: null }
        }
        const header = decodeURIComponent(request.query).split('=')
        return { status: 200, headers: [header[0]!, header[1]!], body: 'x' }
      },
      { log },
    )
    const client = TestClient.to(listener)
    const wrong = ['/throw', '/status', '/?a=b%0D%0Ac: d', '/?a=%C3%BC', '/?a b=c']
    wrong.push('/?content-length=0', '/?Transfer-Encoding=chunked', '/?connection=keep-alive')
    for (const target of wrong) {
      client.received = ''
      client.send(`GET ${target.replaceAll(' ', '%20')} HTTP/1.1\r\n${H}\r\n`)
      expect(await client.until(/\}\n$/)).toMatch(
        /^HTTP\/1\.1 500 [\s\S]*\{"errors":\["internal error"\]\}/,
      )
    }
    expect(log.lines).toHaveLength(wrong.length)
    client.received = ''
    client.send(`GET /api HTTP/1.1\r\n${H}\r\n`)
    expect(await client.until(/\}\n$/)).toMatch(/^HTTP\/1\.1 403 [\s\S]*permission denied/)
    client.received = ''
    client.send(`GET /close HTTP/1.1\r\n${H}\r\n`)
    expect(await client.untilClosed()).toMatch(/Connection: close/)
  })

  it('hands well-formed refusals to core and answers the others itself', async () => {
    const seen: string[] = []
    await open(echo, {
      refused: async (request, error) => {
        seen.push(`${request.method} ${request.path} ${error.status} ${request.body.length}`)
        return { status: error.status, headers: [], body: 'audited' }
      },
    })
    const twice = `X-Vault-Token: a\r\nX-Vault-Token: b\r\n`
    expect(await exchange(listener, `PURGE /a HTTP/1.1\r\n${H}\r\n`)).toMatch(/405[\s\S]*audited$/)
    expect(await exchange(listener, `GET /b?c HTTP/1.1\r\n${H}${twice}\r\n`)).toMatch(/audited$/)
    expect(await exchange(listener, 'GET /\0 HTTP/1.1\r\n\r\n')).toMatch(/"errors":\["malformed/)
    expect(seen).toEqual(['PURGE /a 405 0', 'GET /b 400 0'])
  })
})

describe('time', () => {
  const times = { headerMs: 60, readMs: 200, idleMs: 60, handlerMs: 60, handlerGraceMs: 60 }
  it('ends slow heads, slow bodies and resting connections', async () => {
    await open(echo, { times })
    const slowHead = TestClient.to(listener)
    const slowBody = TestClient.to(listener)
    const silent = TestClient.to(listener)
    const resting = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${H}\r\n`)
    slowHead.send('GET / HTTP/1.1\r\n')
    slowBody.send(`PUT / HTTP/1.1\r\n${H}Content-Length: 100\r\n\r\n`)
    const drip = async (client: TestClient, text: string): Promise<string> => {
      while (!client.isClosed && client.received === '') {
        client.send(text)
        await systemClock.sleep(5)
      }
      client.socket.end()
      return client.untilClosed()
    }
    const [head, body] = await Promise.all([drip(slowHead, 'x'), drip(slowBody, 'x')])
    expect(head).toMatch(/^HTTP\/1\.1 408 [\s\S]*\{"errors":\["request was not sent in time"\]\}/)
    expect(body).toMatch(/^HTTP\/1\.1 408 /)
    silent.socket.on('end', () => silent.socket.end())
    expect(await silent.untilClosed()).toBe('')
    expect(await resting.untilClosed()).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('aborts a handler that takes too long, then answers in its place', async () => {
    const reasons: unknown[] = []
    await open(
      (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => {
            reasons.push((request.signal.reason as Error).message)
            if (request.target === '/polite') reject(request.signal.reason)
          })
        }),
      { times },
    )
    const expected = /^HTTP\/1\.1 504 [\s\S]*\{"errors":\["context deadline exceeded"\]\}/
    const polite = TestClient.to(listener).send(`GET /polite HTTP/1.1\r\n${H}\r\n`)
    expect(await polite.until(/\}\n$/)).toMatch(expected)
    expect(await exchange(listener, `GET /deaf HTTP/1.1\r\n${H}\r\n`)).toMatch(expected)
    expect(reasons).toEqual(['context deadline exceeded', 'context deadline exceeded'])
  })

  it('aborts a handler whose client is gone', async () => {
    const reasons: string[] = []
    let calls = 0
    await open((request) => {
      calls++
      return new Promise((resolve) => {
        request.signal.addEventListener('abort', () => {
          reasons.push((request.signal.reason as Error).message)
          resolve(jsonReply({}))
        })
      })
    })
    const reset = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${H}\r\n`)
    const closing = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${H}\r\n`)
    await until(() => calls === 2)
    reset.socket.resetAndDestroy()
    closing.socket.end()
    await until(() => reasons.length === 2)
    expect(new Set(reasons)).toEqual(new Set(['the client closed the connection']))
    await until(() => listener.connectionCount === 0)
  })

  it('drops a client that takes nothing of its reply, but not one that is slow', async () => {
    const body = Buffer.alloc(16 * 1024 * 1024, 120)
    await open(async () => ({ status: 200, headers: [], body }), { times: { writeStallMs: 150 } })
    const stuck = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${last}`)
    stuck.socket.pause()
    await until(() => listener.connectionCount === 1)
    await until(() => listener.connectionCount === 0)
    const slow = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${last}`)
    const started = systemClock.monotonic()
    let bytes = 0
    slow.socket.removeAllListeners('data')
    slow.socket.on('data', (chunk) => {
      bytes += chunk.length
      slow.socket.pause()
      systemClock.after(1, () => slow.socket.resume())
    })
    await slow.untilClosed()
    expect(bytes).toBeGreaterThan(body.length)
    expect(systemClock.monotonic() - started).toBeGreaterThan(150)
  })
})

/** Waits until `isTrue`, for at most five seconds. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > 1000) throw new Error('it never became true')
    await systemClock.sleep(5)
  }
}
