// One session with a PostgreSQL server through `pg`, which is loaded when the first one is opened and gets
// only what was parsed here. Batches go out in one packet and are answered in one round trip; each call has
// a deadline, after which the connection is destroyed, since nobody knows what it is still doing.
import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import type { Client, QueryResult } from 'pg'
import type { Clock } from '../../../base/clock.ts'
import { DATABASE_CONNECT_MS, DATABASE_STATEMENT_MS } from '../../../base/limits.ts'
import { DatabaseError, withoutSecrets } from '../database-error.ts'
import type { Attempt, ConnectionTarget } from './connection-string.ts'
import type { Around } from './take-turns.ts'

/** What a server said about a statement; `code` is its SQLSTATE. */
export class PgFailure extends DatabaseError {
  readonly code: string
  /** Which statement of its batch failed, from 0. */
  readonly index: number
  /** The server's detail, '' where it gave none. */
  readonly detail: string

  constructor(message: string, of: { code: string; index: number; detail: string }) {
    super('statement', message)
    this.code = of.code
    this.index = of.index
    this.detail = of.detail
  }
}

type Rows = readonly Readonly<Record<string, unknown>>[]

export class PgSession {
  readonly #client: Client
  readonly #clock: Clock
  readonly #secrets: readonly string[]
  #isBroken = false
  #isConnected = false
  /** False for a server where a backslash in '…' escapes (standard_conforming_strings). */
  standardStrings = true

  private constructor(client: Client, clock: Clock, secrets: readonly string[]) {
    this.#client = client
    this.#clock = clock
    this.#secrets = secrets
    client.on('error', () => this.destroy())
    client.on('end', () => {
      this.#isBroken = true
    })
  }

  get isUsable(): boolean {
    return !this.#isBroken
  }

  /** One attempt at one host. Throws DatabaseError; a refusal of the server is a PgFailure. */
  static async open(
    target: ConnectionTarget,
    attempt: Attempt,
    of: { readonly clock: Clock; readonly signal: AbortSignal; readonly deadlineMs: number },
  ): Promise<PgSession> {
    const ssl = attempt.tls ? await tlsOptions(target, attempt.host) : false
    const { Client } = (await import('pg')).default
    const client = new Client({
      host: attempt.host,
      port: attempt.port,
      user: target.user,
      database: target.database || target.user,
      // A function, so that `pg` looks for no password of its own and prints none.
      password: () => target.password,
      ssl,
      ...({ pipeline: true, sslnegotiation: target.sslNegotiation } as object),
      enableChannelBinding: target.channelBinding !== 'disable',
      keepAlive: true,
    })
    const startup = client as unknown as { getStartupConf(): Record<string, string> }
    startup.getStartupConf = () => ({
      user: target.user,
      database: target.database || target.user,
      ...target.runtimeParams,
    })
    const session = new PgSession(client, of.clock, [target.password])
    const parameters = client as unknown as { connection: NodeJS.EventEmitter }
    parameters.connection.on(
      'parameterStatus',
      (message: { parameterName: string; parameterValue: string }) => {
        if (message.parameterName === 'standard_conforming_strings')
          session.standardStrings = message.parameterValue === 'on'
      },
    )
    await session.#within(of.deadlineMs, of.signal, () => client.connect(), 'to connect')
    session.#isConnected = true
    return session
  }

  /**
   * Runs the statements as one transaction, in one round trip. Throws the first failure (PgFailure with its
   * index); then nothing of it happened, unless the connection broke: 'unreachable'.
   */
  async transaction(
    statements: readonly string[],
    signal: AbortSignal,
    around: Around = { first: [], behind: [] },
  ): Promise<void> {
    const { first, behind } = around
    const all = ['BEGIN', ...first, ...statements, 'COMMIT', ...behind]
    await this.batch(all, signal, -1 - first.length)
  }

  /** Runs the statements one after another in one round trip, each on its own unless they say BEGIN. */
  async batch(
    statements: readonly string[],
    signal: AbortSignal,
    indexShift = 0,
  ): Promise<readonly Rows[]> {
    const run = async (): Promise<readonly Rows[]> => {
      const stream = (this.#client as unknown as { connection: { stream: CorkedStream } })
        .connection.stream
      stream.cork()
      const asked = statements.map((text) => this.#client.query(text))
      stream.uncork()
      const answers = await Promise.allSettled(asked)
      const failed = answers.findIndex((answer) => answer.status === 'rejected')
      if (failed >= 0) {
        const { reason } = answers[failed] as PromiseRejectedResult
        throw await this.#afterFailure(reason, failed + indexShift, answers)
      }
      return answers.map((answer) => rowsOf((answer as PromiseFulfilledResult<QueryResult>).value))
    }
    return this.#within(DATABASE_STATEMENT_MS, signal, run, 'to answer')
  }

  /** Rows of one statement with parameters ($1 …). */
  async rows(text: string, values: readonly unknown[], signal: AbortSignal): Promise<Rows> {
    const run = async (): Promise<Rows> => {
      try {
        return rowsOf(await this.#client.query(text, [...values]))
      } catch (error) {
        throw this.#failure(error, 0)
      }
    }
    return this.#within(DATABASE_STATEMENT_MS, signal, run, 'to answer')
  }

  /** Says good-bye without waiting for it. */
  close(): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#client.end().catch(() => {})
  }

  destroy(): void {
    this.#isBroken = true
    const { connection } = this.#client as unknown as { connection: { stream: CorkedStream } }
    connection.stream.destroy()
  }

  /** A failed batch may have left its transaction open; only a session that surely has none is kept. */
  async #afterFailure(
    reason: unknown,
    index: number,
    answers: readonly PromiseSettledResult<QueryResult>[],
  ): Promise<Error> {
    const failure = this.#failure(reason, index)
    const last = answers.at(-1)
    const hasEnded = last?.status === 'fulfilled' && last.value.command === 'ROLLBACK'
    if (this.#isBroken || hasEnded) return failure
    try {
      await this.#client.query('ROLLBACK')
    } catch {
      this.destroy()
    }
    return failure
  }

  #failure(error: unknown, index: number): DatabaseError {
    const said = error as { message?: string; code?: string; severity?: string; detail?: string }
    const message = withoutSecrets(String(said.message ?? error), this.#secrets)
    if (typeof said.severity !== 'string' || typeof said.code !== 'string') {
      this.destroy()
      const what = this.#isConnected ? 'the connection to the database broke: ' : ''
      return new DatabaseError('unreachable', what + message)
    }
    if (said.severity === 'FATAL' || said.severity === 'PANIC') this.destroy()
    const text = `${said.severity}: ${message} (SQLSTATE ${said.code})`
    // The server shuts down or ends the session: nothing was refused.
    if (said.code.startsWith('57P') || said.code.startsWith('08')) {
      this.destroy()
      return new DatabaseError('unreachable', text)
    }
    const detail = withoutSecrets(said.detail ?? '', this.#secrets)
    return new PgFailure(text, { code: said.code, index, detail })
  }

  async #within<T>(
    ms: number,
    signal: AbortSignal,
    body: () => Promise<T>,
    doing: string,
  ): Promise<T> {
    if (signal.aborted) throw endedEarly()
    let stop: (why: DatabaseError) => void = () => {}
    const stopped = new Promise<never>((_, reject) => {
      stop = (why) => {
        this.destroy()
        reject(why)
      }
    })
    const onAbort = (): void => stop(endedEarly())
    const stopTimer = this.#clock.after(ms, () =>
      stop(new DatabaseError('unreachable', `the database took more than ${ms / 1000}s ${doing}`)),
    )
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([body(), stopped])
    } catch (error) {
      throw error instanceof DatabaseError ? error : this.#failure(error, 0)
    } finally {
      stopTimer()
      signal.removeEventListener('abort', onAbort)
    }
  }
}

interface CorkedStream {
  cork(): void
  uncork(): void
  destroy(): void
}

const endedEarly = (): DatabaseError =>
  new DatabaseError('unreachable', 'the request ended before the database answered')

/** A text with several commands has several results; the last one counts. */
const rowsOf = (result: QueryResult | QueryResult[]): Rows =>
  (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? []

/** How long one host may take to be reached, given the target's own wish. */
export const connectDeadlineMs = (target: ConnectionTarget): number =>
  target.connectTimeoutMs > 0 ? target.connectTimeoutMs : DATABASE_CONNECT_MS

async function tlsOptions(target: ConnectionTarget, host: string): Promise<ConnectionOptions> {
  const { sslMode, sslRootCert, sslCert, sslKey, sslPassword } = target
  const isChecked = sslMode === 'verify-ca' || sslMode === 'verify-full'
  const hasOwnRoot = sslRootCert !== '' && sslRootCert !== 'system'
  return {
    rejectUnauthorized: isChecked,
    ...(sslMode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(hasOwnRoot ? { ca: await pemOf(sslRootCert, 'sslrootcert') } : {}),
    ...(sslCert ? { cert: await pemOf(sslCert, 'sslcert') } : {}),
    ...(sslKey ? { key: await pemOf(sslKey, 'sslkey') } : {}),
    ...(sslPassword ? { passphrase: sslPassword } : {}),
    host,
  }
}

/** PEM given as such, or the file that holds it. */
async function pemOf(value: string, setting: string): Promise<string> {
  if (value.includes('-----BEGIN')) return value
  try {
    return await readFile(value, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new DatabaseError('settings', `${setting}: the file can't be read (${code})`)
  }
}
