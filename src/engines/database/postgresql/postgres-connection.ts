// What the engine asks of a PostgreSQL server: users made, renewed, changed and ended, over a pool of
// sessions. Each is one transaction; where only the usual statements run, it is one round trip.
import { DATABASE_CONNECT_MS } from '../../../base/limits.ts'
import { ConnectionPool, shareOf } from '../connection-pool.ts'
import { DatabaseError, untouched } from '../database-error.ts'
import type {
  ChangedUser,
  Credential,
  DatabaseConnection,
  DatabaseTools,
  NewUser,
  RenewedUser,
  Statements,
} from '../database-plugin.ts'
import type { SqlSettings } from '../sql-settings.ts'
import type { ConnectionTarget } from './connection-string.ts'
import { type DropNotes, dropRole } from './drop-role.ts'
import { fillSql } from './fill-sql.ts'
import { connectPostgres } from './pg-connect.ts'
import { PgFailure, type PgSession } from './pg-session.ts'
import {
  DEFAULT_PASSWORD_CHANGE,
  DEFAULT_RENEWAL,
  expirationText,
  sqlStatements,
} from './pg-statements.ts'
import { scramVerifier } from './scram.ts'
import { Turns } from './take-turns.ts'

/** A wrong password; other refusals (no right to log in, not from here) prove nothing. */
const WRONG_PASSWORD = '28P01'

export class PostgresConnection implements DatabaseConnection {
  readonly #target: ConnectionTarget
  readonly #hashesPasswords: boolean
  readonly #tools: DatabaseTools
  readonly #pool: ConnectionPool<PgSession>
  readonly #notes: DropNotes = { needsMembership: false }
  readonly #turns: Turns

  constructor(of: {
    readonly target: ConnectionTarget
    readonly settings: SqlSettings
    readonly hashesPasswords: boolean
    readonly tools: DatabaseTools
  }) {
    this.#target = of.target
    this.#hashesPasswords = of.hashesPasswords
    this.#tools = of.tools
    this.#turns = new Turns(of.tools)
    const { clock } = of.tools
    this.#pool = new ConnectionPool<PgSession>({
      clock,
      max: shareOf(of.settings.maxOpen, of.tools.processes),
      maxIdle: of.settings.maxIdle,
      lifetimeMs: of.settings.lifetimeMs,
      open: (signal) => connectPostgres(of.target, { clock, signal }),
      close: (session) => session.close(),
      isUsable: (session) => session.isUsable,
    })
  }

  async verify(signal: AbortSignal): Promise<void> {
    await this.#pool.use(signal, (session) => session.batch(['SELECT 1'], signal))
  }

  async createUser(user: NewUser, signal: AbortSignal): Promise<void> {
    if (user.statements.length === 0) {
      throw new DatabaseError('statement', 'empty creation statements')
    }
    const values = {
      name: user.username,
      username: user.username,
      expiration: expirationText(user.expiresAtMs),
      ...(await this.#credentialValues(user.credential)),
    }
    await this.#run(sqlStatements(user.statements, true), values, signal)
  }

  async renewUser(user: RenewedUser, signal: AbortSignal): Promise<void> {
    const statements = orDefault(user.statements, DEFAULT_RENEWAL)
    const values = {
      name: user.username,
      username: user.username,
      expiration: expirationText(user.expiresAtMs),
    }
    await this.#run(sqlStatements(statements, false), values, signal)
  }

  async setCredential(user: ChangedUser, signal: AbortSignal): Promise<void> {
    const statements = orDefault(user.statements, DEFAULT_PASSWORD_CHANGE)
    const values = {
      name: user.username,
      username: user.username,
      ...(await this.#credentialValues(user.credential)),
    }
    const queries = sqlStatements(statements, false)
    if (user.selfPassword === undefined) return this.#run(queries, values, signal)
    const target = { ...this.#target, user: user.username, password: user.selfPassword }
    const { clock } = this.#tools
    const session = await connectPostgres(target, { clock, signal }).catch(untouched)
    try {
      await runFilled(session, this.#turns, queries, values, signal)
    } finally {
      session.close()
    }
  }

  async canLogin(
    { username, password }: { readonly username: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock } = this.#tools
    const timeoutMs = this.#target.connectTimeoutMs || DATABASE_CONNECT_MS
    const target = { ...this.#target, user: username, password, connectTimeoutMs: timeoutMs }
    try {
      const session = await connectPostgres(target, { clock, signal })
      session.close()
      return true
    } catch (error) {
      const { cause } = error as Error
      if (cause instanceof PgFailure && cause.code === WRONG_PASSWORD) return false
      throw error
    }
  }

  async deleteUser(
    { username, statements }: { readonly username: string; readonly statements: Statements },
    signal: AbortSignal,
  ): Promise<void> {
    const queries = sqlStatements(statements, true)
    if (queries.length > 0) return this.#deleteByStatements(username, queries, signal)
    const { clock } = this.#tools
    await this.#pool.use(signal, (session) =>
      dropRole(session, {
        username,
        notes: this.#notes,
        turns: this.#turns,
        signal,
        inDatabase: async (database, body) => {
          const there = await connectPostgres({ ...this.#target, database }, { clock, signal })
          try {
            await body(there)
          } finally {
            there.close()
          }
        },
      }),
    )
  }

  async close(): Promise<void> {
    this.#pool.close()
  }

  /** Statements of an operator fail on a user that is gone already; that is no failure. */
  async #deleteByStatements(
    username: string,
    queries: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#pool.use(signal, async (session) => {
      try {
        await runFilled(session, this.#turns, queries, { name: username, username }, signal)
      } catch (error) {
        if (!(error instanceof PgFailure) || !session.isUsable) throw error
        const text = 'SELECT 1 FROM pg_roles WHERE rolname = $1'
        if ((await session.rows(text, [username], signal)).length > 0) throw error
      }
    })
  }

  #run(
    queries: readonly string[],
    values: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#pool.use(signal, (session) =>
      runFilled(session, this.#turns, queries, values, signal),
    )
  }

  async #credentialValues(credential: Credential): Promise<Record<string, string>> {
    if (credential.type === 'rsa_private_key') return { public_key: credential.publicKey }
    if (credential.type === 'client_certificate') return { subject: credential.subject }
    const { password } = credential
    if (!this.#hashesPasswords) return { password }
    return { password: await scramVerifier(password, this.#tools.random) }
  }
}

const orDefault = (statements: Statements, text: string): Statements =>
  statements.length === 0 ? [text] : statements

async function runFilled(
  session: PgSession,
  turns: Turns,
  queries: readonly string[],
  values: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const filled = queries.map((text) => fillSql(text, values, session.standardStrings))
  try {
    await turns.run(queries.join(';'), signal, session, (around) =>
      session.transaction(filled, signal, around),
    )
  } catch (error) {
    if (!(error instanceof PgFailure)) throw error
    const { password } = values
    const message = password ? error.message.replaceAll(password, '[password]') : error.message
    throw new PgFailure(`failed to execute query: ${message}`, error)
  }
}
