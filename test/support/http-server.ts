// A server over real HTTP on a free loopback port, in the process of the test, and a client that sends
// what it is told: any method, any headers, or exact bytes.
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { systemClock } from '../../src/base/clock.ts'
import { Logs } from '../../src/base/log.ts'
import { apiHandler } from '../../src/http/api-handler.ts'
import { type ListenOptions, listen } from '../../src/http/listener.ts'
import { type Called, type InProcess, type InProcessOptions, startInProcess } from './in-process.ts'

export interface HttpCalled extends Called {
  readonly headers: IncomingHttpHeaders
}

export interface HttpOptions {
  /** Left out: the root token. null: none. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string | string[]>>
}

export interface HttpServer {
  readonly inner: InProcess
  readonly port: number
  readonly address: string
  readonly rootToken: string
  /** `path` goes below /v1/ as it is, with its query. A body that is no text is sent as JSON. */
  call(method: string, path: string, body?: unknown, options?: HttpOptions): Promise<HttpCalled>
  /** Sends exact bytes (or several pieces, one after the other) and answers all until the server closes. */
  raw(...pieces: (string | Buffer)[]): Promise<string>
  close(): Promise<void>
}

export async function startHttp(
  options: InProcessOptions & { readonly listen?: Partial<ListenOptions> } = {},
): Promise<HttpServer> {
  const inner = await startInProcess(options)
  const logs = new Logs({
    level: 'trace',
    format: 'standard',
    sink: { write: (line) => options.log?.(line) },
  })
  const listener = await listen({
    name: 'test',
    address: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    log: logs.of('http'),
    ...apiHandler(inner.host),
    ...options.listen,
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const { port } = listener
  return {
    inner,
    port,
    address: `http://127.0.0.1:${port}`,
    rootToken: inner.rootToken,
    call: (method, path, body, of = {}) => {
      const token = of.token === undefined ? inner.rootToken : of.token
      const headers = { ...(token === null ? {} : { 'X-Vault-Token': token }), ...of.headers }
      return send(agent, port, method, `/v1/${path}`, body, headers)
    },
    raw: (...pieces) => exchange(port, pieces),
    async close() {
      agent.destroy()
      await listener.close(0)
      await inner.close()
    },
  }
}

function send(
  agent: Agent,
  port: number,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string | string[]>>,
): Promise<HttpCalled> {
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const length = payload === undefined ? {} : { 'Content-Length': Buffer.byteLength(payload) }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { agent, host: '127.0.0.1', port, method, path, headers: { ...length, ...headers } },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('error', reject)
        reply.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const isJson = reply.headers['content-type'] === 'application/json' && text !== ''
          resolve({
            status: reply.statusCode ?? 0,
            headers: reply.headers,
            text,
            body: isJson ? JSON.parse(text) : null,
          })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(payload)
  })
}

function exchange(port: number, pieces: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, async () => {
      for (const piece of pieces) {
        socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
        // The next piece goes out as a segment of its own.
        await new Promise((next) => setImmediate(next))
      }
    })
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}
