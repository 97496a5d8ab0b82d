// The Redis and Valkey plugin: users are entries of the server's ACL. Creation statements are ACL rules, as
// a JSON list in one text or as a list; without any, a user may read every key. Names and passwords are
// arguments of their own on the wire, so nothing in them is read as a rule or a command.
// Source: Vault's documentation of the Redis plugin, OpenBao's of the Valkey plugin; Redis' pages on ACL.
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
import { openRedis, type RedisSession } from './redis-session.ts'
import { type RedisSettings, redisFields, redisSettings } from './redis-settings.ts'

/**
 * Vault's form; the parts are cut so that the random one always fits into its 100 characters, and blanks,
 * which the server takes in no name, are underscores.
 */
const USERNAME =
  '{{ printf "v_%s_%s_%s_%s" (.DisplayName | replace " " "_" | truncate 32)' +
  ' (.RoleName | truncate 33) (random 20) (unix_time) | uppercase }}'
const DEFAULT_RULES = ['~*', '+@read']
/** Commands are short and share nothing; Vault's plugin keeps four connections. */
const MOST_CONNECTIONS = 4

export const redis: DatabasePlugin = {
  names: ['redis-database-plugin', 'valkey-database-plugin'],
  about: 'Users of Redis and Valkey.',
  credentialTypes: ['password'],
  configFields: redisFields,
  hasDefaultCreation: true,
  usernameTemplate: () => USERNAME,
  open: (_name, details, tools) => new RedisConnection(redisSettings(details), tools),
}

class RedisConnection implements DatabaseConnection {
  readonly #settings: RedisSettings
  readonly #tools: DatabaseTools
  readonly #pool: ConnectionPool<RedisSession>

  constructor(settings: RedisSettings, tools: DatabaseTools) {
    this.#settings = settings
    this.#tools = tools
    this.#pool = new ConnectionPool({
      clock: tools.clock,
      max: shareOf(MOST_CONNECTIONS, tools.processes),
      maxIdle: MOST_CONNECTIONS,
      lifetimeMs: 0,
      open: (signal) => openRedis(settings, tools.clock, signal),
      isUsable: (session) => session.isUsable,
      close: (session) => session.end(),
    })
  }

  verify(signal: AbortSignal): Promise<void> {
    return this.#pool.use(signal, async (session) => {
      await session.run(signal, ['PING'])
    })
  }

  createUser(user: NewUser, signal: AbortSignal): Promise<void> {
    const password = passwordOf(user.credential)
    const rules = aclRules(user.statements)
    return this.#pool.use(signal, async (session) => {
      // SETUSER would change a user that is there, and its end would then be that user's.
      if ((await session.run(signal, ['ACL', 'GETUSER', user.username])) !== null)
        throw new DatabaseError('statement', `user ${user.username} already exists`)
      const command = ['ACL', 'SETUSER', user.username, 'ON', `>${password}`, ...rules] as const
      await session.run(signal, command, [password])
      await this.#persist(session, signal)
    })
  }

  /** Redis' users have no end of their own. */
  async renewUser(): Promise<void> {}

  async setCredential(user: ChangedUser, signal: AbortSignal): Promise<void> {
    const { username, selfPassword } = user
    const password = passwordOf(user.credential)
    const change = async (session: RedisSession): Promise<void> => {
      const before = await session.run(signal, ['ACL', 'GETUSER', username])
      if (before === null)
        throw new DatabaseError(
          'statement',
          `changeUserPassword for user ${username} failed: user not found`,
        )
      const command = ['ACL', 'SETUSER', username, 'RESETPASS', `>${password}`] as const
      await session.run(signal, command, [password])
      try {
        await this.#persist(session, signal)
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.kind === 'unreachable') throw error
        // What can't be kept is taken back, so that the refusal means what it says.
        await session.run(signal, ['ACL', 'SETUSER', username, ...passwordRules(before)])
        throw error
      }
    }
    if (selfPassword === undefined) return await this.#pool.use(signal, change)
    const login = { username, password: selfPassword }
    const { clock } = this.#tools
    const session = await openRedis(this.#settings, clock, signal, login).catch(untouched)
    try {
      await change(session)
    } finally {
      session.end()
    }
  }

  async canLogin(
    login: { readonly username: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      ;(await openRedis(this.#settings, this.#tools.clock, signal, login)).end()
      return true
    } catch (error) {
      if (error instanceof DatabaseError && error.kind === 'refused') return false
      throw error
    }
  }

  /** The server ends the connections of a user with it. */
  deleteUser(
    { username }: { readonly username: string; readonly statements: Statements },
    signal: AbortSignal,
  ): Promise<void> {
    return this.#pool.use(signal, async (session) => {
      await session.run(signal, ['ACL', 'DELUSER', username])
      await this.#persist(session, signal)
    })
  }

  async close(): Promise<void> {
    this.#pool.close()
  }

  async #persist(session: RedisSession, signal: AbortSignal): Promise<void> {
    const mode = this.#settings.persistence
    if (mode === 'ACLFILE') await session.run(signal, ['ACL', 'SAVE'])
    if (mode === 'REWRITE') await session.run(signal, ['CONFIG', 'REWRITE'])
  }
}

/** Rules that give a user the passwords (hashes) that GETUSER told: a list of names and values in turn. */
export function passwordRules(told: unknown): readonly string[] {
  const parts: readonly unknown[] = Array.isArray(told) ? told : []
  const listOf = (name: string): readonly string[] => {
    const value = parts[parts.indexOf(name) + 1]
    return parts.includes(name) && Array.isArray(value) ? value.map(String) : []
  }
  if (listOf('flags').includes('nopass')) return ['NOPASS']
  return ['RESETPASS', ...listOf('passwords').map((hash) => `#${hash}`)]
}

/** The first statement as a JSON list of rules; where it is none, all statements are rules. */
export function aclRules(statements: Statements): readonly string[] {
  const present = statements.map((one) => one.trim()).filter((one) => one !== '')
  if (present.length === 0) return DEFAULT_RULES
  try {
    const rules: unknown = JSON.parse(present[0]!)
    if (Array.isArray(rules) && rules.every((rule) => typeof rule === 'string')) return rules
  } catch {}
  return present
}

function passwordOf(credential: NewUser['credential']): string {
  if (credential.type === 'password') return credential.password
  throw new DatabaseError('settings', `unsupported credential type: ${credential.type}`)
}
