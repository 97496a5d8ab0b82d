// One HTTP exchange over TCP, TLS or a unix socket. A connection serves one request and is closed, so that
// the process ends as soon as its last answer is read. Network errors read as those of Go's client.
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { Clock } from '../base/clock.ts'
import type { TlsSettings } from './tls-settings.ts'

export interface Endpoint {
  readonly protocol: 'http:' | 'https:'
  readonly hostname: string
  readonly port: string
  /** What goes into the Host header and into messages. */
  readonly host: string
  /** Path prefix of every request, without a slash at its end. */
  readonly prefix: string
  /** The unix socket to use instead of host and port. */
  readonly socketPath: string | null
}

export interface Exchange {
  readonly endpoint: Endpoint
  readonly method: string
  /** Path and query, percent-encoded. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | null
  /** 0 waits for ever. */
  readonly timeoutMs: number
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** The server could not be talked to; the message says why in the words of Go's client. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError'
  readonly reason:
    | 'refused'
    | 'plain-http'
    | 'certificate'
    | 'name'
    | 'hang-up'
    | 'timeout'
    | 'other'
  constructor(reason: NetworkError['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

export function urlOf(endpoint: Endpoint, target: string): string {
  return `${endpoint.protocol}//${endpoint.host}${target}`
}

const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

function explain(error: NodeJS.ErrnoException, exchange: Exchange): NetworkError {
  const { endpoint, method, target } = exchange
  const verb = method[0] + method.slice(1).toLowerCase()
  const at = `${verb} "${urlOf(endpoint, target)}": `
  const dial = endpoint.socketPath
    ? `dial unix ${endpoint.socketPath}`
    : `dial tcp ${endpoint.hostname}:${endpoint.port}`
  const code = error.code ?? ''
  if (error instanceof NetworkError) return new NetworkError(error.reason, at + error.message)
  if (code === 'ECONNREFUSED') {
    return new NetworkError('refused', `${at}${dial}: connect: connection refused`)
  }
  if (code === 'ENOENT') {
    return new NetworkError('refused', `${at}${dial}: connect: no such file or directory`)
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new NetworkError('other', `${at}dial tcp: lookup ${endpoint.hostname}: no such host`)
  }
  // Node 20 reports a first record that is no TLS as EPROTO while writing the hello.
  const isNoTls = code === 'EPROTO' && error.syscall === 'write'
  if (isNoTls || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return new NetworkError('plain-http', `${at}http: server gave HTTP response to HTTPS client`)
  }
  if (UNTRUSTED.has(code)) {
    const why = 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
    return new NetworkError('certificate', at + why)
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new NetworkError('name', `${at}tls: failed to verify certificate: ${error.message}`)
  }
  if (code === 'ECONNRESET') return new NetworkError('hang-up', `${at}EOF`)
  if (code.startsWith('ERR_TLS_') || code.startsWith('CERT_')) {
    return new NetworkError(
      'certificate',
      `${at}tls: failed to verify certificate: ${error.message}`,
    )
  }
  return new NetworkError('other', at + (error.message || code))
}

async function collect(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

/** Sends a request and hands over the head of the answer; the caller reads the body. */
export async function open(
  exchange: Exchange,
  tls: TlsSettings,
  clock: Clock,
): Promise<IncomingMessage> {
  const { endpoint } = exchange
  const options: RequestOptions = {
    method: exchange.method,
    path: exchange.target,
    headers: exchange.headers as Record<string, string | string[]>,
    agent: false,
    ...(endpoint.socketPath
      ? { socketPath: endpoint.socketPath }
      : { hostname: endpoint.hostname, port: endpoint.port }),
  }
  const request =
    endpoint.protocol === 'https:'
      ? (await import('node:https')).request({
          ...options,
          ...(await import('./tls-settings.ts')).nodeTlsOptions(tls),
        })
      : (await import('node:http')).request(options)
  return new Promise((resolve, reject) => {
    let cancel = (): void => {}
    if (exchange.timeoutMs > 0) {
      cancel = clock.after(exchange.timeoutMs, () => {
        const late = 'context deadline exceeded (the server did not answer in time)'
        request.destroy(new NetworkError('timeout', late))
      })
    }
    request.on('error', (error) => {
      cancel()
      reject(explain(error, exchange))
    })
    request.on('response', (message) => {
      message.on('close', cancel)
      resolve(message)
    })
    request.end(exchange.body ?? undefined)
  })
}

/** Sends a request and reads the whole answer. */
export async function send(exchange: Exchange, tls: TlsSettings, clock: Clock): Promise<Answer> {
  const message = await open(exchange, tls, clock)
  try {
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      body: await collect(message),
    }
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, exchange)
  }
}
