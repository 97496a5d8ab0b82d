// The MySQL and MariaDB plugin. Statements are split at ";" and each is prepared and run in one transaction
// (most of them commit by themselves: MySQL has no transactions for users). Without statements of the
// role, a user is dropped wherever it may log in from, and its open sessions are ended.
// Source: Vault's documentation of the MySQL/MariaDB database plugin.
import { DATABASE_WAIT_SECONDS } from '../../../base/limits.ts'
import { BoundedPool } from '../bounded-pool.ts'
import { DatabaseError } from '../database-error.ts'
import type {
  ChangedUser,
  DatabaseConnection,
  DatabasePlugin,
  DatabaseTools,
  NewUser,
  Statements,
} from '../database-plugin.ts'
import { splitStatements } from '../statements.ts'
import { dropMysqlUser } from './drop-user.ts'
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
const OWN_ROTATION = "ALTER USER CURRENT_USER() IDENTIFIED BY '{{password}}'"

export const mysqlPlugin: DatabasePlugin = {
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
  readonly #pool: BoundedPool<MysqlSession>

  constructor(settings: MysqlSettings, tools: DatabaseTools) {
    this.#settings = settings
    this.#tools = tools
    this.#pool = new BoundedPool({
      clock: tools.clock,
      maxOpen: settings.maxOpen,
      maxIdle: settings.maxIdle,
      maxLifetimeMs: settings.maxLifetimeMs,
      waitMs: DATABASE_WAIT_SECONDS * 1000,
      open: (signal) => openSession(settings, tools.clock, signal),
      isUsable: (session) => session.isUsable,
      end: (session) => session.end(),
    })
  }

  verify(signal: AbortSignal): Promise<void> {
    return this.#with(signal, async (session) => {
      await session.query('SELECT 1')
    })
  }

  async createUser(user: NewUser, signal: AbortSignal): Promise<void> {
    const statements = splitAll(user.statements)
    if (statements.length === 0) throw new DatabaseError('settings', 'empty creation statements')
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
        inTransaction(session, () => executeAll(session, statements, values)),
      )
      return
    }
    const login = { user: user.username, password: user.selfPassword, database: '' }
    const session = await openSession(this.#settings, this.#tools.clock, signal, login)
    try {
      await executeAll(session, split.length > 0 ? split : [OWN_ROTATION], values)
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
      await inTransaction(session, async () => {
        for (const statement of own)
          await session.query(fillMysql(statement, values, session.rules))
      })
    })
  }

  async close(): Promise<void> {
    this.#pool.close()
  }

  #with<T>(signal: AbortSignal, body: (session: MysqlSession) => Promise<T>): Promise<T> {
    return this.#pool.use(signal, (session) => body(session.servedFor(signal)))
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
