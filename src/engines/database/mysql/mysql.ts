// The MySQL and MariaDB plugin. Statements are split at ";" and each is prepared and run in one transaction
// (most of them commit by themselves: MySQL has no transactions for users). Without statements of the
// role, a user is dropped wherever it may log in from, and its open sessions are ended.
// Source: Vault's documentation of the MySQL/MariaDB database plugin.
import { ConnectionPool, shareOf } from '../connection-pool.ts'
import { DatabaseError, untouched } from '../database-error.ts'
import type {
  ChangedUser,
  DatabaseConnection,
  DatabasePlugin,
  DatabaseTools,
  NewUser,
  Statements,
} from '../database-plugin.ts'
import { splitStatements } from '../statements.ts'
import { dropMysqlUser, mysqlUserHosts } from './drop-user.ts'
import { fillMysql } from './fill-statement.ts'
import { type MysqlSession, openSession } from './mysql-session.ts'
import { type MysqlSettings, mysqlFields, mysqlSettings } from './mysql-settings.ts'

const USERNAME =
  '{{ printf "v-%s-%s-%s-%s" (.DisplayName | truncate 10) (.RoleName | truncate 10)' +
  ' (random 20) (unix_time) | truncate 32 }}'
/** Servers before MySQL 5.7 take 16 characters. */
const SHORT_USERNAME =
  '{{ printf "v-%s-%s-%s" (.RoleName | truncate 4) (random 20) | truncate 16 }}'
const ROTATION = "ALTER USER '{{username}}'@'%' IDENTIFIED BY '{{password}}'"
/** What a user without rights may do to itself. */
const OWN_ROTATION = "ALTER USER USER() IDENTIFIED BY '{{password}}'"
const OWN_MARIADB_ROTATION = "SET PASSWORD = PASSWORD('{{password}}')"

/** Time to end what a given-up statement left running; the caller waits for it. */
const KILL_MS = 2000

export const mysql: DatabasePlugin = {
  names: [
    'mysql-database-plugin',
    'mysql-aurora-database-plugin',
    'mysql-rds-database-plugin',
    'mysql-legacy-database-plugin',
  ],
  about: 'Users of MySQL and MariaDB.',
  credentialTypes: ['password'],
  configFields: mysqlFields,
  usernameTemplate: (name) => (name === 'mysql-database-plugin' ? USERNAME : SHORT_USERNAME),
  open: (_name, details, tools) => new MysqlConnection(mysqlSettings(details), tools),
}

class MysqlConnection implements DatabaseConnection {
  readonly #settings: MysqlSettings
  readonly #tools: DatabaseTools
  readonly #pool: ConnectionPool<MysqlSession>

  constructor(settings: MysqlSettings, tools: DatabaseTools) {
    this.#settings = settings
    this.#tools = tools
    this.#pool = new ConnectionPool({
      clock: tools.clock,
      max: shareOf(settings.maxOpen, tools.processes),
      maxIdle: settings.maxIdle,
      lifetimeMs: settings.lifetimeMs,
      open: (signal) => openSession(settings, tools.clock, signal),
      isUsable: (session) => session.isUsable,
      close: (session) => session.end(),
    })
  }

  verify(signal: AbortSignal): Promise<void> {
    return this.#with(signal, async (session) => {
      await session.query('SELECT 1')
    })
  }

  async createUser(user: NewUser, signal: AbortSignal): Promise<void> {
    const statements = splitAll(user.statements)
    if (statements.length === 0) throw new DatabaseError('statement', 'empty creation statements')
    const values = {
      name: user.username,
      username: user.username,
      password: passwordOf(user.credential),
      expiration: goTime(user.expiresAtMs),
    }
    await this.#with(signal, async (session) => {
      try {
        await inTransaction(session, () => executeAll(session, statements, values))
      } catch (error) {
        // What was made so far stays otherwise: each statement about users commits by itself.
        if (session.isUsable) await rollBack(session, user.rollbackStatements, values)
        throw error
      }
    })
  }

  /** MySQL's users have no end of their own. */
  async renewUser(): Promise<void> {}

  async setCredential(user: ChangedUser, signal: AbortSignal): Promise<void> {
    const values = {
      name: user.username,
      username: user.username,
      password: passwordOf(user.credential),
    }
    const split = splitAll(user.statements)
    if (user.selfPassword === undefined) {
      const statements = split.length > 0 ? split : [ROTATION]
      await this.#with(signal, (session) =>
        inTransaction(session, () => changeCredential(session, statements, values)),
      )
      return
    }
    const login = { user: user.username, password: user.selfPassword, database: '' }
    const { clock } = this.#tools
    const session = await openSession(this.#settings, clock, signal, login).catch(untouched)
    try {
      const usual = session.isMariadb ? OWN_MARIADB_ROTATION : OWN_ROTATION
      await changeCredential(session, split.length > 0 ? split : [usual], values)
    } finally {
      session.end()
    }
  }

  async canLogin(
    { username, password }: { readonly username: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    const login = { user: username, password, database: '' }
    try {
      const session = await openSession(this.#settings, this.#tools.clock, signal, login)
      session.end()
      return true
    } catch (error) {
      if (error instanceof DatabaseError && error.kind === 'refused') return false
      // A password that must be changed first is a right one.
      if (error instanceof DatabaseError && /^Error (1820|1862) /.test(error.message)) return true
      throw error
    }
  }

  deleteUser(
    { username, statements }: { readonly username: string; readonly statements: Statements },
    signal: AbortSignal,
  ): Promise<void> {
    const own = splitAll(statements)
    return this.#with(signal, async (session) => {
      if (own.length === 0) return dropMysqlUser(session, username)
      const values = { name: username, username }
      const dropped = inTransaction(session, async () => {
        for (const text of own) await session.query(fillMysql(text, values, session.rules))
      })
      try {
        await dropped
      } catch (error) {
        // Statements of an operator fail on a user that is gone already; that is no failure.
        if (!session.isUsable || (await mysqlUserHosts(session, username)).length > 0) throw error
      }
    })
  }

  async close(): Promise<void> {
    this.#pool.close()
  }

  #with<T>(signal: AbortSignal, body: (session: MysqlSession) => Promise<T>): Promise<T> {
    return this.#pool.use(signal, async (session) => {
      try {
        return await body(session.servedFor(signal))
      } catch (error) {
        if (session.isAbandoned) await this.#kill(session.id)
        throw error
      }
    })
  }

  /** A statement that goes on in the server could make a user after its lease was revoked. */
  async #kill(id: number): Promise<void> {
    const settings = { ...this.#settings, connectMs: KILL_MS, callMs: KILL_MS }
    try {
      const never = new AbortController().signal
      const session = await openSession(settings, this.#tools.clock, never)
      await session.query(`KILL CONNECTION ${id}`).finally(() => session.end())
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      this.#tools.log.debug('a statement that was given up could not be ended', { id })
    }
  }
}

const splitAll = (statements: Statements): string[] => statements.flatMap(splitStatements)

function passwordOf(credential: NewUser['credential']): string {
  if (credential.type === 'password') return credential.password
  throw new DatabaseError('settings', `unsupported credential type: ${credential.type}`)
}

async function executeAll(
  session: MysqlSession,
  statements: readonly string[],
  values: Readonly<Record<string, string>>,
): Promise<void> {
  for (const statement of statements)
    await session.execute(fillMysql(statement, values, session.rules), [values.password ?? ''])
}

/** A password that was set stays set when a later statement fails: 'partial' says so. */
async function changeCredential(
  session: MysqlSession,
  statements: readonly string[],
  values: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [index, statement] of statements.entries()) {
    try {
      await executeAll(session, [statement], values)
    } catch (error) {
      if (index === 0 || !(error instanceof DatabaseError) || error.kind === 'unreachable') {
        throw error
      }
      throw new DatabaseError('partial', error.message, { cause: error })
    }
  }
}

async function inTransaction(session: MysqlSession, body: () => Promise<void>): Promise<void> {
  await session.query('START TRANSACTION')
  try {
    await body()
    await session.query('COMMIT')
  } catch (error) {
    if (session.isUsable) await session.query('ROLLBACK')
    throw error
  }
}

/** Goes on after a failure: each statement takes back one thing. */
async function rollBack(
  session: MysqlSession,
  statements: Statements,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  for (const statement of splitAll(statements)) {
    try {
      await executeAll(session, [statement], values)
    } catch (error) {
      // The creation's own failure is the one to tell; the lease's revocation drops the user anyway.
      if (!session.isUsable || !(error instanceof DatabaseError)) return
    }
  }
}

/** As Vault writes {{expiration}}: Go's layout "2006-01-02 15:04:05-0700", in UTC. */
const goTime = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}+0000`
