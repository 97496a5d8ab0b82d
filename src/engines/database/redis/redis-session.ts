// One connection to a Redis or Valkey server through ioredis, which is loaded at the first. It logs in by a
// command of ours, so that a refusal has the server's words, and it never connects again by itself: the
// pool opens another. ioredis hangs commands with their arguments on its errors; none of that leaves here.
// Source: Redis' documentation of AUTH and of its errors.
import type { Redis } from 'ioredis'
import type { Clock } from '../../../base/clock.ts'
import { DATABASE_CONNECT_MS, DATABASE_STATEMENT_MS } from '../../../base/limits.ts'
import { DatabaseError, type DatabaseFailure } from '../database-error.ts'
import { bounded } from '../deadline.ts'
import { withoutPieces } from '../without-pieces.ts'
import type { RedisSettings } from './redis-settings.ts'

export interface RedisLogin {
  readonly username: string
  readonly password: string
}

const REFUSED = /^(WRONGPASS|NOAUTH|ERR AUTH|ERR Client sent AUTH|ERR invalid password|DENIED)/
const NOT_NOW = /^(LOADING|MASTERDOWN|CLUSTERDOWN|BUSY|TRYAGAIN|ERR max number of clients)/

export class RedisSession {
  readonly #client: Redis
  readonly #clock: Clock
  readonly #secrets: readonly string[]
  #isBroken = false

  constructor(client: Redis, clock: Clock, secrets: readonly string[]) {
    this.#client = client
    this.#clock = clock
    this.#secrets = secrets
    client.on('error', () => this.end())
    client.on('end', () => this.end())
  }

  get isUsable(): boolean {
    return !this.#isBroken && this.#client.status === 'ready'
  }

  end(): void {
    this.#isBroken = true
    this.#client.disconnect()
  }

  /** Runs one command; `secrets` are kept out of errors. Throws DatabaseError. */
  async run(
    signal: AbortSignal,
    command: readonly [string, ...string[]],
    secrets: readonly string[] = [],
  ): Promise<unknown> {
    const [name, ...args] = command
    const ms = DATABASE_STATEMENT_MS
    const deadline = { clock: this.#clock, ms, signal, what: command[0] }
    try {
      return await bounded(deadline, this.#client.call(name, ...args), () => this.end())
    } catch (error) {
      throw redisError(error, [...this.#secrets, ...secrets])
    }
  }
}

/** What ioredis throws, in words without its command. */
function redisError(error: unknown, secrets: readonly string[]): DatabaseError {
  if (error instanceof DatabaseError) return error
  const { name, message, code } = error as { name?: string; message: string; code?: string }
  const words = withoutPieces(message || code || 'the connection failed', secrets)
  return new DatabaseError(name === 'ReplyError' ? kindOf(message) : 'unreachable', words)
}

const kindOf = (message: string): DatabaseFailure =>
  REFUSED.test(message) ? 'refused' : NOT_NOW.test(message) ? 'unreachable' : 'statement'

/** Connects and logs in; throws DatabaseError. */
export async function openRedis(
  settings: RedisSettings,
  clock: Clock,
  signal: AbortSignal,
  login: RedisLogin = settings,
): Promise<RedisSession> {
  const { Redis } = await import('ioredis')
  const ms = DATABASE_CONNECT_MS
  const client = new Redis({
    host: settings.host,
    port: settings.port,
    lazyConnect: true,
    connectTimeout: ms,
    protocol: 2,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    disableClientInfo: true,
    ...(settings.tls && { tls: settings.tls }),
  })
  let lastError: unknown
  client.on('error', (error) => {
    lastError = error
  })
  const secrets = [settings.password, login.password]
  const what = `connecting to ${settings.host}:${settings.port}`
  try {
    await bounded({ clock, ms, signal, what }, client.connect(), () => client.disconnect())
  } catch (error) {
    client.disconnect()
    // ioredis says "Connection is closed." where the socket's own error says why.
    throw redisError(error instanceof DatabaseError ? error : (lastError ?? error), secrets)
  }
  const session = new RedisSession(client, clock, secrets)
  const { username, password } = login
  if (password === '') return session
  try {
    await session.run(signal, username === '' ? ['AUTH', password] : ['AUTH', username, password])
    return session
  } catch (error) {
    session.end()
    throw error
  }
}
