import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { buildSync } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import type { Listener } from './listener.ts'
import { echo, exchange, jsonReply, listenFor, TestClient } from './test-client.ts'
import type { TlsFiles } from './tls-files.ts'

let dir: string
let listener: Listener | null = null
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'http-'))
  for (const name of ['server', 'other', 'client']) makeCertificate(name)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
afterEach(async () => {
  await listener?.close(0)
  listener = null
})

const file = (name: string): string => join(dir, name)

const read = (name: string): Buffer => readFileSync(file(name))

function makeCertificate(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`]
  const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', ...kind, '-days', '2', ...subject, ...out], { stdio: 'ignore' })
}

const H = 'Host: a\r\n'
const last = `${H}Connection: close\r\n\r\n`

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What is really held: garbage that nobody has collected yet doesn't count. */
function heapInUse(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

describe('TLS', () => {
  const files = (change: Partial<TlsFiles> = {}): TlsFiles => ({
    certFile: file('server.pem'),
    keyFile: file('server.key'),
    clientCertificate: 'request',
    minVersion: 'TLSv1.2',
    ...change,
  })
  const open = async (change?: Partial<TlsFiles>): Promise<Listener> => {
    listener = await listenFor(
      async (request) =>
        jsonReply({
          version: request.tls?.version,
          authorized: request.tls?.authorized,
          chain: request.tls?.peerCertificates().length,
        }),
      { tls: files(change) },
    )
    return listener
  }
  const handshake = (options: ConnectionOptions = {}): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const port = listener!.port
      const socket = connectTls({ port, rejectUnauthorized: false, ...options }, () =>
        resolve(socket),
      )
      socket.on('error', reject)
    })
  const ask = async (options?: ConnectionOptions): Promise<unknown> => {
    const client = new TestClient(await handshake(options))
    client.send(`LIST / HTTP/1.1\r\n${last}`)
    return JSON.parse((await client.untilClosed()).split('\r\n\r\n')[1]!)
  }

  it('serves TLS 1.2 and 1.3 and nothing older', async () => {
    await open()
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await ask({ minVersion: version, maxVersion: version })).toEqual({
        version,
        authorized: false,
        chain: 0,
      })
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
    await expect(handshake(old)).rejects.toThrow()
  })

  it('keeps to a floor of TLS 1.3', async () => {
    await open({ minVersion: 'TLSv1.3' })
    await expect(handshake({ maxVersion: 'TLSv1.2' })).rejects.toThrow()
    expect(await ask()).toMatchObject({ version: 'TLSv1.3' })
  })

  it('asks for client certificates, takes any, and says which it knows', async () => {
    await open({ clientCaFile: file('client.pem') })
    const identity = { cert: read('client.pem'), key: read('client.key') }
    expect(await ask(identity)).toMatchObject({ authorized: true, chain: 1 })
    const stranger = { cert: read('other.pem'), key: read('other.key') }
    expect(await ask(stranger)).toMatchObject({ authorized: false, chain: 1 })
    expect(await ask()).toMatchObject({ authorized: false, chain: 0 })
  })

  it('requires client certificates when told to', async () => {
    await open({ clientCaFile: file('client.pem'), clientCertificate: 'require' })
    const identity = { cert: read('client.pem'), key: read('client.key') }
    expect(await ask(identity)).toMatchObject({ authorized: true })
    await expect(ask({ maxVersion: 'TLSv1.2' })).rejects.toThrow()
    await expect(listenFor(echo, { tls: files({ clientCertificate: 'require' }) })).rejects.toThrow(
      /no client CA/,
    )
  })

  it('reloads its certificate, and keeps the old one when the new one does not fit', async () => {
    for (const part of ['pem', 'key']) copyFileSync(file(`server.${part}`), file(`live.${part}`))
    const server = await open({ certFile: file('live.pem'), keyFile: file('live.key') })
    const subject = async (): Promise<string> => {
      const socket = await handshake()
      const { CN } = socket.getPeerCertificate().subject
      socket.destroy()
      return String(CN)
    }
    const before = new TestClient(await handshake())
    expect(await subject()).toBe('server')
    copyFileSync(file('other.pem'), file('live.pem'))
    await expect(server.reload()).rejects.toThrow(/live\.pem/)
    expect(await subject()).toBe('server')
    copyFileSync(file('other.key'), file('live.key'))
    await server.reload()
    expect(await subject()).toBe('other')
    before.send(`GET / HTTP/1.1\r\n${last}`)
    expect(await before.untilClosed()).toMatch(/^HTTP\/1\.1 200/)
    writeFileSync(file('live.pem'), 'garbage')
    await expect(server.reload()).rejects.toThrow()
  })

  it('carries large bodies both ways', async () => {
    const body = Buffer.alloc(3_000_000, 120)
    listener = await listenFor(
      async (request) => ({ status: 200, headers: [], body: request.body }),
      { tls: files() },
    )
    const client = new TestClient(await handshake())
    client.send(`PUT / HTTP/1.1\r\nContent-Length: ${body.length}\r\n${last}`).send(body)
    expect((await client.untilClosed()).length).toBeGreaterThan(body.length)
  })

  it('outlives clients that reset within and after the handshake', async () => {
    const server = await open()
    for (let count = 0; count < 60; count++) {
      const raw = TestClient.to(server)
      if (count % 3 > 0)
        raw.send(Buffer.from(count % 3 === 1 ? '160301' : '16030100050100000103', 'hex'))
      await new Promise((resolve) => raw.socket.on('connect', resolve))
      if (count % 2 === 0) await systemClock.sleep(1)
      raw.socket.resetAndDestroy()
      const secure = await handshake()
      secure.write(`GET / HTTP/1.1\r\n${H}\r\n`)
      if (count % 2 === 0) await systemClock.sleep(1)
      secure.destroy()
    }
    expect(await ask()).toMatchObject({ version: 'TLSv1.3' })
    while (server.connectionCount > 0) await systemClock.sleep(2)
  })

  it('offers HTTP/1.1 only, drops plain bytes and unfinished handshakes', async () => {
    const server = await open()
    const socket = await handshake({ ALPNProtocols: ['h2', 'http/1.1'] })
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
    const plain = await exchange(server, `GET / HTTP/1.1\r\n${last}`)
    expect(plain).toMatch(/400 [\s\S]*Client sent an HTTP request to an HTTPS server/)
    const silent = TestClient.to(server)
    await new Promise((resolve) => silent.socket.on('connect', resolve))
    await systemClock.sleep(20)
    await server.close(30)
    await silent.untilClosed()
  })
})

describe('unix sockets', () => {
  it('sets the mode, answers, and takes over a dead file only', async () => {
    const socketPath = file('api.sock')
    const address = { socketPath, mode: 0o660, group: String(process.getgid?.() ?? 0) }
    listener = await listenFor(
      async (request) => jsonReply([request.remoteAddress, request.remotePort, request.listener]),
      { address, name: 'local' },
    )
    expect(statSync(socketPath).mode & 0o777).toBe(0o660)
    expect(listener.address).toBe(socketPath)
    expect(await exchange(listener, `GET / HTTP/1.1\r\n${last}`)).toMatch(/\["",0,"local"\]$/)
    await expect(listenFor(echo, { address })).rejects.toThrow(/EADDRINUSE/)
    await listener.close(0)

    // A process that dies without a word leaves its file.
    const server = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, `
    const dying = `${server}() => process.kill(process.pid, 'SIGKILL'))`
    expect(() => execFileSync(process.execPath, ['-e', dying], { stdio: 'ignore' })).toThrow()
    expect(statSync(socketPath).isSocket()).toBe(true)
    listener = await listenFor(echo, { address })
    expect(await exchange(listener, `LIST / HTTP/1.1\r\n${last}`)).toMatch(/^HTTP\/1\.1 200/)
    await listener.close(0)

    writeFileSync(socketPath, 'a file of somebody')
    await expect(listenFor(echo, { address })).rejects.toThrow(/EADDRINUSE/)
    expect(statSync(socketPath).isFile()).toBe(true)
  })

  it('names an owner that does not exist', async () => {
    const address = { socketPath: file('b.sock'), user: 'no-such-user' }
    await expect(listenFor(echo, { address })).rejects.toThrow(/no-such-user/)
  })
})

describe('end and load', () => {
  it('finishes what is in flight, closes what rests, cuts what is late', async () => {
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let begun = 0
    listener = await listenFor(async (request) => {
      begun++
      if (request.target === '/held') await held
      if (request.target === '/never') await new Promise(() => {})
      return jsonReply({})
    })
    const held1 = TestClient.to(listener).send(`GET /held HTTP/1.1\r\n${H}\r\n`)
    const never = TestClient.to(listener).send(`GET /never HTTP/1.1\r\n${H}\r\n`)
    const resting = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${H}\r\n`)
    await resting.until(/\{\}$/)
    while (begun < 3) await systemClock.sleep(1)
    const closed = listener.close(300)
    await resting.untilClosed()
    release()
    expect(await held1.until(/\{\}$/)).toMatch(/Connection: close/)
    expect(never.isClosed).toBe(false)
    await closed
    expect(await never.untilClosed()).toBe('')
    expect(listener.connectionCount).toBe(0)
    await listener.close(0)
  })

  it('lets no more connections in than it may', async () => {
    listener = await listenFor(echo, { maxConnections: 2 })
    const first = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${H}\r\n`)
    const second = TestClient.to(listener).send(`GET / HTTP/1.1\r\n${H}\r\n`)
    await Promise.all([first.until(/\}$/), second.until(/\}$/)])
    expect(await exchange(listener, `GET / HTTP/1.1\r\n${H}\r\n`)).toBe('')
    first.socket.destroy()
    await first.untilClosed()
    while (listener.connectionCount > 1) await systemClock.sleep(1)
    expect(await exchange(listener, `GET / HTTP/1.1\r\n${last}`)).toMatch(/^HTTP\/1\.1 200/)
  })

  it('keeps nothing of thousands of connections that came and went', async () => {
    const server = await listenFor(echo)
    listener = server
    const ways = [
      (client: TestClient) => client.send(`LIST /a HTTP/1.1\r\n${last}`).untilClosed(),
      (client: TestClient) => client.send('GET /\0').untilClosed(),
      async (client: TestClient) => {
        client.send(`PUT /a HTTP/1.1\r\n${H}Content-Length: 9\r\n\r\nabc`)
        await new Promise((resolve) => client.socket.on('connect', resolve))
        client.socket.destroy()
      },
      async (client: TestClient) => {
        await client.send(`GET /a HTTP/1.1\r\n${H}\r\n`).until(/\}$/)
        client.socket.resetAndDestroy()
      },
    ]
    const round = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 50) {
        await Promise.all(
          Array.from({ length: 50 }, (_, index) => ways[index % 4]!(TestClient.to(server))),
        )
      }
      while (server.connectionCount > 0) await systemClock.sleep(2)
    }
    await round(500)
    const before = heapInUse()
    await round(4000)
    // A connection left behind is some 10 KB: 4,000 would be 40 MB.
    expect(heapInUse() - before).toBeLessThan(10 * 1024 * 1024)
    await server.close(100)
  })

  it('shares one port between cluster workers', async () => {
    const script = file('workers.mjs')
    const source = new URL('./listener.ts', import.meta.url).pathname
    const clock = new URL('../base/clock.ts', import.meta.url).pathname
    buildSync({
      stdin: { contents: workersSource(source, clock), resolveDir: dir, loader: 'ts' },
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    })
    const answers = JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' }))
    expect(new Set(answers.tcp).size).toBe(2)
    expect(new Set(answers.unix).size).toBe(2)
  })
})

/** A program: two workers on one port and one socket file; prints which of them answered. */
const workersSource = (listener: string, clock: string): string => `
import cluster from 'node:cluster'
import { connect } from 'node:net'
import { systemClock } from ${JSON.stringify(clock)}
import { listen } from ${JSON.stringify(listener)}
const socketPath = ${JSON.stringify(file('workers.sock'))}
if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()]
  const ports = await Promise.all(workers.map((w) => new Promise((r) => w.once('message', r))))
  const ask = (where) => new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(where, () => socket.write('LIST / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'))
    socket.on('data', (chunk) => { text += chunk }).on('error', reject)
    socket.on('close', () => resolve(text.split('\\r\\n\\r\\n')[1]))
  })
  const many = async (where) => { const all = []; for (let i = 0; i < 8; i++) all.push(await ask(where)); return all }
  console.log(JSON.stringify({ tcp: await many({ port: ports[0] }), unix: await many({ path: socketPath }) }))
  for (const worker of workers) worker.kill()
} else {
  const log = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, named: () => log }
  const handler = async () => ({ status: 200, headers: [], body: String(process.pid) })
  const common = { name: 'w', handler, clock: systemClock, log }
  const tcp = await listen({ ...common, address: { host: '127.0.0.1', port: 0 } })
  await listen({ ...common, address: { socketPath, mode: 0o600 } })
  process.send(tcp.port)
}
`
