// Calls of an application to a Strongroom (or Vault, or OpenBao) server over HTTP. An answer that will not get
// better by asking again is a ServerRefusal; anything else (no connection, sealed, overloaded) is
// ServerUnavailable and worth another try. Neither holds a token or a secret.
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { TokenSource } from './token-source.ts'

export interface ServerOptions {
  /** "https://…"; absent: STRONGROOM_ADDR, VAULT_ADDR or BAO_ADDR. */
  readonly address?: string | undefined
  /** Path of the namespace; absent: STRONGROOM_NAMESPACE, VAULT_NAMESPACE or BAO_NAMESPACE. */
  readonly namespace?: string | undefined
  /** PEM of the authorities that may have signed the server's certificate; absent: Node's. */
  readonly ca?: string | undefined
  /** Milliseconds for one call; 30,000 where absent. */
  readonly timeoutMs?: number | undefined
}

export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export class ServerUnavailable extends Error {
  override readonly name = 'ServerUnavailable'
}

/** The JSON of an answer that has any. */
export interface ServerAnswer {
  readonly lease_id?: string
  readonly lease_duration?: number
  readonly renewable?: boolean
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly string[]
}

const MOST_ANSWER_BYTES = 1024 * 1024
const DEFAULT_TIMEOUT_MS = 30_000

/** A variable under one of the three prefixes; undefined where it is not set or empty. */
export function fromEnvironment(name: string): string | undefined {
  for (const prefix of ['STRONGROOM_', 'VAULT_', 'BAO_']) {
    const value = process.env[prefix + name]
    if (value) return value
  }
  return undefined
}

export class ServerCalls {
  readonly #base: URL
  readonly #namespace: string | undefined
  readonly #ca: string | undefined
  readonly #timeoutMs: number
  readonly #token: TokenSource

  /** Throws an Error where no address is known or it is none. */
  constructor(options: ServerOptions, token: TokenSource) {
    const address = options.address ?? fromEnvironment('ADDR')
    if (!address) throw new Error('no address of the server: set STRONGROOM_ADDR or give `address`')
    if (!/^https?:\/\//.test(address) || !URL.canParse(address))
      throw new Error('the address of the server must begin with http:// or https://')
    this.#base = new URL(address)
    this.#namespace = options.namespace ?? fromEnvironment('NAMESPACE')
    this.#ca = options.ca
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#token = token
  }

  /** `path` goes below /v1/. Throws ServerRefusal or ServerUnavailable. */
  async call(
    method: 'GET' | 'PUT',
    path: string,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<ServerAnswer> {
    const token = await this.#token(false)
    try {
      return await this.#send(method, path, token, body)
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.status !== 403) throw error
      // The token may have been replaced since (a file that an agent writes, a login of the callback).
      const fresh = await this.#token(true)
      if (fresh === token) throw error
      return await this.#send(method, path, fresh, body)
    }
  }

  #send(
    method: string,
    path: string,
    token: string,
    body: Readonly<Record<string, unknown>> | undefined,
  ): Promise<ServerAnswer> {
    const url = new URL(this.#base)
    const isTls = url.protocol === 'https:'
    url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/${path}`
    const text = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const fail = (message: string): void => reject(new ServerUnavailable(message))
      const sent = (isTls ? requestHttps : requestHttp)(
        url,
        {
          method,
          timeout: this.#timeoutMs,
          signal: AbortSignal.timeout(this.#timeoutMs),
          headers: {
            'X-Vault-Token': token,
            'X-Vault-Request': 'true',
            ...(this.#namespace && { 'X-Vault-Namespace': this.#namespace }),
            ...(text !== undefined && { 'Content-Type': 'application/json' }),
          },
          ...(isTls && this.#ca && { ca: this.#ca }),
        },
        (response) => {
          const parts: Buffer[] = []
          let bytes = 0
          response.on('data', (part: Buffer) => {
            bytes += part.length
            if (bytes > MOST_ANSWER_BYTES) response.destroy(new Error('the answer is too long'))
            else parts.push(part)
          })
          response.on('error', (error) => fail(error.message))
          response.on('end', () => {
            try {
              resolve(answered(response.statusCode ?? 0, Buffer.concat(parts).toString()))
            } catch (error) {
              reject(error)
            }
          })
        },
      )
      sent.on('error', (error: NodeJS.ErrnoException) => fail(error.message || (error.code ?? '')))
      sent.end(text)
    })
  }
}

function answered(status: number, text: string): ServerAnswer {
  let answer: ServerAnswer = {}
  try {
    if (text !== '') answer = JSON.parse(text) as ServerAnswer
  } catch {
    throw new ServerUnavailable(`the answer (status ${status}) is no JSON`)
  }
  if (status >= 200 && status < 300) return answer
  const words = answer.errors?.join('; ') || `status ${status}`
  const isRefusal = status >= 400 && status < 500 && status !== 429 && status !== 412
  throw isRefusal ? new ServerRefusal(status, words) : new ServerUnavailable(words)
}
