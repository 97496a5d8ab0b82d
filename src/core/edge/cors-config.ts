// Which origins browsers may call from, as sys/config/cors keeps it. Covered by the core epoch, so that every
// process answers by a change from its next request on.
import { badRequest } from '../../base/errors.ts'
import { CORE_EPOCH_KEY } from '../keys.ts'
import type { CoreStorage } from '../store.ts'

export interface CorsConfig {
  /** ['*'] alone: any. */
  readonly allowedOrigins: readonly string[]
  readonly allowedHeaders: readonly string[]
  readonly allowCredentials: boolean
}

const CORS_KEY = 'core/cors'

/** What clients of the API send; always allowed. */
const STANDARD_HEADERS = [
  'Content-Type',
  'Authorization',
  'X-Vault-Token',
  'X-Vault-Namespace',
  'X-Vault-Request',
  'X-Vault-MFA',
  'X-Vault-No-Request-Forwarding',
  'X-Vault-Wrap-Format',
  'X-Vault-Wrap-TTL',
  'X-Vault-AWS-IAM-Server-ID',
  'X-Vault-Policy-Override',
  'X-Requested-With',
]

/** Checked, and with the headers of the API added. Throws 400. */
export function corsConfig(wanted: CorsConfig): CorsConfig {
  const { allowedOrigins, allowedHeaders, allowCredentials } = wanted
  if (allowedOrigins.length === 0) {
    throw badRequest('at least one origin or the wildcard must be provided')
  }
  if (allowedOrigins.includes('*') && allowedOrigins.length > 1) {
    throw badRequest("to allow all origins the '*' must be the only value for allowed_origins")
  }
  if (allowedOrigins.includes('*') && allowCredentials) {
    throw badRequest('allow_credentials needs origins by name: any page could use them otherwise')
  }
  const added = allowedHeaders.filter(
    (name) => !STANDARD_HEADERS.some((one) => one.toLowerCase() === name.toLowerCase()),
  )
  for (const name of added) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw badRequest(`"${name}" is no header name`)
  }
  return { allowedOrigins, allowedHeaders: [...STANDARD_HEADERS, ...added], allowCredentials }
}

export class CorsSettings {
  readonly #storage: CoreStorage
  #current: CorsConfig | null = null

  constructor(storage: CoreStorage) {
    this.#storage = storage
  }

  /** As of the epoch that was followed last; null: browsers of other origins may not call. */
  get current(): CorsConfig | null {
    return this.#current
  }

  /** Reads what is stored; the answer makes it current. */
  async load(): Promise<() => void> {
    const stored = (await this.#storage.get(CORS_KEY))?.json<CorsConfig>() ?? null
    return () => {
      this.#current = stored
    }
  }

  /** Throws 400 where the origins don't go together. */
  async enable(wanted: CorsConfig): Promise<void> {
    await this.#store(corsConfig(wanted))
  }

  async disable(): Promise<void> {
    await this.#store(null)
  }

  async #store(config: CorsConfig | null): Promise<void> {
    await this.#storage.transaction(async (tx) => {
      if (config) tx.put(CORS_KEY, { json: config })
      else tx.delete(CORS_KEY)
      tx.touch(CORE_EPOCH_KEY)
    })
  }
}

export function allowsOrigin(config: CorsConfig, origin: string): boolean {
  const { allowedOrigins } = config
  if (allowedOrigins.length === 1 && allowedOrigins[0] === '*') return true
  const wanted = origin.toLowerCase()
  return allowedOrigins.some((one) => one.toLowerCase() === wanted)
}
